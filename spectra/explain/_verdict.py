"""Which verdict the run gets, which step is to blame, and which is the worst."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spectra.explain._blame import Blame, blame, relation
from spectra.explain._summary import BlameRow, StepName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.explain._summary import StepRow
    from spectra.probe import Removals
    from spectra.score import Score, Verdict

ORDER: tuple[Verdict, ...] = ("present", "suspect", "insufficient", "none")
FOUND = ("present", "suspect")
UNDECIDED = ("several", "not told apart", "none")  # where taking grids away names no step


def overall_verdict(output: Score, steps: Sequence[StepRow]) -> Verdict:
    """Return the output's verdict; where it has none, that of the steps.

    That is "none" only where every step was scored: a step that was not may be the worst.

    Parameters
    ----------
    output : Score
        Score of the output, inherited peaks taken out.
    steps : sequence of StepRow
        The rows of the steps.
    """
    if output.verdict != "insufficient":
        return output.verdict
    verdicts = {row.score.verdict for row in steps}
    return next((verdict for verdict in ORDER if verdict in verdicts), "insufficient")


def blame_row(
    removals: Removals, steps: Sequence[StepRow], output: Score, *, floor_dbc: float | None = None
) -> BlameRow:
    """Return which step the output's grid comes from, by names.

    Parameters
    ----------
    removals : Removals
        What the output shows without the grids of steps.
    steps : sequence of StepRow
        The rows of the steps.
    output : Score
        Score of the output, inherited peaks taken out.
    floor_dbc : float, optional
        Locked energy of the output below which no step is named.
    """
    if output.verdict not in FOUND:
        return BlameRow()
    names = [StepName(row.name, row.call) for row in steps]
    found = blame(removals, output_dbc=output.told_dbc, floor_dbc=floor_dbc)
    only = _only(steps, output) if found.standing in (*UNDECIDED, "faint") else None
    if only is not None and removals.steps[only].innocent:
        only = None
    if only is not None:
        found = Blame("only", only)
    asked = {*found.steps, found.step}
    sets = sorted(  # those of the steps in question come first
        range(len(removals.together)), key=lambda n: asked.isdisjoint(removals.together[n].steps)
    )
    told = [(n, *does) for n in sets if (does := relation(removals, n)) is not None]
    number, word, louder = told[0] if told else (None, None, None)
    return BlameRow(
        standing=found.standing,
        step=None if found.step is None else names[found.step],
        steps=tuple(names[i] for i in found.steps),
        relation=word,
        related=() if number is None else tuple(names[i] for i in removals.together[number].steps),
        louder=None if louder is None else names[louder],
        inputs=removals.inputs,
        forwards=removals.forwards,
        renormalised=removals.renormalised,
    )


def _only(steps: Sequence[StepRow], output: Score) -> int | None:
    """Return the step whose own maps alone show a grid at frequencies at which the output has one.

    None where there are several, or where it is not known of all others that they do not; nor where
    the output holds lines in the main, and the step's maps none. What removal takes out of a map is
    what the same channel predicts, which may be little of its grid.
    """
    there = [row.score.verdict in FOUND and row.at_output.verdict in FOUND for row in steps]
    clear = ["none" in (row.score.verdict, row.at_output.verdict) for row in steps]
    known = all(shown or none for shown, none in zip(there, clear, strict=True))
    if not known or there.count(True) != 1:
        return None
    only = there.index(True)
    return None if _of_lines(output) and steps[only].score.line_dbc is None else only


def _of_lines(score: Score) -> bool:
    """Whether lines are more than replicas of a grid's energy."""
    line, replica = score.line_dbc, score.replica_dbc
    return line is not None and (replica is None or line > replica)


def worst_step(steps: Sequence[StepRow], blamed: BlameRow | None = None) -> StepRow | None:
    """Return the step that does most harm: the one that is to blame, if that was measured.

    Where taking grids away was not measured, it is the one with most locked energy at the model's
    output, among those whose own maps show a grid. Where no step's is known to get there, it is
    the one with most at its own maps, of those of which nobody knows whether they do; last come
    those of which the output holds nothing.

    Parameters
    ----------
    steps : sequence of StepRow
        The rows of the steps.
    blamed : BlameRow, optional
        Which step the output's grid comes from; not measured by default.
    """
    if blamed is not None and blamed.standing != "not measured":
        return next((r for r in steps if StepName(r.name, r.call) == blamed.step), None)
    return max((row for row in steps if row.score.verdict in FOUND), key=_harm, default=None)


def _harm(row: StepRow) -> tuple[int, float, float]:
    score, there = row.score, row.at_output
    own = score.told_dbc if score.told_dbc is not None else float("-inf")
    if there.told_dbc is not None:
        return 2, there.told_dbc, own
    return int(there.verdict != "none"), own, own
