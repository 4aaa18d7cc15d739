"""Steps by pattern, as the command line shows them."""

from __future__ import annotations

from difflib import get_close_matches

from spectra.capture import Discovery, Step
from spectra.errors import NothingToAnalyseError, ParameterError


def select_steps(found: Discovery, steps: str) -> list[Step]:
    """Return the steps whose name or label matches a pattern, in order of execution.

    Raises
    ------
    ParameterError
        If none matches; the nearest names are listed.
    NothingToAnalyseError
        If the model has no step at all.
    """
    if not found.steps:
        raise NothingToAnalyseError("the model has no upsampling step that depends on its input")
    chosen = [step for step in found.steps if step.matches(steps)]
    if not chosen:
        raise ParameterError(no_match(steps, [s.label for s in found.steps]))
    return chosen


def no_match(steps: str, names: list[str]) -> str:
    """Say that a pattern matches nothing, and what is near."""
    near = get_close_matches(steps.strip("*."), names, n=3, cutoff=0.3) or names[:8]
    listed = ", ".join(map(repr, near))
    return f"steps={steps!r} matches no upsampling step: the nearest are {listed}"
