import numpy as np
import pytest

from spectra.errors import ParameterError
from spectra.signals import (
    checkerboard,
    power_law_noise,
    tone,
    white_noise,
    zero_stuffed,
    zone_plate,
)


def power(x):
    return np.abs(np.fft.fftn(x)) ** 2 / x.size


@pytest.mark.parametrize("cycles", [(3,), (0, 5), (2, 7), (1, 2, 3)])
def test_a_tone_has_power_at_its_frequency_and_the_mirror_of_it_only(cycles):
    shape = (16, 24, 8)[: len(cycles)]
    x = tone(shape, [c / n for c, n in zip(cycles, shape, strict=True)], amplitude=3, angle=0.7)
    expected = np.zeros(shape)
    expected[cycles] = expected[tuple(-c for c in cycles)] = 3**2 * x.size / 4
    np.testing.assert_allclose(power(x), expected, atol=1e-10)


@pytest.mark.parametrize("shape", [(8,), (6, 10), (4, 6, 8)])
def test_a_checkerboard_has_power_at_the_corner_of_the_plane_only(shape):
    x = checkerboard(shape, amplitude=0.5)
    expected = np.zeros(shape)
    expected[tuple(n // 2 for n in shape)] = 0.25 * x.size
    np.testing.assert_allclose(power(x), expected, atol=1e-12)


def test_white_noise_is_flat_at_its_variance():
    maps = white_noise((400, 16, 16), seed=3, variance=4.0)
    mean = np.mean([power(x) for x in maps], axis=0)
    # chi2 with 1 or 2 degrees of freedom: sd of a bin is at most sqrt(2) * 4 / sqrt(400)
    assert np.abs(mean - 4).max() < 5 * np.sqrt(2) * 4 / 20


def test_power_law_noise_falls_as_the_power_of_its_exponent():
    maps = power_law_noise((600, 32, 32), seed=5, exponent=2.0, axes=2)
    mean = np.mean([power(x) for x in maps], axis=0)
    f = np.fft.fftfreq(32)
    radius = np.hypot(f[:, None], f)
    flat = (mean * radius**2)[radius > 0]
    assert flat.std() / flat.mean() < 1.5 / np.sqrt(600) * 1.2
    assert mean[0, 0] < 1e-20
    assert mean.mean() == pytest.approx(1, rel=0.05)


def test_zero_stuffing_repeats_the_spectrum():
    x = white_noise((2, 6, 5), seed=1)
    stuffed = zero_stuffed(x, (3, 2))
    assert stuffed.shape == (2, 18, 10)
    expected = np.tile(np.fft.fft2(x), (1, 3, 2))
    np.testing.assert_allclose(np.fft.fft2(stuffed), expected, atol=1e-12)


def test_a_factor_of_one_stuffs_no_zeros():
    np.testing.assert_array_equal(zero_stuffed(np.eye(3), (1, 1)), np.eye(3))


def test_a_zone_plate_sweeps_to_half_a_cycle_per_pixel_with_a_flat_spectrum():
    plate = zone_plate((64, 64))
    n = np.arange(64) - 32
    chirp = np.exp(1j * np.pi * n**2 / 64)
    both = np.multiply.outer(chirp, chirp)
    np.testing.assert_allclose(plate, both.real, atol=1e-12)
    np.testing.assert_allclose(np.abs(np.fft.fft2(both)) ** 2 / 64**2, 1, atol=1e-10)
    turns = np.diff(np.unwrap(np.angle(chirp))) / (2 * np.pi)
    np.testing.assert_allclose(turns, (n[:-1] + 0.5) / 64, atol=1e-12)


def test_signals_repeat_with_their_seed_and_differ_without():
    assert np.array_equal(white_noise((9,), seed=1), white_noise((9,), seed=1))
    assert not np.array_equal(power_law_noise((9,), seed=1), power_law_noise((9,), seed=2))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: tone((8, 8), (0.1,)), "2 axes"),
        (lambda: white_noise((), seed=0), "not a shape"),
        (lambda: checkerboard((0, 3)), "expected an integer >= 1"),
        (lambda: zero_stuffed(np.ones(4), (2, 2)), "1 axes"),
        (lambda: zero_stuffed(np.ones(4), (0,)), "upsampling factor"),
    ],
)
def test_arguments_that_make_no_signal_are_refused(call, words):
    with pytest.raises(ParameterError, match=words):
        call()
