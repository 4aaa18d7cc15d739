"""Compiled loops sum what torch's passes sum."""

import numpy as np
import pytest
import torch

from spectra.errors import ParameterError
from spectra.spectrum import (
    MapStatistics,
    _compiled,
    mean_log_spectrum,
    plan_maps,
)
from spectra.spectrum._periodogram import hann
from spectra.spectrum._published_curves import published_curve, ring_curve
from spectra.spectrum._reader import PairReader

pytest.importorskip("numba", reason="numba is not installed: extra fast")

NEVER = 1 << 60
# relative to the largest: means, windows and transforms are in single precision on both ways, and
# the mean of a tile that torch takes out is the less exact one
SINGLE = 3e-5
# dB of the mean over maps: in a bin of next to no power the transform's rounding counts
DECIBELS = 2e-4


@pytest.fixture(autouse=True)
def one_thread():
    """Loops are for one thread or two."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def both(monkeypatch, measure):
    """Return what is measured by loops, and what by torch."""
    results = []
    for least in (0, NEVER):
        monkeypatch.setattr(_compiled, "LEAST", least)
        results.append(measure())
    return results


def assert_logs_agree(ours, torchs):
    """Hold all bins but DC, where a map is left with the rounding of the mean taken out."""
    np.testing.assert_allclose(ours.ravel()[1:], torchs.ravel()[1:], rtol=0, atol=DECIBELS)


def pictures(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


CASES = {
    "several channels, a period, a margin": ((7, 5, 96, 80), [(2, 2)]),
    "tiles of large maps": ((2, 3, 600, 520), [(4, 4)]),
    "odd sides, a period along one axis": ((4, 3, 33, 47), [(3, 1)]),
    "no period": ((4, 2, 64, 64), []),
    "sounds": ((4, 6, 2048), [(8,), (2,)]),
    "volumes": ((2, 3, 32, 32, 32), [(2, 2, 2)]),
    "a period of three": ((3, 3, 96, 90), [(3, 3), (2, 2)]),
    "chunks of one image": ((2, 70, 128, 128), [(2, 2), (4, 4)]),
}


@pytest.mark.parametrize(("shape", "periods"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("scale", [1.0, 1e12, 1e-12])
def test_sums_are_those_of_torch(monkeypatch, shape, periods, scale):
    maps = pictures(*shape) * scale
    maps[0, 0] = 3.0
    first, last = (0,) * len(shape[2:]), (-1,) * len(shape[2:])
    maps[(1, 1, *first)], maps[(0, 1, *last)], maps[1, 0] = torch.nan, torch.inf, 0.0
    if shape[1] == 2:
        maps[(..., *(20 for _ in shape[2:]))] = torch.nan

    def measure():
        statistics = MapStatistics(plan_maps(shape[1:], *periods, count=16))
        for first in range(0, shape[0], 3):
            statistics.update(maps[first : first + 3], first=first)
        return statistics.sums

    ours, torchs = both(monkeypatch, measure)
    assert ours.keys() == torchs.keys()
    counted = max(float(torchs["figure_maps"]), 1)
    for name, expected in torchs.items():
        if name == "figure_log":
            if len(shape) != 4:  # loops draw no figures of these
                continue
            assert_logs_agree(ours[name] / counted, expected / counted)
            continue
        most = np.abs(expected).max(initial=0)
        np.testing.assert_allclose(
            ours[name], expected, rtol=0, atol=SINGLE * float(most), err_msg=name
        )


@pytest.mark.parametrize("energy_only", [False, True])
def test_maps_without_their_content_and_energies_alone_are_summed_alike(monkeypatch, energy_only):
    maps = pictures(6, 3, 96, 96) + pictures(1, 3, 96, 96, seed=1) - 0.5
    maps[2, 1] = torch.nan
    plan = plan_maps(maps.shape[1:], (2, 2), (4, 4), count=16)
    shared = MapStatistics.mean_spectra(plan)
    shared.add(maps, first=0, inputs=len(maps))

    def measure():
        statistics = MapStatistics(plan, without=shared.content(), energy_only=energy_only)
        for first in (0, 4):
            statistics.update(maps[first : first + 4], first=first)
        return statistics.sums

    ours, torchs = both(monkeypatch, measure)
    for name, expected in torchs.items():
        least = DECIBELS if name == "figure_log" else 3 * SINGLE  # as what is left is less
        most = float(np.abs(expected).max(initial=0))
        np.testing.assert_allclose(ours[name], expected, rtol=0, atol=least * most, err_msg=name)
    assert bool(ours["cell_0"].any()) is not energy_only


def test_spectra_are_as_near_to_double_precision_as_those_of_torch(monkeypatch):
    maps = pictures(16, 4, 96, 80)
    plan = plan_maps(maps.shape[1:], (2, 2), count=16)

    def measure():
        statistics = MapStatistics(plan)
        statistics.update(maps, first=0)
        return statistics.sums["figure_power"]

    (top, left), (height, width) = plan.margin, plan.inner
    inside = maps.double()[..., top : top + height, left : left + width]
    centred = inside - inside.mean((2, 3), keepdim=True)
    standard = centred / centred.square().mean((2, 3), keepdim=True).sqrt()
    window = hann((height, width), torch.float64, maps.device, "ortho")
    exact = torch.fft.rfft2(standard * window).abs().square().sum((0, 1)).numpy()
    ours, torchs = both(monkeypatch, measure)
    ours, torchs, exact = (values.ravel()[1:] for values in (ours, torchs, exact))
    assert np.abs(ours / exact - 1).max() <= 2 * np.abs(torchs / exact - 1).max()
    np.testing.assert_allclose(ours, exact, rtol=2e-6)


def test_bins_are_as_near_to_double_precision_as_those_of_torch(monkeypatch):
    """What the tolerance of all sums rests on: neither way is off by more than half of it."""
    maps = pictures(8, 3, 96, 80)
    plan = plan_maps(maps.shape[1:], (2, 2), count=16)
    reader = PairReader(plan, plan.views[0])
    base, replica = reader.read(reader.tiles(maps.double()))
    of_pair = torch.from_numpy(reader.pairs.bin)
    cross = base[of_pair].conj().resolve_conj() * replica
    exact = {"base_0": base, "replica_0": replica, "cross_0": cross}

    def measure():
        statistics = MapStatistics(plan)
        statistics.update(maps, first=0)
        return statistics.sums

    ours, torchs = both(monkeypatch, measure)
    for name, bins in exact.items():
        expected = bins.mean(-1).movedim((-2, -1), (0, 1)).numpy()
        most = np.abs(expected).max()
        errors = [np.abs(sums[name][:8] - expected).max() / most for sums in (ours, torchs)]
        assert max(errors) < SINGLE / 2, name
        assert errors[0] < 2 * errors[1], name


def test_strided_maps_are_read_as_they_stand(monkeypatch):
    maps = pictures(8, 96, 80, 4).permute(0, 3, 1, 2)

    def measure():
        statistics = MapStatistics(plan_maps(maps.shape[1:], (2, 2), count=16))
        statistics.update(maps, first=0)
        return statistics.sums["figure_power"]

    ours, torchs = both(monkeypatch, measure)
    np.testing.assert_allclose(ours, torchs, rtol=SINGLE)


@pytest.mark.parametrize("offset", [0.0, 3.0, 300.0, 1e6])
@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_the_mean_power_is_that_of_maps_without_their_means(monkeypatch, offset, kind):
    maps = (pictures(9, 3, 48, 64) + offset).to(kind)
    power = np.abs(np.fft.fft2(maps.double().numpy())) ** 2
    of_rings = ring_curve(power[..., :33].mean((0, 1)), (48, 64), 27)
    for curve in both(monkeypatch, lambda: published_curve(maps, recipe="agnihotri2024")):
        np.testing.assert_allclose(curve, of_rings, rtol=2e-5)
        assert curve.attrs == of_rings.attrs


def test_moments_keep_their_digits_where_the_first_row_is_unlike_the_others(monkeypatch):
    monkeypatch.setattr(_compiled, "LEAST", 0)
    maps = 1 + pictures(3, 2, 1024, 16)
    maps[:, :, 0] += 1e3
    statistics = MapStatistics(plan_maps(maps.shape[1:], (2, 2), count=16, margin=(0, 0)))
    statistics.update(maps, first=0)
    square = maps.double().square().mean((2, 3)).sum(0)
    np.testing.assert_allclose(statistics.sums["value_square"], square, rtol=1e-6)
    phase = maps.double().unflatten(3, (-1, 2)).unflatten(2, (-1, 2)).mean((2, 4)).sum(0)
    np.testing.assert_allclose(statistics.sums["phase"], phase, rtol=1e-6)


@pytest.mark.parametrize("kind", [torch.Tensor.numpy, torch.clone])
def test_the_mean_log_spectrum_is_that_of_torch(monkeypatch, kind):
    maps = pictures(40, 3, 48, 64)
    maps[3, 1] = 0.5
    ours, torchs = both(monkeypatch, lambda: mean_log_spectrum(kind(maps)))
    assert ours.attrs == torchs.attrs
    assert ours.attrs["left_out"] == 1
    assert_logs_agree(np.fft.ifftshift(ours), np.fft.ifftshift(torchs))


def test_maps_that_are_not_finite_are_refused_alike(monkeypatch):
    maps = pictures(8, 3, 32, 32)
    maps[1, 2, 3, 4] = torch.nan
    messages = []
    for least in (0, NEVER):
        monkeypatch.setattr(_compiled, "LEAST", least)
        with pytest.raises(ParameterError, match="NaN or infinite values") as raised:
            mean_log_spectrum(maps)
        messages.append(str(raised.value))
    assert messages[0] == messages[1]


def test_loops_are_for_many_maps_in_single_precision_on_few_threads(monkeypatch):
    maps = pictures(1, 1, 32, 32)
    many = _compiled.LEAST
    assert _compiled.loops(maps, values=many) is not None
    assert _compiled.loops(maps, values=many - 1) is None
    assert _compiled.loops(maps.double(), values=many) is None
    monkeypatch.setattr(torch, "get_num_threads", lambda: _compiled.MOST_THREADS + 1)
    assert _compiled.numba_version() is None
    assert _compiled.loops(maps, values=many) is None
