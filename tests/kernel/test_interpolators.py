"""Named interpolators: against PyTorch, Pillow and the printed table."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from oracles import interpolation_errors, transposed_by_definition
from spectra.kernel import interpolator, measure, power_law_spectrum, rejection_db, transposed_conv
from spectra.kernel._delay import reproduction
from spectra.kernel._interpolators import INTERPOLATORS
from spectra.kernel._polyphase import phase_gains

PYTORCH = {"nearest": "nearest", "area": "area", "bilinear": "bilinear", "bicubic": "bicubic"}
PILLOW = {
    "nearest": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic_catmull_rom": Image.Resampling.BICUBIC,
    "lanczos3": Image.Resampling.LANCZOS,
}
# rejection, passband error, total error for 1/f^2 on one axis; gains at 1/8 and 3/8, in dB
TABLE = {
    "nearest": (25.18, -38.00, -24.97, -0.69, -8.34),
    "area": (25.18, -38.00, -24.97, -0.69, -8.34),
    "linear_aligned": (32.74, -32.77, -29.76, -1.38, -16.7),
    "bilinear": (37.89, -29.98, -29.33, -2.06, -25.03),
    "bicubic": (36.18, -36.04, -33.10, -0.13, -39.5),
    "bicubic_catmull_rom": (35.44, -34.99, -32.20, -0.57, -23.5),
    "lanczos2": (35.47, -35.29, -32.38, -0.54, -26.7),
    "lanczos3": (37.73, -37.89, -34.80, 0.10, -39.5),
}
TAPS = {
    "linear_aligned": [0.5, 1, 0.5],
    "bicubic": [-0.035156, -0.105469, 0.261719, 0.878906],
    "bicubic_catmull_rom": [-0.023438, -0.070312, 0.226562, 0.867188],
    "lanczos3": [0.007378, 0.030112, -0.067997, -0.133275, 0.271011, 0.892771],
}


@pytest.mark.parametrize(("name", "mode"), PYTORCH.items())
@pytest.mark.parametrize("factor", [2, 3, 4])
def test_the_taps_are_what_pytorch_draws_of_an_impulse(name, mode, factor):
    impulse = torch.zeros(1, 1, 9, 9, dtype=torch.float64)
    impulse[0, 0, 4, 4] = 1
    expected = functional.interpolate(impulse, scale_factor=factor, mode=mode)[0, 0].numpy()
    kernel = interpolator(name, factor)
    found = transposed_by_definition(kernel, impulse[0].numpy())[0]
    np.testing.assert_allclose(found[: len(expected), : len(expected)], expected, atol=1e-12)


@pytest.mark.parametrize(("name", "filter_"), PILLOW.items())
@pytest.mark.parametrize("factor", [2, 3])
def test_the_taps_are_what_pillow_draws_of_an_impulse(name, filter_, factor):
    impulse = np.zeros((1, 13), np.float32)
    impulse[0, 6] = 1
    picture = Image.fromarray(np.repeat(impulse, 13, 0))
    expected = np.asarray(picture.resize((13 * factor, 13), filter_))[6]
    kernel = interpolator(name, factor, axes=1)
    found = transposed_by_definition(kernel, impulse)[0]
    np.testing.assert_allclose(found[: len(expected)], expected, atol=2e-7)  # Pillow has float32


def errors_db(kernel):
    """Return passband and total error of a kernel as it stands, at its best delay."""
    spectrum = power_law_spectrum(2, axes=1)
    delay = reproduction(kernel, spectrum=spectrum).delay
    return 10 * np.log10(interpolation_errors(kernel, spectrum, delay))


@pytest.mark.parametrize(("name", "row"), TABLE.items())
def test_the_table_of_interpolators_is_the_printed_one(name, row):
    kernel = interpolator(name, 2, axes=1)
    passband, total = errors_db(kernel)
    np.testing.assert_allclose((rejection_db(kernel), passband, total), row[:3], atol=0.0101)
    gain = 20 * np.log10(np.abs(kernel.response([1 / 8, 3 / 8]))[:, 0, 0] / 2)
    np.testing.assert_allclose(gain[0], row[3], atol=0.0051)
    np.testing.assert_allclose(gain[1], row[4], atol=0.051)


def test_a_blur_rejects_more_than_any_interpolator_and_errs_more():
    """The cubic B-spline of the printed table, half a pixel off: rejection alone is no merit."""
    taps = np.array([1, 27, 121, 235, 235, 121, 27, 1]) / 384
    blur = transposed_conv(taps[None, None], stride=2, padding=3)
    passband, total = errors_db(blur)
    printed = (47.28, -26.52, -26.49)
    np.testing.assert_allclose((rejection_db(blur), passband, total), printed, atol=0.0101)


@pytest.mark.parametrize(("name", "taps"), TAPS.items())
def test_the_taps_are_the_printed_ones(name, taps):
    found = interpolator(name, 2, axes=1).weight[0, 0]
    np.testing.assert_allclose(found[: len(taps)], taps, atol=5.1e-7)
    np.testing.assert_allclose(found, found[::-1], atol=1e-12)


@pytest.mark.parametrize(
    ("name", "power"), [("nearest", 1), ("linear_aligned", 2), ("bilinear", 3)]
)
def test_textbook_responses_are_powers_of_a_cosine(name, power):
    f = np.linspace(-0.5, 0.5, 41)
    gain = np.abs(interpolator(name, 2, axes=1).response(f))[:, 0, 0] / 2
    np.testing.assert_allclose(gain, np.abs(np.cos(np.pi * f)) ** power, atol=1e-14)


@pytest.mark.parametrize("name", INTERPOLATORS)
@pytest.mark.parametrize("factor", [2, 3, 4, 5])
def test_a_constant_stays_constant(name, factor):
    gains = phase_gains(interpolator(name, factor, axes=1))
    np.testing.assert_allclose(gains, 1, atol=1e-14)


def test_several_axes_are_products_of_one():
    one = interpolator("bicubic", 2, axes=1).weight[0, 0]
    both = interpolator("bicubic", 2).weight[0, 0]
    np.testing.assert_allclose(both, np.outer(one, one), atol=1e-15)


def test_the_ideal_interpolator_rejects_far_more_than_any_other():
    ideal = rejection_db(interpolator("ideal", 2, axes=1))
    assert ideal > 45
    assert all(
        rejection_db(interpolator(name, 2, axes=1)) < ideal - 10
        for name in INTERPOLATORS
        if name != "ideal"
    )


def test_nearest_is_the_best_of_two_taps():
    assert measure(interpolator("nearest", 2, axes=1)).gap_db < 1e-6
