"""What a run keeps for the recipes of two papers is what these make of the same maps at once."""

import numpy as np
import pytest
import torch

from spectra.spectrum import MapStatistics, mean_log_spectrum, plan_maps
from spectra.spectrum._published_curves import published_curve


def kept(maps, *, batch=5):
    """Return what a run keeps of maps that come a few at a time."""
    statistics = MapStatistics(plan_maps(maps.shape[1:], (2, 2), count=len(maps)), whole=True)
    for first in range(0, len(maps), batch):
        statistics.update(maps[first : first + batch], first=first)
    return statistics


@pytest.fixture
def maps(generator):
    """Maps of a level and of unequal sides, one of them constant, one all zeros."""
    maps = torch.rand(16, 3, 48, 40, generator=generator) + 2
    maps[3, 1] = 0.25
    maps[4, 1] = 0
    return maps


@pytest.mark.parametrize(
    ("recipe", "plane", "curve"),
    [
        ("agnihotri2024", "agnihotri2024", "annulus_power"),
        ("park-kim2022", "park_kim2022", "relative_log_amplitude"),
    ],
)
def test_planes_and_curves_of_a_stream_are_those_of_all_maps_at_once(maps, recipe, plane, curve):
    data = kept(maps).to_dataset()
    at_once = mean_log_spectrum(maps, recipe=recipe)
    # single precision, and a map of zeros differs by what its transform leaves of rounding
    np.testing.assert_allclose(data[plane], at_once, atol=2e-5, rtol=1e-5)
    assert data[plane].attrs == at_once.attrs
    assert data[plane].attrs["n"] == 48
    drawn = published_curve(maps, recipe=recipe)
    np.testing.assert_allclose(data[curve], drawn, atol=1e-5, rtol=1e-4)
    assert data[curve].attrs["caption"] == drawn.attrs["caption"]


def test_the_slow_definition_of_the_relative_log_amplitude(generator):
    maps = torch.randn(4, 2, 16, 16, generator=generator)
    amplitude = np.abs(np.fft.fft2(maps.double().numpy().reshape(-1, 16, 16)))
    diagonal = np.log(amplitude + 1e-6).mean(0)[np.arange(8), np.arange(8)]
    curve = kept(maps).to_dataset()["relative_log_amplitude"]
    np.testing.assert_allclose(curve, diagonal - diagonal[0], atol=1e-5)
    np.testing.assert_array_equal(curve.diagonal_f, np.arange(8) / 16)


def test_shards_add_up(maps):
    half = plan_maps(maps.shape[1:], (2, 2), count=16)
    shards = [MapStatistics(half, whole=True) for _ in range(2)]
    shards[0].update(maps[:8], first=0)
    shards[1].update(maps[8:], first=8)
    shards[0].merge(shards[1])
    whole = kept(maps, batch=8).sums
    for name in ("whole_maps", "whole_power", "whole_log_park-kim2022"):
        np.testing.assert_allclose(shards[0].sums[name], whole[name], rtol=1e-12)


def test_maps_that_are_not_finite_are_left_out_and_nothing_is_kept_unless_asked(maps):
    damaged = maps.clone()
    damaged[0, 0, 0, 0] = torch.nan
    assert kept(damaged).to_dataset()["park_kim2022"].attrs["n"] == 47
    plain = MapStatistics(plan_maps(maps.shape[1:], (2, 2), count=16))
    plain.update(maps, first=0)
    assert "park_kim2022" not in plain.to_dataset()


def test_of_large_maps_only_the_curves_are_kept(generator):
    data = kept(torch.rand(2, 1, 300, 300, generator=generator)).to_dataset()
    assert "relative_log_amplitude" in data
    assert "park_kim2022" not in data


def test_signals_and_volumes_have_no_such_recipe(generator):
    for shape in ((2, 1, 64), (2, 1, 16, 16, 16)):
        maps = torch.rand(shape, generator=generator)
        statistics = MapStatistics(plan_maps(maps.shape[1:], count=2), whole=True)
        statistics.update(maps, first=0)
        assert not {"park_kim2022", "relative_log_amplitude"} & set(statistics.to_dataset())


def test_maps_that_are_all_constant_have_no_curve_and_warn_of_nothing():
    data = kept(torch.ones(2, 1, 16, 16)).to_dataset()
    assert np.isnan(data["annulus_power"]).all()
    assert np.isfinite(data["relative_log_amplitude"]).all()


def test_where_no_map_is_finite_nothing_is_kept():
    data = kept(torch.full((2, 1, 16, 16), torch.nan)).to_dataset()
    assert not {"park_kim2022", "relative_log_amplitude"} & set(data)
