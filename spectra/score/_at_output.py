"""What the output shows at the frequencies of one step, or why nobody knows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from spectra import _names as names
from spectra.score._score import score
from spectra.score._types import Score, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spectra.gather import Passed
    from spectra.score._score import LatticeReading


@dataclass(frozen=True)
class AtOutput:
    """What of a step reaches the model's output: the output judged at the step's own frequencies.

    Attributes
    ----------
    locked_dbc : float or None
        Locked energy there; None with a ``reason``.
    change_db : float or None
        ``locked_dbc`` less the step's own; None where either is no more than a bound.
    line_drop_db : float or None
        How far the output's lines fall without the step's mean pattern; None where not measured.
    p : float or None
        p-value of the test there; None where it was not made.
    verdict : {"none", "suspect", "present", "insufficient"}
        "none": the output holds nothing of the step; "insufficient": nobody knows.
    reason : str or None
        Why there is no number.
    shared_with : tuple of str
        Labels of other steps with the same frequencies.
    locked_lower_dbc : float or None
        The least that the locked energy is, where all the power may be locked and no more is known.
    line_dbc, replica_dbc : float or None
        The two parts of `locked_dbc`; None of a part that is not above zero.
    without_db : float or None
        Change of the output's locked over remaining energy, at the lattice points of all periods
        at which it has a grid, once the grid-locked part of the step's map is taken away and the
        rest of the model runs on. Negative: the output has less without the step's grid.
    without_ci95_db : tuple of float or None
        Its 95 % interval over inputs; None where the lower end is no energy at all.
    without_upper_db : float or None
        Upper end of that interval.
    without_reason : str or None
        Why there is no number, or why it is zero.
    line_drop_is_bound : bool
        Whether the output's lines are no more than rounding on one side, with the pattern or
        without it: they fall, or rise, by at least `line_drop_db`.
    """

    locked_dbc: float | None = None
    change_db: float | None = None
    line_drop_db: float | None = None
    p: float | None = None
    verdict: Verdict = "insufficient"
    reason: str | None = None
    shared_with: tuple[str, ...] = ()
    locked_lower_dbc: float | None = None
    without_db: float | None = None
    without_ci95_db: tuple[float, float] | None = None
    without_upper_db: float | None = None
    without_reason: str | None = None
    line_drop_is_bound: bool = False
    line_dbc: float | None = None
    replica_dbc: float | None = None

    @property
    def told_dbc(self) -> float | None:
        """The energy to compare by: the estimate, or the least where no more is known."""
        return self.locked_lower_dbc if self.locked_dbc is None else self.locked_dbc


def at_output(
    passed: Passed,
    index: int,
    own: Score,
    *,
    output: LatticeReading | None,
    inherited: NDArray[np.bool_],
) -> AtOutput:
    """Judge the output at a step's own frequencies, without those that it inherits.

    Parameters
    ----------
    passed : Passed
        What the inputs left.
    index : int
        Index of the step.
    own : Score
        Score of the step's own maps.
    output : LatticeReading or None
        What the output's lattice points show; None where they were not scored.
    inherited : ndarray of bool, shape (point,)
        Lattice points of the output whose peak the inputs already had.
    """
    reason = _obstacle(passed, index, output)
    if reason is not None or output is None:
        return AtOutput(reason=reason)
    period, scored = passed.found.periods[index], passed.found.scored_periods[index]
    assert period is not None
    assert scored is not None
    shrunk = f"later layers shrink its grid to one {names.place(len(period))}"
    if max(period) == 1:
        return AtOutput(verdict="none", reason=shrunk)
    points = output.owned_by(scored) & ~inherited
    if not points.any():
        reason = "every peak at its frequencies is inherited from the inputs"
        return AtOutput(verdict="none", reason=reason)
    there = score(output, passed.output.data, chosen=points)
    row = AtOutput(p=there.p, verdict=there.verdict, shared_with=_sharing(passed, index))
    if there.verdict == "none":
        return replace(row, reason=f"no grid at its frequencies (p = {there.p:.2g})")
    if there.asr_dbc is None:
        return replace(row, locked_lower_dbc=there.asr_lower_dbc, reason=there.reason)
    row = replace(
        row, locked_dbc=there.asr_dbc, line_dbc=there.line_dbc, replica_dbc=there.replica_dbc
    )
    if own.asr_dbc is None or own.verdict not in ("present", "suspect"):
        return row
    return replace(row, change_db=there.asr_dbc - own.asr_dbc)


def too_small(maps: str, shape: Sequence[int], wanted: Sequence[int]) -> str:
    """Say that maps have no room for the lattice of a period."""
    size = names.times(shape[1:])
    return f"{maps} of {size} are too small to score a grid of period {names.period(wanted)}"


def _obstacle(passed: Passed, index: int, output: LatticeReading | None) -> str | None:
    """Return why the output was not scored at a step's frequencies, if so."""
    found, plan = passed.found, passed.output.plan
    own, scored = found.periods[index], found.scored_periods[index]
    if passed.few is None:
        return "no inputs"
    if own is None or scored is None:
        return found.period_reasons[index]
    if output is None:
        return f"the output was not scored: {score(None, passed.output.data).reason}"
    if max(own) > 1 and not output.owned_by(scored).any():
        why = dict(plan.left_out).get(scored)
        return f"its period is not scored: {why}" if why else too_small("outputs", plan.shape, own)
    return None


def _sharing(passed: Passed, index: int) -> tuple[str, ...]:
    """Return the labels of other steps whose frequencies in the output are the same."""
    grids = passed.found.scored_periods
    return tuple(
        step.label
        for other, step in enumerate(passed.found.steps)
        if other != index and grids[other] == grids[index]
    )
