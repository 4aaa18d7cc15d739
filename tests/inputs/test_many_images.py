"""Many pictures: listed in order, looked at when their turn comes, each keeping its number."""

import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spectra.errors import InputError, NothingToAnalyseError
from spectra.inputs import Reader, _many_images, open_inputs, open_targets
from spectra.inputs._listing import Listing
from spectra.inputs._named import name_inputs
from spectra.repair._judge import _every_second

COUNT, HEAD = 40, 4


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder of pictures, some of no use, of which four fix size and colour."""
    monkeypatch.setattr(_many_images, "HEAD", HEAD)
    monkeypatch.setattr("spectra.inputs._sources.HEAD", HEAD)
    rng = np.random.default_rng(0)
    for number in range(COUNT):
        side = 24 if number in (1, 30) else 16
        pixels = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number:02d}.png")
    (tmp_path / "00.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    Image.fromarray(np.full((16, 16, 3), 7, np.uint8)).save(tmp_path / "11.png")
    Image.fromarray(rng.integers(0, 256, (9, 16), dtype=np.uint8)).save(tmp_path / "20.png")
    (tmp_path / "33.png").write_bytes((tmp_path / "32.png").read_bytes())
    return tmp_path


REASONS = {
    "00.png": "",
    "11.png": "constant: all pixels are equal",
    "20.png": "9x16 is smaller than 16x16",
    "33.png": "the same pixels as",
}


def numbers_and_values(inputs, wanted, size):
    reader = Reader(inputs)
    batches = list(reader.part(wanted, size))
    return batches, reader.dropped


def test_what_cannot_be_used_is_dropped_in_its_turn_and_all_others_keep_their_numbers(folder):
    inputs = open_inputs(folder, num=None, lazy=True)
    assert (len(inputs), inputs.count, inputs.head, inputs.dropped) == (COUNT, COUNT, 1, ())
    batches, dropped = numbers_and_values(inputs, range(COUNT), 8)
    assert {Path(d.source).name for d in dropped} == set(REASONS)
    assert all(REASONS[Path(d.source).name] in d.reason for d in dropped)
    eager = open_inputs(folder, num=None, crop=16)
    usable = [int(Path(origin.source).stem) for origin in eager.origins]
    assert [first + i for first, x in batches for i in range(len(x))] == usable
    assert np.array_equal(np.concatenate([x for _, x in batches]), np.stack(list(eager.samples())))
    assert all(len(x) <= 8 for _, x in batches)
    assert [len(x) for x in inputs.batches(16)] == [16, 16, 4]


def test_some_samples_of_a_part_are_those_of_the_whole(folder):
    images = open_inputs(folder, num=None, lazy=True)
    values = np.random.default_rng(0).random((COUNT, 2, 9)).astype(np.float32)
    some = [2, 5, 6, 20, 31, 33]
    for inputs, usable in ((images, [2, 5, 6, 31, 33]), (open_inputs(values, num=None), some)):
        reader = Reader(inputs)
        whole = {f + i: e for f, x in reader.part(range(COUNT), 5) for i, e in enumerate(x)}
        found = {f + i: e for f, x in reader.part(some, 5) for i, e in enumerate(x)}
        assert list(found) == usable
        assert all(np.array_equal(found[n], whole[n]) for n in usable if n in whole)


def test_parts_in_any_order_hold_what_all_at_once_hold(folder):
    inputs = open_inputs(folder, num=None, lazy=True)
    starts = list(range(0, COUNT, 8))
    random.Random(0).shuffle(starts)
    reader, found = Reader(inputs), {}
    for start in starts:
        for first, x in reader.part(range(start, start + 8), 3):
            found |= {first + i: each for i, each in enumerate(x)}
    whole = {f + i: e for f, x in Reader(inputs).part(range(COUNT), 5) for i, e in enumerate(x)}
    assert found.keys() == whole.keys()
    assert all(np.array_equal(found[number], whole[number]) for number in whole)


def test_samples_of_an_array_are_read_from_any_number_on():
    values = np.random.default_rng(0).random((30, 2, 9)).astype(np.float32)
    reader, order = Reader(open_inputs(values, num=None)), [20, 10, 15, 0, 25]
    for start in order:
        part = [x for _, x in reader.part(range(start, start + 5), 2)]
        assert np.array_equal(np.concatenate(part), values[start : start + 5])


def test_a_source_that_gives_less_than_before_is_named():
    gives = [30, 30, 20]

    def source():
        count = gives.pop(0) if len(gives) > 1 else gives[0]
        return np.random.default_rng(0).random((count, 2, 9)).astype(np.float32)

    inputs = open_inputs(source, num=None)
    with pytest.raises(InputError, match="source gave 20 samples, expected 30"):
        list(Reader(inputs).part(range(16, 30), 4))


def test_a_picture_in_colour_is_dropped_where_the_first_are_gray(folder):
    for number in range(HEAD):
        gray = np.random.default_rng(number).integers(0, 256, (16, 16), dtype=np.uint8)
        Image.fromarray(gray).save(folder / f"{number:02d}.png")
    inputs = open_inputs(folder, num=20, lazy=True)
    assert inputs.shape == (1, 16, 16)
    _, dropped = numbers_and_values(inputs, range(4, 8), 4)
    assert {d.reason for d in dropped} == {f"in colour, where the first {HEAD} are gray"}
    assert inputs.notes[1] == "the first 20 of 40 in sorted order"


def test_nothing_of_use_among_the_first_is_said(folder):
    for number in range(HEAD):
        (folder / f"{number:02d}.png").write_text("no picture")
    with pytest.raises(
        NothingToAnalyseError, match=r"none of the first 4 pictures of .* can be us"
    ):
        open_inputs(folder, num=None, lazy=True)


def test_a_changed_size_or_name_is_another_identity(folder):
    def identity():
        return open_inputs(folder, num=None, lazy=True).identity

    before = identity()
    assert identity() == before
    data = (folder / "38.png").read_bytes()
    (folder / "38.png").write_bytes(data + b" ")
    changed = identity()
    (folder / "38.png").rename(folder / "38b.png")
    assert len({before, changed, identity()}) == 3


def test_a_listing_is_the_sorted_paths_of_the_pictures(tmp_path):
    names = ["b.png", "a.JPG", "ü.png", "c.txt", "d.png", "no suffix", "\udcff.png"]
    for name in names:
        (tmp_path / name).write_bytes(b"\xff\xd8\xff" if name == "no suffix" else b"text")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "link.png").symlink_to(tmp_path / "b.png")
    found = name_inputs(str(tmp_path))
    expected = sorted(tmp_path / n for n in (*names, "link.png") if n != "c.txt")
    assert isinstance(found.files, Listing)
    assert list(found.files) == expected
    assert [found.files[i] for i in range(-len(expected), len(expected))] == expected * 2
    assert found.files[1:3] == expected[1:3]
    assert found.skipped == 1
    assert [size for _, size in found.files.sizes()] == [p.stat().st_size for p in expected]


def test_every_second_of_many_pictures_is_not_read_by_the_numbers_of_all(folder):
    inputs = open_inputs(folder, num=None, lazy=True)
    half = _every_second(inputs, 1)
    read = np.concatenate([x for _, x in Reader(half).part(range(10), 4)])
    assert np.array_equal(read, np.stack(list(inputs.samples())[1::2][:10]))


def test_targets_of_many_pictures_are_refused(folder):
    inputs = open_inputs(folder, num=None, lazy=True)
    with pytest.raises(InputError, match="expected inputs that were opened with lazy=False"):
        open_targets(str(folder), inputs, shape=(3, 16, 16), labels=False, span=(0.0, 1.0))
