"""Names that steer terminals, are no text, or look like markup come through a whole run."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from spectra.report import read_kernels, read_summary, read_tree

# an OSC that sets the title, a CSI, a newline, a byte that is no UTF-8, C1, markup, mathtext
FIRST, STEP = "in\x1b]0;title\x07", "up\x1b[31m\n\udcff\x9b[bold]$x_{$"
SHOWN = r"up\x1b[31m\n\udcff\x9b[bold]$x_{$"
NET = f"""
import torch
from torch import nn
def make():
    torch.manual_seed(0)
    net = nn.Sequential()
    net.add_module({FIRST!a}, nn.Conv2d(3, 8, 3, padding=1))
    net.add_module({STEP!a}, nn.ConvTranspose2d(8, 3, 4, 2, 1))
    return net
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Hold a model and pictures with such names."""
    folder = tmp_path_factory.mktemp("names")
    (folder / "net.py").write_text(NET)
    pictures = os.fsencode(folder / "pictures")
    os.mkdir(pictures)
    numbers = np.random.default_rng(0)
    for index in range(16):
        with open(pictures + b"/%d\xff\x1b[31m.png" % index, "wb") as file:
            Image.fromarray(numbers.integers(0, 255, (64, 64, 3), np.uint8)).save(file, "PNG")
    with open(pictures + b"/bad\xff\n.png", "w") as file:
        file.write("no picture")
    return folder


def run(folder, *arguments):
    """Run the command with a stdout and stderr of ASCII; return what it says."""
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-m", "spectra_cli", *arguments],
        cwd=folder, check=False, capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    text = done.stdout.decode("ascii")
    assert done.returncode == 0, done.stderr
    for said in (text, done.stderr.decode("ascii")):
        assert all(line.isprintable() for line in said.split("\n"))
    return text


def test_an_analysis_prints_and_keeps_them(folder):
    text = run(folder, "analyze", "net.py:make", "pictures", "--layers", "*", "--out", "out")
    assert SHOWN in text
    summary = read_summary(folder / "out")
    assert [step.name for step in summary.steps] == [SHOWN]
    assert [dropped.source for dropped in summary.inputs.dropped] == [r"pictures/bad\udcff\n.png"]
    tree = read_tree(folder / "out")
    assert tree["steps/0"].attrs["name"] == SHOWN
    assert {path.rpartition("/")[2] for path in tree.groups} >= {SHOWN, r"in\x1b]0;title\x07"}
    assert (folder / "out" / "figures" / "strip.png").is_file()


def test_kernels_steps_and_swaps_print_and_keep_them(folder):
    assert r"\x9b[bold]$x_{$" in run(folder, "kernels", "net.py:make", "--out", "kernels")
    assert [row.name for row in read_kernels(folder / "kernels").layers] == [SHOWN]
    assert SHOWN in run(folder, "analyze", "net.py:make", "--list")
    arguments = ("net.py:make", "--with", "lctc7", "--save", "--out", "swap")
    assert r"up\x1b[31m\n\udcff" in run(folder, "swap", *arguments)
    assert (folder / "swap" / "model.safetensors").is_file()
