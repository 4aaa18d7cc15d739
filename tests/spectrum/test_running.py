from itertools import pairwise

import numpy as np
import pytest
import torch
import xarray as xr
import xrft
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from spectra.errors import ParameterError
from spectra.spectrum import MapStatistics, plan_maps
from spectra.spectrum._periodogram import windowed_spectra


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def measured(maps, *periods, count=None, first=0, batch=None):
    statistics = MapStatistics(plan_maps(maps.shape[1:], *periods, count=count or len(maps)))
    for start in range(0, len(maps), batch or len(maps)):
        statistics.update(maps[start : start + (batch or len(maps))], first=first + start)
    return statistics


@pytest.mark.parametrize("shape", [(64,), (32, 48), (16, 12, 20)])
def test_spectra_of_tiles_keep_the_windowed_power(shape):
    tiles = noise(3, *shape).double()
    axes = len(shape)
    of_tile = tuple(range(1, 1 + axes))
    spectra = windowed_spectra(tiles - tiles.mean(of_tile, keepdim=True), axes, norm="forward")
    weight = torch.full((shape[-1] // 2 + 1,), 2.0).double()
    weight[0] = 1
    weight[-1] = 1 if shape[-1] % 2 == 0 else 2
    parseval = (spectra.abs().square() * weight).flatten(1).sum(1)
    centred = (tiles - tiles.mean(of_tile, keepdim=True)).numpy()
    for axis, side in enumerate(shape, start=1):
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(side) / side)
        window /= np.sqrt((window**2).mean())
        centred = centred * window.reshape([-1 if a == axis else 1 for a in range(axes + 1)])
    expected = (centred**2).reshape(3, -1).mean(1)
    np.testing.assert_allclose(parseval.numpy(), expected, rtol=1e-12)


@pytest.mark.filterwarnings("ignore:dropping variables using `drop`:FutureWarning")  # xrft's own
def test_mean_power_agrees_with_xrft():
    maps = noise(4, 3, 64, 96)
    data = measured(maps, count=4).to_dataset()
    inner = maps[..., 8:56, 12:84].double().numpy()
    labelled = xr.DataArray(
        inner, dims=("n", "c", "y", "x"), coords={"y": np.arange(48), "x": np.arange(72)}
    )
    theirs = xrft.power_spectrum(
        labelled,
        dim=["y", "x"],
        window="hann",
        detrend="constant",
        scaling="density",
        window_correction=True,
    )
    variance = inner.var(axis=(2, 3))[..., None, None]
    expected = (theirs.to_numpy() / variance).mean(axis=(0, 1))
    np.testing.assert_allclose(data["mean_power"].to_numpy(), expected, rtol=2e-4)  # float32


@pytest.mark.parametrize("shape", [(384,), (48, 40), (16, 20, 24)])
def test_white_noise_is_flat_at_zero_db_in_every_bin(shape):
    maps = noise(40, 8, *shape)
    data = measured(maps).to_dataset()
    spectrum = data["mean_log_spectrum"].to_numpy()
    count = data.attrs["maps"]
    inner = np.ones_like(spectrum, bool)  # next to DC the tile's mean is missing
    inner[tuple(slice(n // 2 - 1, n // 2 + 2) for n in spectrum.shape)] = False
    worst = np.abs(spectrum[inner]).max()
    assert worst < 6 * 9.65 / np.sqrt(count)
    assert abs(spectrum[inner].mean()) < 0.1
    np.testing.assert_allclose(data["azimuthal_power"][3:], 1, atol=5 / np.sqrt(count))


@settings(max_examples=8)
@given(cuts=st.lists(st.integers(1, 19), unique=True, max_size=4), order=st.randoms())
def test_shards_of_one_plan_in_any_order_give_the_single_run(cuts, order):
    maps = noise(20, 3, 40, 40)
    whole = measured(maps, (2, 2), (4, 4))
    edges = [0, *sorted(cuts), 20]
    parts = [measured(maps[a:b], (2, 2), (4, 4), count=20, first=a) for a, b in pairwise(edges)]
    order.shuffle(parts)
    merged, *others = parts
    for part in others:
        merged.merge(part)
    for name, value in whole.sums.items():
        scale = np.abs(value).max(initial=0) or 1.0
        np.testing.assert_allclose(
            merged.sums[name] / scale, value / scale, atol=1e-12, err_msg=name
        )


def test_shards_of_different_plans_cannot_be_merged():
    with pytest.raises(ParameterError, match="another plan"):
        measured(noise(2, 3, 40, 40)).merge(measured(noise(3, 3, 40, 40)))


def test_a_slab_that_is_not_finite_counts_as_absent():
    maps = noise(20, 3, 40, 40)
    spoilt = maps.clone()
    spoilt[4, 1, 20, 20] = torch.nan
    spoilt[5, 2] = 3.0
    zeroed = maps.clone()
    zeroed[4, 1] = 0
    zeroed[5, 2] = 0
    ours, theirs = measured(spoilt, (2, 2)), measured(zeroed, (2, 2))
    assert ours.sums["dropped_non_finite"] == 1
    assert ours.sums["dropped_constant"] == 1
    for name in ("figure_power", "cross_0", "line_level_0", "cell_0", "blocks_0", "total_0"):
        np.testing.assert_allclose(ours.sums[name], theirs.sums[name], rtol=1e-12)


@pytest.mark.parametrize("period", [(2, 2), (3, 3), (4, 2)])
def test_phase_means_are_the_means_of_strided_samples(period):
    maps = noise(5, 2, 48, 60) + 10
    data = measured(maps, period).to_dataset()
    plan = plan_maps(maps.shape[1:], period, count=5)
    window = [
        slice(m, m + (n - 2 * m) // p * p)
        for n, m, p in zip((48, 60), plan.margin, period, strict=True)
    ]
    inner = maps[(..., *window)].double().numpy()
    for a in range(period[0]):
        for b in range(period[1]):
            expected = inner[..., a :: period[0], b :: period[1]].mean(axis=(0, 2, 3))
            np.testing.assert_allclose(data["phase_mean"][:, a, b], expected, rtol=1e-6)


def test_maps_of_another_shape_are_refused():
    with pytest.raises(ParameterError, match="do not fit the plan"):
        measured(noise(2, 3, 40, 40)).update(noise(2, 3, 40, 41), first=0)


def test_maps_are_left_as_they_came():
    maps = noise(2, 1, 7)  # too small for a margin, so nothing is cut off
    before = maps.clone()
    measured(maps)
    assert torch.equal(maps, before)


def test_maps_tapped_within_a_dispatch_mode_give_the_same_sums():
    class Passing(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            result = func(*args, **(kwargs or {}))
            if func is torch.ops.aten.upsample_bilinear2d.default:
                inside.update(result, first=0)
            return result

    x = noise(16, 2, 48, 48)
    inside = MapStatistics(plan_maps((2, 96, 96), (2, 2), count=16))
    with torch.no_grad(), Passing():
        y = torch.nn.functional.interpolate(x, scale_factor=2, mode="bilinear")
    outside = measured(y, (2, 2))
    for name, value in outside.sums.items():
        np.testing.assert_allclose(inside.sums[name], value, rtol=1e-9, atol=1e-15, err_msg=name)


@pytest.mark.parametrize("count", [20, 4])
def test_what_one_pass_makes_of_an_input_again_counts_with_it(count):
    """The tiles of a stitched picture come in calls of their own, all with one index."""
    calls = [noise(count, 3, 96, 96, seed=seed) for seed in range(3)]
    together = MapStatistics(plan_maps((3, 96, 96), (2, 2), count=count))
    for first in range(0, count, 4):
        for maps in calls:
            together.update(maps[first : first + 4], first=first)
    alone = [measured(maps, (2, 2)) for maps in calls]
    blocks = together.sums["blocks_0"]
    assert blocks.sum() == sum(one.sums["blocks_0"].sum() for one in alone)
    if count == 20:  # blocks are images
        for name in ("cross_0", "total_0", "line_level_0", "cell_0"):
            expected = sum(one.sums[name] for one in alone)
            np.testing.assert_allclose(together.sums[name], expected, rtol=1e-6, atol=1e-12)
    assert together.to_dataset().attrs["images_seen"] == count


def test_batches_do_not_decide_where_repeated_calls_count():
    calls = [noise(4, 1, 64, 64, seed=seed) for seed in range(5)]
    found = []
    for batch in (1, 2, 4):
        statistics = MapStatistics(plan_maps((1, 64, 64), (2, 2), count=4))
        for first in range(0, 4, batch):
            for maps in calls:
                statistics.update(maps[first : first + batch], first=first)
        found.append(statistics.sums["cross_0"])
    np.testing.assert_allclose(found[1], found[0], rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(found[2], found[0], rtol=1e-6, atol=1e-12)
