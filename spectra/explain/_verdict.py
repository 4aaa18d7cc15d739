"""Which verdict the run gets, which step is to blame, and which is the worst."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from spectra.explain._blame import LEAST_DB, Blame, blame, relation
from spectra.explain._summary import BlameRow, StepName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.explain._summary import StepRow
    from spectra.probe import Removals
    from spectra.score import Score, Verdict

ORDER: tuple[Verdict, ...] = ("present", "suspect", "insufficient", "none")
FOUND = ("present", "suspect")
FAR_LESS_DB = 10.0  # than the output as a whole, below which frequencies hold none of its grid
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
    found = _loud(blame(removals, output_dbc=output.told_dbc, floor_dbc=floor_dbc), steps, output)
    only = _only(steps, output) if found.standing in (*UNDECIDED, "faint") else None
    if only is not None and removals.steps[only].innocent:
        # A layer that is not linear makes lines of what is left: the mean pattern tells of those.
        drop = steps[only].at_output.line_drop_db
        only = only if _of_lines(output) and drop is not None and drop >= LEAST_DB else None
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


def _loud(found: Blame, steps: Sequence[StepRow], output: Score) -> Blame:
    """Return the blame without steps that have only taken the grid of an earlier one along.

    What is taken out of a map is all that is locked at its step's period, what an earlier step of a
    longer one has left there too. So it is with a step at whose own frequencies the output has next
    to nothing.
    """
    if found.standing not in ("several", "not told apart") or output.told_dbc is None:
        return found
    least = output.told_dbc - FAR_LESS_DB
    held = {i: steps[i].at_output.told_dbc for i in found.steps}
    loud = [i for i, dbc in held.items() if dbc is None or dbc >= least]
    left = tuple(
        i for i in found.steps if i in loud or not any(_holds(steps[j], steps[i]) for j in loud)
    )
    if len(left) == 1 and found.standing == "several":
        return Blame("step", left[0])
    return replace(found, steps=left)


def _holds(longer: StepRow, shorter: StepRow) -> bool:
    """Whether the period of one step is a multiple of another's, and longer."""
    long, short = longer.period_in_output, shorter.period_in_output
    if not long or not short or len(long) != len(short) or long == short:
        return False
    return all(a % b == 0 for a, b in zip(long, short, strict=True))


def _only(steps: Sequence[StepRow], output: Score) -> int | None:
    """Return the step whose own maps alone show a grid at frequencies at which the output has one.

    None where there are several, or where it is not known of all others that they do not; nor where
    the output holds lines in the main that are not the step's. What removal takes out of a map is
    what the same channel predicts, which may be little of its grid.
    """
    there = [row.score.verdict in FOUND and row.at_output.verdict in FOUND for row in steps]
    clear = ["none" in (row.score.verdict, row.at_output.verdict) for row in steps]
    known = all(shown or none for shown, none in zip(there, clear, strict=True))
    if not known or there.count(True) != 1:
        return None
    only = there.index(True)
    return None if _of_lines(output) and not _leaves_lines(steps[only]) else only


def _leaves_lines(row: StepRow) -> bool:
    """Whether the output's lines fall without a step's mean grid, or else its own maps have any."""
    drop = row.at_output.line_drop_db
    return row.score.line_dbc is not None if drop is None else drop >= LEAST_DB


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
