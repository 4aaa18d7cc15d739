"""What cannot work is refused before anything is imported that takes longer than the refusal."""

from zipfile import ZipFile

import numpy as np
import pytest
import torch
from torch import nn

from support.watch import watched, watched_in_turn

SLOW = {"scipy", "pandas", "xarray", "matplotlib", "skimage", "spandrel", "torchvision"}
SLOWEST = SLOW | {"torch", "numpy", "rich", "msgspec"}
NET = "from torch import nn\ndef make(): return nn.ConvTranspose2d(3, 3, 4, 2, 1)\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Hold a file of every kind that is refused, and some that are none of the reason."""
    folder = tmp_path_factory.mktemp("refused")
    torch.save({"enc.weight": torch.ones(8, 3, 3, 3)}, folder / "plain.pth")
    torch.save({"body.0.weight": torch.ones(8), "body.1.weight": torch.ones(8)}, folder / "c.pth")
    torch.save(nn.Conv2d(3, 4, 3), folder / "module.pth")
    with ZipFile(folder / "program.pt", "w") as program:
        program.writestr("program/constants.pkl", b"")
    (folder / "text.pth").write_text("hello\n")
    (folder / "page.pth").write_text("<!DOCTYPE html><html>404</html>\n")
    (folder / "pointer.pth").write_text("version https://git-lfs.github.com/spec/v1\nsize 3\n")
    (folder / "net.py").write_text(NET)
    (folder / "empty").mkdir()
    (folder / "vae").mkdir()
    (folder / "vae" / "config.json").write_text('{"_class_name": "AutoencoderKL"}')
    np.save(folder / "x.npy", np.zeros((1, 3, 8, 8), np.float32))
    return folder


BY_NAME = [
    ("analyze nothing.pth", 2, "nothing.pth does not exist"),
    ("kernels nothing.pth", 2, "nothing.pth does not exist"),
    ("swap nothing.pth --with lctc7", 2, "nothing.pth does not exist"),
    ("analyze text.pth", 2, "text.pth is a text file"),
    ("analyze page.pth", 2, "a web page"),
    ("kernels pointer.pth", 2, "git lfs pull"),
    ("analyze x.npy", 2, "give it as INPUTS"),
    ("analyze empty", 2, "a folder without weights"),
    ("analyze vae", 2, "holds none: expected one"),
    ("analyze program.pt", 2, "add --trust"),
    ("analyze plain.pth gone", 2, "gone does not exist"),
    ("swap net.py:make gone --with lctc7", 2, "gone does not exist"),
    ("analyze net.py:make empty", 4, "a folder without pictures"),
    ("analyze net.py:make *.tiff", 4, "matches no file"),
    ("analyze net.py:make random:latent", 2, "has no shape"),
    ("analyze net.py:make page.pth", 2, "a web page"),
    ("analyze net.py:make --range low", 2, "range='low'"),
    ("analyze net.py:make --range 0..1e39", 2, "range='0..1e39'"),
    ("analyze net.py:make --range -3e38..3e38", 2, "range='-3e38..3e38'"),
    ("analyze net.py:make --seed -1", 2, "seed=-1 is no seed"),
    (f"analyze net.py:make --seed {10**30}", 2, "expected an integer from 0 to 2^63 - 1"),
    ("analyze net.py:make --mean 1e39", 2, "mean=(1e+39,)"),
    ("analyze net.py:make --std 1e-45", 2, "std=(1e-45,)"),
    (f"analyze net.py:make random:latent?shape=1&seed={10**30}", 2, "expected integers from 0"),
    (f"analyze net.py:make random:latent?shape={'1' * 5000}", 2, "expected integers from 1"),
    (f"kernels plain.pth --stride up={'1' * 5000}", 2, "expected NAME=NUMBER"),
    ("analyze net.py:make --formats gif", 2, "formats='gif'"),
    ("analyze net.py:make --arch net.py:make", 2, "needs a file of weights"),
    ("analyze nets.py:make", 2, "did you mean net.py?"),
    ("analyze plain.pth --arch nets.py:make", 2, "nets.py does not exist"),
    ("analyze plain.pth --arch Net", 2, "is no architecture"),
    ("analyze plain.pth --arch spandrel:NAFNett", 2, "mean NAFNet"),
    ("kernels plain.pth --spectrum pink", 2, "spectrum='pink'"),
    ("kernels plain.pth --stride up", 2, "expected NAME=NUMBER"),
    ("swap net.py:make --with magic", 2, "remedy='magic'"),
]
BY_WEIGHTS = [
    ("analyze plain.pth", "spandrel does not recognise it"),
    ("analyze c.pth", "spandrel does not recognise it"),  # the names are those of Compact
    ("analyze module.pth", "needs Python code to open"),
    ("analyze plain.pth --device abacus", "device='abacus'"),
    ("analyze plain.pth --arch net.py:make", "do not fit the model"),
    ("analyze net.py:gone", "net.py has no 'gone'"),
]


def in_turn(folder, cases):
    lines = [case[0] for case in cases]
    done = watched_in_turn([line.split() for line in lines], cwd=folder)
    return dict(zip(lines, done, strict=True))


@pytest.fixture(scope="module")
def by_name(folder):
    """Return what each run said that names and first bytes refuse; one process runs all."""
    return in_turn(folder, BY_NAME)


@pytest.fixture(scope="module")
def by_weights(folder):
    """Return what each run said that takes torch to refuse; one process runs all."""
    return in_turn(folder, BY_WEIGHTS)


@pytest.mark.parametrize(("arguments", "code", "text"), BY_NAME)
def test_what_names_and_first_bytes_tell_is_refused_without_torch(by_name, arguments, code, text):
    done = by_name[arguments]
    assert (done.code, done.stdout) == (code, "")
    assert text in done.stderr
    assert done.modules & SLOWEST == set()


@pytest.mark.parametrize(("arguments", "text"), BY_WEIGHTS)
def test_what_weights_tell_is_refused_with_nothing_but_torch(by_weights, arguments, text):
    done = by_weights[arguments]
    assert (done.code, done.stdout) == (2, "")
    assert text in done.stderr
    assert done.modules & SLOW == set()


def test_a_baseline_that_cannot_be_read_is_refused_without_torch(folder):
    done = watched("analyze", "net.py:make", "--baseline", "gone.json", cwd=folder)
    assert done.code == 2
    assert "gone.json: cannot be read" in done.stderr
    assert done.modules & {"torch", "xarray", "pandas", "scipy.optimize", "matplotlib"} == set()
