"""Tiles are cut from where they say, and do not overlap."""

import pytest
import torch

from spectra.data import SampleSet, restoration_photographs
from spectra.data._sample import known_everywhere
from spectra.errors import InputError
from spectra.study._tiles import tiled


def numbered(height, width):
    picture = torch.arange(height * width, dtype=torch.float32).reshape(1, height, width)
    sample = known_everywhere(picture.expand(3, -1, -1), picture.expand(3, -1, -1), "numbers")
    return SampleSet("numbers", "restoration", (lambda: sample,))


def test_no_pixel_is_in_two_tiles_and_all_parts_are_cut_alike():
    tiles = tiled(numbered(20, 33), side=8, each=8)
    samples = [tiles[n] for n in range(len(tiles))]
    pixels = torch.cat([s.input[0].flatten() for s in samples])
    assert len(samples) == 8
    assert len(pixels.unique()) == 8 * 64
    for sample in samples:
        assert torch.equal(sample.input, sample.target)
        assert sample.mask.shape == (8, 8)
        top = int(sample.input[0, 0, 0])
        assert sample.name == f"numbers at {top % 33}, {top // 33}"


def test_tiles_reach_from_the_first_to_the_last_corner():
    tiles = tiled(numbered(16, 40), side=8, each=3)
    corners = ["0, 0", "32, 0", "32, 8"]
    assert [tiles[n].name for n in range(3)] == [f"numbers at {corner}" for corner in corners]


def test_tiles_of_photographs_are_parts_of_them():
    whole = restoration_photographs("test")
    tile = tiled(whole, side=96, each=2)[3]
    assert torch.equal(tile.target, whole[1].target[:, 384:480, 576:672])


def test_a_picture_without_room_is_named():
    with pytest.raises(InputError, match="numbers is 10x9: expected room for 2 tiles of 8x8"):
        tiled(numbered(9, 10), side=8, each=2)
