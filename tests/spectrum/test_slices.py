"""Slices against exact bins and linear spectra."""

from math import gcd

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.errors import ParameterError
from spectra.spectrum import slice_along


def test_labels_follow_a_labelled_spectrum():
    f = np.fft.fftshift(np.fft.fftfreq(8))
    power = xr.DataArray(
        np.ones((3, 8, 8)), {"fy": f, "fx": f}, ("step", "fy", "fx"), "power", {"units": "dB"}
    )
    for direction in ("fx", "fy", "diagonal"):
        curve = slice_along(direction, power)
        assert curve.dims == ("step", "f")
        assert curve.f.attrs["units"] == "cycles/pixel"
        assert curve.attrs["units"] == "dB"


@settings(max_examples=40, deadline=None)
@given(n=st.integers(2, 9), times=st.integers(1, 3), wide=st.booleans(), seed=st.integers(0, 99))
def test_slices_hold_the_exact_bins(n, times, wide, seed):
    shape = (n, n * times) if wide else (n * times, n)
    power = np.random.default_rng(seed).random(shape)
    plane = np.fft.ifftshift(power)
    diagonal = slice_along("diagonal", power)
    for m, (f, value) in enumerate(zip(diagonal.f.values, diagonal.values, strict=True)):
        assert f == m / n
        index = m * shape[0] // n % shape[0], m * shape[1] // n % shape[1]
        assert value == plane[index]
    np.testing.assert_array_equal(slice_along("fx", power), plane[0, : shape[1] // 2 + 1])
    np.testing.assert_array_equal(slice_along("fy", power), plane[: shape[0] // 2 + 1, 0])


def test_a_diagonal_between_bins_interpolates_a_linear_spectrum_exactly():
    shape = (12, 20)
    assert gcd(*shape) < min(shape)
    fy, fx = (np.fft.fftshift(np.fft.fftfreq(n)) for n in shape)
    diagonal = slice_along("diagonal", fy[:, None] + 3 * fx)
    np.testing.assert_allclose(diagonal[:-1], 4 * diagonal.f[:-1], atol=1e-12)


def test_slices_of_a_volume_lie_in_its_central_plane():
    power = np.random.default_rng(0).random((6, 8, 10))
    volume = xr.DataArray(power, dims=("fz", "fy", "fx"))
    for direction in ("fx", "fy", "diagonal"):
        found = slice_along(direction, volume)
        np.testing.assert_array_equal(found, slice_along(direction, power[3]))


@pytest.mark.parametrize(
    ("direction", "power", "words"),
    [
        ("fx", np.ones((4, 4)) * 1j, "complex"),
        ("diagonal", np.ones(8), "1 frequency axes: too few for direction='diagonal'"),
        ("fy", np.ones(8), "1 frequency axes: too few for direction='fy'"),
    ],
)
def test_what_has_no_such_slice_is_refused(direction, power, words):
    with pytest.raises(ParameterError, match=words):
        slice_along(direction, power)
