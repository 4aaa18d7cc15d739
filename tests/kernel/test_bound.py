"""The attainable bound: closed forms, printed tables, and brute force."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracles import interpolation_errors
from spectra.errors import ParameterError
from spectra.kernel import (
    attainable_bound,
    interpolator,
    measure,
    power_law_spectrum,
    same_size_padding,
    transposed_conv,
    windowed_sinc,
)
from spectra.kernel._delay import reproduction
from support.measured import measured_spectrum

PI2 = np.pi**2


def truncated_sinc(size):
    """Return the ideal interpolator by 2, cut to ``size`` taps."""
    taps = np.sinc((np.arange(size) - (size - 1) / 2) / 2)
    padding, _ = same_size_padding(size, 2)
    return transposed_conv(taps[None, None], stride=2, padding=padding)


WHITE_ERROR = {
    2: 1 - 8 / PI2,
    3: 1 / 2 - 4 / PI2,
    4: 1 - 8 / PI2 * (1 + 1 / 9),
    7: 1 / 2 - 4 / PI2 * (1 + 1 / 9),
    11: 1 / 2 - 4 / PI2 * (1 + 1 / 9 + 1 / 25),
    15: 1 / 2 - 4 / PI2 * (1 + 1 / 9 + 1 / 25 + 1 / 49),
}
# size: rejection, passband error, total error in dB, for 1/f^2 on one axis
ONE_AXIS = {
    2: (25.18, -37.81, -24.97),
    3: (32.79, -32.80, -29.79),
    4: (36.03, -30.53, -29.45),
    5: (32.79, -32.80, -29.79),
    7: (36.81, -36.81, -33.80),
    8: (38.46, -35.47, -33.70),
    9: (36.81, -36.81, -33.80),
    11: (39.05, -39.05, -36.04),
    15: (40.58, -40.59, -37.58),
    31: (44.08, -44.08, -41.07),
}
# the same for isotropic 1/f^2 on two axes; printed from a coarser grid than ours
TWO_AXES = {
    2: (11.32, -19.71, -11.29),
    3: (18.52, -17.04, -14.79),
    4: (20.12, -15.57, -14.32),
    5: (17.58, -18.09, -14.93),
    7: (21.79, -21.62, -18.74),
    9: (21.76, -21.66, -18.75),
    11: (23.80, -23.69, -20.76),
    15: (25.20, -25.13, -22.17),
    31: (28.49, -28.46, -25.47),
}
WHITE_REJECTION = {
    2: 6.54,
    3: 12.58,
    4: 14.65,
    5: 12.58,
    7: 15.71,
    8: 16.99,
    9: 15.71,
    11: 17.54,
    15: 18.83,
    31: 21.91,
}


@pytest.mark.parametrize(("size", "error"), WHITE_ERROR.items())
def test_white_inputs_have_closed_forms(size, error):
    bound = attainable_bound(size, axes=1, spectrum=power_law_spectrum(2, axes=1, exponent=0))
    np.testing.assert_allclose(10 ** (bound.total_error_db / 10), error, atol=1e-8)


@pytest.mark.parametrize("size", [2, 3, 4, 7, 11])
def test_the_best_kernel_for_white_inputs_is_the_truncated_sinc(size):
    bound = attainable_bound(size, axes=1, spectrum=power_law_spectrum(2, axes=1, exponent=0))
    np.testing.assert_allclose(bound.kernel.weight, truncated_sinc(size).weight, atol=1e-8)


@pytest.mark.parametrize(("size", "printed"), ONE_AXIS.items())
def test_the_bound_on_one_axis_is_the_printed_table(size, printed):
    bound = attainable_bound(size, axes=1)
    found = (bound.rejection_db, bound.passband_error_db, bound.total_error_db)
    np.testing.assert_allclose(found, printed, atol=0.0051)


@pytest.mark.parametrize(("size", "printed"), TWO_AXES.items())
def test_the_bound_on_two_axes_is_the_printed_table(size, printed):
    bound = attainable_bound(size)
    found = (bound.rejection_db, bound.passband_error_db, bound.total_error_db)
    np.testing.assert_allclose(found, printed, atol=0.0151)


@pytest.mark.parametrize(("size", "printed"), WHITE_REJECTION.items())
def test_the_rejection_of_white_inputs_is_the_printed_column(size, printed):
    bound = attainable_bound(size, axes=1, spectrum=power_law_spectrum(2, axes=1, exponent=0))
    np.testing.assert_allclose(bound.rejection_db, printed, atol=0.0051)


@pytest.mark.parametrize(("size", "less"), [(5, 3), (9, 7), (13, 11)])
@pytest.mark.parametrize("spectrum", [partial(power_law_spectrum, exponent=0), power_law_spectrum])
def test_two_more_taps_gain_nothing_on_one_axis(size, less, spectrum):
    """Half-band: the taps that k = 5, 9, 13 add fall on the phase that is the identity."""
    given_spectrum = spectrum(2, axes=1)
    large = attainable_bound(size, axes=1, spectrum=given_spectrum)
    small = attainable_bound(less, axes=1, spectrum=given_spectrum)
    np.testing.assert_allclose(large.total_error_db, small.total_error_db, atol=1e-6)
    np.testing.assert_allclose(large.kernel.weight[0, 0, [0, -1]], 0, atol=1e-7)
    np.testing.assert_allclose(
        large.kernel.weight[0, 0, 1:-1], small.kernel.weight[0, 0], atol=1e-7
    )


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("size", [2, 3, 4, 5])
@pytest.mark.parametrize("factor", [2, 3])
def test_no_other_kernel_of_the_size_has_less_error(rng, axes, size, factor):
    """The quadratic error by its definition, a sum over frequencies, at the bound and beside it."""
    power = rng.uniform(0.1, 1, (6,) * axes)
    power = power + np.roll(np.flip(power), 1, tuple(range(axes)))
    spectrum = measured_spectrum(power, factor)
    bound = attainable_bound(size, factor, axes=axes, spectrum=spectrum)
    best = interpolation_errors(bound.kernel, spectrum, bound.delay)[1]
    np.testing.assert_allclose(10 * np.log10(best), bound.total_error_db, atol=1e-7)
    for _ in range(5):
        moved = bound.kernel.weight + 0.05 * rng.normal(size=bound.kernel.weight.shape)
        other = transposed_conv(moved, stride=factor, padding=bound.kernel.padding)
        assert interpolation_errors(other, spectrum, bound.delay)[1] > best


def test_even_kernels_do_better_off_centre_for_white_inputs():
    """Four taps hold the three of the half-band filter, and are worse half-way between pixels."""
    white = power_law_spectrum(2, axes=1, exponent=0)
    best = attainable_bound(4, axes=1, spectrum=white, delay="best")
    np.testing.assert_allclose(10 ** (best.total_error_db / 10), WHITE_ERROR[3], atol=1e-8)


@given(st.integers(0, 10**6), st.integers(2, 6))
def test_no_kernel_beats_the_bound(seed, size):
    rng = np.random.default_rng(seed)
    kernel = transposed_conv(rng.normal(size=(2, 1, size)), stride=2)
    assert measure(kernel).gap_db >= 0


@pytest.mark.parametrize("size", [2, 3, 7])
def test_the_best_kernel_has_no_gap(size):
    best = attainable_bound(size, delay="best")
    assert measure(best.kernel).gap_db < 1e-3


@pytest.mark.parametrize("channels", [(1, 1), (3, 5)])
def test_channel_mixing_and_shifts_change_no_error(rng, channels):
    taps = interpolator("bicubic", 2).weight[0, 0]
    mixed = np.multiply.outer(rng.normal(size=channels), taps)
    plain = reproduction(interpolator("bicubic", 2))
    moved = reproduction(transposed_conv(mixed, stride=2, padding=0))
    np.testing.assert_allclose(moved.total_error_db, plain.total_error_db, atol=1e-6)
    np.testing.assert_allclose(moved.ripple, plain.ripple, atol=1e-6)
    shift = np.subtract(moved.delay, plain.delay)
    np.testing.assert_allclose(shift, interpolator("bicubic", 2).padding, atol=1e-4)


def test_the_errors_of_a_mixed_kernel_are_what_the_reference_leaves(rng):
    """Slow: least squares of every response on a delayed unit response, over all frequencies."""
    kernel = transposed_conv(rng.normal(size=(2, 3, 5)) + np.hanning(7)[1:-1], stride=2)
    spectrum = power_law_spectrum(2, axes=1, exponent=1.0)
    fit = reproduction(kernel, spectrum=spectrum)
    f = np.concatenate([spectrum.frequency[0], -spectrum.frequency[0]])
    weight = np.concatenate([spectrum.power, spectrum.power]) / 2

    def left(delay):
        wave = np.exp(-2j * np.pi * f * delay)
        base = kernel.response(f)
        mix = np.einsum("f,f,fio->io", weight, wave.conj(), base)
        miss = base - wave[:, None, None] * mix
        replica = kernel.response(f + 0.5)
        error, power, others = (
            np.einsum("f,fio->", weight, np.abs(h) ** 2) for h in (miss, base, replica)
        )
        return error / power, (error + others) / (power + others)

    passband, total = left(fit.delay[0])
    np.testing.assert_allclose(10 * np.log10(passband), fit.passband_error_db, atol=1e-6)
    np.testing.assert_allclose(10 * np.log10(total), fit.total_error_db, atol=1e-6)
    assert all(left(delay)[1] >= total - 1e-9 for delay in np.linspace(-0.5, 4.5, 101))


def test_a_kernel_of_known_delay_is_found_there():
    n = np.arange(12)
    kernel = transposed_conv(np.sinc((n - 5.3) / 2)[None, None], stride=2, padding=5)
    fit = reproduction(kernel)
    np.testing.assert_allclose(fit.delay, 0.3, atol=0.02)
    np.testing.assert_allclose(fit.sub_pixel_phase, 0.3, atol=0.02)


@pytest.mark.parametrize(
    ("size", "beta", "printed"), [(7, 2, 36.4), (11, 2, 38.5), (15, 2, 39.9), (31, 3, 43.0)]
)
def test_windowed_sincs_come_close_to_the_bound(size, beta, printed):
    from spectra.kernel import rejection_db

    found = rejection_db(windowed_sinc(size, axes=1, beta=beta))
    np.testing.assert_allclose(found, printed, atol=0.051)
    assert attainable_bound(size, axes=1).rejection_db - found < 1.11


def test_a_truncated_sinc_is_far_from_it():
    from spectra.kernel import rejection_db

    np.testing.assert_allclose(rejection_db(truncated_sinc(7)), 21.9, atol=0.05)


def test_three_axes_are_bounded_too():
    bound = attainable_bound(3, 2, axes=3, spectrum=power_law_spectrum(2, axes=3, exponent=0))
    one = attainable_bound(3, 2, axes=1, spectrum=power_law_spectrum(2, axes=1, exponent=0))
    kept = (1 - 10 ** (one.total_error_db / 10)) ** 3  # white noise separates
    np.testing.assert_allclose(10 ** (bound.total_error_db / 10), 1 - kept, atol=1e-8)


def test_a_wrong_gain_is_no_error():
    doubled = transposed_conv(2 * interpolator("nearest", 2, axes=1).weight, stride=2)
    np.testing.assert_allclose(reproduction(doubled).total_error_db, -24.97, atol=0.01)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: attainable_bound(0), "size=0"),
        (lambda: attainable_bound(3, 0), "factor=0"),
        (lambda: windowed_sinc(3, beta=-1), "beta=-1"),
        (lambda: interpolator("cubic"), "name='cubic' is no interpolator: expected one of near"),
    ],
)
def test_what_has_no_meaning_is_refused(call, text):
    with pytest.raises(ParameterError, match=text):
        call()
