"""Which verdict the run gets, and which step is the worst."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.explain._summary import StepRow
    from spectra.score import Score, Verdict

ORDER: tuple[Verdict, ...] = ("present", "suspect", "insufficient", "none")


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


def worst_step(steps: Sequence[StepRow]) -> StepRow | None:
    """Return the step that does most harm, among those whose own maps show a grid.

    That is the one with most locked energy at the model's output. Where no step's is known to
    get there, it is the one with most at its own maps, of those of which nobody knows whether
    they do; last come those of which the output holds nothing.
    """
    guilty = [row for row in steps if row.score.verdict in ("present", "suspect")]
    return max(guilty, key=_harm, default=None)


def _harm(row: StepRow) -> tuple[int, float, float]:
    score, there = row.score, row.at_output
    own = score.told_dbc if score.told_dbc is not None else float("-inf")
    if there.told_dbc is not None:
        return 2, there.told_dbc, own
    return int(there.verdict != "none"), own, own
