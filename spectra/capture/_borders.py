"""What padding has disturbed of one map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

ALIKE = Fraction(7, 8)  # sides of one grid, but for what borders take away


@dataclass(frozen=True)
class Borders:
    """What padding has disturbed of a map, by the grid on which it was padded.

    Attributes
    ----------
    parts : tuple of (int, Fraction)
        Longest side of a grid, and the share of the side that padding on it reaches from
        either border.
    """

    parts: tuple[tuple[int, Fraction], ...] = ()

    def reach(self, shape: Sequence[int], period: Sequence[int]) -> tuple[int, ...]:
        """Return how many pixels from each border of a map may look like a lattice.

        What is disturbed on a grid of ``n`` pixels has frequencies up to ``n / 2`` a side; at
        ``1 / P`` cycles/pixel of a map of ``N`` only grids with ``n >= 2 N / P`` tell. What a
        coarser one leaves there came by a replica, which is what is looked for.

        Parameters
        ----------
        shape : sequence of int
            ``(channel, *spatial)`` of the map.
        period : sequence of int
            Of the lattice.

        Examples
        --------
        >>> half, whole = (32, Fraction(3, 32)), (64, Fraction(2, 64))
        >>> borders = Borders((half, whole))
        >>> borders.reach((8, 64, 64), (2, 2)), borders.reach((8, 64, 64), (4, 4))
        ((2, 2), (8, 8))
        """
        sides = shape[1:]
        least = ALIKE * 2 * max(sides) / max(period)
        share = sum((part for side, part in self.parts if side >= least), Fraction(0))
        return tuple(ceil(share * side) for side in sides)

    def on(self, side: int, ratio: Fraction = Fraction(1)) -> Borders:
        """Return the same on another grid, which no finer one outlives.

        Parameters
        ----------
        side : int
            Longest side of the grid.
        ratio : Fraction
            By how much a pixel's share of the side grows where pixels at the border are lost.
        """
        kept: dict[int, Fraction] = {}
        for own, part in self.parts:
            grid = own if own <= side / ALIKE else side
            kept[grid] = kept.get(grid, Fraction(0)) + part * ratio
        return Borders(tuple(sorted(kept.items())))

    def after(self, side: int, part: Fraction) -> Borders:
        """Return the same after more padding, on a grid of some side."""
        if not part:
            return self
        kept = dict(self.parts)
        kept[side] = kept.get(side, Fraction(0)) + part
        return Borders(tuple(sorted(kept.items())))

    def __or__(self, other: Borders) -> Borders:
        """Return what is disturbed where two maps meet: of each grid the farther reach."""
        if not other.parts or self == other:
            return self
        kept = dict(self.parts)
        for side, part in other.parts:
            kept[side] = max(part, kept.get(side, part))
        return Borders(tuple(sorted(kept.items())))


NOTHING = Borders()
