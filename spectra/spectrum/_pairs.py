"""Pairs of spectral bins that one replica ties together."""

from dataclasses import dataclass
from itertools import product
from math import ceil

import numpy as np
from numpy.typing import NDArray

from spectra.spectrum._lattice import LatticePoint
from spectra.spectrum._plan import View

NEIGHBOURS = (2, 4)  # bins beside a line that give its local background, nearest and farthest
FINE_CELLS, COARSE_CELLS = 4, 2  # along each axis
FINE_BINS = 12


@dataclass(frozen=True)
class Pairs:
    """Which bins of a tile's spectrum are multiplied, summed and compared.

    A pair is a base-band bin ``e`` and its replica ``e + k/s``; of a self-conjugate point one
    of ``e`` and ``-e`` is kept, with weight 2, because the other is its conjugate. The outer
    bins of the base band are left out: there ``e`` and ``e + k/s`` mirror each other, and a
    line at the input's own Nyquist frequency would be charged to the step.

    Attributes
    ----------
    base, replica : ndarray of int, shape (pair, axis)
        Bins, modulo the tile.
    point : ndarray of int, shape (pair,)
        Index of the lattice point.
    weight : ndarray of float, shape (pair,)
        How many pairs of its own lattice point it stands for: 2 where the conjugate was left
        out. The mirror image of the point itself is not counted here.
    cell : ndarray of int, shape (pair,)
        Cell of the test, numbered through all points; -1: not tested.
    cell_point : ndarray of int, shape (cell,)
        Lattice point of each cell.
    line : ndarray of int, shape (point, axis)
        The lattice points themselves.
    beside : ndarray of int, shape (point, neighbour, axis)
        Bins that give a line's background; rows repeat where a point has fewer.
    """

    base: NDArray[np.int64]
    replica: NDArray[np.int64]
    point: NDArray[np.int64]
    weight: NDArray[np.float64]
    cell: NDArray[np.int64]
    cell_point: NDArray[np.int64]
    line: NDArray[np.int64]
    beside: NDArray[np.int64]


def bin_pairs(view: View) -> Pairs:
    """Return the pairs of one view."""
    tile = np.array(view.tile)
    bins = _base_band(view)
    split = [FINE_CELLS if axis.size >= FINE_BINS - 3 else COARSE_CELLS for axis in bins]
    grid = np.array(list(product(*bins)))
    place = _cells(grid, bins, split)

    base, replica, point, weight, cell = [], [], [], [], []
    for index, lattice_point in enumerate(view.points):
        kept, stands_for = _without_mirror(grid, lattice_point)
        base.append(grid[kept] % tile)
        replica.append((grid[kept] + _bin(lattice_point, tile)) % tile)
        point.append(np.full(kept.sum(), index))
        weight.append(stands_for)
        cell.append(np.where(place[kept] < 0, -1, place[kept] + index * np.prod(split)))
    numbers, cells = _renumber(np.concatenate(cell))
    return Pairs(
        np.concatenate(base),
        np.concatenate(replica),
        np.concatenate(point),
        np.concatenate(weight).astype(np.float64),
        cells,
        (numbers // np.prod(split)).astype(np.int64),
        np.array([_bin(p, tile) % tile for p in view.points]),
        _beside(view, tile),
    )


def _base_band(view: View) -> list[NDArray[np.int64]]:
    """Return the signed base-band bins along each axis, without the outer ones."""
    bins = []
    for tile, period in zip(view.tile, view.period, strict=True):
        if period == 1:
            bins.append(np.arange(-(tile // 2), tile - tile // 2))
            continue
        half = tile / (2 * period)
        last = max(ceil(half) - 2, 0)
        bins.append(np.arange(-last, last + 1))
    return bins


def _cells(
    grid: NDArray[np.int64], bins: list[NDArray[np.int64]], split: list[int]
) -> NDArray[np.int64]:
    """Return the cell of each base-band bin; -1 next to DC, where content is strongest."""
    index = np.zeros(len(grid), np.int64)
    for axis, (values, parts) in enumerate(zip(bins, split, strict=True)):
        index = index * parts + (grid[:, axis] - values[0]) * parts // values.size
    return np.where(np.abs(grid).max(axis=1) <= 1, -1, index)


def _without_mirror(
    grid: NDArray[np.int64], point: LatticePoint
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return which base-band bins are kept for a point, and how many each stands for."""
    if not point.is_self_conjugate:
        return np.ones(len(grid), bool), np.ones(len(grid), np.int64)
    sign = np.zeros(len(grid), np.int64)
    for axis in range(grid.shape[1]):
        sign = np.where(sign == 0, np.sign(grid[:, axis]), sign)
    mirrored = {tuple(e) for e in grid}
    alone = np.array([tuple(-e) not in mirrored for e in grid])
    kept = (sign >= 0) | alone
    return kept, np.where((sign == 0) | alone, 1, 2)[kept]


def _renumber(cell: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the cells in use and each pair's place among them; -1 stays."""
    numbers = np.unique(cell[cell >= 0])
    place = np.where(cell < 0, -1, np.searchsorted(numbers, cell))
    return numbers, place


def _bin(point: LatticePoint, tile: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the bin of a lattice point; exact, as the tile is a multiple of the period."""
    return np.array([int(f * int(t)) for f, t in zip(point.frequency, tile, strict=True)])


def _beside(view: View, tile: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the neighbours of each line; along the axis only for a point on an axis."""
    nearest, farthest = NEIGHBOURS
    reach = range(-farthest, farthest + 1)
    rows = []
    for point in view.points:
        steps = product(*(reach if f else (0,) for f in point.frequency))
        ring = [s for s in steps if nearest <= max(map(abs, s)) <= farthest]
        rows.append((_bin(point, tile) + np.array(ring)) % tile)
    most = max(map(len, rows))
    return np.stack([np.resize(row, (most, len(tile))) for row in rows])
