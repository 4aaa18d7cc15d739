"""Pairs of spectral bins that one replica ties together."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from spectra.spectrum._lattice import LatticePoint
from spectra.spectrum._view import View

NEIGHBOURS = (2, 4)  # bins beside a line that give its local background, nearest and farthest
NEAR = 2  # bins, within which a line leaks through a Hann window
LEAKAGE = (-0.5, 1.0, -0.5)  # of a line through it, along each axis
FINE_CELLS, COARSE_CELLS = 4, 2  # along each axis
FINE_BINS = 12

Bins = NDArray[np.int64]


@dataclass(frozen=True)
class Pairs:
    """Which bins of a tile's spectrum are multiplied, summed and compared.

    A pair is a base-band bin ``e`` and its replica ``e + k/s``; of a self-conjugate point one
    of ``e`` and ``-e`` is kept, with weight 2, because the other is its conjugate. Real maps are
    transformed to half a plane: where the replica lies in the other half, the pair is ``-e`` and
    ``-e - k/s`` instead, the conjugate of both. Pairs stand in the order of their points, and
    within a point of their cells.

    Attributes
    ----------
    base : ndarray of int, shape (bin, axis)
        Bins of the base band, signed.
    replica : ndarray of int, shape (pair, axis)
        Bins of the half plane, modulo the tile.
    bin : ndarray of int, shape (pair,)
        The base-band bin of each pair.
    point : ndarray of int, shape (pair,)
        Index of the lattice point.
    weight : ndarray of float, shape (pair,)
        How many pairs of its own lattice point it stands for: 2 where the conjugate was left
        out. The mirror image of the point itself is not counted here.
    near_bin : ndarray of int, shape (near,)
        Base-band bins beside DC or a lattice point of any period, where what follows a tile's
        mean leaks to.
    near_pair : ndarray of int, shape (near pair,)
        Pairs of those bins.
    mirrored : ndarray of bool, shape (pair,)
        Pairs that stand for their conjugates.
    cell : ndarray of int, shape (pair,)
        Cell of the test, numbered through all points; -1: not tested.
    cell_point : ndarray of int, shape (cell,)
        Lattice point of each cell.
    around : ndarray of int, shape (point, 3^d, axis)
        Each lattice point with the bins next to it.
    leakage : ndarray of float, shape (3^d,)
        How a line leaks into those bins, of unit norm.
    middle : ndarray of int, shape (3^d,)
        Base-band bins at DC and next to it, into which a constant leaks.
    beside : ndarray of int, shape (point, neighbour, axis)
        Bins that give a line's background, those along an axis first; rows repeat where a point
        has fewer.
    """

    base: Bins
    replica: Bins
    bin: Bins
    point: Bins
    weight: NDArray[np.float64]
    near_bin: Bins
    near_pair: Bins
    mirrored: NDArray[np.bool_]
    cell: Bins
    cell_point: Bins
    around: Bins
    leakage: NDArray[np.float64]
    middle: Bins
    beside: Bins

    @property
    def steady(self) -> int:
        """How many of the neighbours of a line lie along an axis: enough for its mean."""
        nearest, farthest = NEIGHBOURS
        axes: int = self.base.shape[1]
        return min(2 * (farthest - nearest + 1) * axes, len(self.beside[0]))


def bin_pairs(view: View, *, points: Sequence[LatticePoint]) -> Pairs:
    """Return the pairs of one view.

    Parameters
    ----------
    view : View
    points : sequence of LatticePoint
        Points of all views that the same maps are seen in.
    """
    tile = np.array(view.tile)
    band = _base_band(view)
    split = [FINE_CELLS if axis.size >= FINE_BINS - 3 else COARSE_CELLS for axis in band]
    grid = np.array(list(product(*band)))
    place = _cells(grid, band, split)
    near = _near(grid, tile, points)

    mirror = _places(band, tile, -grid)
    replica, number, point, weight, cell, mirrored = [], [], [], [], [], []
    for index, lattice_point in enumerate(view.points):
        kept, stands_for = _without_mirror(grid, band, lattice_point)
        bins = (grid[kept] + _bin(lattice_point, tile)) % tile
        # A real transform holds half of the last axis: beyond it both bins of a pair are read
        # mirrored, which conjugates their product.
        beyond = bins[:, -1] > tile[-1] // 2
        # The pairs of a cell follow each other, those of none come last.
        order = np.argsort(np.where(place[kept] < 0, len(grid), place[kept]), kind="stable")
        own = np.where(place[kept] < 0, -1, place[kept] + index * np.prod(split))
        mirrored.append(beyond[order])
        replica.append(np.where(beyond[:, None], -bins % tile, bins)[order])
        number.append(np.where(beyond, mirror[kept], np.flatnonzero(kept))[order])
        point.append(np.full(kept.sum(), index))
        weight.append(stands_for[order])
        cell.append(own[order])
    numbers, cells = _renumber(np.concatenate(cell))
    of_bin = np.concatenate(number)
    steps = np.array(list(product((-1, 0, 1), repeat=len(tile))))
    leakage = np.array([np.prod(v) for v in product(LEAKAGE, repeat=len(tile))])
    return Pairs(
        base=grid,
        replica=np.concatenate(replica),
        bin=of_bin,
        point=np.concatenate(point),
        weight=np.concatenate(weight).astype(np.float64),
        near_bin=np.flatnonzero(near),
        near_pair=np.flatnonzero(near[of_bin]),
        mirrored=np.concatenate(mirrored),
        cell=cells,
        cell_point=(numbers // np.prod(split)).astype(np.int64),
        around=np.array([(_bin(p, tile) + steps) % tile for p in view.points]),
        leakage=leakage / np.linalg.norm(leakage),
        middle=_places(band, tile, steps),
        beside=_beside(view, tile),
    )


def _base_band(view: View) -> list[Bins]:
    """Return the signed base-band bins along each axis, without the outer ones."""
    return [
        np.arange(-(tile // 2), tile - tile // 2) if period == 1 else np.arange(-last, last + 1)
        for tile, period, last in zip(view.tile, view.period, view.last_bins, strict=True)
    ]


def _places(band: list[Bins], tile: NDArray[np.int64], bins: Bins) -> Bins:
    """Return the places of some bins among those of the base band."""
    first = np.array([axis[0] for axis in band])
    along = tuple(((bins - first) % tile).T)
    return np.array(np.ravel_multi_index(along, [axis.size for axis in band]))


def _near(grid: Bins, tile: NDArray[np.int64], points: Sequence[LatticePoint]) -> NDArray[np.bool_]:
    """Return which base-band bins a line at DC or at a lattice point leaks into."""
    dc = [0.0] * len(tile)
    lattice = np.array([dc] + [[float(f) for f in p.frequency] for p in points])
    near = np.zeros(len(grid), bool)
    for frequency in np.concatenate([lattice, -lattice]):
        apart = grid / tile - frequency
        apart -= np.round(apart)
        near |= (np.abs(apart) * tile < NEAR - 1e-9).all(axis=1)
    return near


def _cells(grid: Bins, bins: list[Bins], split: list[int]) -> Bins:
    """Return the cell of each base-band bin; -1 next to DC, where content is strongest."""
    index = np.zeros(len(grid), np.int64)
    for axis, (values, parts) in enumerate(zip(bins, split, strict=True)):
        index = index * parts + (grid[:, axis] - values[0]) * parts // values.size
    return np.where(np.abs(grid).max(axis=1) <= 1, -1, index)


def _without_mirror(
    grid: Bins, band: list[Bins], point: LatticePoint
) -> tuple[NDArray[np.bool_], Bins]:
    """Return which base-band bins are kept for a point, and how many each stands for."""
    if not point.is_self_conjugate:
        return np.ones(len(grid), bool), np.ones(len(grid), np.int64)
    sign = np.zeros(len(grid), np.int64)
    for axis in range(grid.shape[1]):
        sign = np.where(sign == 0, np.sign(grid[:, axis]), sign)
    first, last = (np.array([axis[end] for axis in band]) for end in (0, -1))
    alone = ((-grid < first) | (-grid > last)).any(axis=1)
    kept = (sign >= 0) | alone
    return kept, np.where((sign == 0) | alone, 1, 2)[kept]


def _renumber(cell: Bins) -> tuple[Bins, Bins]:
    """Return the cells in use and each pair's place among them; -1 stays."""
    numbers = np.unique(cell[cell >= 0])
    place = np.where(cell < 0, -1, np.searchsorted(numbers, cell))
    return numbers, place


def _bin(point: LatticePoint, tile: NDArray[np.int64]) -> Bins:
    """Return the bin of a lattice point; exact, as the tile is a multiple of the period."""
    return np.array([int(f * int(t)) for f, t in zip(point.frequency, tile, strict=True)])


def _beside(view: View, tile: NDArray[np.int64]) -> Bins:
    """Return the neighbours of each line; along the axis only for a point on an axis."""
    nearest, farthest = NEIGHBOURS
    reach = range(-farthest, farthest + 1)
    rows = []
    for point in view.points:
        steps = product(*[reach if f else (0,) for f in point.frequency])
        ring = [s for s in steps if nearest <= max(map(abs, s)) <= farthest]
        ring.sort(key=lambda step: sum(map(bool, step)) > 1)
        rows.append((_bin(point, tile) + np.array(ring)) % tile)
    most = max(map(len, rows))
    return np.stack([np.resize(row, (most, len(tile))) for row in rows])
