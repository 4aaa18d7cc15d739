"""Where JPEG's blocks lie: each pixel votes for the block grid with most zero coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft, special

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 8
LARGEST = 128  # pixels a side of the part that votes
ZERO = 0.5  # a coefficient that rounding to whole grey levels could have moved from 0
DCT = fft.dct(np.eye(8), axis=0, norm="ortho").astype(np.float32)
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
    best = np.full(part.shape, -1, np.int8)
    voted = np.full(part.shape, -1, np.int8)
    for x in range(BLOCK):
        columns = (part.shape[1] - x) // BLOCK
        rows_done = part[:, x : x + BLOCK * columns].reshape(-1, columns, BLOCK) @ DCT.T
        for y in range(BLOCK):
            zeros = _zeros(rows_done[y:])
            counts = zeros.repeat(BLOCK, 0).repeat(BLOCK, 1)
            inside = (slice(y, y + len(counts)), slice(x, x + BLOCK * columns))
            _vote(best[inside], voted[inside], counts, grid=BLOCK * y + x)
    votes = np.bincount(voted[voted >= 0].ravel(), minlength=BLOCK**2)
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


def _zeros(rows_done: NDArray[np.float32]) -> NDArray[np.int8]:
    """Return the zeros of each block, whose rows are transformed already, shape (y, x, 8)."""
    count = len(rows_done) // BLOCK
    bands = rows_done[: BLOCK * count].reshape(count, BLOCK, -1)
    coefficients = (DCT @ bands).reshape(count, BLOCK, -1, BLOCK)
    zero = np.abs(coefficients) < ZERO
    zero[:, 0, :, 0] = False
    zeros = zero.sum((1, 3))
    # a block whose columns, or rows, are all alike has at least 56 zeros of 63
    steady = zero[:, 1:].all((1, 3)) | zero[..., 1:].all((1, 3))
    return np.where(steady, 0, zeros).astype(np.int8)


def _vote(
    best: NDArray[np.int8], voted: NDArray[np.int8], counts: NDArray[np.int8], *, grid: int
) -> None:
    """Let each pixel vote for a grid whose block has more zeros; of equals it votes for none."""
    more = counts > best
    voted[counts == best] = -1
    voted[more] = grid
    np.maximum(best, counts, out=best)
