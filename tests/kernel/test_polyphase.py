"""What a constant input becomes: closed forms, and PyTorch's own layer."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from spectra.errors import ParameterError
from spectra.kernel import checkerboard, interpolator, line_gain_db, tap_gram, transposed_conv
from spectra.kernel._polyphase import overlap_share, phase_gains, phase_imbalance


@given(k=st.integers(1, 24), s=st.integers(2, 6))
def test_equal_taps_make_the_textbook_checkerboard(k, s):
    """Size k = q s + r: an RMS of sqrt(r (s - r)) / k of the mean level."""
    board = checkerboard(transposed_conv(np.ones((1, 1, k)), stride=s))
    r = k % s
    expected = np.sqrt(r * (s - r)) / k
    np.testing.assert_allclose(board.rms / board.amplitude[0], expected, atol=1e-14)
    imbalance = phase_imbalance(transposed_conv(np.ones((1, 1, k)), stride=s))
    np.testing.assert_allclose(imbalance, expected, atol=1e-7)


@pytest.mark.parametrize(("k", "relative"), [(3, 1 / 3), (5, 1 / 5), (7, 1 / 7), (11, 1 / 11)])
def test_odd_kernels_of_equal_taps_at_stride_2(k, relative):
    board = checkerboard(transposed_conv(np.ones((1, 1, k)), stride=2, padding=k // 2))
    np.testing.assert_allclose(board.rms / board.amplitude[0], relative, atol=1e-14)


def test_a_3x3_kernel_of_equal_taps_has_lines_of_a_third_and_a_ninth():
    board = checkerboard(transposed_conv(np.ones((1, 1, 3, 3)), stride=2))
    lines = board.amplitude[..., 0] / board.amplitude[0, 0, 0]
    np.testing.assert_allclose(lines, [[1, 1 / 3], [1 / 3, 1 / 9]], atol=1e-15)


@pytest.mark.parametrize("groups", [1, 2])
def test_the_checkerboard_is_what_pytorch_draws_of_a_constant(rng, groups):
    weight = rng.normal(size=(4, 6 // groups, 3, 3))
    mean = rng.normal(size=4)
    options = {"stride": 2, "padding": 1, "output_padding": 1, "groups": groups}
    kernel = transposed_conv(weight, **options)
    flat = torch.tensor(np.broadcast_to(mean[:, None, None], (4, 8, 8)).copy())[None]
    drawn = functional.conv_transpose2d(flat, torch.tensor(weight), **options)[0].numpy()
    period = drawn[:, 4:6, 4:6]
    board = checkerboard(kernel, mean)
    np.testing.assert_allclose(np.moveaxis(board.pattern, -1, 0), period, atol=1e-13)
    np.testing.assert_allclose(board.rms, period.std((1, 2)), atol=1e-13)


def test_lines_are_the_response_at_multiples_of_the_sampling_frequency(rng):
    """A_m = abs(sum_i mu_i H_io(m / s)) / s^d; RMS^2 = sum over m of A_m^2."""
    kernel = transposed_conv(rng.normal(size=(4, 3, 3, 3)), stride=2)
    mean = rng.normal(size=4)
    board = checkerboard(kernel, mean)
    grid = np.stack(np.meshgrid([0, 0.5], [0, 0.5], indexing="ij"), -1)
    lines = np.abs(np.einsum("yxio,i->yxo", kernel.response(grid), mean)) / 4
    np.testing.assert_allclose(board.amplitude, lines, atol=1e-14)
    summed = np.sqrt((lines**2).sum((0, 1)) - lines[0, 0] ** 2)
    np.testing.assert_allclose(board.rms, summed, atol=1e-14)


def test_the_line_gain_of_known_means_is_that_of_the_checkerboard(rng):
    kernel = transposed_conv(rng.normal(size=(4, 6, 3, 3)), stride=2, groups=1)
    mean = rng.normal(size=4)
    board = checkerboard(kernel, mean)
    expected = 10 * np.log10((board.rms**2).sum() / (board.amplitude[0, 0] ** 2).sum())
    gram = tap_gram(kernel, covariance=np.outer(mean, mean))
    np.testing.assert_allclose(line_gain_db(gram), expected, atol=1e-9)


def test_the_line_gain_without_means_is_the_mean_over_independent_ones(rng):
    kernel = transposed_conv(rng.normal(size=(3, 2, 3)), stride=2)
    gains = phase_gains(kernel)
    lines = np.abs(np.fft.fft(gains, axis=0)) ** 2
    expected = 10 * np.log10(lines[1].sum() / lines[0].sum())
    np.testing.assert_allclose(line_gain_db(kernel), expected, atol=1e-9)


@pytest.mark.parametrize("name", ["nearest", "bilinear", "bicubic", "lanczos3"])
def test_interpolators_draw_no_lines(name):
    assert line_gain_db(interpolator(name, 3)) == float("-inf")
    assert phase_imbalance(interpolator(name, 3)) < 1e-7


def test_phases_of_opposite_sign_are_balanced_and_still_a_checkerboard():
    kernel = transposed_conv(np.array([[[1.0, -1.0]]]), stride=2)
    assert phase_imbalance(kernel) == 0
    assert line_gain_db(kernel) == float("inf")


def test_as_many_means_as_channels_are_asked_for():
    with pytest.raises(ParameterError, match=r"expected finite \(2,\)"):
        checkerboard(transposed_conv(np.ones((2, 1, 3)), stride=2), [1.0])


@pytest.mark.parametrize("size", [(3, 3), (5, 3), (7, 7), (2, 3)])
def test_phases_of_equal_taps_differ_by_their_numbers_alone(size):
    assert overlap_share(transposed_conv(np.ones((2, 3, *size)), stride=2)) == pytest.approx(1)


def test_phases_as_large_as_each_other_differ_by_no_number(rng):
    assert overlap_share(transposed_conv(rng.normal(size=(2, 3, 4, 6)), stride=2)) == 0
    assert overlap_share(interpolator("bicubic", 3)) == 0


def test_of_random_taps_as_much_follows_the_numbers_as_chance_gives_them(rng):
    """A phase of n taps varies as n: with the numbers 1, 2, 2, 4 that is 61 of 139."""
    counts = np.array([1, 2, 2, 4])
    off = counts - counts.mean()
    expected = (off**2 @ counts / (off @ off)) / (counts.sum() * 3 / 4)
    kernel = transposed_conv(rng.normal(size=(300, 200, 3, 3)), stride=2)
    assert overlap_share(kernel) == pytest.approx(expected, abs=0.01)


def test_the_share_is_that_of_a_plain_projection(rng):
    kernel = transposed_conv(rng.normal(size=(3, 2, 5, 3)), stride=(2, 2), padding=(1, 1))
    gains = phase_gains(kernel).reshape(4, -1)
    taps = phase_gains(transposed_conv(np.ones((1, 1, 5, 3)), stride=2, padding=1)).reshape(4)
    gains, taps = gains - gains.mean(0), taps - taps.mean()
    expected = np.sum((taps @ gains) ** 2) / (taps @ taps) / np.sum(gains**2)
    assert overlap_share(kernel) == pytest.approx(expected)
