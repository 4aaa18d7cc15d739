"""How much the locked energy changes: of one network on the same inputs, or between two runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, log10
from typing import TYPE_CHECKING

import numpy as np

from spectra.score._energy import (
    Energy,
    Lattice,
    jackknife,
    jackknife_error,
    locked_energy,
    ratio_dbc,
    student,
)
from spectra.score._ratio import Estimate, ratio_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spectra.score._types import Score

FULL = "all the power may be locked"
ROUNDING_DB = 1e-9  # a change of less is what sums in another order leave
FLOOR = "no grid on either side"
BOUND = "one of the two is no more than a bound"


@dataclass(frozen=True)
class LockedChange:
    """Locked over remaining energy after, against before.

    Attributes
    ----------
    db : float or None
        Negative: it fell. None where nothing above zero is left, or all power before may have
        been locked.
    ci95_db : tuple of float or None
        Its 95 % interval; None where an end of it is no energy, or all.
    upper_db : float or None
        The interval's upper end; None where before there was no energy to compare with.
    lower_db : float or None
        The interval's lower end; None where after there may be no energy at all.
    paired : bool
        Whether the interval is over what the same inputs do on both sides; else it is that of
        two runs which know nothing of each other.
    reason : str or None
        Why there is no number, or no interval.
    """

    db: float | None
    ci95_db: tuple[float, float] | None
    upper_db: float | None
    lower_db: float | None = None
    paired: bool = True
    reason: str | None = None

    @property
    def fell(self) -> bool:
        """Whether the whole interval lies below no change."""
        return self.upper_db is not None and self.upper_db < 0

    @property
    def rose(self) -> bool:
        """Whether the whole interval lies above no change."""
        lower = self.lower_db if self.ci95_db is None else self.ci95_db[0]
        return lower is not None and lower > 0

    @property
    def half_width_db(self) -> float | None:
        """Half of the interval; None where it has one end only."""
        return None if self.ci95_db is None else (self.ci95_db[1] - self.ci95_db[0]) / 2

    @classmethod
    def between(
        cls, before: Lattice | str, after: Lattice | str, *, chosen: NDArray[np.bool_] | None = None
    ) -> LockedChange | str:
        """Compare the locked energy at lattice points of the same inputs' maps before and after.

        For one network with and without a change: the inputs differ much in how strong a grid
        they carry, the change of each does not. A jackknife of the ratio over the same groups of
        blocks on both sides therefore gives a narrower interval than the two sides' own.

        Parameters
        ----------
        before, after : Lattice or str
            Lattice points of maps of one plan, or why there are none: see `Lattice.of`.
        chosen : ndarray of bool, shape (point,), optional
            Lattice points to compare; all by default.

        Returns
        -------
        LockedChange or str
            A text says why they cannot be compared.
        """
        if isinstance(before, str):
            return before
        if isinstance(after, str):
            return after
        if not np.array_equal(before.frequency, after.frequency):
            return "their grids were looked for at other periods"
        points = np.ones(len(before.frequency), bool) if chosen is None else chosen
        old, new = (locked_energy(lattice, points) for lattice in (before, after))
        if new.bounded:
            return "all the power may be locked after the change"
        if old.bounded:
            return cls(None, None, _most(old, new))
        first, second = (_ratios(lattice, points) for lattice in (before, after))
        if first.shape != second.shape:
            return "some maps are constant or not finite on one side only"
        if first.min() <= 0:
            return cls(None, None, None)
        folds = second / first
        centre = float(jackknife(folds))
        reach = student(folds.size - 2) * float(jackknife_error(folds))
        low, middle, high = (_decibel(v) for v in (centre - reach, centre, centre + reach))
        interval = None if low is None or high is None else (low, high)
        return cls(middle, interval, high if high is not None else -inf, low)

    @classmethod
    def on_the_same_inputs(
        cls,
        before: Lattice,
        after: Lattice,
        *,
        chosen: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None = None,
        found: bool = False,
    ) -> LockedChange:
        """Compare two models' maps of the same inputs, whose groups of blocks are the same.

        The change is that of the two energies as they are told alone. Its interval takes in what
        a group without one input does to both: see `ratio_interval`. Few inputs that carry most
        of the grid may leave that without an end, as alone they hardly keep either energy above
        zero, while each of them changes alike: where the test finds a grid on both sides, the
        jackknife of the logarithm of the ratio gives the end that is missing. Turned around a
        change is the negative: A is better than B just where B is worse than A.

        Parameters
        ----------
        before, after : Lattice
            Lattice points of maps of the same inputs, in the same groups.
        chosen : tuple of ndarray of bool, optional
            Lattice points of each to compare; all by default.
        found : bool
            Whether the test finds a grid on both sides, so that neither energy is zero.
        """
        points = chosen or tuple(np.ones(len(each.frequency), bool) for each in (before, after))
        sides = tuple(zip((before, after), points, strict=True))
        told = [locked_energy(lattice, own) for lattice, own in sides]
        if any(energy.bounded for energy in told):
            return _of_bounds(*map(_bounds, told), paired=True)
        folds = np.stack([_ratios(lattice, own) for lattice, own in sides])
        spread = _covariance(folds)
        if not np.array_equal(*folds):  # what is rough under a line is one draw for each model
            drawn = np.array([lattice.draw[own].sum() for lattice, own in sides])
            spread += np.diag(drawn / np.array([1 - energy.share for energy in told]) ** 4)
        quantile = student(folds.shape[1] - 2)
        reaches = quantile * np.sqrt(np.diag(spread))
        first, second = (
            Estimate(energy.share / (1 - energy.share), below=float(reach), above=float(reach))
            for energy, reach in zip(told, reaches, strict=True)
        )
        change = _change(first, second, shared=quantile**2 * float(spread[0, 1]), paired=True)
        if not found or change.db is None or change.ci95_db is not None or folds.min() <= 0:
            return change
        ratios = 10 * np.log10(folds[1] / folds[0])
        reach = student(_freedom(ratios)) * float(jackknife_error(ratios))
        lower, upper = change.db - reach, change.db + reach
        lower = lower if change.lower_db is None else min(lower, change.lower_db)
        upper = upper if change.upper_db is None else max(upper, change.upper_db)
        return replace(change, ci95_db=(lower, upper), lower_db=lower, upper_db=upper)

    @classmethod
    def of_two_runs(cls, before: Score, after: Score) -> LockedChange:
        """Compare two scores by their own intervals, as if of different inputs.

        Parameters
        ----------
        before, after : Score
            With at least a bound of the locked energy each; a reason stands where there is none.
        """
        first, second = _estimate(before), _estimate(after)
        if first is not None and second is not None:
            return _change(first, second, shared=0.0, paired=False)
        return _of_bounds(_ends(before), _ends(after), paired=False)

    def without_floor(self, before: Score, after: Score) -> LockedChange:
        """Return what is left of a change where one of the energies is below the floor.

        Such an energy may be any below its bound: of the change only the end that rests on the
        other is known.
        """
        below = [score.below_floor for score in (before, after)]
        if not any(below):
            return self
        if all(below):
            return replace(self, db=None, ci95_db=None, upper_db=None, lower_db=None, reason=FLOOR)
        lower = self.lower_db if below[0] else None
        upper = self.upper_db if below[1] else None
        return replace(self, db=None, ci95_db=None, upper_db=upper, lower_db=lower, reason=BOUND)


def _ratios(lattice: Lattice, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return locked over remaining energy in each fold, the chosen lattice points together."""
    shares: NDArray[np.float64] = (lattice.line + lattice.replica)[:, chosen].sum(axis=1)
    return shares / (1 - shares)


def _covariance(folds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the jackknife covariance of two statistics, folds along the last axis."""
    groups = folds.shape[1] - 1
    apart = folds[:, 1:] - folds[:, 1:].mean(axis=1, keepdims=True)
    spread: NDArray[np.float64] = (groups - 1) / groups * (apart @ apart.T)
    return spread


def _freedom(folds: NDArray[np.float64]) -> float:
    """Return the degrees of freedom of a jackknife to which few groups may contribute most.

    Of normal deviations the participation ratio is a third of their number; of one that is larger
    than all others together it is 1, which leaves two degrees of freedom.
    """
    squares = (folds[1:] - folds[1:].mean()) ** 2
    if not squares.any():
        return len(squares) - 1
    return float(min(len(squares), 3 * squares.sum() ** 2 / (squares**2).sum()) - 1)


def _most(old: Energy, new: Energy) -> float | None:
    """Return the change at most, where of the energy before only a lower bound is known."""
    least, most = ratio_dbc(old.least), ratio_dbc(new.interval[1])
    if least is None:
        return None
    return -inf if most is None else most - least


def _decibel(ratio: float) -> float | None:
    if ratio <= 0:
        return None
    change = 10 * log10(ratio)
    return 0.0 if abs(change) < ROUNDING_DB else change


def _change(before: Estimate, after: Estimate, *, shared: float, paired: bool) -> LockedChange:
    """Return the change between two energies, each over its remaining energy."""
    low, high = ratio_interval(after, before, shared=shared)
    known = before.value > 0 and after.value > 0
    lower, upper = _decibel(low), None if high == inf else _decibel(high)
    return LockedChange(
        _decibel(after.value / before.value) if known else None,
        None if lower is None or upper is None else (lower, upper),
        upper,
        lower,
        paired=paired,
        reason=None if known else BOUND if lower is not None or upper is not None else FLOOR,
    )


def _of_bounds(
    before: tuple[float, float], after: tuple[float, float], *, paired: bool
) -> LockedChange:
    """Return the change between two energies of which only ends are known."""
    (least, most), (new_least, new_most) = before, after
    lower = _decibel(new_least / most) if most < inf else None
    upper = _decibel(new_most / least) if least > 0 and new_most < inf else None
    reason = BOUND if lower is not None or upper is not None else FULL
    return LockedChange(None, None, upper, lower, paired=paired, reason=reason)


def _bounds(energy: Energy) -> tuple[float, float]:
    """Return the ends of an energy over the remaining energy: 0 for none, infinity for all."""
    low, high = energy.least, energy.interval[1]
    return max(low, 0.0) / (1 - low), inf if energy.bounded else high / (1 - high)


def _estimate(score: Score) -> Estimate | None:
    """Return a score's energy over the remaining energy, if it is more than a bound."""
    if score.asr_dbc is None:
        return None
    value, (low, high) = _power(score.asr_dbc, 0.0), _ends(score)
    return Estimate(value, below=value - low, above=high - value)


def _ends(score: Score) -> tuple[float, float]:
    """Return the ends of a score's interval: 0 where none keeps it above zero, else infinity."""
    low, high = score.asr_ci95_dbc or (score.asr_lower_dbc, score.asr_upper_dbc)
    return _power(low, 0.0), _power(high, inf)


def _power(dbc: float | None, otherwise: float) -> float:
    return otherwise if dbc is None else float(10 ** (dbc / 10))
