"""A period at which one output has a grid, and the other is not scored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spectra import _names as names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spectra.explain import StepRow, Summary

FOUND = ("present", "suspect")


def unscored_period(loud: Summary, other: Summary, when: str, loud_when: str) -> str | None:
    """Return at which period one output has a grid and the other no number; None if at none.

    Parameters
    ----------
    loud, other : Summary
        The output that has a grid, and the one that may not have been scored there.
    when, loud_when : {"before", "after"}
        Which of the two ``other`` is, and which ``loud``.
    """
    scored = [
        step.period_in_output for step in other.steps if step.at_output.verdict != "insufficient"
    ]
    for step in loud.steps:
        period = step.period_in_output
        if period is None or step.at_output.verdict not in FOUND or _holds(scored, period):
            continue
        namesake = next((one for one in other.steps if one.label == step.label), None)
        return (
            f"the output {when} was not scored at period {names.period(period)}, where it had a "
            f"grid {loud_when}: {_why(namesake, step)}"
        )
    return None


def _holds(scored: Iterable[tuple[int, ...] | None], period: tuple[int, ...]) -> bool:
    """Tell whether one of some periods has all frequencies of another."""
    return any(
        one is not None
        and len(one) == len(period)
        and not any(a % b for a, b in zip(one, period, strict=True))
        for one in scored
    )


def _why(namesake: StepRow | None, step: StepRow) -> str:
    """Return why the step of the same name has no number, or that there is none."""
    if namesake is None:
        return f"it has no step {step.label}"
    return namesake.at_output.reason or f"{step.label} has another period"
