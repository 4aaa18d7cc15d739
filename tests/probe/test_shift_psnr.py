"""Shift PSNR in both conventions, against closed forms."""

import numpy as np
import pytest
import torch
from torch import nn

from spectra.errors import ParameterError
from spectra.probe import shift_psnr


class Stamped(nn.Module):
    """Add a pattern of two columns to the picture: nothing else depends on the grid."""

    def __init__(self, amplitude):
        super().__init__()
        self.amplitude = amplitude

    def forward(self, x):
        sign = 1 - 2 * (torch.arange(x.shape[-1]) % 2)
        return x + self.amplitude * sign


def test_a_stamped_pattern_has_the_psnr_of_its_square(generator):
    """Moved by one column, the pattern changes sign: each pixel differs by twice the amplitude."""
    picture = 2 * torch.rand(2, 3, 40, 41, generator=generator) - 1
    found = shift_psnr(Stamped(0.05), picture, total_stride=(1, 2), scale=(1, 1))
    assert found.pairs == 2
    assert found.stylegan3_eqt_db == pytest.approx(20 * np.log10(2) - 10 * np.log10(0.1**2))
    wide = shift_psnr(Stamped(0.05), picture, total_stride=(1, 2), scale=(1, 1), span=(0, 1))
    assert found.stylegan3_eqt_db - wide.stylegan3_eqt_db == pytest.approx(20 * np.log10(2))


def test_the_range_of_the_second_convention_is_that_of_the_outputs():
    """A picture of two values, 0 and 0.5, stamped by 0.05, reaches from -0.05 to 0.55."""
    picture = torch.zeros(1, 1, 40, 41)
    picture[..., 20:, :] = 0.5
    found = shift_psnr(Stamped(0.05), picture, total_stride=(1, 2), scale=(1, 1))
    assert found.afldm2025_db == pytest.approx(20 * np.log10(0.6 / 0.1))


def test_an_ideal_enlargement_has_no_limit_but_rounding(generator):
    picture = torch.rand(1, 1, 48, 48, generator=generator)

    class Ideal(nn.Module):
        def forward(self, x):
            n = x.shape[-1]
            spectrum = torch.fft.fftshift(torch.fft.fft2(x))
            padded = torch.fft.ifftshift(nn.functional.pad(spectrum, [n // 2] * 4))
            return 4 * torch.fft.ifft2(padded).real

    nearest = shift_psnr(nn.Upsample(scale_factor=2), picture, total_stride=(1, 1), scale=(2, 2))
    ideal = shift_psnr(Ideal(), picture, total_stride=(1, 1), scale=(2, 2))
    assert nearest.stylegan3_eqt_db < 50 < 90 < ideal.stylegan3_eqt_db
    assert nearest.pairs == 3


def test_no_number_comes_with_a_reason(generator):
    picture = torch.rand(1, 1, 40, 40, generator=generator)
    alone = shift_psnr(nn.Identity(), picture, total_stride=(1, 1), scale=(1, 1))
    assert alone.stylegan3_eqt_db is None
    assert "neither enlarges" in alone.reason
    same = shift_psnr(nn.Identity(), picture, total_stride=(2, 2), scale=(1, 1))
    assert same.reason == "the outputs are equal at all offsets"
    with pytest.raises(ParameterError, match="is no range"):
        shift_psnr(nn.Identity(), picture, total_stride=(2, 2), scale=(1, 1), span=(1, 1))
