"""The frequencies at which upsampling repeats the input's DC.

Zero insertion by a factor leaves that many copies of the input's spectrum in one period of the
output's, spaced 1 / factor cycles/pixel apart (Vaidyanathan, *Multirate Systems and Filter Banks*,
1993, sec. 4.1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod

from spectra.errors import ParameterError

MOST_POINTS = 15  # beyond these, a lattice is reduced to its axes and diagonals


@dataclass(frozen=True)
class LatticePoint:
    """One frequency of a lattice, standing for itself and its mirror image.

    Attributes
    ----------
    frequency : tuple of Fraction
        Cycles/pixel along each axis, in (-1/2, 1/2].
    period : tuple of int
        Period of the lattice that owns the point; its base band is
        ``abs(f_i) < 1 / (2 * period_i)``.
    """

    frequency: tuple[Fraction, ...]
    period: tuple[int, ...]

    @property
    def is_self_conjugate(self) -> bool:
        """Whether the point is its own mirror image, so that a real map is real there."""
        return all(2 * f % 1 == 0 for f in self.frequency)

    @property
    def multiplicity(self) -> int:
        """How many points of the full plane it stands for: 1 or 2."""
        return 1 if self.is_self_conjugate else 2


def lattice_points(*periods: Sequence[int]) -> tuple[LatticePoint, ...]:
    """Return the points of one lattice, or of several that share a map.

    Frequencies are multiples of ``1 / period`` except DC, one of each mirrored pair. Where
    lattices overlap, a point belongs to the one of the smallest period: after a cascade of
    upsampling steps this is the last step that can have made it.

    Parameters
    ----------
    *periods : sequence of int
        Period along each axis in pixels, 1 on an axis without a lattice.

    Returns
    -------
    tuple of LatticePoint
        At most 15 points and their mirror images for each period; larger lattices are
        reduced to axes and diagonals.

    Examples
    --------
    >>> [str(point.frequency[0]) for point in lattice_points((4,))]
    ['1/4', '1/2']
    >>> [point.period for point in lattice_points((2,), (4,))]
    [(2,), (4,)]
    """
    if not periods:
        raise ParameterError("periods=() names no lattice: expected at least one period")
    owned: dict[tuple[Fraction, ...], LatticePoint] = {}
    for period in sorted({tuple(p) for p in periods}, key=lambda p: (prod(p), p)):
        for frequency in _multiples(period):
            mirrored = tuple(_wrap(-f) for f in frequency)
            if frequency not in owned and mirrored not in owned:
                owned[frequency] = LatticePoint(frequency, period)
    return tuple(owned.values())


def _multiples(period: tuple[int, ...]) -> list[tuple[Fraction, ...]]:
    """Return the non-zero multiples of ``1 / period``, only axes and diagonals of large ones."""
    points = [
        tuple(_wrap(Fraction(k, s)) for k, s in zip(index, period, strict=True))
        for index in product(*map(range, period))
        if any(index)
    ]
    if prod(period) - 1 > MOST_POINTS:
        points = [p for p in points if len({abs(f) for f in p if f}) == 1]
    return points


def _wrap(frequency: Fraction) -> Fraction:
    """Return ``frequency`` modulo 1 in (-1/2, 1/2]."""
    wrapped = frequency % 1
    return wrapped - 1 if wrapped > Fraction(1, 2) else wrapped
