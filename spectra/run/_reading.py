"""What the output of a model reads, by the verdict's own rule, and nothing of its steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from torch import nn

from spectra import capture, gather, repair, score, severity

if TYPE_CHECKING:
    from spectra._options import Options, Progress
    from spectra.inputs import Inputs
    from spectra.score import Verdict


@dataclass(frozen=True, eq=False)
class Read:
    """What an output reads.

    Attributes
    ----------
    found : Discovery
        What is known of the model.
    reading : Reading
        The severity of its grid, and its energy.
    verdict, reason : str, str or None
        Of the test, and why there is none.
    periods : tuple of tuple of int
        Periods of the grids that have room in the output.
    limits : tuple of float or None
        Black and white of pictures.
    content_share : float or None
        Share of the output's power that all inputs have in common; None where they share none.
    far_off : bool
        Whether it is so far off the range of its inputs that it was not read as pictures.
    """

    found: capture.Discovery
    reading: repair.Reading
    verdict: Verdict
    reason: str | None
    periods: tuple[tuple[int, ...], ...]
    limits: tuple[float, float] | None
    content_share: float | None
    far_off: bool


def read_output(
    model: nn.Module,
    inputs: Inputs,
    options: Options,
    *,
    name: str,
    tell: Progress,
    found: capture.Discovery | None = None,
    like: Read | None = None,
) -> Read:
    """Return what the output of a model reads on some inputs: the stages of `spectra.analyze`.

    Its steps are looked for unless what was ``found`` is given. It is read as pictures, or not, as
    another was that it is ``like``: two readings by different rules could not be compared.
    """

    def progress(stage: str, done: int, total: int) -> None:
        tell(f"{name}: {stage}", done, total)

    with capture.quiet(model):
        if found is None:
            look = partial(capture.find_steps, options=options, progress=progress)
            _, found = capture.look_at_inputs(model, inputs, look, crop=options.crop)
        passed = gather.run(model, found, inputs, options, progress=progress)
        passed = gather.without_fixed_content(model, passed, inputs, options, progress=progress)
        scores = score.run(passed, inputs, seed=options.seed, progress=progress)
        scores = (
            scores if like is None else replace(scores, far_off=like.far_off, limits=like.limits)
        )
        judged = severity.run(passed, scores, inputs, seed=options.seed, progress=progress)
    output, measured = scores.output, scores.measured["output"]
    lattice = output.reason or "not measured" if measured is None else measured.lattice
    return Read(
        passed.found,
        reading=repair.Reading(judged.graded.word, output.asr_dbc, lattice),
        verdict=output.verdict,
        reason=output.reason,
        periods=tuple(view.period for view in passed.output.plan.views),
        limits=judged.limits,
        content_share=output.content_share,
        far_off=scores.far_off,
    )
