"""How maps are cut for the lattice points of one period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, prod

from spectra._room import BLOCKS_ENOUGH, LEAST_PERIODS
from spectra.spectrum._lattice import LatticePoint, lattice_points

BASE_BAND_BINS = {1: 64, 2: 48, 3: 8}  # of a tile along each axis, by number of axes
LARGEST_TILE = {1: 1024, 2: 96, 3: 32}  # unless a long period needs more
LEAST_BASE_BAND_BINS = 8  # of a tile that is one of several in its map
MOST_PAIRS = 6000  # of bins that a view compares, in up to 16 groups of blocks and 16 channels
TILES_WANTED = 32
FAST_FACTORS = (2, 3, 5, 7)  # of a tile's side: a transform of 94 pixels takes six times that of 96
SPARED = 1 / 16  # of a tile's side, given up for a fast one


@dataclass(frozen=True)
class View:
    """How the maps are cut for the lattice points of one period.

    Each view has a margin and blocks of its own, so that a long period, which needs more of a
    map and is disturbed farther from its borders, takes nothing from a short one.

    Attributes
    ----------
    period : tuple of int
        The period whose points are measured.
    margin : tuple of int
        Pixels left out at each border, where padding disturbs; whole periods.
    block : tuple of int
        Side of a block: the unit that the test takes as one independent replicate.
    blocks : tuple of int
        Blocks along each axis of one map; all 1 where a block is a whole map.
    tile : tuple of int
        Side of a tile in pixels, a multiple of the period.
    tiles : tuple of int
        Tiles along each axis of a block; they cover it but for some 6 %.
    points : tuple of LatticePoint
    """

    period: tuple[int, ...]
    margin: tuple[int, ...]
    block: tuple[int, ...]
    blocks: tuple[int, ...]
    tile: tuple[int, ...]
    tiles: tuple[int, ...]
    points: tuple[LatticePoint, ...] = ()

    @property
    def positions(self) -> int:
        """Tiles of one map."""
        return prod(self.blocks) * prod(self.tiles)

    @property
    def cut(self) -> tuple[tuple[int, ...], ...]:
        """What its tiles are: views that have it in common see the same spectra."""
        return self.margin, self.block, self.blocks, self.tile, self.tiles

    @property
    def last_bins(self) -> tuple[int, ...]:
        """Farthest base-band bin along each axis.

        The two outer bins are left out: there ``e`` and ``e + k/s`` mirror each other, and a
        line at the input's own Nyquist frequency would be charged to the step.
        """
        sides = zip(self.tile, self.period, strict=True)
        return tuple(_last_bin(tile, period) for tile, period in sides)


def view_of(
    sides: Sequence[int], period: tuple[int, ...], margin: tuple[int, ...], count: int
) -> View:
    """Return how maps are cut for one period; its points come later.

    A block is an image where there are at least 16 of them, else a tile, made smaller where that
    gives enough of them for a test.

    Parameters
    ----------
    sides : sequence of int
        Sides of a map.
    period, margin : tuple of int
        Along each axis, the margin in whole periods.
    count : int
        Number of maps.
    """
    inner = inside(sides, margin, period)
    most = BASE_BAND_BINS[len(inner)]
    if count >= BLOCKS_ENOUGH:
        tile = _tile(inner, period, most)
        tiles = tuple(n // t for n, t in zip(inner, tile, strict=True))
        return View(
            period, margin=margin, block=inner, blocks=(1,) * len(inner), tile=tile, tiles=tiles
        )
    for bins in range(most, LEAST_BASE_BAND_BINS - 1, -2):
        tile = _tile(inner, period, bins)
        blocks = tuple(n // t for n, t in zip(inner, tile, strict=True))
        if count * prod(blocks) >= TILES_WANTED:
            break
    return View(
        period, margin=margin, block=tile, blocks=blocks, tile=tile, tiles=(1,) * len(inner)
    )


def inside(sides: Sequence[int], margin: Sequence[int], period: Sequence[int]) -> tuple[int, ...]:
    """Return what a margin leaves of a map, in whole periods."""
    axes = zip(sides, margin, period, strict=True)
    return tuple(max(side - 2 * m, 0) // p * p for side, m, p in axes)


def _tile(inner: tuple[int, ...], period: tuple[int, ...], bins: int) -> tuple[int, ...]:
    """Return the sides of equal tiles that cover a map, of some base-band bins.

    More and smaller tiles are taken where the pairs of bins would be too many: a period of 32
    pixels, say, has 63 lattice points. In three dimensions the least tile may leave gaps.
    """
    parts = [_parts(n, p, bins=bins, period=period) for n, p in zip(inner, period, strict=True)]
    while True:
        tile = tuple(
            _fast_side(n // part, p) for n, part, p in zip(inner, parts, period, strict=True)
        )
        more = [
            n // (part + 1) >= LEAST_PERIODS * max(p, 2) and n > 0
            for n, part, p in zip(inner, parts, period, strict=True)
        ]
        if _pairs(tile, period) <= MOST_PAIRS:
            return tile
        if not any(more):
            least = zip(tile, period, strict=True)
            return tuple(min(t, LEAST_PERIODS * p) if p > 1 else t for t, p in least)
        parts = [part + again for part, again in zip(parts, more, strict=True)]


def _parts(n: int, p: int, *, bins: int, period: tuple[int, ...]) -> int:
    """Return into how many tiles a side is cut, none of fewer than 8 base-band bins."""
    unit = p if p > 1 else max(period)
    least = LEAST_BASE_BAND_BINS * unit
    wanted = max(min(bins * unit, LARGEST_TILE[len(period)]), least)
    return max(min(ceil(n / wanted), n // least), 1)


def _fast_side(most: int, period: int) -> int:
    """Return the largest multiple of the period up to ``most``, or a little less if fast."""
    longest = most // period * period
    for side in range(longest, ceil(longest * (1 - SPARED)) - 1, -period):
        rest = side
        for factor in FAST_FACTORS:
            while rest > 1 and rest % factor == 0:
                rest //= factor
        if rest == 1 and side >= LEAST_PERIODS * period:
            return side
    return max(longest, 1)


def _pairs(tile: tuple[int, ...], period: tuple[int, ...]) -> float:
    """Return about how many pairs of bins a tile has, mirrored ones counted once."""
    bins = prod(2 * _last_bin(t, p) + 1 for t, p in zip(tile, period, strict=True))
    return bins * _points_to_pair(period)


@lru_cache(maxsize=64)
def _points_to_pair(period: tuple[int, ...]) -> float:
    """Return the lattice points of a period; one that is its own mirror image counts half."""
    return sum(point.multiplicity for point in lattice_points(period)) / 2


def _last_bin(tile: int, period: int) -> int:
    return tile // 2 if period == 1 else max(ceil(tile / (2 * period)) - 2, 0)
