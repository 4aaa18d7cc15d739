"""``spectra analyze`` on a real model and real files."""

import json

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.io import imsave

from spectra.report import read_summary, read_tree

NET = """
import torch
from torch import nn

def build(kernel=3, step=True):
    torch.manual_seed(0)
    up = nn.ConvTranspose2d(4, 4, kernel, stride=2, padding=1, output_padding=kernel % 2)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2, padding=1),
        up if step else nn.Identity(),
        nn.Conv2d(4, 3, 3, padding=1),
    )

def smooth():
    torch.manual_seed(0)
    resize = nn.Upsample(scale_factor=2, mode="bilinear")
    return nn.Sequential(nn.Conv2d(3, 3, 3, stride=2, padding=1), resize)

def broken():
    class Broken(nn.Module):
        def forward(self, x):
            raise ValueError("too deep")
    return nn.Sequential(nn.Conv2d(3, 3, 3), Broken())
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Stand in a folder with a model and 16 blurred noise pictures."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "pictures").mkdir()
    rng = np.random.default_rng(0)
    for i in range(16):
        noise = gaussian_filter(rng.normal(size=(48, 48, 3)), (1, 1, 0), mode="wrap")
        levels = 255 * (noise - noise.min()) / np.ptp(noise)
        imsave(tmp_path / f"pictures/{i:02}.png", levels.astype(np.uint8))
    return tmp_path


def test_an_uneven_kernel_is_found_named_and_written(files, spectra):
    done = spectra("analyze", "net.py:build", "pictures", "--arch-arg", "kernel=3")
    assert done.exit_code == 0, done.stderr
    result = read_summary("spectra-out/net-build")
    assert result.verdict == "present"
    assert result.worst.name == "1"
    assert result.steps[0].kind == "transposed_conv"
    assert result.inputs.used == 16
    assert "> 1" in done.stdout
    assert "PRESENT" in done.stdout
    tree = read_tree("spectra-out/net-build")
    assert tree["steps/0"].attrs["name"] == "1"
    assert tree["output/mean_log_spectrum"].dims == ("fy", "fx")
    figures = {p.name for p in (files / "spectra-out/net-build/figures").iterdir()}
    assert figures == {"strip.png", "profiles.png", "worst.png", "where.png", "crop.png"}
    assert sorted(p.name for p in (files / "spectra-out").iterdir()) == ["net-build"]


def test_gates_pass_the_smooth_model_and_fail_the_uneven_one(files, spectra):
    """The same run again passes its own baseline, and has the same numbers."""
    data = ("pictures", "--formats=json", "--no-blame")
    assert spectra("analyze", "net.py:smooth", *data, "--fail-above=25").exit_code == 0
    assert spectra("analyze", "net.py:build", *data, "--fail-above=25").exit_code == 1
    again = ("--baseline=spectra-out/net-build", "--out=again")
    assert spectra("analyze", "net.py:build", *data, *again).exit_code == 0
    first, second = (
        json.loads((files / name / "summary.json").read_text())
        for name in ("spectra-out/net-build", "again")
    )
    for key in ("input", "output", "steps", "verdict", "worst"):
        assert first[key] == second[key]


def test_list_needs_no_data(files, spectra):
    done = spectra("analyze", "net.py:build", "--list")
    assert done.exit_code == 0
    assert "transposed_conv" in done.stdout
    steps = json.loads(spectra("analyze", "net.py:build", "--list", "--json").stdout)["steps"]
    assert [(s["name"], s["kind"], s["factor"]) for s in steps] == [
        ("1", "transposed_conv", [2, 2])
    ]


def test_without_inputs_the_probes_answer(files, spectra):
    done = spectra("analyze", "net.py:build", "--formats=json,nc,png")
    assert done.exit_code == 0
    assert "flat field " in done.stdout
    assert read_summary("spectra-out/net-build").verdict == "insufficient"


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["gone.pth", "pictures"], 2, "gone.pth"),
        (["net.py:gone", "pictures"], 2, "gone"),
        (["net.py", "pictures"], 2, "net.py"),
        (["net.py:broken", "pictures"], 2, "too deep"),
        (["net.py:build", "gone"], 2, "gone"),
        (["net.py:build", "net.py"], 2, "net.py"),
        (["net.py:build", "empty"], 4, "empty"),
        (["net.py:build", "pictures", "--steps", "none*"], 4, "none*"),
        (["net.py:build", "pictures", "--layers", "none*"], 2, "none*"),
        (["net.py:build", "pictures", "--range", "low"], 2, "low"),
        (["net.py:build", "pictures", "--output", "audio"], 2, "what the model returns: 0"),
        (["net.py:build", "pictures", "--arch-arg", "step=False"], 4, "no upsampling step"),
        (["net.py:build", "pictures", "--arch-arg", "width=3"], 2, "width"),
        (["net.py:build", "pictures", "--device", "abacus"], 2, "abacus"),
    ],
)
def test_bad_input_is_one_clear_line_and_writes_nothing(arguments, code, text, files, spectra):
    (files / "empty").mkdir()
    done = spectra("-q", "analyze", *arguments)
    assert (done.exit_code, done.stdout) == (code, ""), done.stderr
    assert done.stderr.startswith("spectra: error: ")
    assert text in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (files / "spectra-out").exists()


def test_a_picture_that_cannot_be_read_is_dropped_and_listed(files, spectra):
    (files / "pictures/99.png").write_bytes(b"no picture")
    done = spectra("analyze", "net.py:build", "pictures", "--formats=json")
    assert done.exit_code == 0
    assert "99.png" in read_summary("spectra-out/net-build").inputs.dropped[0].source
    assert "1 dropped" in done.stdout
