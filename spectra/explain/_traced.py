"""What inputs and outputs carry by themselves, and whether that explains the output's grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spectra import images
from spectra.explain._verdict import FOUND

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from spectra.gather import Passed
    from spectra.images import Trace
    from spectra.inputs import Inputs
    from spectra.score import Score, Scores


@dataclass(frozen=True)
class Traced:
    """What was found without the model's help.

    Attributes
    ----------
    cause : Trace or None
        Of the grid that most inputs carry.
    confounder : Trace or None
        The same, where it explains the output's grid.
    seams : Trace or None
        Seams that most outputs have.
    apart : bool
        Whether that grid stands at another place in each input, so that all together have none.
    """

    cause: Trace | None = None
    confounder: Trace | None = None
    seams: Trace | None = None
    apart: bool = False


def traces(inputs: Inputs | None, passed: Passed, scores: Scores) -> Traced:
    """Return what the pictures of a run carry, where its inputs are pictures of a known range."""
    few = passed.few
    if inputs is None or few is None or inputs.kind != "images" or inputs.range is None:
        return Traced()
    made = None if few.outputs is None else few.outputs.detach().float().cpu().numpy()
    found = scores.output.verdict in FOUND and scores.output.period
    scale = set(passed.found.scale)
    cause, seams = images.traces(
        few.looked_at.float().cpu().numpy(),
        inputs.range,
        made,
        lattice=max(found) if found else 1,
        scale=int(min(scale)) if len(scale) == 1 and min(scale).denominator == 1 else 1,
    )
    apart = cause is not None and scores.input.verdict == "none"
    explains = (
        cause is not None and not apart and explains_grid(cause, scores.output, passed.found.scale)
    )
    return Traced(cause, confounder=cause if explains else None, seams=seams, apart=apart)


def explains_grid(cause: Trace, output: Score, scale: Sequence[Fraction | float]) -> bool:
    """Return whether an output's grid has the period that a grid of the inputs has there.

    Parameters
    ----------
    cause : Trace
        What the inputs carry.
    output : Score
        Of the model's output.
    scale : sequence of Fraction or float
        Output size over input size of each axis.
    """
    if output.verdict not in FOUND or not output.period or len(scale) != len(output.period):
        return False
    there = [cause.period * float(factor) for factor in scale]
    # a shorter period may be a step's own: JPEG's 8 px hold those of 2 and 4
    return all(abs(period - own) < 1e-6 for own, period in zip(output.period, there, strict=True))
