"""The frequencies at which a picture is asked for a grid."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm

LONGEST = 16  # pixels: the longest period whose lattice is tested point by point
FOLD = 8  # period of the lattice that is also tested off the axes


@dataclass(frozen=True, order=True)
class Point:
    """A frequency of a lattice, as exact fractions of a cycle per pixel.

    Examples
    --------
    >>> Point(Fraction(1, 2), Fraction(1, 4)).period, str(Point(Fraction(0), Fraction(1, 2)))
    (4, '(0, 1/2)')
    """

    fy: Fraction
    fx: Fraction

    @property
    def period(self) -> int:
        """Length in pixels of the shortest lattice that holds the point."""
        return lcm(self.fy.denominator, self.fx.denominator)

    @property
    def real(self) -> bool:
        """Whether a wave of this frequency has no angle, only a sign."""
        return self.period <= 2

    @property
    def axis(self) -> str:
        """``"x"`` or ``"y"`` of a point on an axis, ``""`` of another."""
        return "x" if not self.fy else "y" if not self.fx else ""

    def __str__(self) -> str:
        return f"({self.fy}, {self.fx})"


def axis_fractions() -> tuple[Fraction, ...]:
    """Return every frequency along one axis, ascending: all k/P up to 1/2, P up to 16."""
    fractions = {Fraction(k, p) for p in range(2, LONGEST + 1) for k in range(1, p // 2 + 1)}
    return tuple(sorted(fractions))


def off_axis_points() -> tuple[Point, ...]:
    """Return the points of the 8x8 lattice off the axes, one of each conjugate pair."""
    half = FOLD // 2
    return tuple(
        Point(Fraction(ky, FOLD), Fraction(kx, FOLD))
        for kx in range(1, half + 1)
        for ky in range(-half + 1, half + 1)
        if ky and (kx < half or ky > 0)
    )


FRACTIONS = axis_fractions()
OFF_AXIS = off_axis_points()
POINTS = (
    *(Point(Fraction(0), f) for f in FRACTIONS),
    *(Point(f, Fraction(0)) for f in FRACTIONS),
    *OFF_AXIS,
)
