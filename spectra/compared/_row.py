"""The rows of a comparison: one place of both models, before, after, and the difference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from spectra.score import LockedChange, Score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spectra.compared._side import Side, Stored
    from spectra.explain import StepRow
    from spectra.probe import FlatLines

Where = Literal["own maps", "at output", "flat field", "output", "input"]
Points = tuple[tuple[float, ...], ...]
FOUND = ("present", "suspect")
OTHER_POINTS = "scored at other frequencies"
OTHER_GROUPS = "inputs were grouped or dropped differently"
ONE_INPUT = "of one constant input, which has no interval"
SAME_INPUTS = "the same inputs"
NO_SUMS = "no sums are stored of this place"
NO_INTERVAL = "no interval is stored"
INHERITED = "peaks that the inputs had on one side only are left out on both"
CONTENT = "fixed content was set apart on one side only"


@dataclass(frozen=True)
class Row:
    """One place of two models.

    Attributes
    ----------
    where : {"own maps", "at output", "flat field", "output", "input"}
        A step's own maps; the output at the frequencies of that step; lines that a constant input
        leaves at it, where neither result has inputs; the output as a whole; the inputs, which
        are the control.
    labels : tuple of str
        The step's name before and after; empty for output and input.
    kinds : tuple of str
        Its kind before and after.
    before, after : Score
        Locked energy, interval and verdict on both sides.
    change : LockedChange
        The difference in dB, with its interval; `LockedChange.paired` says of which kind.
    unpaired : str or None
        Why the difference is that of two runs apart, where it is.
    notes : tuple of str
        What else the two numbers do not share.
    """

    where: Where
    labels: tuple[str, str]
    kinds: tuple[str, str]
    before: Score
    after: Score
    change: LockedChange
    unpaired: str | None = None
    notes: tuple[str, ...] = ()


class Rows:
    """Makes the rows of two sides.

    Parameters
    ----------
    before, after : Side
        The two results.
    unpaired : str or None
        Why nothing can be paired: other inputs.
    incomparable : str or None
        Why no number can be compared at all.
    """

    def __init__(
        self, before: Side, after: Side, *, unpaired: str | None, incomparable: str | None
    ) -> None:
        self._before, self._after = before, after
        self._unpaired, self._incomparable = unpaired, incomparable

    def output(self) -> Row:
        """Return the row of the output as a whole."""
        rows = [side.summary.output for side in (self._before, self._after)]
        inherited = tuple(row.inherited for row in rows)
        return self._row("output", ("output",) * 2, [row.score for row in rows], left_out=inherited)

    def input(self) -> Row:
        """Return the control row."""
        scores = [side.summary.input.score for side in (self._before, self._after)]
        row = self._row("input", ("input",) * 2, scores)
        if self._unpaired or self._incomparable or row.change.db is not None:
            return row
        return replace(row, change=_nothing(SAME_INPUTS))

    def own_maps(self, i: int, j: int) -> Row:
        """Return the row of the maps of two steps, by their indices."""
        steps = self._before.summary.steps[i], self._after.summary.steps[j]
        return self._row(
            "own maps",
            (f"steps/{i}", f"steps/{j}"),
            [step.score for step in steps],
            steps=steps,
            left_out=tuple(step.inherited for step in steps),
        )

    def at_output(self, i: int, j: int) -> Row:
        """Return the row of the output at the frequencies of two steps, by their indices."""
        steps = self._before.summary.steps[i], self._after.summary.steps[j]
        return self._row(
            "at output",
            ("output",) * 2,
            [_at_output(step) for step in steps],
            steps=steps,
            left_out=tuple(side.summary.output.inherited for side in (self._before, self._after)),
        )

    def flat_field(self, i: int, j: int) -> Row:
        """Return the row of what a constant input leaves at two steps, by their indices."""
        steps = self._before.summary.steps[i], self._after.summary.steps[j]
        before, after = (_flat_field(step.flat_field) for step in steps)
        change = _nothing(self._incomparable or _unscored(before, after))
        if change.reason is None and before.asr_dbc is not None and after.asr_dbc is not None:
            change = LockedChange(
                after.asr_dbc - before.asr_dbc, None, None, paired=False, reason=ONE_INPUT
            )
        labels, kinds = (steps[0].label, steps[1].label), (steps[0].kind, steps[1].kind)
        return Row(
            "flat field",
            labels,
            kinds,
            before=before,
            after=after,
            change=change,
            unpaired=ONE_INPUT,
        )

    def _row(
        self,
        where: Where,
        paths: tuple[str, str],
        scores: Sequence[Score],
        *,
        steps: tuple[StepRow, StepRow] | None = None,
        left_out: tuple[Points, ...] = ((), ()),
    ) -> Row:
        """Return one row: paired where both sides hold the same points of the same groups."""
        labels = (steps[0].label, steps[1].label) if steps else ("", "")
        kinds = (steps[0].kind, steps[1].kind) if steps else ("", "")
        before, after = scores
        made = Row(
            where,
            labels,
            kinds,
            before=before,
            after=after,
            change=_nothing(None),
            unpaired=self._unpaired,
        )
        shares = [score.content_share is not None for score in scores]
        notes: tuple[str, ...] = (CONTENT,) if shares[0] != shares[1] else ()
        if self._incomparable:
            nothing = _nothing(self._incomparable)
            return replace(made, change=nothing, unpaired=self._incomparable)
        if reason := _unscored(before, after):
            nothing, clean = _nothing(reason), before.verdict == after.verdict == "none"
            change = nothing.without_floor(before, after) if clean else nothing
            return replace(made, change=change)
        stored = [side.places.get(path) for side, path in zip(self._sides, paths, strict=True)]
        periods = (
            [step.period_in_output for step in steps] if steps and where == "at output" else None
        )
        chosen = _chosen(stored, left_out, periods)
        if chosen is not None and where == "at output":
            before, after = (
                _with_energy(score, place, points)
                for score, place, points in zip(scores, stored, chosen, strict=True)
            )
        unpaired = self._unpaired or _why_apart(stored, chosen)
        if unpaired is None and chosen is not None:
            old, new = (place.lattice for place in stored if place is not None)
            assert not isinstance(old, str)
            assert not isinstance(new, str)
            if set(left_out[0]) != set(left_out[1]):
                notes += (INHERITED,)
                before, after = (
                    _with_energy(score, place, points)
                    for score, place, points in zip(scores, stored, chosen, strict=True)
                )
            found = before.verdict in FOUND and after.verdict in FOUND
            change = LockedChange.on_the_same_inputs(old, new, chosen=chosen, found=found)
        else:
            change = LockedChange.of_two_runs(before, after)
        change = change.without_floor(before, after)
        if change.db is not None and change.upper_db is None and change.lower_db is None:
            change = replace(change, reason=NO_INTERVAL)
        return replace(
            made, before=before, after=after, change=change, unpaired=unpaired, notes=notes
        )

    @property
    def _sides(self) -> tuple[Side, Side]:
        return self._before, self._after


def _nothing(reason: str | None) -> LockedChange:
    return LockedChange(None, None, None, paired=False, reason=reason)


def _unscored(before: Score, after: Score) -> str | None:
    """Return why one of two scores has no number of any kind, if so."""
    for when, score in (("before", before), ("after", after)):
        bounds = (score.asr_dbc, score.asr_lower_dbc, score.asr_upper_dbc)
        if all(bound is None for bound in bounds):
            return f"no number {when}: {score.reason or 'not measured'}"
    return None


def _at_output(step: StepRow) -> Score:
    """Return what the output holds of a step as a score."""
    there = step.at_output
    return Score(
        asr_dbc=there.locked_dbc,
        asr_lower_dbc=there.locked_lower_dbc,
        p=there.p,
        verdict=there.verdict,
        reason=there.reason,
    )


def _flat_field(flat: FlatLines) -> Score:
    """Return the lines that a constant input leaves as a score; of lines that settled only."""
    if flat.clean:
        return Score(asr_upper_dbc=flat.line_upper_dbc, verdict="none", reason=flat.reason)
    if flat.settled_dbc is None:
        return Score(reason=flat.reason or "the lines have not settled")
    return Score(asr_dbc=flat.settled_dbc)


def _with_energy(score: Score, place: Stored | None, points: NDArray[np.bool_]) -> Score:
    """Return a score with the energy of chosen points; only its bound where the test finds none."""
    assert place is not None
    assert not isinstance(place.lattice, str)
    told = place.lattice.told(points, score)
    if score.asr_dbc is None and score.verdict == "none":
        return replace(told, asr_dbc=None, asr_ci95_dbc=None, asr_lower_dbc=None)
    return told


def _chosen(
    stored: Sequence[Stored | None],
    left_out: tuple[Points, ...],
    periods: Sequence[tuple[int, ...] | None] | None,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Return the lattice points of both sides to compare, without those inherited on either.

    Of steps at the output those of their own periods; None where they cannot be told.
    """
    out = {_rounded(f) for points in left_out for f in points}
    masks = []
    for number, place in enumerate(stored):
        if place is None or isinstance(place.lattice, str):
            return None
        lattice = place.lattice
        kept = np.array([_rounded(f) not in out for f in lattice.frequency.tolist()], bool)
        if periods is not None:
            own = _scored(periods[number], lattice.period)
            if own is None:
                return None
            kept &= (lattice.period == own).all(axis=1)
        if not kept.any():
            return None
        masks.append(kept)
    return masks[0], masks[1]


def _scored(period: tuple[int, ...] | None, scored: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return at which of the scored periods the output holds a step's: the largest divisor."""
    if period is None or len(period) != scored.shape[1]:
        return None
    divides = [p for p in np.unique(scored, axis=0) if not (np.array(period) % p).any()]
    return max(divides, key=lambda p: int(np.prod(p)), default=None)


def _why_apart(
    stored: Sequence[Stored | None],
    chosen: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None,
) -> str | None:
    """Return why two places cannot be paired though the inputs are the same; None if they can."""
    before, after = stored
    if before is None or after is None or chosen is None:
        return NO_SUMS
    if not before.grouped_like(after):
        return OTHER_GROUPS
    points = [
        {_rounded(f) for f in place.lattice.frequency[own].tolist()}
        for place, own in zip((before, after), chosen, strict=True)
        if not isinstance(place.lattice, str)
    ]
    return None if points[0] == points[1] else OTHER_POINTS


def _rounded(frequency: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(f, 6) for f in frequency)
