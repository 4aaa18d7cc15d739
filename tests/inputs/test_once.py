"""What was decoded is kept while a run lasts: the same bits, from one decode of each file."""

from collections import Counter
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from spectra import Options, analyze
from spectra.inputs import Once, _array_files, _images, _many_images, _once, open_inputs
from spectra.inputs._once import BUDGET, FIRST

SIDES = (33, 40), (64, 47), (51, 38), (600, 35)  # even and odd, and larger than any crop


@pytest.fixture
def decodes(monkeypatch):
    """Return how often each file of a picture was decoded so far."""
    counted, decode = Counter(), _images.decode

    def counting(path):
        counted[path.name] += 1
        return decode(path)

    for module in (_images, _many_images):
        monkeypatch.setattr(module, "decode", counting)
    return counted


def save_pictures(folder, count, rng, side=32):
    for number in range(count):
        pixels = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:02}.png")


def save_kinds(folder, rng):
    """Save pictures of all types of pixels, in sizes of which each is cut otherwise."""
    for i, (height, width) in enumerate(SIDES):
        rgb = rng.integers(0, 256, (height, width, 4), dtype=np.uint8)
        Image.fromarray(rgb).save(folder / f"alpha{i}.png")
        Image.fromarray(rgb[..., 0]).save(folder / f"gray{i}.png")
        Image.fromarray(rgb[..., 0] > 99).save(folder / f"bits{i}.png")
        deep = rng.integers(0, 2**16, (height, width, 3), dtype=np.uint16)
        tifffile.imwrite(folder / f"deep{i}.tif", deep, photometric="rgb")
        tifffile.imwrite(folder / f"float{i}.tif", rng.random((height, width), dtype=np.float32))


def twice(source, keep, **how):
    """Return the samples of a source, read once and again, with what is decoded kept or not."""
    once = Once()
    with once.keeping() if keep else nullcontext():
        inputs = open_inputs(source, once=once, **how)
        return [torch.cat(list(inputs.batches(3))) for _ in range(2)], once.nbytes


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"crop": 31},
        {"multiple": 3, "num": 7},
        {"range": "-1..1", "mean": 0.2, "std": (1, 2, 3), "bgr": True},
        {"gray": True},
    ],
)
def test_kept_pictures_of_all_kinds_have_the_bits_of_those_decoded_again(tmp_path, rng, how):
    save_kinds(tmp_path, rng)
    kept, nbytes = twice(tmp_path, True, **how)
    read, nothing = twice(tmp_path, False, **how)
    assert nbytes > 0 == nothing
    assert all(torch.equal(one, other) for one in kept for other in read)


def test_a_kept_picture_takes_as_many_bytes_as_its_pixels(tmp_path, rng):
    save_pictures(tmp_path, 5, rng)
    assert twice(tmp_path, True, crop=16)[1] == 5 * 16 * 16 * 3


@pytest.mark.parametrize("lazy", [False, True])
def test_each_picture_is_decoded_once_where_it_is_kept(tmp_path, rng, decodes, monkeypatch, lazy):
    for module in ("_many_images", "_sources"):
        monkeypatch.setattr(f"spectra.inputs.{module}.HEAD", 4)
    save_pictures(tmp_path, 9, rng)
    twice(tmp_path, True, lazy=lazy)
    assert set(decodes.values()) == {1}
    assert len(decodes) == 9


def test_of_a_set_that_does_not_fit_the_first_are_kept(tmp_path, rng, decodes, monkeypatch):
    monkeypatch.setattr(_once, "BUDGET", 20 * 32 * 32 * 3 - 1)
    save_pictures(tmp_path, 20, rng)
    _, nbytes = twice(tmp_path, True)
    assert nbytes == FIRST * 32 * 32 * 3
    assert [decodes[f"{i:02}.png"] for i in range(20)] == [1] * FIRST + [3] * (20 - FIRST)


@given(sizes=st.lists(st.integers(1, BUDGET // 8), max_size=60), of=st.integers(1, 200))
def test_no_more_than_the_budget_is_kept_and_the_first_always_are(sizes, of):
    class Values(SimpleNamespace):
        def copy(self):
            return self

    once = Once()
    with once.keeping():
        for name, size in enumerate(sizes):
            once.put(name, Values(nbytes=size), of=of)
        held = [once.get(name) for name in range(len(sizes))]
        assert once.nbytes == sum(values.nbytes for values in held if values) <= BUDGET
        assert all(held[:8])
    assert once.nbytes == 0


def test_kept_files_of_arrays_have_the_bits_of_those_read_again(tmp_path, rng):
    values = rng.normal(size=(6, 2, 19, 20)).astype(np.float32)
    values[2, 0, 0, 0] = np.nan  # dropped, so that numbers and rows differ
    np.savez_compressed(tmp_path / "x.npz", values)
    volumes = tmp_path / "volumes"
    volumes.mkdir()
    for number in range(3):
        pages = rng.integers(0, 256, (9 + number, 11, 10), dtype=np.uint8)
        tifffile.imwrite(volumes / f"{number}.tif", pages, photometric="minisblack")
    for source, how in ((tmp_path / "x.npz", {"crop": 7}), (f"{volumes}?volume", {"mean": 0.5})):
        kept, nbytes = twice(source, True, **how)
        read, nothing = twice(source, False, **how)
        assert nbytes > 0 == nothing
        assert all(torch.equal(one, other) for one in kept for other in read)


def test_a_packed_file_is_unpacked_once_where_it_is_kept(tmp_path, rng, monkeypatch):
    np.savez_compressed(tmp_path / "x.npz", rng.normal(size=(6, 2, 8, 8)).astype(np.float32))
    rows, to_tensor = [], _array_files.to_tensor
    monkeypatch.setattr(_array_files, "to_tensor", lambda row: rows.append(0) or to_tensor(row))
    twice(tmp_path / "x.npz", True)
    assert len(rows) == 6


def test_what_is_in_memory_is_not_kept_again_and_a_function_is_asked_anew(rng):
    asked = []

    def draw():
        asked.append(0)
        return torch.rand(4, 3, 8, 8)

    for source in (rng.normal(size=(4, 3, 8, 8)), "random:image?shape=3,8,8&n=4"):
        assert twice(source, True)[1] == 0
    once = Once()
    with once.keeping():
        inputs = open_inputs(draw, once=once, num=4)
        before = len(asked)
        for _ in range(3):
            list(inputs.batches(2))
    assert (len(asked) - before, once.nbytes) == (3, 0)


def test_a_run_within_a_run_leaves_what_the_outer_one_keeps():
    once = Once()
    with once.keeping():
        once.put("a", np.zeros(3), of=1)
        with once.keeping():
            pass
        assert once.get("a") is not None
    once.put("a", np.zeros(3), of=1)
    assert once.get("a") is None


@pytest.fixture
def decoder():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, 2, 1), torch.nn.ReLU(), torch.nn.ConvTranspose2d(8, 3, 3, 2, 1, 1)
    )


def test_an_analysis_decodes_each_picture_once_and_changes_no_bit(
    tmp_path, rng, decodes, decoder, monkeypatch
):
    save_pictures(tmp_path, 18, rng, side=64)
    kept = analyze(decoder, tmp_path)
    assert set(decodes.values()) == {1}
    decodes.clear()
    inputs = open_inputs(tmp_path)
    given_open = analyze(decoder, inputs)
    assert set(decodes.values()) == {2}  # to open it, and by the run
    assert inputs.once.nbytes == 0
    decodes.clear()
    monkeypatch.setattr(_once, "BUDGET", 0)
    read = analyze(decoder, tmp_path)
    assert max(decodes.values()) > 3
    for other in (given_open, read):
        assert kept.data.equals(other.data)
        assert kept.summary.output == other.summary.output


def test_inputs_that_are_opened_again_at_the_size_that_fits_are_cut_anew(tmp_path, rng):
    class OneSize(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.up = torch.nn.ConvTranspose2d(3, 3, 2, 2)

        def forward(self, x):
            if x.shape[-1] != 28:
                raise ValueError(f"Input height ({x.shape[-1]}) doesn't match model (28).")
            return self.up(x)

    save_pictures(tmp_path, 16, rng, side=64)
    torch.manual_seed(0)
    found = analyze(OneSize(), tmp_path, options=Options(blame=False))
    asked = analyze(OneSize(), tmp_path, options=Options(blame=False, crop=28))
    assert found.summary.inputs.shape == (3, 28, 28) == asked.summary.inputs.shape
