"""At which periods the output and the inputs are scored, for the grids that steps leave there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from spectra._room import LEAST_PERIODS, usual_margin

MOST_PERIOD = 32  # pixels

Period = tuple[int, ...]
"""Period of a grid along each axis of a map, in its pixels."""


def scored_period(period: Sequence[int], shape: Sequence[int]) -> Period:
    """Return the longest period whose lattice lies in that of ``period`` and that has room.

    At most 32 pixels, and at most a sixth of what the margin of an eighth leaves of the map.

    Parameters
    ----------
    period : sequence of int
        Period along each axis.
    shape : sequence of int
        ``(channel, *spatial)`` of the map.

    Examples
    --------
    >>> scored_period((32, 18), (3, 256, 128))
    (32, 9)
    >>> scored_period((64, 64), (3, 360, 480))
    (32, 32)
    """
    scored = []
    for length, side in zip(period, shape[1:], strict=True):
        divisors = [d for d in range(2, MOST_PERIOD + 1) if length % d == 0]
        room = (side - 2 * usual_margin(side)) // LEAST_PERIODS
        with_room = [d for d in divisors if d <= room]
        scored.append(max(with_room, default=min(divisors, default=1)))
    return tuple(scored)


def different_periods(periods: Iterable[Period | None]) -> tuple[Period, ...]:
    """Return the different periods among those of some grids, without unknown and vanished ones."""
    return tuple(sorted({p for p in periods if p is not None and max(p) > 1}))


def control_periods(
    periods: Iterable[Period], ratio: Sequence[Fraction] | None, axes: int
) -> tuple[Period, ...]:
    """Return the periods at which the inputs are scored.

    They are the output's mapped to the inputs' grid, and 2: a checkerboard of the inputs' own
    is worth knowing whatever the model does.

    Parameters
    ----------
    periods : iterable of tuple of int
        Periods at which the output is scored.
    ratio : sequence of Fraction or None
        Output over input pixels along each axis; None where they share no grid.
    axes : int
        Number of spatial axes of the inputs.
    """
    own = (2,) * axes
    if ratio is None:
        return (own,)
    mapped = {
        tuple(int(s / r) if (s / r).denominator == 1 else 1 for s, r in zip(p, ratio, strict=True))
        for p in periods
    }
    return tuple(sorted({own, *(p for p in mapped if max(p) > 1)}))
