"""Find the period that each step's grid has in the output, by touching the step's map.

A patch is added to the map at one place and the rest of the model runs on: where its output
changes, there that place has gone. Two places, some pixels apart along one axis, are found again
along some axis of the output, some other number of pixels apart:

    map      . . A . . . . . B . . .             6 px from A to B
    output   . . . . A . . . . . . . . B . . .   9 px along the same axis: a ratio of 3/2

Whatever lies between, padding, crops, tiles that are pasted, strided convolutions, resizes, frames
that become samples, needs no rule of its own. Where both touches are felt on the map of a later
step as well, whose own way to the output is known by then, their distance may be read there. It is
read where the ratio is nearest to one, and multiplied by the ratio from there to the output.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import ceil, floor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from spectra._names import places
from spectra.capture._grids import Period, different_periods, scored_period
from spectra.capture._steps import Discovery, Step
from spectra.capture._touch import INPUT, OUTPUT, Spot, Touch, Touchable

LONGEST_PERIOD = 32  # pixels, of a grid of 3/2 px and the like, which meets pixels after several
PLACES = ((1 / 4, 3 / 4), (3 / 8, 5 / 8), (1 / 8, 1 / 2), (1 / 2, 7 / 8))  # shares of each side
TOUCHES = (3.0, 3e3, 3e6)  # standard deviations of the map that are added; faint detours need more
FAR = 5  # of a ratio beyond this, or below one over this, only the sizes of the maps decide
SIMPLE = 4  # largest denominator of a ratio that the sizes of the maps do not suggest
SURE = 3  # a distance tells a ratio if it is at least this many times its doubt
ASIDE = 4  # two touches lie along one axis if they are this many times as far apart as along others


class Way(NamedTuple):
    """Where one axis of a map goes: an axis of another map, and how many of its pixels one is."""

    axis: int
    ratio: Fraction


class Told(NamedTuple):
    """Where one axis goes, None where it ends on the axis of samples.

    ``as_sizes_say`` tells whether the ratio is that of the sides of both maps.
    """

    way: Way | None
    as_sizes_say: bool


ENDS = Told(None, as_sizes_say=True)
Ways = tuple[Way | None, ...]
"""Where each axis of a map goes in the output; None for one that ends on the axis of samples."""


class Goal(NamedTuple):
    """A map whose own way to the output is known: the output itself, or that of a later step.

    Attributes
    ----------
    sides : tuple of int
        Sides of the map in whose pixels distances are told: the output, or the map that enters
        the later step.
    spacing : tuple of Fraction
        Pixels of the map on which touches are felt, which the later step made, for one of those.
    ways : tuple
        Where the axes of the map on which touches are felt go in the output.
    """

    sides: tuple[int, ...]
    spacing: tuple[Fraction, ...]
    ways: Ways

    def onward(self, axis: int, ratio: Fraction) -> Way | None:
        """Return the way to the output of an axis that goes along one of this map's.

        Parameters
        ----------
        axis : int
            Axis of this map.
        ratio : Fraction
            How many pixels of ``sides`` one pixel of the axis is.
        """
        way = self.ways[axis]
        return way and Way(way.axis, ratio * self.spacing[axis] * way.ratio)


class Gap(NamedTuple):
    """How far apart two touches are felt on a goal.

    Attributes
    ----------
    goal : Goal
        The map on which they are felt.
    distance, doubt : ndarray, shape (axes,)
        Pixels of the goal along each axis, and by how many that may be wrong.
    same_sample : bool
        Whether both are felt in one sample.
    at_output : bool
        Whether the goal is the output: samples of a later step's map may be frames that become an
        axis again.
    """

    goal: Goal
    distance: NDArray[np.float64]
    doubt: NDArray[np.float64]
    same_sample: bool
    at_output: bool


class Shift(NamedTuple):
    """Two touches of one map.

    Attributes
    ----------
    corner, moved : Touch
        The two.
    apart : tuple of int
        Pixels of the map from the one to the other along each axis.
    sides : tuple of int
        Sides of the map.
    """

    corner: Touch
    moved: Touch
    apart: tuple[int, ...]
    sides: tuple[int, ...]

    def gaps(self, goals: Mapping[int, Goal]) -> list[Gap]:
        """Return how far apart both are felt on each goal, first where the ratio is nearest to one.

        The nearer a ratio is to one, the fewer simple fractions lie within its doubt.
        """
        if max(self.apart, default=0) < 1:
            return []
        both = [spot for spot in self.corner.felt if spot in self.moved.felt and spot[0] in goals]
        found = []
        for spot in both:
            goal, one, other = goals[spot[0]], self.corner.felt[spot], self.moved.felt[spot]
            unit = np.array([float(s) for s in goal.spacing])
            distance = np.abs(other.centre - one.centre) / unit
            # A touch is felt over some area. Where its centre went is known to half the spread of
            # that, and no better than to half a pixel.
            doubt = (np.hypot(other.spread, one.spread) / 2 + 0.5) / unit
            same = one.sample == other.sample
            found.append(Gap(goal, distance, doubt, same, at_output=spot == OUTPUT))
        steps = max(self.apart)
        return sorted(found, key=lambda gap: abs(np.log(max(gap.distance.max(), 1e-9) / steps)))


def follow_periods(model: nn.Module, discovery: Discovery, example: Tensor) -> Discovery:
    """Return a discovery with the period of each step's grid in the output.

    The model runs once untouched and once for each touch: two for each step and for the input
    where each axis grows as the sizes of the maps say. Elsewhere one more for each axis, all of it
    twice, and up to four times where nothing can be told. One sample is enough.

    Parameters
    ----------
    model : torch.nn.Module
        Left as it came.
    discovery : Discovery
        What `discover` returned for it.
    example : Tensor, shape (1, C, *spatial) or whatever the model takes
        The input of that discovery.

    Returns
    -------
    Discovery
        The discovery with its ``periods``, ``period_reasons``, ``output_periods`` and ``ratio``.
    """
    if discovery.layout is None:
        reason = f"the output is no map: {discovery.reading.reason}"
        steps = len(discovery.steps)
        return replace(discovery, periods=(None,) * steps, period_reasons=(reason,) * steps)
    touchable = Touchable(model, discovery, example)
    known: dict[int, Ways] = {}
    found: list[Period | str] = []
    # From the last step on, so that each may be read off the maps of those behind it.
    for index in reversed(range(len(discovery.steps))):
        step = discovery.steps[index]
        ways = _follow(touchable, (index, step.calls // 2), step.output_shape, known)
        if not isinstance(ways, str):
            known[index] = ways
        found.insert(0, _period(step, ways, axes=len(discovery.output_shape) - 1))
    periods = tuple(None if isinstance(p, str) else p for p in found)
    scored = [p and scored_period(p, discovery.output_shape) for p in periods]
    return replace(
        discovery,
        periods=periods,
        output_periods=different_periods(scored),
        period_reasons=tuple(p if isinstance(p, str) else None for p in found),
        ratio=_ratio_of_input(touchable, known),
    )


def _period(step: Step, ways: Ways | str, *, axes: int) -> Period | str:
    """Return the period of a step's grid along each axis of the output, or why there is none."""
    if not step.factor:
        return step.reason or "the step has no lattice"
    if isinstance(ways, str):
        return ways
    period = [Fraction(1)] * axes
    for factor, way in zip(step.factor, ways, strict=True):
        if factor > 1 and way is not None:
            if period[way.axis] != 1:
                return "two axes of its map lie along one of the output's"
            period[way.axis] = factor * way.ratio
    for pixels in period:
        # A grid of 3/2 px meets whole pixels every 3; one of less than a pixel is gone.
        if pixels.denominator > 1 and pixels.numerator > LONGEST_PERIOD:
            what = f"{float(pixels):.4g} {places(axes)}"
            return f"its grid has {what} in the output, no whole number"
    return tuple(pixels.numerator for pixels in period)


def _ratio_of_input(touchable: Touchable, known: Mapping[int, Ways]) -> tuple[Fraction, ...] | None:
    """Return output over input pixels of each axis; None where they share no grid."""
    shape = tuple(touchable.example.shape[1:])
    if len(shape) != len(touchable.discovery.output_shape) or min(shape[1:], default=1) < 2:
        return None
    ways = _follow(touchable, INPUT, shape, known)
    if isinstance(ways, str) or any(way is None or way.axis != i for i, way in enumerate(ways)):
        return None
    return tuple(way.ratio for way in ways if way is not None)


def _follow(
    touchable: Touchable, spot: Spot, shape: Sequence[int], known: Mapping[int, Ways]
) -> Ways | str:
    """Return where the axes of one map go in the output, or why that is not known."""
    sides = tuple(shape[1:])
    goals = _goals(touchable.discovery, known)
    felt_at: float | None = None  # the least strength at which the output feels a touch
    odd: set[Ways] = set()
    for strength, (low, high) in product(TOUCHES, PLACES):
        # A stronger touch is for maps whose detours are faint; where a touch was felt and not
        # understood, a stronger one only spreads further.
        if felt_at is not None and strength > felt_at:
            break
        corner = touchable.at(spot, [low] * len(sides), strength)
        if corner is None:
            return f"the model does not run with its map changed: {touchable.error}"
        if OUTPUT not in corner.felt:
            continue
        felt_at = strength
        # One touch moves along all axes at once, by another distance along each. It is enough
        # where each axis stays itself and grows as the sizes of the maps do.
        # Distances that differ from axis to axis also show where two axes change places.
        diagonal = [high - axis * (high - low) / 4 for axis in range(len(sides))]
        shift = _shift(touchable, spot, corner, diagonal, strength=strength, sides=sides)
        if (ways := _as_sizes_say(shift, goals)) is not None:
            return ways
        told: list[Told] = []
        for axis, side in enumerate(sides):
            shares = [high if a == axis else low for a in range(len(sides))]
            shift = _shift(touchable, spot, corner, shares, strength=strength, sides=sides)
            one = _told(shift, axis, goals) if side > 1 else ENDS
            if one is None:
                break
            told.append(one)
        else:
            ways = tuple(one.way for one in told)
            # What a layer makes of a touch differs from place to place: one reading may be odd.
            if ways in odd or all(one.as_sizes_say for one in told):
                return ways
            odd.add(ways)
    if felt_at is None:
        return touchable.unfelt
    return "where its map lies in the output cannot be followed"


def _goals(discovery: Discovery, known: Mapping[int, Ways]) -> dict[int, Goal]:
    """Return the maps whose own way to the output is known, by the number of their step."""
    goals = {
        index: Goal(discovery.steps[index].input_shape[1:], discovery.steps[index].spacing, ways)
        for index, ways in known.items()
        if discovery.steps[index].spacing
    }
    sides, one = discovery.output_shape[1:], Fraction(1)
    as_it_is = tuple(Way(axis, one) for axis in range(len(sides)))
    return goals | {OUTPUT[0]: Goal(sides, (one,) * len(sides), as_it_is)}


def _shift(
    touchable: Touchable,
    spot: Spot,
    corner: Touch,
    shares: Sequence[float],
    *,
    strength: float,
    sides: tuple[int, ...],
) -> Shift:
    """Touch a map at another place, and return both touches.

    Parameters
    ----------
    touchable : Touchable
        The model.
    spot : tuple
        The map.
    corner : Touch
        The first touch.
    shares : sequence of float
        The other place, as shares of the map's sides.
    strength : float
        Height of the patch, in standard deviations of the map.
    sides : tuple of int
        Sides of the map.
    """
    # A touch with which the model fails is felt nowhere, and tells nothing.
    moved = touchable.at(spot, shares, strength) or Touch(corner.start, {})
    apart = tuple(b - a for a, b in zip(corner.start, moved.start, strict=True))
    return Shift(corner, moved, apart, sides)


def _as_sizes_say(shift: Shift, goals: Mapping[int, Goal]) -> Ways | None:
    """Return the ways if each axis stays itself and grows, or shrinks, as the sizes do.

    None where no goal shows that.
    """
    for goal, distance, doubt, same_sample, _ in shift.gaps(goals):
        if not same_sample or len(goal.sides) != len(shift.sides) or min(shift.apart) < 1:
            continue
        ratios = [Fraction(n, m) for n, m in zip(goal.sides, shift.sides, strict=True)]
        expected = np.array([float(r) for r in ratios]) * shift.apart
        whole = all(1 in (r.numerator, r.denominator) for r in ratios)
        agree = (np.abs(distance - expected) <= doubt) & (distance >= SURE * doubt)
        if whole and agree.all() and None not in goal.ways:
            return tuple(goal.onward(axis, ratio) for axis, ratio in enumerate(ratios))
    return None


def _told(shift: Shift, axis: int, goals: Mapping[int, Goal]) -> Told | None:
    """Return where one axis goes, from two touches that lie apart along it alone.

    None where that cannot be told.
    """
    ends = False
    for goal, distance, doubt, same_sample, at_output in shift.gaps(goals):
        along = int(distance.argmax())
        # Both are felt at one place. In different samples of the output, the axis has become that
        # of samples; in one sample, this goal tells nothing of it.
        if distance[along] <= doubt[along]:
            ends |= at_output and not same_sample
            continue
        aside = np.delete(distance - doubt, along)
        if not same_sample or (aside > distance[along] / ASIDE).any():
            continue
        sizes = Fraction(goal.sides[along], shift.sides[axis])
        apart = shift.apart[axis]
        ratio = simplest_ratio(distance[along] / apart, doubt[along] / apart, sizes=sizes)
        if ratio is not None and (way := goal.onward(along, ratio)) is not None:
            return Told(way, as_sizes_say=ratio == sizes)
    return ENDS if ends else None


def simplest_ratio(measured: float, doubt: float, *, sizes: Fraction) -> Fraction | None:
    """Return the one simple ratio within the doubt about a measured one, None if there is no one.

    The ratio of the maps' sizes is taken where it is whole, or one over a whole number, and
    agrees with what was measured. Else it is the fraction of the smallest denominator within the
    doubt, if the ratio is near one and no other fraction of that denominator lies there.

    Parameters
    ----------
    measured, doubt : float
        A ratio, and by how much it may be wrong.
    sizes : Fraction
        Side of the map in which the axis ends over that of the map in which it begins.

    Examples
    --------
    >>> str(simplest_ratio(1.48, 0.1, sizes=Fraction(88, 64)))
    '3/2'
    """
    if measured < SURE * doubt:
        return None
    low, high = measured - doubt, measured + doubt
    if low <= sizes <= high and 1 in (sizes.numerator, sizes.denominator):
        return sizes
    if not 1 / FAR <= measured <= FAR:
        return None
    for bottom in range(1, SIMPLE + 1):
        tops = range(max(ceil(low * bottom), 1), floor(high * bottom) + 1)
        if len(tops) == 1:
            return Fraction(tops[0], bottom)
        if tops:
            return None
    return None
