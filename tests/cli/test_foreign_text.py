"""Names that steer terminals, are no text, or look like markup come through a whole run."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from spectra.report import KernelTable, read_summary, read_tree

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
COMMANDS = {
    "analyze": ["analyze", "net.py:make", "pictures", "--layers", "*", "--out", "out"],
    "kernels": ["kernels", "net.py:make", "--out", "kernels"],
    "steps": ["analyze", "net.py:make", "--list"],
    "swap": ["swap", "net.py:make", "--with", "lctc7", "--save", "--out", "swap"],
}
END = "the next command follows"
RUN_ALL = f"""
import json, sys
from spectra_cli.main import main
for index, arguments in enumerate(json.loads(sys.argv[1]).values()):
    print({END!r} if index else "", end="")
    try:
        main(arguments)
    except SystemExit as end:
        if end.code:
            sys.exit(f"{{arguments}}: {{end.code}}")
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
            Image.fromarray(numbers.integers(0, 255, (32, 32, 3), np.uint8)).save(file, "PNG")
    with open(pictures + b"/bad\xff\n.png", "w") as file:
        file.write("no picture")
    return folder


@pytest.fixture(scope="module")
def run(folder):
    """Return a function that runs some commands in one process, on a stdout of ASCII."""

    def run(*names):
        commands = {name: COMMANDS[name] for name in names}
        done = subprocess.run(
            [sys.executable, "-W", "error::UserWarning", "-c", RUN_ALL, json.dumps(commands)],
            cwd=folder,
            check=False,
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
        )
        assert done.returncode == 0, done.stderr
        texts = done.stdout.decode("ascii").split(END)
        for text in (*texts, done.stderr.decode("ascii")):
            assert all(line.isprintable() for line in text.split("\n"))
        return dict(zip(commands, texts, strict=True))

    return run


@pytest.mark.slow
def test_analyses_and_swaps_print_and_keep_them(folder, run):
    said = run("analyze", "swap")
    assert r"up\x1b[31m\n\udcff" in said["swap"]
    assert (folder / "swap" / "model.safetensors").is_file()
    assert SHOWN in said["analyze"]
    summary = read_summary(folder / "out")
    assert [step.name for step in summary.steps] == [SHOWN]
    assert [dropped.source for dropped in summary.inputs.dropped] == [r"pictures/bad\udcff\n.png"]
    tree = read_tree(folder / "out")
    assert tree["steps/0"].attrs["name"] == SHOWN
    assert {path.rpartition("/")[2] for path in tree.groups} >= {SHOWN, r"in\x1b]0;title\x07"}
    assert (folder / "out" / "figures" / "strip.png").is_file()


def test_kernels_and_steps_print_and_keep_them(folder, run):
    said = run("kernels", "steps")
    assert r"\x9b[bold]$x_{$" in said["kernels"]
    assert [row.name for row in KernelTable.read(folder / "kernels").layers] == [SHOWN]
    assert SHOWN in said["steps"]
