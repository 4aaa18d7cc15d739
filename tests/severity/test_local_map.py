"""Where a grid is, against where it was planted, and against photographs that have none."""

import math

import numpy as np
import pytest
import skimage.data
import torch

from spectra.severity import _local_map
from spectra.spectrum import plan_maps

PHOTOGRAPHS = (
    *("astronaut", "brick", "camera", "chelsea", "clock", "coffee", "grass", "gravel"),
    *("hubble_deep_field", "moon", "retina", "rocket"),
)
SIDE = 256
PLACE = (80, 170)


def local_maps(pictures, *periods):
    plan = plan_maps(pictures.shape[1:], *periods, count=16)
    return _local_map.local_maps(pictures, plan)


def photograph(name):
    """Return the middle of a photograph, (1, C, y, x) in grey levels."""
    values = getattr(skimage.data, name)()
    values = values[..., None] if values.ndim == 2 else values
    y, x = ((n - SIDE) // 2 for n in values.shape[:2])
    cut = values[y : y + SIDE, x : x + SIDE].transpose(2, 0, 1)
    return torch.from_numpy(cut.copy()).float()[None]


def board(period, side=SIDE):
    y, x = np.mgrid[:side, :side] // (period // 2)
    return torch.from_numpy(np.where((y + x) % 2, 1.0, -1.0)).float()


def patch(sigma=14.0):
    y, x = np.mgrid[:SIDE, :SIDE]
    apart = (y - PLACE[0]) ** 2 + (x - PLACE[1]) ** 2
    return torch.from_numpy(np.exp(-apart / (2 * sigma**2))).float()


@pytest.mark.parametrize("period", [2, 4])
@pytest.mark.parametrize("levels", [0.5, 20.0])
def test_a_checkerboard_everywhere_has_its_amplitude_everywhere_inside(period, levels):
    (found,) = local_maps(levels * board(period)[None, None] + 128, (period, period))
    inside = (slice(32, -32), slice(32, -32))
    torch.testing.assert_close(
        found.amplitude[inside], torch.full((192, 192), levels), rtol=1e-3, atol=1e-3
    )
    torch.testing.assert_close(found.shown[inside], found.amplitude[inside], rtol=0.02, atol=0)
    assert found.worst == pytest.approx(levels, rel=0.05)


def test_a_sine_has_its_root_mean_square_whatever_its_phase():
    x = torch.arange(SIDE)
    for phase in (0.0, 1.0):
        wave = 10 * torch.cos(2 * torch.pi * x / 4 + phase).expand(1, 1, SIDE, SIDE)
        (found,) = local_maps(wave, (1, 4))
        assert float(found.amplitude[128, 128]) == pytest.approx(10 / math.sqrt(2), rel=1e-3)


@pytest.mark.parametrize("period", [2, 4])
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_grid_planted_in_a_photograph_is_the_worst_place(name, period):
    """A patch of 14 px keeps 14^2 / (14^2 + 6^2) = .845 of its height under a Gaussian of 6."""
    clean = photograph(name)
    (found,) = local_maps(clean + 20 * board(period) * patch(), (period, period))
    assert math.dist(found.place, PLACE) < 12
    expected = 20 * 14**2 / (14**2 + 6**2)
    assert found.worst == pytest.approx(expected, rel=0.3)
    (without,) = local_maps(clean, (period, period))
    assert without.worst < 2.5
    assert without.worst < found.worst / 4


@pytest.mark.parametrize("name", ["chelsea", "clock", "moon", "rocket"])
def test_a_longer_grid_is_found_where_content_is_smooth(name):
    (found,) = local_maps(photograph(name) + 20 * board(8) * patch(), (8, 8))
    assert math.dist(found.place, PLACE) < 12
    assert found.worst > 8


@pytest.mark.parametrize("periods", [[(2, 2)], [(4, 4)], [(8, 8)], [(2, 2), (4, 4), (8, 8)]])
def test_photographs_show_next_to_nothing(periods):
    """What is taken for a grid stays below 3 grey levels, on less than 2 % of the pixels."""
    shares = []
    for name in PHOTOGRAPHS:
        (found,) = local_maps(photograph(name), *periods)
        assert found.worst < 3
        shares.append(float((found.shown > 0).float().mean()))
    assert np.mean(shares) < 0.02


def test_the_ratio_alone_is_large_at_some_edges():
    """That is why an amplitude is asked for beside it."""
    ratios = [float(local_maps(photograph(n), (2, 2))[0].ratio.max()) for n in PHOTOGRAPHS]
    assert max(ratios) > 16


def test_each_picture_has_a_map_of_its_own(generator):
    noise = torch.rand(2, 3, 96, 80, generator=generator)
    gridded = noise.clone()
    gridded[1] += 2 * board(2, 96)[:, :80]
    clean, with_grid = local_maps(gridded, (2, 2))
    assert with_grid.worst > 10 * max(clean.worst, 0.01)
    assert with_grid.amplitude.shape == (96, 80)


def test_a_grid_in_one_of_three_channels_is_averaged_in_power():
    colour = torch.zeros(1, 3, 128, 128)
    colour[:, 1] = 12 * board(2, 128)
    (found,) = local_maps(colour, (2, 2))
    assert float(found.amplitude[64, 64]) == pytest.approx(12 / math.sqrt(3), rel=1e-3)


@pytest.mark.parametrize(("sides", "reach"), [((512,), 24), ((32, 32, 32), 8)])
def test_sound_and_volumes_have_places_too(sides, reach, generator):
    maps = 0.1 * torch.randn(1, 1, *sides, generator=generator)
    middle = tuple(n // 2 for n in sides)
    near = torch.zeros(sides)
    near[tuple(slice(m - reach, m + reach) for m in middle)] = 1
    maps += near * torch.tensor([1.0, -1.0]).repeat(sides[-1] // 2)
    (found,) = local_maps(maps, (*[1] * (len(sides) - 1), 2))
    assert all(abs(p - m) <= reach for p, m in zip(found.place, middle, strict=True))


def test_a_constant_picture_shows_nothing():
    (found,) = local_maps(torch.full((1, 3, 64, 64), 0.5), (2, 2))
    assert found.worst == 0


@pytest.mark.parametrize("period", [2, 3, 4, 5])
def test_lines_are_the_grid_itself_whatever_its_period(period):
    x = torch.arange(SIDE)
    wave = (10 * torch.cos(2 * torch.pi * (x + 0.3) / period)).expand(1, 2, SIDE, SIDE)
    (found,) = local_maps(wave + 128, (1, period))
    inside = (..., slice(32, -32), slice(32, -32))
    torch.testing.assert_close(found.lines[inside], wave[0][inside], rtol=0, atol=0.05)


@pytest.mark.parametrize("sigma", [7.0, 10.0])
def test_a_patch_as_small_as_a_line_is_local_in_is_shown(sigma):
    """Its own outline has power at wrong frequencies, which makes its ratio small."""
    grey = torch.full((1, 3, SIDE, SIDE), 40.0)
    (found,) = local_maps(grey + 40 * board(2) * patch(sigma), (2, 2))
    assert math.dist(found.place, PLACE) < 6
    assert found.worst > 0.5 * 40 * sigma**2 / (sigma**2 + 6**2)
