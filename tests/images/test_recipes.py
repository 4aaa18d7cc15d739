"""Recipes of papers give what their definitions say."""

import numpy as np
import pytest

from spectra.errors import ParameterError
from spectra.images._recipes import (
    CORVI_SIDE,
    HARMONICS,
    autocorrelation,
    corvi2023_power,
    feature_names,
    synthbuster2023,
)
from spectra.images._recorded import new_record


def test_synthbuster_features_are_bins_of_the_whole_transform(rng):
    """By definition: the transform of the whole cropped cross difference, at every eighth bin."""
    picture = rng.integers(0, 256, (3, 75, 99)).astype(np.float32)
    i = picture.astype(float)
    cross = np.abs(i[:, :-1, :-1] + i[:, 1:, 1:] - i[:, :-1, 1:] - i[:, 1:, :-1])[:, :72, :96]
    whole = np.abs(np.fft.fft2(cross))
    expected = [c[m * 72 // 8, n * 96 // 8] for c in whole for m, n in HARMONICS]
    np.testing.assert_allclose(synthbuster2023(picture), expected, rtol=1e-6, atol=1e-6)
    assert len(expected) == len(feature_names()) == 135


def test_a_wave_of_an_eighth_is_one_harmonic_of_synthbuster():
    """Of cos(2 pi x / 8) in the cross difference's size half the energy is at each of +-1/8."""
    x = np.arange(82)
    size = 3 + 2 * np.cos(2 * np.pi * (x[1:] - 1) / 8)
    # rows that alternate in sign give a cross difference of twice the step along x, any size
    steps = np.concatenate([[0], np.cumsum(size / 2)])[: len(x)]
    picture = (np.where(np.arange(82) % 2, 1, -1)[:, None] * steps / 1)[None].astype(np.float32)
    features = dict(zip(feature_names()[:45], synthbuster2023(picture)[:45], strict=True))
    count = 80 * 80
    assert features["red_0_0"] == pytest.approx(3 * count, rel=1e-3)
    assert features["red_0_1"] == pytest.approx(count, rel=1e-3)
    assert features["red_0_2"] < 1e-3 * count


def test_a_grey_picture_has_its_features_three_times(rng):
    features = synthbuster2023(rng.normal(128, 9, (1, 40, 40)).astype(np.float32))
    np.testing.assert_array_equal(features[:45], features[90:])


def test_corvis_power_has_unit_mean_and_no_dc(rng):
    """Parseval: a standardised residual has as much power as it has pixels."""
    power = corvi2023_power(rng.normal(128, 9, (3, 300, 270)).astype(np.float32))
    assert power.shape == (CORVI_SIDE, CORVI_SIDE)
    assert power.mean() == pytest.approx(1)
    assert power[CORVI_SIDE // 2, CORVI_SIDE // 2] == pytest.approx(0, abs=1e-9)


def test_pictures_too_small_or_flat_have_no_part_in_corvis_mean():
    assert corvi2023_power(np.zeros((1, 100, 300), np.float32)) is None
    assert corvi2023_power(np.zeros((1, 256, 256), np.float32)) is None


def test_autocorrelation_is_the_mean_product_at_each_shift(rng):
    """Wiener and Khinchin, against the definition with a circular shift."""
    signal = rng.normal(size=(16, 16))
    power = np.fft.fftshift(np.abs(np.fft.fft2(signal)) ** 2)
    found = autocorrelation(power)
    for dy, dx in ((0, 1), (3, -2), (-8, 5)):
        expected = (signal * np.roll(signal, (dy, dx), (0, 1))).sum() / (signal**2).sum()
        assert found[8 + dy, 8 + dx] == pytest.approx(expected)


def test_an_unknown_recipe_is_refused_with_a_near_name():
    with pytest.raises(ParameterError, match="did you mean corvi2023"):
        new_record("corvi2024")
