from math import prod

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spectra.errors import ParameterError
from spectra.spectrum import MapStatistics, plan_maps
from spectra.spectrum._pairs import bin_pairs


@given(
    sides=st.lists(st.integers(1, 400), min_size=1, max_size=3),
    factor=st.sampled_from([2, 3, 4, 8]),
    count=st.integers(1, 70),
)
def test_tiles_lie_within_the_margin_and_on_the_grid(sides, factor, count):
    period = (factor,) * len(sides)
    plan = plan_maps((5, *sides), period, count=count)
    assert all(margin % p == 0 for margin, p in zip(plan.margin, plan.period, strict=True))
    for view in plan.views:
        for side, margin, block, blocks in zip(
            sides, view.margin, view.block, view.blocks, strict=True
        ):
            assert margin % factor == 0
            assert block * blocks <= side - 2 * margin
        for block, tile, tiles in zip(view.block, view.tile, view.tiles, strict=True):
            assert tile % factor == 0
            assert tile >= 6 * factor
            assert tile * tiles <= block
    if plan.reason is None:
        assert plan.replicates >= 16


def test_sixteen_images_are_blocks_and_fewer_are_cut_into_tiles():
    assert plan_maps((8, 128, 128), (2, 2), count=16).block_kind == "images"
    few = plan_maps((8, 128, 128), (2, 2), count=4)
    assert few.block_kind == "tiles"
    assert few.count * prod(few.views[0].blocks) >= 32


def test_tiles_have_96_pixels_unless_a_long_period_needs_more():
    sides = [plan_maps((8, 512, 512), (s, s), count=32).views[0].tile for s in (2, 3, 4, 8, 16)]
    assert sides == [(96, 96), (90, 90), (96, 96), (96, 96), (128, 128)]


@given(side=st.integers(16, 700), period=st.integers(2, 32), count=st.sampled_from([3, 16]))
def test_tiles_cover_what_the_margin_leaves(side, period, count):
    """All but what makes no whole period, and a sixteenth for a side whose transform is fast."""
    plan = plan_maps((1, side, side), (period, period), count=count)
    for view in plan.views:
        tile, margin, parts = view.tile[0], view.margin[0], view.tiles[0] * view.blocks[0]
        inner = (side - 2 * margin) // period * period
        assert tile * parts >= (inner - parts * period) * 15 / 16 - parts * period


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("period", [2, 3, 4, 5, 8, 12, 16, 32])
def test_the_running_sums_of_a_period_are_bounded(axes, period):
    side = {1: 100_000, 2: 1500, 3: 500}[axes]
    plan = plan_maps((16, *(side,) * axes), (period,) * axes, count=16)
    (view,) = plan.views
    pairs = bin_pairs(view, points=plan.points)
    assert len(pairs.point) <= 6000
    assert view.tile[0] >= 6 * period


@pytest.mark.parametrize("count", [2, 16])
def test_steps_of_three_periods_are_all_scored_in_a_map_of_360_by_480(count):
    plan = plan_maps((21, 360, 480), (2, 2), (4, 4), (8, 8), count=count)
    assert [view.period for view in plan.views] == [(2, 2), (4, 4), (8, 8)]
    assert plan.reason is None


def test_a_long_period_that_cannot_be_scored_takes_nothing_from_a_short_one():
    """Padding that it minds, a common multiple beyond the map, too few blocks so large."""
    alone = plan_maps((3, 360, 480), (2, 2), count=16).views[0]
    reach = {(2, 2): (0, 0), (8, 8): (170, 170)}
    padded = plan_maps((3, 360, 480), (2, 2), (8, 8), count=16, reach=reach.__getitem__)
    assert padded.views == (alone,)
    assert padded.left_out[0][0] == (8, 8)
    assert "padding reaches (170 px)" in padded.left_out[0][1]
    uneven = plan_maps((3, 360, 480), (7, 7), (16, 16), (27, 27), count=16)
    assert [view.period for view in uneven.views] == [(7, 7), (16, 16), (27, 27)]
    few = plan_maps((3, 360, 480), (2, 2), (32, 32), count=1)
    assert few.views == plan_maps((3, 360, 480), (2, 2), count=1).views
    assert few.reason is None
    assert "too few" in few.left_out[0][1]


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


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((1, 96), "too small: 96 samples inside the margin, 192 samples needed at period 32"),
        ((1, 9, 9, 9), "too small: 4x4x4 voxels inside the margin, 12 voxels needed at period 2"),
    ],
)
def test_a_reason_counts_samples_of_a_signal_and_voxels_of_a_volume(shape, words):
    axes = len(shape) - 1
    assert plan_maps(shape, (32 if axes == 1 else 2,) * axes, count=16).reason == words


@pytest.mark.parametrize("side", [1, 14, 64])
def test_padding_along_an_axis_without_a_grid_takes_nothing(side):
    """A film of one frame, behind layers that pad frames too, is a picture."""
    plan = plan_maps((3, side, 272), (1, 2), (1, 4), count=16, reach=lambda _: (side, 8))
    assert [view.margin[0] for view in plan.views] == [side // 8] * 2
    assert plan.left_out == ()


def test_padding_that_only_a_long_period_minds_leaves_the_short_one():
    reach = {(2, 2): (4, 4), (4, 4): (14, 14)}
    plan = plan_maps((8, 48, 48), (2, 2), (4, 4), count=16, reach=reach.__getitem__)
    assert [view.period for view in plan.views] == [(2, 2)]
    assert plan.margin == (6, 6)


@pytest.mark.parametrize("side", [1, 2, 3, 7, 12])
def test_maps_of_any_small_size_are_measured_as_far_as_they_go(side):
    statistics = MapStatistics(plan_maps((2, side, side), (16, 16), (2, 2), count=16))
    statistics.update(torch.randn(16, 2, side, side), first=0)
    data = statistics.to_dataset()
    assert data.attrs["reason"].startswith("too small")
    assert data.attrs["maps"] in (0, 32)


@pytest.mark.parametrize("shape", [(3,), (3, 4, 4, 4, 4), (0, 8, 8)])
def test_shapes_without_one_to_three_axes_are_refused(shape):
    with pytest.raises(ParameterError, match="shape="):
        plan_maps(shape, count=1)
