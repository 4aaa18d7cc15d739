"""What the user should know before trusting the numbers: notes and warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spectra._hertz import rate_text
from spectra._names import times
from spectra.explain._summary import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spectra.capture import Discovery
    from spectra.explain._summary import RunRecord, StepRow
    from spectra.explain._traced import Traced
    from spectra.gather import Passed, Place
    from spectra.inputs import Inputs
    from spectra.load import LoadedModel
    from spectra.score import Score, Scores

DROPPED = 3  # of the inputs that were left out, so many are named
EQUAL = 0.01  # difference between outputs over the RMS of one, below which they are nearly one
TENSORS = 8  # of the tensors that a model returns, so many are named


def notes(
    loaded: LoadedModel,
    inputs: Inputs | None,
    passed: Passed,
    *,
    scores: Scores,
    steps: Sequence[StepRow],
    traced: Traced,
    run: RunRecord,
) -> tuple[Finding, ...]:
    """Return what was assumed, left out, or could not be done.

    Parameters
    ----------
    loaded : LoadedModel
        The model.
    inputs : Inputs or None
        What it ran on.
    passed : Passed
        What they left.
    scores : Scores
        The scores of the run.
    steps : sequence of StepRow
        The rows of its steps.
    traced : Traced
        What inputs and outputs carry by themselves.
    run : RunRecord
        How the analysis ran.
    """
    found = [Finding("loading", text) for text in loaded.notes]
    if inputs is not None:
        found += _of_inputs(inputs, passed, scores)
    found += _of_sample_rate(inputs, passed.found, run)
    found += _of_traces(traced)
    found += _of_chance(passed.found, run)
    found += _of_output_choice(passed.found)
    found += _of_equal_outputs(passed)
    found += _of_non_finite(passed.output)
    found += _of_coarse_grids(passed.output)
    found += _of_discovery(passed.found)
    found += _of_shared_content(scores.output, steps)
    found += _of_aligned_content(scores.output, steps)
    return tuple(found)


def _of_inputs(inputs: Inputs, passed: Passed, scores: Scores) -> Iterator[Finding]:
    """Say how inputs were read, which were left out, and if their range may be wrong."""
    for text in inputs.notes:
        yield Finding("preprocessing", text)
    if told := _by_area(inputs, passed):
        yield Finding("preprocessing", told)
    if inputs.dropped:
        first = "; ".join(f"{d.source}: {d.reason}" for d in inputs.dropped[:DROPPED])
        left = len(inputs.dropped) - DROPPED
        more = f" and {left} more" if left > 0 else ""
        yield Finding("dropped", f"left out: {first}{more}")
    if scores.limits is not None and scores.limits != inputs.range:
        low, high = scores.limits
        yield Finding(
            "preprocessing", f"outputs lie in {low:g}..{high:g}, and are read as pictures of it"
        )
    alike = passed.found.output_shape[:1] == passed.found.control_shape[:1]
    if scores.far_off and alike and inputs.range is not None:
        low, high = inputs.range
        text = (
            f"inputs in {low:g}..{high:g} give outputs of RMS {passed.output_rms:.3g}, which are "
            "not read as pictures: check that --range is what the model was trained on; if it is, "
            f"and it makes pictures, give a model that returns them in {low:g}..{high:g}"
        )
        yield Finding("range", text)


def _by_area(inputs: Inputs, passed: Passed) -> str | None:
    """Say which rows are weighted by area, where cells are of unequal areas and that is known."""
    if inputs.named is None or inputs.named.latitude is None:
        return None
    alike = "output, steps and inputs count every cell alike, to be compared with each other"
    if passed.variables and passed.found.ratio:
        return f"rows of variables are weighted by area, cos latitude; those of {alike}"
    return f"no row is weighted by area: {alike}"


def _of_chance(found: Discovery, run: RunRecord) -> Iterator[Finding]:
    """Say that a model draws random numbers: each of its outputs is one of many."""
    if found.draws:
        text = (
            f"the model draws random numbers as it runs: what is told is true of those of seed "
            f"{run.seed}; --seed gives others"
        )
        yield Finding("random", text)


def _of_sample_rate(inputs: Inputs | None, found: Discovery, run: RunRecord) -> Iterator[Finding]:
    """Say where a sample rate is not known, of no use, or not what the files say."""
    asked = run.options.get("sample_rate")
    if asked is None:
        if inputs is not None and inputs.sample_rate is not None and run.sample_rate is None:
            text = (
                f"the files are of {rate_text(inputs.sample_rate)}, and how many samples a second "
                "the output has is not known: --sample-rate HZ tells"
            )
            yield Finding("sample_rate", text)
        return
    if run.sample_rate is None:
        text = "--sample-rate says nothing here: the output is no signal along time"
        yield Finding("sample_rate", text)
    elif inputs is not None and inputs.sample_rate is not None and len(found.scale) == 1:
        files = float(inputs.sample_rate * found.scale[0])
        if abs(files - asked) > 1e-6 * asked:
            yield Finding(
                "sample_rate",
                f"the files are of {rate_text(inputs.sample_rate)}, and the model makes them "
                f"{found.scale[0]} times as long: {rate_text(files)}; told in Hz of "
                f"{rate_text(asked)}, as asked for",
            )


def _of_traces(traced: Traced) -> Iterator[Finding]:
    """Say what the inputs carry without the model, and which seams the outputs have."""
    if (cause := traced.cause) is not None:
        text = f"{cause.pictures} of {cause.of} inputs looked at carry a grid by themselves"
        apart = "; it stands at another place in each" if traced.apart else ""
        yield Finding("input_grid", f"{text}: {cause.text}{apart}")
    if (seams := traced.seams) is not None:
        text = f"{seams.pictures} of {seams.of} outputs looked at have seams"
        yield Finding("output_seams", f"{text} every {seams.period} px, as of tiles made apart")


def _of_output_choice(found: Discovery) -> Iterator[Finding]:
    """Say which tensor that the model returns is its output and how it is read, if not plain."""
    reading, several = found.reading, len(found.outputs) > 1
    if not several and reading.is_usual:
        return
    shape = f"shape {reading.shape}"
    text = f"the model returns one tensor of {shape}"
    if several:
        left = len(found.outputs) - TENSORS
        more = f" and {left} more" if left > 0 else ""
        text = (
            f"the model returns {len(found.outputs)} tensors: {found.outputs[found.output]} of "
            f"{shape} is its output ({found.chosen}; --output NAME takes another of "
            f"{', '.join(found.outputs[:TENSORS])}{more})"
        )
    if reading.layout is None:
        yield Finding("output_choice", f"{text}: no map, {reading.reason}")
        return
    assumed = "" if reading.followed else ", assumed from the number of axes"
    alone = "; inputs run one at a time" if reading.alone else ""
    yield Finding("output_choice", f"{text}, read as {reading.axes}{assumed}{alone}")


def _of_equal_outputs(passed: Passed) -> Iterator[Finding]:
    """Say where the model makes nearly one output of all inputs: others may read otherwise."""
    few = passed.few
    if few is None or few.outputs is None or few.shown < 2:
        return
    outputs = few.outputs.numpy(force=True).reshape(few.shown, -1)
    finite = outputs[np.isfinite(outputs).all(axis=1)]
    if len(finite) < 2:
        return
    first, *others = finite
    differs = np.sqrt(np.mean([np.mean((other - first) ** 2) for other in others]))
    whole = np.sqrt(np.mean(first**2))
    if differs < EQUAL * whole:
        apart = f"differ by {differs / whole:.2g} of it" if differs else "are equal"
        text = (
            f"the model makes nearly the same output of all {len(finite)} inputs that were looked "
            f"at: they {apart}, so that what is told is true of that one output, and no interval "
            "knows of others"
        )
        yield Finding("equal_outputs", text)


def _of_non_finite(output: Place) -> Iterator[Finding]:
    """Count the output's maps that were left out because they hold NaN or infinite values."""
    absent = int(output.data.attrs["dropped_non_finite"])
    if absent:
        maps = "map holds" if absent == 1 else "maps hold"
        left_out = "was" if absent == 1 else "were"
        text = f"{absent} output {maps} NaN or infinite values and {left_out} left out"
        yield Finding("non_finite", text)


def _of_coarse_grids(output: Place) -> Iterator[Finding]:
    """Name the grids at which the output is not scored, and why."""
    size = times(output.plan.shape[1:])
    for period, why in output.plan.left_out:
        text = f"the grid of period {times(period)} is not scored in outputs of {size}: {why}"
        yield Finding("coarse_grid", text)


def _of_discovery(found: Discovery) -> Iterator[Finding]:
    """Name the modules that enlarge by no known operation, or could not be followed."""
    for growth in found.growth:
        text = (
            f"{growth.name or '(model)'} enlarges {growth.input_shape} to {growth.output_shape} "
            "by no operation that was recognised: its grid is not scored"
        )
        yield Finding("unexplained_growth", text)
    for name, error in found.untraced:
        text = (
            f"data moved in {name or '(model)'} could not be followed: a step by reshaping may be "
            f"missing there ({error})"
        )
        yield Finding("untraced", text)


def _of_shared_content(output: Score, steps: Sequence[StepRow]) -> Iterator[Finding]:
    """Name the places where what all maps share may be what is taken for a grid."""
    notices = {"output": output.notice} | {row.label: row.score.notice for row in steps}
    for name, notice in notices.items():
        if notice:
            yield Finding("fixed_content", f"{name}: {notice}")


def _of_aligned_content(output: Score, steps: Sequence[StepRow]) -> Iterator[Finding]:
    """Say what was set apart as it is the same in all maps, and what the output reads with it."""
    apart = {"the output": output} | {row.label: row.score for row in steps}
    shares = {name: s.content_share for name, s in apart.items() if s.content_share is not None}
    if not shares:
        return
    named = ", ".join(f"{share:.0%} of {name}" for name, share in shares.items())
    text = (
        f"content in the same place in all maps was set apart before the test: {named} (power); "
        "of a grid within it only lines of constant amplitude count"
    )
    if output.whole_p is not None:
        energy = "" if output.whole_dbc is None else f"{output.whole_dbc:.1f} dBc, "
        text += f"; with it the output reads {energy}p = {output.whole_p:.2g}"
    yield Finding("aligned_content", text)
