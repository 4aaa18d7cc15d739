"""Votes for a grid of blocks are those of their definition, block by block and pixel by pixel."""

import numpy as np
import pytest
from scipy import fft

from spectra.images._twice import QUALITIES, _coefficients, _quality_of
from spectra.images._votes import block_grid, block_zeros, luma_of
from support.pictures import jpeg, planes, textured


def zeros_by_definition(part):
    """Return the zeros of each block by its own transform, in double precision."""
    found = np.zeros([side - 7 for side in part.shape], int)
    for y, x in np.ndindex(found.shape):
        block = part[y : y + 8, x : x + 8].astype(float)
        zero = np.abs(fft.dctn(block, norm="ortho")) < 0.4999
        zero[0, 0] = False
        alike = np.ptp(block, axis=0).max() < 0.5 or np.ptp(block, axis=1).max() < 0.5
        found[y, x] = 0 if alike else zero.sum()
    return found


def test_zeros_of_blocks_are_those_of_the_transform(rng):
    """Whole grey levels, in which some coefficients are just a half: these are not below it."""
    part = rng.integers(100, 104, (29, 34)).astype(np.float32)
    part[:, :9] = np.arange(29)[:, None] * 7  # no change along x
    np.testing.assert_array_equal(block_zeros(part), zeros_by_definition(part))


@pytest.mark.parametrize("offset", [(0, 0), (3, 6)])
def test_each_pixel_votes_for_the_grid_whose_block_has_most_zeros(rng, offset):
    picture = jpeg(textured(rng, 72), 80)[offset[0] : offset[0] + 40, offset[1] : offset[1] + 43]
    luma = luma_of(planes(picture))
    zeros = zeros_by_definition(luma)
    votes = np.zeros(64, int)
    for y, x in np.ndindex(luma.shape):
        holding = {
            (top % 8, left % 8): zeros[top, left]
            for top in range(max(y - 7, 0), min(y, len(zeros) - 1) + 1)
            for left in range(max(x - 7, 0), min(x, zeros.shape[1] - 1) + 1)
        }
        best = [grid for grid, count in holding.items() if count == max(holding.values())]
        if len(best) == 1:
            votes[8 * best[0][0] + best[0][1]] += 1
    found = block_grid(luma)
    assert found.origin == ((-offset[0]) % 8, (-offset[1]) % 8)
    assert found.share == votes.max() / luma.size
    assert found.next_share == np.sort(votes)[-2] / luma.size


@pytest.mark.parametrize("quality", [35, 62, 90])
def test_the_quality_is_the_one_whose_steps_coefficients_are_multiples_of(rng, quality):
    luma = luma_of(planes(jpeg(textured(rng, 128), quality)))
    assert _quality_of(_coefficients(luma, (0, 0))) == quality
    assert quality in QUALITIES
