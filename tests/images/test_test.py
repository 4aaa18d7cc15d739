"""The p-values are those of chance, and the alarms as rare as they say."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from scipy import integrate, special

from spectra.images._points import POINTS, Point
from spectra.images._test import ALARMS, alarms, is_astray, point_p, rayleigh_p, sign_p
from spectra.images._waves import waves
from support.pictures import long_edges, planes, textured


def exact_rayleigh(length, count):
    """Return P(R > length) by Kluyver's integral for random flights, 1906."""

    def integrand(t):
        return special.j1(length * t) * special.j0(t) ** count

    return 1 - length * integrate.quad(integrand, 0, 60, limit=2000)[0]


@pytest.mark.parametrize("count", [10, 20, 60])
@pytest.mark.parametrize("z", [0.5, 2, 4, 6])
def test_rayleigh_is_the_law_of_random_flights(count, z):
    length = np.sqrt(z * count)
    assert float(rayleigh_p(length, count)) == pytest.approx(exact_rayleigh(length, count), rel=0.1)


@pytest.mark.parametrize(("length", "count"), [(0, 9), (3, 9), (7, 9), (9, 9), (12, 40)])
def test_signs_are_fair_coins(length, count):
    heads = (count + length) / 2
    tail = sum(comb(count, k) for k in range(count + 1) if k >= np.rint(heads))
    assert float(sign_p(length, count)) == pytest.approx(min(1, 2 * tail / 2**count))


def p_of(picture):
    sums = waves(planes(picture))
    p = point_p(sums)
    return p, alarms(p, is_astray(sums))


def test_p_values_of_noise_are_never_too_small(rng):
    """Discrete and conservative ones are rarer than their level, within four deviations above."""
    p = np.concatenate([p_of(rng.normal(128, 20, (192, 256)))[0].ravel() for _ in range(40)])
    for level in (0.05, 0.01, 0.001):
        assert (p < level).mean() <= level + 4 * np.sqrt(level / len(p))
    assert (p < 0.05).mean() > 0.03


def test_a_hundred_pictures_of_noise_raise_no_more_alarms_than_stated(rng):
    raised = sum(p_of(rng.normal(128, 20, (128, 192)))[1].min() < ALARMS for _ in range(100))
    assert raised <= 4  # of 1 expected


@pytest.mark.parametrize("scene", [long_edges, textured])
def test_scenes_without_a_grid_raise_few_alarms(rng, scene):
    """Fourteen edges along each axis alarm 43 % of a test that takes tiles for independent."""
    raised = sum(p_of(scene(rng))[1].min() < ALARMS for _ in range(12))
    assert raised <= 1


def test_waves_of_a_period_beside_the_lattice_are_astray(rng):
    x = np.arange(480)
    for period, expected in ((12.0, False), (12.08, True)):
        grain = 1 + 0.6 * np.cos(2 * np.pi * x / period)
        sums = waves(planes(128 + 20 * grain * rng.normal(size=(300, 480))))
        at = POINTS.index(Point(Fraction(0), Fraction(1, 12)))
        assert point_p(sums)[:2, at].max() < 1e-3
        assert is_astray(sums)[:2, at].all() == expected


def test_the_skirt_of_a_strong_wave_is_not_taken_for_waves_of_their_own(rng):
    """Five elevenths lie within the window's width of one half; seven strips do not part them."""
    grain = 1 + 0.9 * np.cos(np.pi * np.arange(240))
    found = [p_of(128 + 20 * grain * rng.normal(size=(160, 240)))[1] for _ in range(8)]
    shown = {str(POINTS[j]) for each in found for j in np.nonzero(each < ALARMS)[1]}
    assert shown == {"(0, 1/2)"}
