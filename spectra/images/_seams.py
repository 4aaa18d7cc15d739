"""Seams: borders of tiles or patches that were made apart, whose brightness differs a little.

A seam is one column in many, which no wave tells. At a border the step between two columns is
larger than at the columns around it, and so at each multiple of the tile's side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SIDES = (14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 72, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
SEAMS = 5  # along each axis, without which nothing is told
AROUND = 6  # columns on each side with which one is compared
RUN = 14  # rows over which a step is averaged with its sign: within one tile it has one
ALARMS = 0.01  # expected false alarms in a picture


@dataclass(frozen=True)
class Seams:
    """Seams that a picture has.

    Attributes
    ----------
    side : int
        Pixels from one to the next, along both axes.
    origin : tuple of int
        (y, x) of the first tile that is whole or begins at the border.
    alarms : float
        How many such findings are expected in a picture without seams.
    """

    side: int
    origin: tuple[int, int]
    alarms: float


def find_seams(
    planes: NDArray[np.float32],
    alarms: float = ALARMS,
    *,
    sides: Sequence[int] = SIDES,
    lattice: int = 1,
) -> Seams | None:
    """Return the seams of a picture that chance explains least; None where it explains all.

    Parameters
    ----------
    planes : ndarray of float32, shape (channel, y, x)
        In grey levels of 255.
    alarms : float
        Expected false alarms up to which there is a finding.
    sides : sequence of int
        Pixels from one seam to the next that are tried.
    lattice : int
        Period in pixels of a grid that the picture has: steps are compared with those of the same
        phase, as every multiple of a side may be a column in which the grid is strong.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> tiles = np.kron(rng.normal(128, 4, (8, 8)), np.ones((32, 32)))
    >>> picture = tiles + rng.normal(0, 2, tiles.shape)
    >>> find_seams(picture[None].astype("float32")).side
    32
    """
    mean = planes.mean(0)
    along_x, along_y = column_ranks(mean, lattice), column_ranks(mean.T, lattice)
    found: Seams | None = None
    sides = [s for s in sides if min(len(along_x), len(along_y)) // s >= SEAMS]
    for side in sides:
        p_x, at_x = _best_offset(along_x, side)
        p_y, at_y = _best_offset(along_y, side)
        # both axes have to show them: lines of text and rows of windows have one only
        expected = len(sides) * max(p_x, p_y) ** 2
        if expected < alarms and (found is None or expected < found.alarms):
            found = Seams(side, (at_y, at_x), expected)
    return found


def column_ranks(plane: NDArray[np.float32], lattice: int = 1) -> NDArray[np.float64]:
    """Return how each step from one column to the next ranks among the steps around it, 0 to 1.

    Parameters
    ----------
    plane : ndarray, shape (y, x)
    lattice : int
        Columns from one of those that it is compared with to the next.

    Returns
    -------
    ndarray, shape (x,)
        Of column ``x`` the step from ``x - 1``; 1/2 where there are not enough columns around.
    """
    rows = max(len(plane) // RUN, 1)
    runs = plane[: rows * RUN].reshape(rows, -1, plane.shape[1]).mean(1)
    change = np.diff(runs, axis=1)
    for phase in range(lattice if lattice > 1 else 0):
        change[:, phase::lattice] -= change[:, phase::lattice].mean()  # the grid's own step
    step = np.log1p(np.abs(change)).mean(0)
    ranks = np.full(plane.shape[1], 0.5)
    reach = lattice * AROUND
    if len(step) <= 2 * reach:
        return ranks
    windows = np.lib.stride_tricks.sliding_window_view(step, 2 * reach + 1)[:, ::lattice]
    own = step[reach:-reach, None]
    below = (windows < own).sum(1) + (windows == own).sum(1) / 2
    ranks[reach + 1 : len(step) - reach + 1] = below / (2 * AROUND + 1)
    return ranks


def _best_offset(ranks: NDArray[np.float64], side: int) -> tuple[float, int]:
    """Return the smallest p-value over all offsets, corrected for their number, and the offset."""
    count = len(ranks) // side
    mean = ranks[: count * side].reshape(count, side).mean(0)
    # the mean of uniform numbers has lighter tails than the normal law, which errs to the safe side
    p = special.ndtr(-(mean - 0.5) * np.sqrt(12 * count))
    best = int(p.argmin())
    return min(float(p[best]) * side, 1.0), best
