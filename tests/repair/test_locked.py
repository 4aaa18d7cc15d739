"""The grid-locked part of maps, against alias that was planted."""

import numpy as np
import pytest
import torch

from spectra.errors import ParameterError
from spectra.repair._locked import LockedPart


def smooth(generator, count, sides, *, law=1.0, highest=0.5):
    """Return maps of amplitude 1/f^law up to a frequency, at random angles, by the FFT."""
    rough = torch.randn(count, 2, *sides, generator=generator, dtype=torch.float64)
    grids = torch.meshgrid(
        *(torch.fft.fftfreq(n, dtype=torch.float64) for n in sides), indexing="ij"
    )
    radius = torch.stack(grids).square().sum(0).sqrt()
    gain = torch.where((radius > 0) & (radius < highest), radius.clamp_min(1e-9) ** -law, 0.0)
    axes = tuple(range(2, 2 + len(sides)))
    maps = torch.fft.ifftn(torch.fft.fftn(rough, dim=axes) * gain, dim=axes).real
    return maps / maps.std()


def decibel(error, reference):
    return 10 * np.log10(float(error.square().mean() / reference.square().mean()))


@pytest.mark.parametrize(
    ("sides", "period"),
    [((513,), (3,)), ((96, 96), (2, 2)), ((96, 96), (3, 1)), ((24, 24, 24), (2, 2, 2))],
)
def test_a_planted_gain_and_offset_of_each_phase_is_recovered(generator, sides, period):
    clean = smooth(generator, 8, sides, highest=0.3 / max(period))
    gain = 0.1 * torch.randn(2, *period, generator=generator, dtype=torch.float64)
    offset = 0.1 * torch.randn(2, *period, generator=generator, dtype=torch.float64)
    axes = tuple(range(1, 1 + len(period)))
    gain, offset = (v - v.mean(axes, keepdim=True) for v in (gain, offset))
    whole = [n // s for n, s in zip(sides, period, strict=True)]
    planted = clean * gain.tile(1, *whole) + offset.tile(1, *whole)
    locked = LockedPart(clean + planted, period)(clean + planted)
    inner = (..., *(slice(n // 8, -(n // 8)) for n in sides))
    assert decibel((locked - planted)[inner], planted[inner]) < -30


def test_the_planted_part_is_found_in_maps_that_it_was_not_estimated_from(generator):
    clean = smooth(generator, 16, (96, 96), highest=0.15)
    planted = clean * torch.tensor([[0.1, -0.1], [-0.05, 0.05]], dtype=torch.float64).tile(48, 48)
    maps = clean + planted
    locked = LockedPart(maps[:8], (2, 2))
    assert decibel((locked(maps[8:]) - planted[8:])[..., 12:-12, 12:-12], planted) < -30


@pytest.mark.parametrize("count", [8, 32])
def test_of_maps_without_a_grid_no_more_is_taken_than_chance_explains(generator, count):
    """50 free numbers of each phase explain 50 / samples of what is above the base band."""
    maps = smooth(generator, count, (96, 96))
    taken = LockedPart(maps, (2, 2))(maps)[..., 12:-12, 12:-12].square().mean()
    spectrum = torch.fft.fft2(maps).abs().square().mean((0, 1))
    f = torch.fft.fftfreq(96).abs()
    above = torch.where((f[:, None] > 0.25) | (f > 0.25), spectrum, 0.0).sum() / spectrum.sum()
    chance = 3 / 4 * 50 / (count * 36 * 36) * above  # less the mean over four phases
    assert float(taken / maps.square().mean()) < 2 * float(chance)


def test_what_is_taken_once_is_not_there_a_second_time(generator):
    clean = smooth(generator, 8, (96, 96))
    maps = clean * (1 + 0.2 * torch.tensor([[1.0, -1.0], [0.0, 0.0]]).tile(48, 48)) + 0.1
    locked = LockedPart(maps, (2, 2))(maps)
    again = LockedPart(maps - locked, (2, 2))(maps - locked)
    assert decibel(again, locked) < -20


def test_it_is_linear_up_to_the_lines_and_takes_any_size(generator):
    maps = smooth(generator, 4, (64, 64)).float()
    locked = LockedPart(maps, (2, 2))
    odd = maps[..., :37, :41]
    assert locked(odd).shape == odd.shape
    assert locked(odd).dtype == odd.dtype
    zero = locked(0 * maps)  # the lines alone
    twice = locked(2 * maps) - zero
    torch.testing.assert_close(twice, 2 * (locked(maps) - zero), rtol=1e-4, atol=1e-6)


def test_maps_of_less_than_two_periods_are_refused():
    with pytest.raises(ParameterError, match="holds no two periods"):
        LockedPart(torch.zeros(2, 1, 7, 7), (4, 4))
