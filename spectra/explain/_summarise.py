"""From all that was measured in a run to its summary."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import spectra
from spectra.explain._answer import answer
from spectra.explain._constant_rows import constant_row
from spectra.explain._notes import notes
from spectra.explain._rows import step_rows
from spectra.explain._summary import (
    BlameRow,
    InputRow,
    OriginRow,
    OutputRow,
    RunRecord,
    StepName,
    StepRow,
    Summary,
    VariableRow,
)
from spectra.explain._traced import Traced, traces
from spectra.explain._verdict import blame_row, overall_verdict, worst_step
from spectra.explain._wavelengths import output_spacing, wavelengths
from spectra.inputs import InputSet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.explain._attack import AttackRow
    from spectra.gather import Passed
    from spectra.inputs import Inputs, Spacing
    from spectra.kernel import Measures
    from spectra.load import LoadedModel
    from spectra.probe import Probed
    from spectra.repair import Offer
    from spectra.score import Scores
    from spectra.severity import Graded


def summarise(
    loaded: LoadedModel,
    inputs: Inputs | None,
    passed: Passed,
    scores: Scores,
    probed: Probed,
    *,
    severity: Graded,
    kernels: Sequence[Measures | None],
    offers: Sequence[Offer] = (),
    attack: AttackRow | None = None,
    run: RunRecord,
) -> Summary:
    """Return the answer of a run.

    Parameters
    ----------
    loaded : LoadedModel
        The model.
    inputs : Inputs or None
        What it ran on; None where only data-free probes ran.
    passed : Passed
        What they left on their way through it.
    scores : Scores
        The scores of the run.
    probed : Probed
        The causal responses of the model.
    severity : Graded
        How severe the output's grid is.
    kernels : sequence of (Measures or None)
        What the weights of each step say by themselves.
    offers : sequence of Offer
        What can be done to each step; empty where nobody needs advice.
    attack : AttackRow or None
        What an attack on the inputs did, where one was asked for.
    run : RunRecord
        How the analysis ran.
    """
    traced = traces(inputs, passed, scores)
    spacing = output_spacing(inputs, passed.found)
    steps = step_rows(
        passed.found,
        scores,
        probed,
        kernels=kernels,
        offers=offers,
        spacing=spacing,
        sample_rate=run.sample_rate,
    )
    blamed = blame_row(probed.removals, steps, scores.output, floor_dbc=severity.floor_dbc)
    summary = Summary(
        spectra_version=spectra.__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        model=loaded.about,
        inputs=inputs.about if inputs else _no_inputs(passed.found.control_shape),
        run=run,
        verdict=overall_verdict(scores.output, steps),
        worst=_worst(steps, blamed),
        input=InputRow(
            scores.input, scores.control_gap, cause=None if traced.apart else traced.cause
        ),
        output=_output_row(scores, probed, traced, inputs=inputs, spacing=spacing),
        steps=steps,
        unexplained_growth=passed.found.growth,
        warnings=notes(
            loaded, inputs, passed=passed, scores=scores, steps=steps, traced=traced, run=run
        ),
        blame=blamed,
        severity=severity,
        origin=_origin(probed, blamed),
        attack=attack,
        probe=constant_row(
            probed.constant,
            passed.found,
            sample_rate=run.sample_rate,
            output_rms=passed.output_rms,
        ),
    )
    return replace(summary, answer=answer(summary), brief=answer(summary, brief=True))


def _no_inputs(shape: tuple[int, ...]) -> InputSet:
    return InputSet("none", "none", count=0, used=0, dropped=(), shape=shape)


def _output_row(
    scores: Scores,
    probed: Probed,
    traced: Traced,
    *,
    inputs: Inputs | None,
    spacing: Spacing | None,
) -> OutputRow:
    grid, names = probed.grid, inputs.variables if inputs else ()
    return OutputRow(
        score=scores.output,
        inherited=scores.inherited,
        grid_dependence_dbc=grid.dbc if grid else None,
        grid_dependence_note=grid.reason or grid.how if grid else "no inputs",
        flat_field=probed.flat.output,
        confounder=traced.confounder,
        seams=traced.seams,
        variables=tuple(
            VariableRow(name, index, own)
            for index, (name, own) in enumerate(zip(names, scores.variables, strict=False))
        ),
        spacing=spacing,
        wavelength=wavelengths(spacing, scores.output.period),
    )


def _origin(probed: Probed, blamed: BlameRow) -> OriginRow | None:
    """Return where a grid is first seen that no step has; none where it falls without a step's."""
    found = probed.origin
    if found is None or blamed.standing == "step":
        return None
    return OriginRow(found.name, found.type_name, entered=found.entered, within=found.within)


def _worst(steps: Sequence[StepRow], blamed: BlameRow) -> StepName | None:
    row = worst_step(steps, blamed)
    return StepName(row.name, row.call) if row else None
