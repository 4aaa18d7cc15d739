"""Sinc fits: recovery, chance, and where the energy of a kernel lies."""

import numpy as np
import pytest
from scipy.optimize import differential_evolution

from spectra.errors import ParameterError
from spectra.kernel import interpolator, transposed_conv, windowed_sinc
from spectra.kernel._sinc import fit_sinc, kernel_shape, random_residuals
from spectra.kernel._support import support


@pytest.mark.parametrize("size", [3, 4, 7, 11])
def test_a_sinc_is_recovered(size):
    centre = (size - 1) / 2 + 0.31
    fit = fit_sinc(1.7 * np.sinc(2 * 0.23 * (np.arange(size) - centre)))
    assert fit.residual < 1e-12
    if size > 3:  # three taps are as many as there are parameters: other sincs fit as well
        found = (fit.amplitude, fit.cutoff, fit.delay)
        np.testing.assert_allclose(found, (1.7, 0.23, centre), rtol=1e-5)


@pytest.mark.parametrize("cutoff", [0.05, 0.12, 0.31, 0.48])
def test_sincs_of_any_cutoff_are_recovered(cutoff):
    fit = fit_sinc(np.sinc(2 * cutoff * (np.arange(15) - 6.7)))
    np.testing.assert_allclose((fit.cutoff, fit.delay), (cutoff, 6.7), rtol=1e-5)


@pytest.mark.parametrize("size", [4, 7, 11])
def test_the_fit_is_the_best_there_is(rng, size):
    """Against a global optimiser that knows nothing of the grid."""
    taps = rng.normal(size=size)
    n = np.arange(size)

    def residual(point):
        shape = np.sinc(2 * point[0] * (n - point[1]))
        return 1 - (shape @ taps) ** 2 / (shape @ shape) / (taps @ taps)

    bounds = [(1e-3, 0.5), (-0.5, size - 0.5)]
    best = differential_evolution(residual, bounds, rng=1, tol=1e-12, popsize=30).fun
    np.testing.assert_allclose(fit_sinc(taps).residual, best, atol=1e-6)


def test_small_random_kernels_pass_for_sincs_and_large_ones_do_not():
    """Why a fit alone says nothing for k <= 4."""
    medians = {k: float(np.median(random_residuals(k))) for k in (2, 3, 4, 5, 7, 11, 15)}
    assert list(medians.values()) == sorted(medians.values())
    assert medians[2] < 0.005
    assert medians[3] < 0.11
    np.testing.assert_allclose([medians[k] for k in (7, 11, 15)], [0.36, 0.50, 0.57], atol=0.03)


def test_percentiles_of_random_kernels_are_uniform(rng):
    percentiles = [fit_sinc(rng.normal(size=7)).percentile for _ in range(100)]
    np.testing.assert_allclose(np.mean(percentiles), 50, atol=8)
    np.testing.assert_allclose(np.std(percentiles), 100 / np.sqrt(12), atol=6)


def test_a_windowed_sinc_is_told_from_chance_only_if_it_is_large():
    assert fit_sinc(windowed_sinc(11, axes=1).weight[0, 0]).percentile > 99
    assert fit_sinc(interpolator("nearest", 2, axes=1).weight[0, 0]).percentile < 90


def test_delay_and_cutoff_are_in_output_pixels():
    taps = windowed_sinc(15, axes=1, beta=0).weight[0, 0]
    fit = fit_sinc(taps, first=-7)
    np.testing.assert_allclose((fit.delay, fit.cutoff), (0, 0.25), atol=0.005)


def test_the_shape_that_channels_share_is_found(rng):
    down, across = windowed_sinc(9, axes=1).weight[0, 0], interpolator("nearest", 2, axes=1)
    shape = np.outer(down, across.weight[0, 0])
    weight = np.multiply.outer(rng.normal(size=(6, 5)), shape)
    found = kernel_shape(transposed_conv(weight, stride=2, padding=(4, 0)))
    np.testing.assert_allclose((found.share, found.separable_share), 1, atol=1e-9)
    np.testing.assert_allclose(found.axes[0].delay, 0, atol=1e-3)
    assert 0 <= found.axes[1].delay <= 1


def test_random_channels_share_no_shape(rng):
    found = kernel_shape(transposed_conv(rng.normal(size=(40, 40, 3, 3)), stride=2))
    np.testing.assert_allclose(found.share, 1 / 9, atol=0.02)


def test_three_axes_separate_too(rng):
    parts = [rng.normal(size=n) for n in (2, 3, 4)]
    weight = np.einsum("i,j,k->ijk", *parts)[None, None]
    found = kernel_shape(transposed_conv(weight, stride=2))
    np.testing.assert_allclose(found.separable_share, 1, atol=1e-9)


def test_energy_is_where_the_taps_are(rng):
    weight = rng.normal(size=(3, 2, 5, 4))
    found = support(transposed_conv(weight, stride=2, padding=(2, 1), dilation=(1, 2)))
    energy = (weight**2).sum((0, 1))
    energy /= energy.sum()
    y, x = np.arange(5) - 2, 2 * np.arange(4) - 1
    np.testing.assert_allclose(found.centre, (energy.sum(1) @ y, energy.sum(0) @ x), atol=1e-12)
    spread = energy.sum(1) @ (y - found.centre[0]) ** 2
    np.testing.assert_allclose(found.radius[0], np.sqrt(spread), atol=1e-12)
    assert found.mass[-1] == 1
    assert (np.diff(found.mass) >= 0).all()


@pytest.mark.parametrize(("used", "size"), [(1, 7), (3, 7), (5, 11), (11, 11)])
def test_a_small_kernel_inside_a_large_one_is_told(used, size):
    weight = np.zeros((1, 1, size, size))
    margin = (size - used) // 2
    weight[0, 0, margin : size - margin, margin : size - margin] = 1
    found = support(transposed_conv(weight, stride=2))
    assert found.effective_size == used
    np.testing.assert_allclose(found.mass[:used], (np.arange(1, used + 1) / used) ** 2, atol=0.3)
    np.testing.assert_allclose(found.mass[used - 1 :], 1)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: fit_sinc([1.0]), "taps have shape"),
        (lambda: fit_sinc([0.0, 0.0]), "not all 0"),
        (lambda: support(transposed_conv(np.zeros((1, 1, 2)), stride=2)), "all taps"),
        (lambda: kernel_shape(transposed_conv(np.zeros((1, 1, 2)), stride=2)), "all taps"),
    ],
)
def test_what_has_no_energy_is_refused(call, text):
    with pytest.raises(ParameterError, match=text):
        call()
