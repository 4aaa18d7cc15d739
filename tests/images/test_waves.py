"""The sums over places are those of their definition, and a known grid reads as what it is."""

from fractions import Fraction

import numpy as np
import pytest

from spectra.images._folded import TILE
from spectra.images._points import OFF_AXIS, POINTS, Point, axis_fractions
from spectra.images._residuals import RESIDUALS, log_residuals
from spectra.images._ripple import DB, at_period, ripple_variances
from spectra.images._waves import strip_width, waves
from support.pictures import planes, textured


def test_every_point_of_the_lattices_is_there_once():
    """Fractions are counted by Euler's totient; half a plane of 8x8 without its axes has 25."""
    totient = {n: sum(np.gcd(k, n) == 1 for k in range(n)) for n in range(2, 17)}
    assert len(axis_fractions()) == 1 + sum(totient[n] // 2 for n in range(3, 17))
    assert len(OFF_AXIS) == (7 * 7 + 1) // 2
    folded = {(p.fy % 1, p.fx % 1) for p in OFF_AXIS} | {(-p.fy % 1, -p.fx % 1) for p in OFF_AXIS}
    assert len(folded) == 7 * 7


@pytest.mark.parametrize("fraction", [Fraction(1, 2), Fraction(3, 8), Fraction(1, 16)])
@pytest.mark.parametrize(("which", "side"), [(0, 151), (1, 151), (1, 301)])
def test_an_axis_point_sums_the_phases_of_strips(rng, fraction, which, side):
    """By definition, strip by strip and pixel by pixel, with coordinates of the picture."""
    picture = rng.normal(128, 30, (97, side))
    residual = log_residuals(planes(picture)[0])[RESIDUALS[which]].astype(float)
    profile, width = residual.mean(0), strip_width(fraction, short=side < 276)
    total = 0
    for j in range(len(profile) // width):
        at = np.arange(j * width, (j + 1) * width)
        window = np.sin(np.pi * (at - at[0] + 0.5) / width) ** 2
        level = (window * profile[at]).sum() / window.sum()
        wave = np.exp(-2j * np.pi * float(fraction) * (at + which))
        z = (window * (profile[at] - level) * wave).sum()
        total += np.sign(z.real) if fraction == Fraction(1, 2) else z / abs(z)
    found = waves(planes(picture)).own[which, POINTS.index(Point(Fraction(0), fraction))]
    assert found == pytest.approx(total, abs=1e-2)


def test_a_point_off_the_axes_sums_the_phases_of_tiles(rng):
    picture = rng.normal(128, 30, (100, 140))
    residual = log_residuals(planes(picture)[0])["laplacian"].astype(float)
    point = Point(Fraction(-1, 8), Fraction(3, 8))
    window = np.sin(np.pi * (np.arange(TILE) + 0.5) / TILE) ** 2
    total = 0
    for top in range(0, residual.shape[0] - TILE + 1, TILE):
        for left in range(0, residual.shape[1] - TILE + 1, TILE):
            y, x = np.mgrid[top : top + TILE, left : left + TILE]
            turns = float(point.fy) * (y + 1) + float(point.fx) * (x + 1)
            tile = residual[top : top + TILE, left : left + TILE] * np.outer(window, window)
            z = (tile * np.exp(-2j * np.pi * turns)).sum()
            total += z / abs(z)
    found = waves(planes(picture)).own[1, POINTS.index(point)]
    assert found == pytest.approx(total, abs=1e-2)


@pytest.mark.parametrize("period", [2, 5, 8])
def test_the_ripple_of_grain_is_the_deviation_of_its_logarithm(rng, period):
    """The residual of white grain times a pattern: the oracle is the mean of each phase of it.

    Only waves along the axes and of eighths are summed, and this pattern has no others.
    """
    depth = 0.4 * np.cos(2 * np.pi * np.arange(480) / period)
    picture = 128 + 12 * np.exp(depth) * rng.normal(size=(480, 480))
    residual = log_residuals(planes(picture)[0])["laplacian"].astype(float)
    inner = residual[:, : residual.shape[1] // period * period].mean(0)
    oracle = inner.reshape(-1, period).mean(0).std()
    found = np.sqrt(at_period(ripple_variances(waves(planes(picture))), period))
    assert DB * found == pytest.approx(DB * oracle, rel=0.05)


def test_the_ripple_of_a_scene_is_none_on_average(rng):
    found = [
        at_period(ripple_variances(waves(planes(textured(rng, 160, 1)))), 4) for _ in range(20)
    ]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(len(found)) + 1e-4


def test_sums_of_two_pictures_are_sums_over_all_their_places(rng):
    one, two = (waves(planes(rng.normal(128, 20, (96, 96)))) for _ in range(2))
    both = one + two
    np.testing.assert_allclose(both.own, one.own + two.own)
    np.testing.assert_allclose(both.swing, (one.swing + two.swing) / 2)
    assert (both.places == one.places + two.places).all()


def test_a_blank_picture_has_no_places():
    assert waves(np.full((1, 128, 128), 77, np.float32)).places.max() == 0
