"""Which verdict the run gets, and which step is the worst."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.explain._summary import StepRow
    from spectra.score import Score, Verdict

SEVERITY: dict[Verdict, int] = {"insufficient": 0, "none": 1, "suspect": 2, "present": 3}


def overall_verdict(output: Score, steps: Sequence[StepRow]) -> Verdict:
    """Return the output's verdict; where it has none, that of the worst step.

    Parameters
    ----------
    output : Score
        After inherited peaks were taken out.
    steps : sequence of StepRow
    """
    if output.verdict != "insufficient":
        return output.verdict
    return max(
        (row.score.verdict for row in steps), key=SEVERITY.__getitem__, default="insufficient"
    )


def worst_step(steps: Sequence[StepRow]) -> StepRow | None:
    """Return the step that does most harm, among those whose own maps show a grid.

    That is the one with most locked energy at the model's output; where no step's is known
    there, the one with most at its own.
    """
    guilty = [row for row in steps if row.score.verdict in ("present", "suspect")]
    reaching = [row for row in guilty if row.at_output.locked_dbc is not None]
    if reaching:
        return max(reaching, key=_at_output)
    return max(guilty, key=_at_step, default=None)


def _at_output(row: StepRow) -> tuple[float, float]:
    assert row.at_output.locked_dbc is not None
    return row.at_output.locked_dbc, _at_step(row)


def _at_step(row: StepRow) -> float:
    told = row.score.told_dbc
    return told if told is not None else float("-inf")
