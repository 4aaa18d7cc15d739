"""Rings and slices against slow definitions, xrft and closed forms."""

from math import gcd

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binned_statistic, chi2

from spectra.errors import ParameterError
from spectra.signals import checkerboard, white_noise
from spectra.spectrum import annuli, axis_slice, azimuthal_average, diagonal_slice

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
    power = np.random.default_rng(seed).random(shape)
    average = azimuthal_average(power, spatial=len(shape), corners=corners)
    means, counts = slow_rings(power, corners=corners)
    np.testing.assert_allclose(average, means, rtol=1e-12)
    np.testing.assert_array_equal(average.counts, counts)
    np.testing.assert_allclose(average.f, np.arange(len(means)) / min(shape))


@settings(max_examples=40, deadline=None)
@given(shape=SHAPES, corners=st.booleans(), seed=st.integers(0, 99))
def test_all_layouts_of_one_spectrum_have_the_same_rings(shape, corners, seed):
    x = np.random.default_rng(seed).normal(size=shape)
    full = np.abs(np.fft.fftn(x)) ** 2
    half = np.abs(np.fft.rfftn(x)) ** 2
    shifted = annuli(shape, corners=corners).mean(np.fft.fftshift(full))
    np.testing.assert_allclose(annuli(shape, layout="fft", corners=corners).mean(full), shifted)
    one_sided = annuli(shape, layout="rfft", corners=corners)
    np.testing.assert_allclose(one_sided.mean(half), shifted, rtol=1e-9)
    np.testing.assert_array_equal(one_sided.counts, annuli(shape, corners=corners).counts)


def test_rings_with_corners_hold_all_the_power_there_is():
    x = white_noise((2, 20, 33), seed=2)
    power = np.fft.fftshift(np.abs(np.fft.fft2(x)) ** 2, axes=(1, 2)) / x[0].size
    average = azimuthal_average(power, spatial=2, corners=True)
    parseval = (x**2).sum(axis=(1, 2))
    np.testing.assert_allclose((average * average.counts).sum("f"), parseval, rtol=1e-12)


@pytest.mark.parametrize("shape", [(64, 64), (40, 72), (63, 65), (256,), (16, 16, 16)])
def test_rings_of_white_noise_are_its_variance_within_the_closed_form(shape):
    n = 50
    maps = white_noise((n, *shape), seed=11)
    axes = tuple(range(1, len(shape) + 1))
    power = np.mean(np.abs(np.fft.rfftn(maps, axes=axes)) ** 2, axis=0) / maps[0].size
    rings = annuli(shape, layout="rfft")
    # counts/2 mirrored pairs of exponential power: sd = sqrt(2 / (counts n))
    z = (rings.mean(power) - 1) / np.sqrt(2 / (rings.counts * n))
    low, high = chi2.ppf([1e-4, 1 - 1e-4], z.size)
    assert low < (z**2).sum() < high


@pytest.mark.parametrize("shape", [(64, 64), (31, 31), (48, 32)])
def test_ring_means_agree_with_binned_statistics_of_scipy(shape):
    power = white_noise(shape, seed=4) ** 2
    n = min(shape)
    fy, fx = (np.fft.fftshift(np.fft.fftfreq(side)) for side in shape)
    radius = np.hypot(fy[:, None], fx)
    edges = (np.arange(n // 2 + 1) - 0.5) / n  # all rings but the outermost, which is partial
    expected = binned_statistic(radius.ravel(), power.ravel(), bins=edges).statistic
    np.testing.assert_allclose(azimuthal_average(power)[: n // 2], expected, rtol=1e-12)


def test_a_checkerboard_lies_in_the_corners_and_in_no_ring():
    power = np.fft.fftshift(np.abs(np.fft.fft2(checkerboard((16, 16)))) ** 2)
    assert azimuthal_average(power).sum() == 0
    corner = azimuthal_average(power, corners=True)[-1]
    assert corner * corner.counts == 16.0**4


def test_labels_follow_a_labelled_spectrum():
    f = np.fft.fftshift(np.fft.fftfreq(8))
    power = xr.DataArray(
        np.ones((3, 8, 8)), {"fy": f, "fx": f}, ("step", "fy", "fx"), "power", {"units": "dB"}
    )
    average = azimuthal_average(power)
    assert average.dims == ("step", "f")
    assert average.f.attrs["units"] == "cycles/pixel"
    assert diagonal_slice(power).dims == axis_slice(power).dims == ("step", "f")
    assert axis_slice(power).attrs["units"] == "dB"


@settings(max_examples=40, deadline=None)
@given(n=st.integers(2, 9), times=st.integers(1, 3), wide=st.booleans(), seed=st.integers(0, 99))
def test_slices_hold_the_exact_bins(n, times, wide, seed):
    shape = (n, n * times) if wide else (n * times, n)
    power = np.random.default_rng(seed).random(shape)
    plane = np.fft.ifftshift(power)
    diagonal = diagonal_slice(power)
    for m, (f, value) in enumerate(zip(diagonal.f.values, diagonal.values, strict=True)):
        assert f == m / n
        index = m * shape[0] // n % shape[0], m * shape[1] // n % shape[1]
        assert value == plane[index]
    np.testing.assert_array_equal(axis_slice(power), plane[0, : shape[1] // 2 + 1])
    np.testing.assert_array_equal(axis_slice(power, axis=-2), plane[: shape[0] // 2 + 1, 0])


def test_a_diagonal_between_bins_interpolates_a_linear_spectrum_exactly():
    shape = (12, 20)
    assert gcd(*shape) < min(shape)
    fy, fx = (np.fft.fftshift(np.fft.fftfreq(n)) for n in shape)
    diagonal = diagonal_slice(fy[:, None] + 3 * fx)
    np.testing.assert_allclose(diagonal[:-1], 4 * diagonal.f[:-1], atol=1e-12)


def test_slices_of_a_volume_lie_in_its_central_plane():
    power = np.random.default_rng(0).random((6, 8, 10))
    np.testing.assert_array_equal(diagonal_slice(power, spatial=3), diagonal_slice(power[3]))
    np.testing.assert_array_equal(axis_slice(power, spatial=3), axis_slice(power[3]))


def test_the_index_of_a_shape_is_computed_once():
    assert annuli((32, 32)) is annuli((32, 32))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: annuli((1, 4)), "sides >= 2"),
        (lambda: annuli((8, 8)).mean(np.ones((8, 9))), r"end in \(8, 8\)"),
        (lambda: azimuthal_average(np.ones((4, 4)) * 1j), "complex"),
        (lambda: azimuthal_average(np.ones(4), spatial=2), "no 2 frequency axes"),
        (lambda: diagonal_slice(np.ones(8)), "needs two"),
        (lambda: axis_slice(np.ones((8, 8)), axis=0), "-2 to -1"),
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
    ours = azimuthal_average(np.fft.fftshift(np.abs(np.fft.fft2(maps)) ** 2) / maps.size)
    np.testing.assert_allclose(ours[: len(theirs)], theirs, rtol=1e-12)
    np.testing.assert_allclose(ours["f"][: len(theirs)], f, rtol=1e-12)
