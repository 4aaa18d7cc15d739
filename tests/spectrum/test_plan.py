from math import prod

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spectra.errors import ParameterError
from spectra.spectrum import MapStatistics, plan_maps, to_dataset


@given(
    sides=st.lists(st.integers(1, 400), min_size=1, max_size=3),
    factor=st.sampled_from([2, 3, 4, 8]),
    count=st.integers(1, 70),
)
def test_tiles_lie_within_the_margin_and_on_the_grid(sides, factor, count):
    period = (factor,) * len(sides)
    plan = plan_maps((5, *sides), period, count=count)
    for side, margin, p, block, blocks in zip(
        sides, plan.margin, plan.period, plan.block, plan.blocks, strict=True
    ):
        assert margin % p == 0
        assert block * blocks <= max(side - 2 * margin, 0)
    for view in plan.views:
        for block, tile, tiles, p in zip(
            plan.block, view.tile, view.tiles, view.period, strict=True
        ):
            assert tile % p == 0
            assert tile * tiles <= block
    if plan.reason is None:
        assert plan.replicates >= 16


def test_sixteen_images_are_blocks_and_fewer_are_cut_into_tiles():
    assert plan_maps((8, 128, 128), (2, 2), count=16).block_kind == "images"
    few = plan_maps((8, 128, 128), (2, 2), count=4)
    assert few.block_kind == "tiles"
    assert few.count * prod(few.blocks) >= 32


def test_tiles_hold_32_base_band_bins_unless_they_would_be_larger_than_96_pixels():
    sides = [plan_maps((8, 512, 512), (s, s), count=32).views[0].tile for s in (2, 3, 4, 8, 16)]
    assert sides == [(64, 64), (96, 96), (96, 96), (96, 96), (128, 128)]


@pytest.mark.parametrize(
    ("shape", "count", "words"), [((3, 8, 8), 64, "too small"), ((3, 40, 40), 2, "too few")]
)
def test_maps_that_cannot_be_tested_have_a_reason(shape, count, words):
    plan = plan_maps(shape, (2, 2), count=count)
    assert words in (plan.reason or "")


def test_at_most_sixteen_channels_are_tested_evenly_spaced():
    plan = plan_maps((64, 128, 128), (2, 2), count=16)
    assert plan.channels == tuple(range(0, 64, 4))


def test_a_period_too_long_for_the_maps_is_left_out():
    plan = plan_maps((3, 32, 32), (2, 2), (4, 4), (8, 8), count=16)
    assert [view.period for view in plan.views] == [(2, 2), (4, 4)]
    assert plan.reason is None


def test_the_margin_is_not_less_than_padding_reaches():
    near = plan_maps((8, 64, 64), (2, 2), count=16, reach=lambda _: (6, 6))
    assert near == plan_maps((8, 64, 64), (2, 2), count=16)
    far = plan_maps((8, 64, 64), (2, 2), count=16, reach=lambda _: (11, 7))
    assert far.margin == (12, 8)
    assert far.reason is None


def test_where_padding_reaches_everything_nothing_is_tested_but_the_spectrum_is_drawn():
    plan = plan_maps((8, 32, 32), (2, 2), count=16, reach=lambda _: (11, 11))
    assert plan.reason == (
        "too small: 8x8 px inside the margin that padding reaches (11 px), 12 px needed at period 2"
    )
    assert not plan.views
    assert plan.figure_tile == plan_maps((8, 32, 32), (2, 2), count=16).figure_tile


def test_padding_that_only_a_long_period_minds_leaves_the_short_one():
    reach = {(2, 2): (4, 4), (4, 4): (14, 14)}
    plan = plan_maps((8, 48, 48), (2, 2), (4, 4), count=16, reach=reach.__getitem__)
    assert [view.period for view in plan.views] == [(2, 2)]
    assert plan.margin == (6, 6)


@pytest.mark.parametrize("side", [1, 2, 3, 7, 12])
def test_maps_of_any_small_size_are_measured_as_far_as_they_go(side):
    statistics = MapStatistics(plan_maps((2, side, side), (16, 16), (2, 2), count=16))
    statistics.update(torch.randn(16, 2, side, side), first=0)
    data = to_dataset(statistics)
    assert data.attrs["reason"].startswith("too small")
    assert data.attrs["maps"] in (0, 32)


@pytest.mark.parametrize("shape", [(3,), (3, 4, 4, 4, 4), (0, 8, 8)])
def test_shapes_without_one_to_three_axes_are_refused(shape):
    with pytest.raises(ParameterError, match="shape="):
        plan_maps(shape, count=1)
