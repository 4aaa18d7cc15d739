"""Yardsticks beside what enlarging really adds: all that lies above the base band."""

import numpy as np
import pytest
import scipy
import skimage.data
import torch
from skimage.transform import downscale_local_mean

from spectra.score._energy import locked_energy, locked_lattice, ratio_dbc
from spectra.severity._yardsticks import METHODS, base_band, enlarge, yardsticks
from spectra.spectrum import MapStatistics, plan_maps


def photograph(name):
    """Return a photograph averaged over 2x2 pixels, (1, C, y, x) of whole periods up to 48."""
    values = getattr(skimage.data, name)() / 255
    values = values[..., None] if values.ndim == 2 else values
    half = np.moveaxis(downscale_local_mean(values, (2, 2, 1)), -1, 0)
    y, x = (n // 48 * 48 for n in half.shape[1:])
    return torch.from_numpy(half[None, :, :y, :x].copy())


def tiles(name, side=128):
    """Return all tiles of a photograph, (B, C, side, side)."""
    values = getattr(skimage.data, name)() / 255
    values = values[..., None] if values.ndim == 2 else values
    n, m = (sides // side for sides in values.shape[:2])
    cut = values[: n * side, : m * side].reshape(n, side, m, side, -1)
    return torch.from_numpy(cut.transpose(0, 2, 4, 1, 3).reshape(n * m, -1, side, side).copy())


def direct_db(maps, period, method):
    """Return the power above the base band of an enlargement over that of the maps, an eighth off.

    The source holds nothing there, so this *is* the locked part: no statistics are needed.
    """
    axes = tuple(range(2, maps.ndim))
    small, _ = base_band(maps, period)
    spectrum = scipy.fft.dctn(enlarge(small, period, method).numpy(), axes=axes)
    sides = maps.shape[2:]
    spectrum[..., *(slice(n // p) for n, p in zip(sides, period, strict=True))] = 0
    added = scipy.fft.idctn(spectrum, axes=axes)
    inside = (..., *(slice(n // 8, n - n // 8) for n in sides))
    power = (added[inside] ** 2).mean((0, *axes))
    return 10 * np.log10((power / maps.numpy()[inside].var(axes).mean(0)).mean())


# nearest, bilinear, bicubic in dB, and the base band's share in %: measured by another program
LEVELS = {
    ("coffee", 2): (-16.9, -31.2, -28.5, 98),
    ("coffee", 3): (-14.8, -25.0, -27.3, 97),
    ("coffee", 4): (-13.5, -26.1, -26.1, 95),
    ("coffee", 8): (-11.1, -22.6, -22.8, 88),
    ("grass", 2): (-8.6, -20.7, -18.1, 75),
    ("grass", 3): (-8.6, -17.0, -18.4, 56),
    ("grass", 4): (-9.2, -19.8, -19.0, 44),
    ("grass", 8): (-11.5, -21.6, -21.1, 20),
}


@pytest.mark.parametrize(("name", "side"), LEVELS)
def test_what_an_enlargement_adds_to_photographs_is_as_measured_before(name, side):
    maps, period = photograph(name), (side, side)
    *levels, share = LEVELS[name, side]
    assert 100 * base_band(maps, period)[1] == pytest.approx(share, abs=1.5)
    for method, level in zip(METHODS, levels, strict=True):
        assert direct_db(maps, period, method) == pytest.approx(level, abs=1.5)


@pytest.mark.parametrize("side", [2, 4])
@pytest.mark.parametrize("name", ["astronaut", "camera", "grass"])
def test_a_yardstick_is_a_lower_bound_of_what_the_enlargement_adds(name, side):
    """The score leaves out the edges of the base band: cubic, which errs there, loses most."""
    maps, period = tiles(name), (side, side)
    (read,) = yardsticks(maps, period)
    nearest, cubic = (direct_db(maps, period, method) for method in ("nearest", "cubic"))
    assert nearest - 1.5 < read.nearest_dbc < nearest + 0.5
    assert cubic - 5 < read.cubic_dbc < cubic


@pytest.mark.parametrize("name", ["astronaut", "camera", "grass", "gravel"])
def test_cubic_reads_far_below_nearest_on_photographs_and_textures(name):
    for read in yardsticks(tiles(name), (2, 2), (4, 4)):
        assert read.reason is None
        assert read.cubic_dbc < read.nearest_dbc - 10


@pytest.mark.parametrize("side", [2, 4])
@pytest.mark.parametrize(("method", "softness"), [("nearest", 1.5), ("cubic", 3.0)])
def test_an_enlargement_reads_a_little_above_its_own_yardstick(method, softness, side):
    """Its base band lost some at the edge, so that enlarging it again adds less."""
    period = (side, side)
    small = torch.nn.functional.avg_pool2d(tiles("astronaut"), side)
    maps = enlarge(small, period, method)
    (read,) = yardsticks(maps, period)
    sums = MapStatistics(plan_maps(maps.shape[1:], period, count=len(maps)))
    sums.update(maps, first=0)
    lattice = locked_lattice(sums.to_dataset())
    own = ratio_dbc(locked_energy(lattice, np.ones(len(lattice.frequency), bool)).share)
    assert own - softness < getattr(read, f"{method}_dbc") < own


def test_too_few_outputs_for_a_number_are_said_to_be():
    (read,) = yardsticks(photograph("coffee")[..., :96, :96], (8, 8))
    assert read.cubic_dbc is None
    assert read.reason


def test_the_total_is_the_outputs_and_not_the_enlargements(generator):
    """White noise has a sixteenth of its power in the base band of period 4."""
    maps = torch.randn(16, 2, 128, 128, generator=generator)
    (read,) = yardsticks(maps, (4, 4))
    assert read.base_share == pytest.approx(1 / 16, rel=0.05)
    # nearest keeps the power of what it enlarges, so it adds less than that
    assert read.nearest_dbc < 10 * np.log10(1 / 16)
    assert direct_db(maps.double(), (4, 4), "nearest") == pytest.approx(-16.4, abs=0.5)
    assert read.nearest_dbc == pytest.approx(-16.4, abs=2.5)


def test_each_channel_stands_over_its_own_power(generator):
    maps = torch.randn(16, 1, 96, 96, generator=generator)
    (alone,) = yardsticks(maps, (2, 2))
    (beside,) = yardsticks(torch.cat([maps, 100 * maps], 1), (2, 2))
    assert beside.nearest_dbc == pytest.approx(alone.nearest_dbc, abs=1e-3)
    assert beside.cubic_dbc == pytest.approx(alone.cubic_dbc, abs=1e-3)


def test_white_noise_of_period_8_has_no_base_band_to_enlarge(generator):
    (read,) = yardsticks(torch.randn(16, 1, 128, 128, generator=generator), (8, 8))
    assert read.base_share == pytest.approx(1 / 64, rel=0.1)
    assert (read.nearest_dbc, read.linear_dbc, read.cubic_dbc) == (None, None, None)
    assert "base band" in read.reason


def test_a_period_takes_what_a_shorter_one_leaves():
    maps = photograph("coffee")
    (alone,) = yardsticks(maps, (4, 4))
    short, long = yardsticks(maps, (2, 2), (4, 4))
    assert long.period == (4, 4)
    assert long.nearest_dbc < alone.nearest_dbc - 1
    assert short.nearest_dbc == pytest.approx(yardsticks(maps, (2, 2))[0].nearest_dbc, abs=1e-9)


@pytest.mark.parametrize(("sides", "period"), [((4096,), (4,)), ((24, 24, 24), (2, 2, 2))])
def test_sound_and_volumes_have_yardsticks_too(sides, period, generator):
    small = torch.randn(16, 1, *(n // 2 for n in sides), generator=generator)
    maps = enlarge(small, (2,) * len(sides), "linear")
    (read,) = yardsticks(maps, period)
    assert read.reason is None
    assert read.cubic_dbc < read.nearest_dbc


def test_an_axis_without_a_grid_is_neither_filtered_nor_enlarged(generator):
    maps = torch.randn(16, 1, 96, 95, generator=generator)
    (read,) = yardsticks(maps, (2, 1))
    assert read.base_share == pytest.approx(1 / 2, rel=0.05)
    small, _ = base_band(maps.double(), (2, 1))
    assert small.shape == (16, 1, 48, 95)


def test_maps_too_small_are_said_to_be(generator):
    (read,) = yardsticks(torch.randn(16, 1, 30, 30, generator=generator), (8, 8))
    assert "too small" in read.reason
    (read,) = yardsticks(torch.randn(1, 1, 6, 6, generator=generator), (8, 8))
    assert read.reason == "outputs hold no period of it"


@pytest.mark.parametrize("period", [(2, 2), (3, 4)])
@pytest.mark.parametrize("method", METHODS)
def test_enlarging_axis_by_axis_is_what_pytorch_does_with_both(method, period, generator):
    maps = torch.randn(2, 3, 9, 7, generator=generator, dtype=torch.float64)
    mode = {"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic"}[method]
    expected = torch.nn.functional.interpolate(maps, scale_factor=period, mode=mode)
    torch.testing.assert_close(enlarge(maps, period, method), expected)


def test_the_base_band_of_a_smooth_map_is_its_samples_in_the_middle_of_each_period():
    n, p = 96, 3
    x = torch.arange(n, dtype=torch.float64) + 0.5
    wave = torch.cos(torch.pi * 7 * x / n) + 2  # symmetric at the borders, 7 < 96 / 3
    small, share = base_band(wave[None, None], (p,))
    torch.testing.assert_close(small[0, 0], wave[1::3])
    assert share == pytest.approx(1)
    beyond = torch.cos(torch.pi * 32 * x / n)  # exactly at 1 / (2 period): out
    small, share = base_band(beyond[None, None], (p,))
    assert small.abs().max() < 1e-12
    assert share == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("alike", "known"), [((0, 0), True), ((8, 8), False)])
def test_sums_that_are_known_are_taken_only_where_outputs_were_cut_alike(generator, alike, known):
    """A total four times as large reads 6 dB less: of other margins it is measured anew."""
    maps = torch.randn(16, 1, 96, 96, generator=generator)
    (anew,) = yardsticks(maps, (2, 2), plan=plan_maps(maps.shape[1:], (2, 2), count=16))
    reach = dict.fromkeys([(2, 2)], alike).__getitem__
    plan = plan_maps(maps.shape[1:], (2, 2), count=16 if known else 20, reach=reach)
    sums = MapStatistics(plan)
    sums.update(2 * maps, first=0)
    (read,) = yardsticks(maps, (2, 2), plan=plan, inputs=16, measured=sums.to_dataset())
    less = 20 * np.log10(2) if known else 0.0
    assert anew.nearest_dbc - read.nearest_dbc == pytest.approx(less, abs=0.5)


def test_a_base_band_is_the_lowest_part_of_the_whole_transform(rng):
    maps = torch.from_numpy(rng.normal(size=(2, 3, 24, 30)) + 1000)
    small, share = base_band(maps, (2, 3))
    spectrum = scipy.fft.dctn(maps.numpy(), axes=(2, 3), norm="ortho")[..., :12, :10]
    expected = scipy.fft.idctn(spectrum, axes=(2, 3), norm="ortho") / np.sqrt(6)
    np.testing.assert_allclose(small.numpy(), expected, rtol=0, atol=1e-10)
    varies = [each.var(axis=(2, 3)).mean(axis=0) for each in (expected, maps.numpy())]
    assert share == pytest.approx((varies[0] / varies[1]).mean(), rel=1e-9)
