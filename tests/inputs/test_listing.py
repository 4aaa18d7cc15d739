"""Listing many files, and beginning in the middle of a source."""

import tracemalloc

import numpy as np
import pytest
import torch
import xarray as xr
from PIL import Image

from spectra.inputs import open_inputs
from spectra.inputs._listing import Listing
from spectra.inputs._named import name_inputs


def test_a_listing_holds_the_regular_files_of_a_folder_in_order(tmp_path):
    for name in ("b.png", "a.png", "10.png", "9.png", "ü.png"):
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "link.png").symlink_to(tmp_path / "a.png")
    (tmp_path / "broken.png").symlink_to(tmp_path / "nowhere")
    (tmp_path / "circle.png").symlink_to(tmp_path / "circle.png")
    found = Listing.of(tmp_path, lambda _: True)
    assert list(found) == sorted(path for path in tmp_path.iterdir() if path.is_file())
    assert list(found[1:3]) == list(found)[1:3]
    assert found[-1] == list(found)[-1]


def test_files_named_as_pictures_are_listed_without_opening_any(tmp_path, monkeypatch):
    for number in range(20):
        (tmp_path / f"{number}.PNG").write_bytes(b"not yet looked at")
    monkeypatch.setattr("spectra._files._picture_formats.read_head", None)
    found = name_inputs(tmp_path)
    assert [path.name for path in found.files] == sorted(f"{n}.PNG" for n in range(20))
    assert found.skipped == 0


def test_a_listed_name_takes_a_tenth_of_a_kilobyte(tmp_path):
    for number in range(2000):
        (tmp_path / f"{number:06d}.png").touch()
    name_inputs(tmp_path)
    tracemalloc.start()
    try:
        found = name_inputs(tmp_path)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found.files) == 2000
    assert held < 100 * 2000


def pictures(folder, values):
    folder.mkdir()
    for number, each in enumerate(values):
        Image.fromarray((each * 255).astype(np.uint8).transpose(1, 2, 0)).save(
            folder / f"{number}.png"
        )
    (folder / "2.png").write_bytes(b"damaged")
    return folder


def array(folder, values, kind):
    file = folder / f"x.{kind}"
    if kind == "npy":
        np.save(file, values)
    elif kind == "npz":
        np.savez(file, x=values)
    elif kind == "pt":
        torch.save(torch.from_numpy(values), file)
    else:
        xr.Dataset({"v": (("n", "channel", "y", "x"), values)}).to_netcdf(file, engine="h5netcdf")
    return file


SOURCES = {
    "a folder": lambda folder, x: pictures(folder / "many", x),
    "NumPy": lambda folder, x: array(folder, x, "npy"),
    "several arrays": lambda folder, x: array(folder, x, "npz"),
    "torch": lambda folder, x: array(folder, x, "pt"),
    "netCDF": lambda folder, x: array(folder, x, "nc"),
    "a tensor": lambda _, x: torch.from_numpy(x),
    "an iterator": lambda _, x: iter(torch.from_numpy(x).split(2)),
    "a function": lambda _, x: lambda: torch.from_numpy(x).split(2),
    "noise": lambda *_: "random:image?shape=3,16,16&n=7",
    "normal noise": lambda *_: "random:latent?shape=3,16,16&n=7&dist=normal",
}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n == "netCDF" else n for n in SOURCES]
)
def test_samples_from_a_number_on_are_those_that_stand_there(name, tmp_path, rng):
    values = rng.random((7, 3, 16, 16), np.float32)
    values[3] = np.nan  # dropped
    with np.errstate(invalid="ignore"):
        inputs = open_inputs(SOURCES[name](tmp_path, values))
    whole = list(inputs.samples())
    assert len(whole) == len(inputs) >= 5
    for first in range(len(inputs) + 1):
        rest = list(inputs.samples(first))
        assert len(rest) == len(whole) - first
        assert all(torch.equal(a, b) for a, b in zip(rest, whole[first:], strict=True))


def test_batches_between_two_numbers_are_cut_anew(rng):
    x = torch.from_numpy(rng.random((7, 1, 8, 8), np.float32))
    found = list(open_inputs(x).batches(2, 1, 6))
    assert [len(batch) for batch in found] == [2, 2, 1]
    assert torch.equal(torch.cat(found), x[1:6])
