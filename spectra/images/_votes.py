"""Where JPEG's blocks lie: each pixel votes for the block grid with most zero coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft, special

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 8
GRIDS = BLOCK**2
LARGEST = 128  # pixels a side of the part that votes
# A coefficient that rounding to whole grey levels could have moved from 0 is below 1/2. Some are
# multiples of 1/8, whose halves must not fall to one side or the other by the rounding of sums.
ZERO = 0.4999
DCT = fft.dct(np.eye(8), axis=0, norm="ortho").astype(np.float32)
ALL, FIRST = np.uint8(0xFF), np.uint8(0x80)  # bits of eight coefficients, and of the first
ONES = np.array([i.bit_count() for i in range(256)], np.uint8)  # bits of each byte
LUMA = (0.299, 0.587, 0.114)  # of ITU-R BT.601, as JPEG has it


@dataclass(frozen=True)
class BlockGrid:
    """A grid of 8x8 blocks that compression left.

    Attributes
    ----------
    origin : tuple of int
        (y, x) modulo 8 of the picture's pixel at which blocks begin.
    alarms : float
        How many such findings are expected in a picture that was never compressed.
    share : float
        Part of the pixels that vote for it; 1/64 by chance.
    next_share : float
        Part that votes for the next best grid: a picture enlarged by 4 has four good grids.
    """

    origin: tuple[int, int]
    alarms: float
    share: float
    next_share: float


def block_grid(luma: NDArray[np.float32]) -> BlockGrid:
    """Return the grid of 8x8 blocks that most pixels vote for.

    The statistic of ZERO [1]_, written from the published formula: a pixel votes for that of the
    64 grids whose block, the one that holds it, has most alternating DCT coefficients below 1/2.
    Ties do not vote, nor do blocks without any change along an axis.

    Parameters
    ----------
    luma : ndarray of float32, shape (y, x)
        In grey levels of 255. Of more than 128 pixels a side one part is taken.

    References
    ----------
    .. [1] T. Nikoukhah et al., "ZERO: a Local JPEG Grid Origin Detector Based on the Number of
       DCT Zeros and its Applications in Image Forensics", Image Processing On Line 11, 2021.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> block_grid(rng.normal(128, 20, (64, 64)).astype("float32")).alarms > 1
    True
    """
    found = _votes_of(usual_part(luma))
    if found.alarms > 1 and min(luma.shape) > 4 * LARGEST:  # the usual part may be all sky
        found = _votes_of(usual_part(luma, rank=1.0))
    return found


def _votes_of(part: NDArray[np.float32]) -> BlockGrid:
    """Return the grid that most pixels of a part vote for."""
    voted = _grid_of_most(block_zeros(part))
    votes = np.bincount(voted[voted >= 0], minlength=GRIDS)
    chosen = int(votes.argmax())
    height, width = part.shape
    return BlockGrid(
        (chosen // BLOCK, chosen % BLOCK),
        alarms=votes_alarms(int(votes[chosen]), height, width),
        share=float(votes[chosen] / part.size),
        next_share=float(np.sort(votes)[-2] / part.size),
    )


def usual_part(luma: NDArray[np.float32], rank: float = 0.5) -> NDArray[np.float32]:
    """Return a part of at most 128 pixels a side, neither the smoothest nor the roughest.

    It begins at a multiple of 8 pixels, so that grids keep their origin. Of the parts that a
    picture has along each axis up to five are compared, by how much neighbours differ.

    Parameters
    ----------
    luma : ndarray, shape (y, x)
    rank : float
        From 0, the smoothest part, to 1, the roughest.
    """
    starts = []
    for side in luma.shape:
        last = max(side - LARGEST, 0) // BLOCK
        starts.append(sorted({round(last * k / 4) * BLOCK for k in range(5)}))
    parts = [
        luma[top : top + LARGEST, left : left + LARGEST] for top in starts[0] for left in starts[1]
    ]
    rough = [float(np.abs(np.diff(part[::4], axis=1)).mean()) for part in parts]
    order = sorted(range(len(parts)), key=rough.__getitem__)
    return np.ascontiguousarray(parts[order[round(rank * (len(order) - 1))]])


def votes_alarms(votes: int, height: int, width: int) -> float:
    """Return the expected number of grids with so many votes where nothing was compressed.

    ``(64 X Y)^2 P(Bin(ceil(X Y / 64), 1/64) >= floor(votes / 64) - 1)``: neighbours share their
    blocks, so that 64 pixels count as one.

    Examples
    --------
    >>> votes_alarms(64 * 30, 64, 64) < 1e-9 < 1 < votes_alarms(0, 64, 64)
    True
    """
    trials = -(-height * width // 64)
    least = votes // 64 - 1
    # the upper tail of a binomial law is an incomplete beta function
    chance = special.betainc(least, trials - least + 1, 1 / 64) if least > 0 else 1.0
    return float((64.0 * height * width) ** 2 * chance)


def luma_of(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the luma of a picture (channel, y, x) of one channel or three, as JPEG has it."""
    weights = LUMA if len(planes) == 3 else (1.0,)
    luma = np.zeros(planes.shape[1:], np.float32)
    for weight, plane in zip(weights, planes, strict=False):
        luma += np.float32(weight) * plane
    return luma


def block_zeros(part: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return how many coefficients of the 8x8 block that begins at each pixel are about 0.

    The mean does not count. Blocks without any change along an axis have none.

    Parameters
    ----------
    part : ndarray of float32, shape (y, x)

    Returns
    -------
    ndarray of int16, shape (y - 7, x - 7)
    """
    height, width = (side - BLOCK + 1 for side in part.shape)
    windows = np.lib.stride_tricks.sliding_window_view(part, BLOCK, axis=1)
    along_x = np.ascontiguousarray(windows) @ DCT.T
    zero = np.empty((height, BLOCK, width), np.uint8)  # a bit for each coefficient along x
    for top in range(0, height, BLOCK):
        count = min(BLOCK, height - top)
        rows = along_x[top : top + count + BLOCK - 1].reshape(count + BLOCK - 1, -1)
        coefficients = _sliding_dct(count) @ rows
        small = np.abs(coefficients, out=coefficients) < ZERO
        zero[top : top + count] = np.packbits(small).reshape(count, BLOCK, width)
    # a block whose columns, or rows, are all alike has at least 56 zeros of 63
    rows_alike = np.bitwise_and.reduce(zero[:, 1:], axis=1) == ALL
    columns_alike = np.bitwise_and.reduce(zero | FIRST, axis=1) == ALL
    zero[:, 0] &= ALL - FIRST
    return np.where(rows_alike | columns_alike, 0, ONES[zero].sum(1, dtype=np.int16))


@cache
def _sliding_dct(count: int) -> NDArray[np.float32]:
    """Return the DCT along y of blocks that begin at each of some rows, shape (8 blocks, rows)."""
    moved = np.zeros((count, BLOCK, count + BLOCK - 1), np.float32)
    for top in range(count):
        moved[top, :, top : top + BLOCK] = DCT
    return moved.reshape(count * BLOCK, -1)


def _grid_of_most(zeros: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return the grid 8 y + x that each pixel votes for, -1 where blocks of two are equal.

    The blocks that hold a pixel begin at the 64 pixels up and left of it, one of each grid.

    Parameters
    ----------
    zeros : ndarray of int16, shape (y, x)
        Of the block that begins at each pixel.
    """
    y, x = (np.arange(side, dtype=np.int16) % BLOCK for side in zeros.shape)
    grid = BLOCK * y[:, None] + x
    # the same block is the best one whichever end of the grids is preferred, or two are equal
    last = _most_of_block(GRIDS * zeros + grid) % GRIDS
    first = GRIDS - 1 - _most_of_block(GRIDS * zeros + GRIDS - 1 - grid) % GRIDS
    return np.where(first == last, last, -1)


def _most_of_block(values: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return for each pixel the largest value of the blocks that hold it."""
    most = np.pad(values, BLOCK - 1, constant_values=-1)
    for step in (1, 2, 4):
        most = np.maximum(most[step:], most[:-step])
        most = np.maximum(most[:, step:], most[:, :-step])
    return most
