"""Which grid explains the points that stand out: its period, and along which axes it lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from spectra.images._points import LONGEST, POINTS, Point
from spectra.images._residuals import RESIDUALS
from spectra.images._test import ALARMS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from spectra.images._residuals import Residual

Direction = Literal["both", "x", "y", "diagonal"]
SURE = 20  # decades below the limit, from which on a finding counts no more
UNEXPLAINED = 0.1  # of the findings, that a lattice may leave: the shortest that does is the period


@dataclass(frozen=True)
class Finding:
    """A point that stands out in one channel and residual of a picture, or of many."""

    point: Point
    channel: str
    residual: Residual
    alarms: float


@dataclass(frozen=True)
class Grid:
    """The smallest lattice that explains what stands out.

    Attributes
    ----------
    period : int or None
        Pixels; None where no period up to 16 explains it.
    direction : {"both", "x", "y", "diagonal"}
        Along which axes it repeats; ``"diagonal"`` of a checkerboard, which no axis shows.
    apart : tuple of int or None
        Periods along (y, x) where they have nothing in common, as of bricks.
    points : tuple of Point
        What stands out, the clearest first.
    """

    period: int | None
    direction: Direction
    apart: tuple[int, int] | None
    points: tuple[Point, ...]

    @property
    def is_grid(self) -> bool:
        """Whether both axes, or a diagonal, show one period: those of scenes seldom do."""
        return self.period is not None and self.direction in ("both", "diagonal")


def findings(
    alarms: NDArray[np.float64], channels: tuple[str, ...], limit: float = ALARMS
) -> tuple[Finding, ...]:
    """Return the points that stand out, the clearest first.

    Parameters
    ----------
    alarms : ndarray, shape (reading, point)
        As of `spectra.images._test.alarms`.
    channels : tuple of str
        Names of the channels.
    limit : float
        Expected false alarms below which a point stands out.
    """
    shown = zip(*np.nonzero(alarms < limit), strict=True)
    found = [
        Finding(
            POINTS[j],
            channel=channels[i // len(RESIDUALS)],
            residual=RESIDUALS[i % len(RESIDUALS)],
            alarms=float(alarms[i, j]),
        )
        for i, j in shown
    ]
    return tuple(sorted(found, key=lambda each: each.alarms))


def grid_of(found: Iterable[Finding]) -> Grid | None:
    """Return the grid that explains what stands out; None where nothing does.

    Examples
    --------
    >>> from fractions import Fraction
    >>> third = Fraction(1, 3)
    >>> grid_of([Finding(Point(Fraction(0), third), "red", "cross", 1e-9)])
    Grid(period=3, direction='x', apart=None, points=(Point(fy=Fraction(0, 1), fx=Fraction(1, 3)),))
    """
    found = list(found)
    if not found:
        return None
    distinct = tuple(dict.fromkeys(each.point for each in found))
    along = {axis: [each for each in found if each.point.axis == axis] for axis in ("y", "x", "")}
    if along[""] or (along["x"] and along["y"]):
        direction: Direction = "both" if along["x"] or along["y"] else "diagonal"
    else:
        direction = "x" if along["x"] else "y"
    of_axis = [smallest_period(along["y"]), smallest_period(along["x"])]
    if not along[""] and None not in of_axis and not _nested(*of_axis):
        return Grid(None, direction, (of_axis[0] or 0, of_axis[1] or 0), distinct)
    return Grid(smallest_period(found), direction, None, distinct)


def smallest_period(found: Iterable[Finding]) -> int | None:
    """Return the shortest period whose lattice explains all findings but a tenth; None if none.

    A finding counts by how far its expected false alarms lie below the limit, in decades, up to
    a limit: one that is just below says little beside twenty that are sure. Points on the axes
    are counted apart from those off them, which are asked for eighths only.

    Examples
    --------
    >>> from fractions import Fraction
    >>> points = [Point(Fraction(0), Fraction(1, n)) for n in (2, 4)]
    >>> smallest_period(Finding(each, "grey", "cross", 1e-9) for each in points)
    4
    """
    held = list(found)
    parts = [
        [(each.point.period, _weight(each)) for each in held if bool(each.point.axis) == on_axis]
        for on_axis in (True, False)
    ]
    for period in range(2, LONGEST + 1) if held else ():
        if all(
            sum(w for p, w in part if period % p) <= UNEXPLAINED * sum(w for _, w in part)
            for part in parts
        ):
            return period
    return None


def carries(theirs: Iterable[Finding], own: Iterable[Finding], *, same_period: bool) -> bool:
    """Tell whether what others show holds all but a tenth of what was found, channel by channel.

    Of one period any point of the same channel will do; a lattice of another period has to show
    the points themselves. Grey pictures have no channels that coloured ones could share.

    Parameters
    ----------
    theirs, own : iterable of Finding
        What the others show, and what was found.
    same_period : bool
        Whether both grids have one period.
    """
    theirs, own = tuple(theirs), tuple(own)
    grey = "grey" in {each.channel for each in (*theirs, *own)}

    def key(each: Finding) -> tuple[Point | None, str | None]:
        return None if same_period else each.point, None if grey else each.channel

    held = set(map(key, theirs))
    missing = sum(_weight(each) for each in own if key(each) not in held)
    return missing <= UNEXPLAINED * sum(map(_weight, own))


def _weight(finding: Finding) -> float:
    """Return the decades by which a finding lies below the limit, at least 1."""
    return float(min(1 + np.log10(ALARMS / max(finding.alarms, 1e-99)), SURE))


def _nested(one: int | None, other: int | None) -> bool:
    """Tell whether one of two periods is a multiple of the other."""
    if one is None or other is None:
        return False
    return max(one, other) % min(one, other) == 0
