"""Whether a picture was compressed twice on one grid of blocks, and how strongly at first.

The second rounding turns the multiples of the first step into a comb: some multiples of the second
step are met by more of them than others. What single compression would leave is read from the same
picture with its blocks moved by half a block, whose coefficients were never rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from spectra.images._jpeg import standard_table
from spectra.images._votes import BLOCK, DCT

if TYPE_CHECKING:
    from numpy.typing import NDArray

# row and column of the coefficients that are counted: the lowest, without the mean
COUNTED = (
    *((0, 1), (1, 0), (2, 0), (1, 1), (0, 2), (0, 3)),
    *((1, 2), (2, 1), (3, 0), (3, 1), (2, 2), (1, 3)),
)
LARGEST = 384  # pixels a side of the part that is counted
MULTIPLES = 24  # of the second step, up to which coefficients are counted
FEWEST = 30  # coefficients that are not 0, for a frequency to count
QUALITIES = range(30, 99)  # of the first compression, that are tried
COMBED = 0.4  # mean cosine of coefficients over their step, from which on the step is believed
GUESSED = 0.7  # median of them, from which on steps that no file tells are believed
LEAST_STEP = 2  # grey levels rounded to whole ones hide a smaller step
SHIFTS = ((0, 0), (4, 4), (4, 0))  # the blocks themselves, and two grids between them
CLEAR = 7.0  # standard deviations; photographs compressed once reach 5.1
UNLIKE = 1.5  # as many times clearer than any comb between two grids that were not rounded


@dataclass(frozen=True)
class Earlier:
    """An earlier compression on the same blocks.

    Attributes
    ----------
    quality : int
        Its quality, of the Independent JPEG Group's tables, as far as coefficients tell.
    z : float
        How clear it is, in standard deviations.
    later : int or None
        Quality of the last compression as coefficients tell it; None where a file told it.
    """

    quality: int
    z: float
    later: int | None


def earlier_compression(
    luma: NDArray[np.float32], origin: tuple[int, int], table_of_file: tuple[int, ...] | None
) -> Earlier | None:
    """Return the compression before the last one, where both have the same blocks.

    None where there is none that shows: the same quality twice, and a first step that divides the
    last one evenly, leave no comb.

    Parameters
    ----------
    luma : ndarray of float32, shape (y, x)
        In grey levels of 255.
    origin : tuple of int
        (y, x) modulo 8 at which blocks begin.
    table_of_file : tuple of int or None
        Steps of the last compression, row by row; None where no file tells them.
    """
    part = luma[:LARGEST, :LARGEST]
    own, *moved = (_coefficients(part, (origin[0] + y, origin[1] + x)) for y, x in SHIFTS)
    later = None if table_of_file is not None else _quality_of(own)
    table = table_of_file if later is None else standard_table(later)
    assert table is not None
    steps = np.array([table[BLOCK * y + x] for y, x in COUNTED])
    combed = _combs(own, steps)
    believed = (steps >= LEAST_STEP) & (combed > COMBED)
    guessed = table_of_file is None
    if not believed.any() or (guessed and np.median(combed[steps >= LEAST_STEP]) < GUESSED):
        return None
    counts, smooth, other = (_counts(each[believed], steps[believed]) for each in (own, *moved))
    combs = _all_combs(tuple(steps.tolist()))[:, believed]
    clear = _clearness(counts, smooth, combs)
    best = int(clear.argmax())
    # where the scene itself is drawn in steps, two grids that were never rounded differ as well
    control = np.abs(_clearness(other, smooth, combs)).max()
    if clear[best] < max(CLEAR, UNLIKE * control):
        return None
    return Earlier(QUALITIES[best], float(clear[best]), later)


def _coefficients(part: NDArray[np.float32], origin: tuple[int, int]) -> NDArray[np.float32]:
    """Return the counted DCT coefficients of all whole blocks, shape (frequency, block)."""
    inside = part[origin[0] % BLOCK :, origin[1] % BLOCK :]
    rows, columns = (side // BLOCK for side in inside.shape)
    blocks = inside[: BLOCK * rows, : BLOCK * columns].reshape(rows, BLOCK, columns, BLOCK)
    waves = np.stack([np.outer(DCT[y], DCT[x]) for y, x in COUNTED])
    found: NDArray[np.float32] = np.einsum("fyx,rycx->frc", waves, blocks, optimize=True)
    return found.reshape(len(COUNTED), -1)


def _combs(coefficients: NDArray[np.float32], steps: NDArray[np.int_]) -> NDArray[np.float64]:
    """Return how well coefficients lie on multiples of their steps: 1 exactly, 0 by chance."""
    ratio = coefficients / steps[:, None].astype(np.float32)
    large = np.abs(ratio) > 0.5
    total = np.where(large, np.cos(2 * np.pi * ratio), 0).sum(1)
    combed: NDArray[np.float64] = total / np.maximum(large.sum(1), 1)
    return combed


def _quality_of(coefficients: NDArray[np.float32]) -> int:
    """Return the quality whose steps the coefficients are multiples of."""
    agreement, counts = np.zeros((2, len(QUALITIES)))
    for values, (steps, places) in zip(np.sort(np.abs(coefficients)), _steps_tried(), strict=True):
        large = np.searchsorted(values, steps / 2, side="right")
        cosines = [
            np.cos(values[at:] * (2 * np.pi / step)).sum()
            for step, at in zip(steps.tolist(), large, strict=True)
        ]
        tried = places >= 0
        agreement[tried] += np.array(cosines)[places[tried]]
        counts[tried] += (values.size - large)[places[tried]]
    # a step's divisors are combed as well, so that coarse steps must count for more
    return QUALITIES[int(np.argmax(agreement / np.maximum(counts, 1) ** 0.5))]


@cache
def _steps_tried() -> tuple[tuple[NDArray[np.float32], NDArray[np.int_]], ...]:
    """Return the steps of each counted frequency, and the place of each quality's; -1 of none."""
    tables = np.array([standard_table(quality) for quality in QUALITIES])
    found = []
    for y, x in COUNTED:
        steps, places = np.unique(tables[:, BLOCK * y + x], return_inverse=True)
        small = int((steps < LEAST_STEP).sum())
        found.append((steps[small:].astype(np.float32), np.maximum(places - small, -1)))
    return tuple(found)


def _counts(coefficients: NDArray[np.float32], steps: NDArray[np.int_]) -> NDArray[np.float64]:
    """Return how many coefficients are nearest to 1, 2, ... times their step, by absolute value.

    Shape (frequency, multiple).
    """
    nearest = np.minimum(np.round(np.abs(coefficients) / steps[:, None]), MULTIPLES + 1)
    each = [np.bincount(row, minlength=MULTIPLES + 2) for row in nearest.astype(int)]
    return np.array(each, float)[:, 1 : MULTIPLES + 1]


@lru_cache(maxsize=16)
def _all_combs(steps: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the comb of each quality that is tried, shape (quality, frequency, multiple)."""
    firsts = [[standard_table(q)[BLOCK * y + x] for y, x in COUNTED] for q in QUALITIES]
    return np.array([[comb_of(f, s) for f, s in zip(row, steps, strict=True)] for row in firsts])


def comb_of(first: int, last: int) -> NDArray[np.float64]:
    """Return how many multiples of the first step each multiple of the last one takes, less 1.

    Examples
    --------
    >>> comb_of(6, 2)[:6]  # every third one takes three times its share
    array([-1., -1.,  2., -1., -1.,  2.])
    """
    multiples = np.arange((MULTIPLES + 1) * last // first + 2) * first
    nearest = np.round(multiples / last).astype(int)
    taken = np.bincount(nearest[nearest <= MULTIPLES], minlength=MULTIPLES + 1)
    return np.asarray(taken[1:] * (first / last) - 1, np.float64)


def _clearness(
    counts: NDArray[np.float64], smooth: NDArray[np.float64], combs: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how clearly counts follow each comb, in standard deviations.

    Parameters
    ----------
    counts, smooth : ndarray, shape (frequency, multiple)
        Of the blocks, and of blocks that were not rounded.
    combs : ndarray, shape (quality, frequency, multiple)
    """
    enough = (counts.sum(1) >= FEWEST) & (smooth.sum(1) >= FEWEST)
    counts, smooth, combs = counts[enough], smooth[enough], combs[:, enough]
    scale = (counts.sum(1) / smooth.sum(1))[:, None]
    weight = counts + scale * smooth
    # only how counts are shared out is compared, not how many there are
    shapes = combs - ((combs * weight).sum(2) / weight.sum(1))[..., None]
    excess = (shapes * (counts - scale * smooth)).sum((1, 2))
    variance = (shapes**2 * (counts + scale**2 * smooth)).sum((1, 2))
    clear = np.where(variance > 0, excess, 0) / np.sqrt(np.where(variance > 0, variance, 1))
    return np.asarray(clear, np.float64)
