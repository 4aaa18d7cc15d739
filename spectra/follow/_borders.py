"""What padding has disturbed of one map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import NamedTuple

from spectra._room import ALIKE

SPREAD = 4.0  # standard deviations of the walk that layers make: -42 dB of it is left beyond
ROUNDING = 1e-9  # of a share times a side, which is a whole number of pixels as a rule


class Part(NamedTuple):
    """What padding on one grid has disturbed, as shares of the map's side from either border.

    One layer of reach r moves what it is given by up to r pixels, most of it by less. Over many
    layers the power spreads as in a random walk, whose variance is the sum of r (r + 1) / 3: that
    of 2 r + 1 taps of equal power.

    Attributes
    ----------
    side : int
        Longest side of the grid, in its pixels.
    farthest : float
        How far from the border a disturbed pixel may lie, as a share of the side.
    variance : float
        Variance of the random walk, as a share of the side squared.
    """

    side: int
    farthest: float
    variance: float


@dataclass(frozen=True)
class Borders:
    """What padding has disturbed of a map, by the grid on which it was padded.

    Attributes
    ----------
    parts : tuple of Part
        One for each grid, by its longest side, ascending.
    """

    parts: tuple[Part, ...] = ()

    def reach(self, shape: Sequence[int], period: Sequence[int]) -> tuple[int, ...]:
        """Return how many pixels from each border of a map may look like a lattice.

        What is disturbed on a grid of ``n`` pixels a side has up to ``n / 2`` cycles a side. A
        lattice of period ``P`` on a map of ``N`` pixels has ``N / P`` cycles a side, so only grids
        with ``n >= 2 N / P`` can look like it. What a coarser grid leaves at these frequencies
        came there by a replica, which is what is looked for. Behind many layers the far end of
        what is disturbed differs by next to nothing (see `Part`), and is not counted.

        Parameters
        ----------
        shape : sequence of int
            ``(channel, *spatial)`` of the map.
        period : sequence of int
            Period of the lattice along each axis, in pixels of the map.

        Returns
        -------
        tuple of int
            Pixels along each spatial axis.

        Examples
        --------
        >>> borders = Borders().after(32, 3 / 32).after(64, 2 / 64)
        >>> borders.reach((8, 64, 64), (2, 2)), borders.reach((8, 64, 64), (4, 4))
        ((2, 2), (8, 8))
        """
        telling = self._telling(shape, period)
        walk = SPREAD * sqrt(sum(part.variance for part in telling))
        share = min(sum(part.farthest for part in telling), walk)
        return tuple(ceil(share * side - ROUNDING) for side in shape[1:])

    def _telling(self, shape: Sequence[int], period: Sequence[int]) -> list[Part]:
        """Return the parts on grids fine enough to look like a lattice of some period."""
        least = ALIKE * 2 * max(shape[1:]) / max(period)
        return [part for part in self.parts if part.side >= least]

    def on(self, side: int, ratio: float = 1.0) -> Borders:
        """Return these borders after the map was brought to another grid.

        What was disturbed on a finer grid counts as disturbed on the new one from then on: the
        finer frequencies are gone.

        Parameters
        ----------
        side : int
            Longest side of the new grid.
        ratio : float
            By how much a pixel's share of the side grows where pixels at the border are lost.
        """
        moved = Borders()
        for part in self.parts:
            grid = part.side if part.side <= side / ALIKE else side
            moved = moved._with(Part(grid, part.farthest * ratio, part.variance * ratio**2))
        return moved

    def after(self, side: int, share: float) -> Borders:
        """Return these borders after a layer, on a grid of some longest side.

        Parameters
        ----------
        side : int
            Longest side of the grid, in pixels.
        share : float
            How far the layer moves what it is given, as a share of the side.
        """
        if not share:
            return self
        # r (r + 1) / 3 pixels squared, for r = share * side, over the side squared.
        return self._with(Part(side, share, share * (share + 1 / side) / 3))

    def _with(self, part: Part) -> Borders:
        """Return these borders with a part more, added to that of the same grid."""
        kept = {own.side: own for own in self.parts}
        _, farthest, variance = kept.get(part.side, Part(part.side, 0.0, 0.0))
        kept[part.side] = Part(part.side, farthest + part.farthest, variance + part.variance)
        return Borders(tuple(sorted(kept.values())))

    def __or__(self, other: Borders) -> Borders:
        """Return what is disturbed where two maps meet: the farther reach on each grid."""
        if not other.parts or self == other:
            return self
        kept = {part.side: part for part in self.parts}
        for part in other.parts:
            own = kept.get(part.side, part)
            farthest, variance = max(part.farthest, own.farthest), max(part.variance, own.variance)
            kept[part.side] = Part(part.side, farthest, variance)
        return Borders(tuple(sorted(kept.values())))


NOTHING = Borders()  # of a map that no padding has disturbed
