"""Rings against slow definitions, SciPy and closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binned_statistic, chi2

from spectra.errors import ParameterError
from spectra.signals import checkerboard, white_noise
from spectra.spectrum._azimuthal import annuli

SHAPES = st.lists(st.integers(2, 12), min_size=1, max_size=3).map(tuple)


def slow_rings(power, *, corners):
    """Return ring means and counts, bin by bin, with exact rational radii."""
    least = min(power.shape)
    rings = {}
    for index in np.ndindex(power.shape):
        k = [i - n // 2 for i, n in zip(index, power.shape, strict=True)]
        radius = sum((c * least / n) ** 2 for c, n in zip(k, power.shape, strict=True)) ** 0.5
        if radius <= least / 2 or corners:
            rings.setdefault(int(radius + 0.5), []).append(power[index])
    last = max(rings)
    means = [np.mean(rings[j]) for j in range(last + 1)]
    return np.array(means), [len(rings[j]) for j in range(last + 1)]


@settings(max_examples=40, deadline=None)
@given(shape=SHAPES, corners=st.booleans(), seed=st.integers(0, 99))
def test_ring_means_and_counts_are_those_of_the_slow_definition(shape, corners, seed):
    x = np.random.default_rng(seed).normal(size=shape)
    rings = annuli(shape, corners=corners)
    power = np.fft.fftshift(np.abs(np.fft.fftn(x)) ** 2)
    means, counts = slow_rings(power, corners=corners)
    np.testing.assert_allclose(rings.mean(np.abs(np.fft.rfftn(x)) ** 2), means, rtol=1e-9)
    np.testing.assert_array_equal(rings.counts, counts)
    np.testing.assert_allclose(rings.f, np.arange(len(means)) / min(shape))


def test_rings_with_corners_hold_all_the_power_there_is():
    x = white_noise((2, 20, 33), seed=2)
    rings = annuli(x.shape[1:], corners=True)
    average = rings.mean(np.abs(np.fft.rfft2(x)) ** 2 / x[0].size)
    parseval = (x**2).sum(axis=(1, 2))
    np.testing.assert_allclose((average * rings.counts).sum(1), parseval, rtol=1e-12)


@pytest.mark.parametrize("shape", [(64, 64), (40, 72), (63, 65), (256,), (16, 16, 16)])
def test_rings_of_white_noise_are_its_variance_within_the_closed_form(shape):
    n = 50
    maps = white_noise((n, *shape), seed=11)
    axes = tuple(range(1, len(shape) + 1))
    power = np.mean(np.abs(np.fft.rfftn(maps, axes=axes)) ** 2, axis=0) / maps[0].size
    rings = annuli(shape)
    # counts/2 mirrored pairs of exponential power: sd = sqrt(2 / (counts n))
    z = (rings.mean(power) - 1) / np.sqrt(2 / (rings.counts * n))
    low, high = chi2.ppf([1e-4, 1 - 1e-4], z.size)
    assert low < (z**2).sum() < high


@pytest.mark.parametrize("shape", [(64, 64), (31, 31), (48, 32)])
def test_ring_means_agree_with_binned_statistics_of_scipy(shape):
    half = np.abs(np.fft.rfft2(white_noise(shape, seed=4))) ** 2
    power = np.fft.fftshift(np.abs(np.fft.fft2(white_noise(shape, seed=4))) ** 2)
    n = min(shape)
    fy, fx = (np.fft.fftshift(np.fft.fftfreq(side)) for side in shape)
    radius = np.hypot(fy[:, None], fx)
    edges = (np.arange(n // 2 + 1) - 0.5) / n  # all rings but the outermost, which is partial
    expected = binned_statistic(radius.ravel(), power.ravel(), bins=edges).statistic
    np.testing.assert_allclose(annuli(shape).mean(half)[: n // 2], expected, rtol=1e-12)


def test_a_checkerboard_lies_in_the_corners_and_in_no_ring():
    half = np.abs(np.fft.rfft2(checkerboard((16, 16)))) ** 2
    assert annuli((16, 16)).mean(half).sum() == 0
    rings = annuli((16, 16), corners=True)
    assert rings.mean(half)[-1] * rings.counts[-1] == 16.0**4


def test_the_index_of_a_shape_is_computed_once():
    assert annuli((32, 32)) is annuli((32, 32))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: annuli((1, 4)), "sides >= 2"),
        (lambda: annuli((8, 8)).mean(np.ones((8, 6))), r"end in \(8, 5\)"),
    ],
)
def test_what_is_no_spectrum_is_refused(call, words):
    with pytest.raises(ParameterError, match=words):
        call()


@pytest.mark.filterwarnings("ignore")  # pysteps' own, on import
@pytest.mark.parametrize("side", [16, 33, 64])
def test_rings_agree_with_pysteps(side):
    """Needs the extra ``oracles``, which is compiled on installation."""
    spectral = pytest.importorskip("pysteps.utils.spectral", reason="extra 'oracles' not installed")
    maps = np.random.default_rng(side).standard_normal((side, side))
    theirs, f = spectral.rapsd(maps, fft_method=np.fft, return_freq=True)
    rings = annuli(maps.shape)
    ours = rings.mean(np.abs(np.fft.rfft2(maps)) ** 2 / maps.size)
    np.testing.assert_allclose(ours[: len(theirs)], theirs, rtol=1e-12)
    np.testing.assert_allclose(rings.f[: len(theirs)], f, rtol=1e-12)
