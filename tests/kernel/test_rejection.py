"""Energies of replicas: against filtered noise, closed forms and the output's own spectrum."""

from itertools import product

import numpy as np
import pytest
import torch

from oracles import replica_shares, zero_insert
from spectra.errors import ParameterError
from spectra.kernel import (
    interpolator,
    power_law_spectrum,
    rejection_db,
    replica_gain,
    tap_gram,
    transposed_conv,
)
from spectra.kernel._delay import stopband_attenuation_db
from spectra.kernel._input import InputSpectrum
from spectra.kernel._rejection import replica_energies
from support.measured import measured_spectrum

POWERS = {"nearest": 1, "linear_aligned": 2, "bilinear": 3}


@pytest.mark.parametrize(("name", "power"), POWERS.items())
@pytest.mark.parametrize("offset", [1 / 8, 1 / 16, 0.01])
def test_replicas_of_textbook_interpolators_pass_by_powers_of_a_tangent(name, power, offset):
    gain = replica_gain(interpolator(name, 2, axes=1), offset)[1]
    np.testing.assert_allclose(gain, np.tan(np.pi * offset) ** power, rtol=1e-7)


def test_the_tangents_are_the_printed_decibels():
    printed = {
        ("nearest", 1 / 8): -7.6555,
        ("linear_aligned", 1 / 8): -15.3110,
        ("bilinear", 1 / 8): -22.9665,
        ("nearest", 1 / 16): -14.0268,
    }
    for (name, offset), expected in printed.items():
        gain = replica_gain(interpolator(name, 2, axes=1), offset)[1]
        np.testing.assert_allclose(20 * np.log10(gain), expected, atol=5e-5)


@pytest.mark.parametrize(
    ("radius", "printed"), [(1 / 4, 6.5359), (1 / 8, 12.8020), (1 / 16, 18.8884)]
)
def test_nearest_rejects_flat_spectra_as_the_closed_form_says(radius, printed):
    angle = 2 * np.pi * radius
    expected = 10 * np.log10((angle + np.sin(angle)) / (angle - np.sin(angle)))
    nodes, weights = np.polynomial.legendre.leggauss(20)
    frequency = radius * (nodes + 1) / 2
    spectrum = InputSpectrum((frequency,), weights / weights.sum(), "flat", even=True)
    found = rejection_db(interpolator("nearest", 2, axes=1), spectrum=spectrum)
    np.testing.assert_allclose(found, expected, atol=1e-8)
    np.testing.assert_allclose(found, printed, atol=5e-5)


@pytest.mark.parametrize("size", [2, 3, 4, 7, 11])
def test_random_kernels_reject_a_third_whatever_their_size(rng, size):
    """White taps have a white response: base band over three replicas, -4.77 dB."""
    kernel = transposed_conv(rng.normal(size=(64, 64, size, size)), stride=2)
    found = rejection_db(kernel, spectrum=power_law_spectrum(2, exponent=0))
    np.testing.assert_allclose(found, 10 * np.log10(1 / 3), atol=0.15)


def test_pytorchs_own_initialisation_is_white_too(generator):
    weight = torch.nn.ConvTranspose2d(64, 64, 4, 2).weight.detach().numpy()
    np.testing.assert_allclose(rejection_db(transposed_conv(weight, stride=2)), -4.77, atol=0.4)


@pytest.mark.parametrize("groups", [1, 2])
def test_energies_of_correlated_channels_are_those_of_the_response(rng, groups):
    """P_m = sum over f and o of h_o^T C conj h_o S(f), summed bin by bin."""
    kernel = transposed_conv(
        rng.normal(size=(4, 6 // groups, 3, 4)), stride=(2, 3), padding=1, groups=groups
    )
    root = rng.normal(size=(4, 4))
    covariance = root @ root.T
    within = covariance * np.kron(np.eye(groups), np.ones((4 // groups, 4 // groups)))
    spectrum = power_law_spectrum((2, 3))
    found = replica_energies(tap_gram(kernel, covariance=covariance), spectrum=spectrum)
    grid = np.stack(np.meshgrid(*spectrum.frequency, indexing="ij"), -1)
    assert spectrum.even
    for a in range(2):
        for b in range(3):
            energy = 0.0
            for signs in product((-1, 1), repeat=2):
                h = kernel.response(signs * grid + np.array([a / 2, b / 3]))
                energy += (
                    np.einsum("yxio,ij,yxjo,yx->", h, within, h.conj(), spectrum.power).real / 4
                )
            np.testing.assert_allclose(found[a, b], energy / 36, rtol=1e-9)


def test_a_measured_spectrum_predicts_the_energy_of_filtered_noise(rng):
    """Of periodic noise the periodogram is the spectrum: exact."""
    x = rng.normal(size=(200, 64))
    spectrum = measured_spectrum((np.abs(np.fft.fft(x)) ** 2).mean(0), 2)
    kernel = interpolator("bicubic", 2, axes=1)
    x = x - x.mean(1, keepdims=True)
    y = np.fft.ifft(np.fft.fft(zero_insert(x, 2)) * np.fft.fft(kernel.weight[0, 0], 128)).real
    power = replica_shares((np.abs(np.fft.fft(y)) ** 2).mean(0), 2)
    expected = 10 * np.log10(power[0] / power[1])
    np.testing.assert_allclose(rejection_db(kernel, spectrum=spectrum), expected, atol=1e-9)


def test_the_covariance_of_white_noise_is_a_sinc():
    lags = np.array([0, 0.5, 1, 2, 3.3, 20])
    found = power_law_spectrum((2, 3), exponent=0).covariance(lags, lags)
    expected = np.outer(np.sinc(lags / 2), np.sinc(lags / 3))
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_the_quadrature_of_the_power_law_has_converged():
    """Against SciPy's adaptive integration on one axis."""
    from scipy.integrate import quad

    corner = 1 / 481

    def law(f):
        return 1 / (f * f + corner**2)

    total = quad(law, 0, 0.25, epsabs=0, epsrel=1e-12, points=[corner], limit=200)[0]
    for lag in (0.5, 3.0, 21.0):
        wave = quad(
            lambda f, n: law(f) * np.cos(2 * np.pi * f * n),
            0,
            0.25,
            (lag,),
            epsrel=1e-12,
            epsabs=0,
            points=[corner, 0.05],
            limit=400,
        )[0]
        found = power_law_spectrum(2, axes=1).covariance([lag])[0]
        np.testing.assert_allclose(found, wave / total, atol=1e-10)


def test_the_stopband_attenuation_of_nearest_is_a_cosine():
    """Loudest at the near end of the inner 80 %: f = 1/2 - 1/5."""
    found = stopband_attenuation_db(interpolator("nearest", 2, axes=1))
    np.testing.assert_allclose(found, -20 * np.log10(np.cos(0.3 * np.pi)), atol=1e-9)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda k: rejection_db(k, spectrum=power_law_spectrum(2, axes=1, exponent=0)),
            "spectrum has 1 axes",
        ),
        (lambda k: tap_gram(k, covariance=np.eye(2)), r"expected finite \(3, 3\)"),
        (lambda k: tap_gram(k, covariance=-np.eye(3)), "not symmetric and positive"),
        (lambda _: power_law_spectrum(2, exponent=-1), "exponent=-1"),
    ],
)
def test_what_does_not_belong_together_is_refused(call, text):
    with pytest.raises(ParameterError, match=text):
        call(transposed_conv(np.ones((3, 1, 2, 2)), stride=2))
