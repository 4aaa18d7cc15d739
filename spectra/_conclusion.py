"""From what was measured to the summary, the labelled data and the crop to look at."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import xarray as xr

import spectra
from spectra import _walk as walk
from spectra import explain, score
from spectra._at_output import at_output, too_small

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spectra import capture, load, probe
    from spectra._evidence import Evidence, Place
    from spectra.inputs import Inputs

LINE_PROBES = 5  # steps whose locked pattern is subtracted, those with the strongest lines
NO_PERIOD = "the period of no step in the output is known"
CROP_SIDE = 96  # of the picture shown with its grid
FAR_OFF = 20.0  # between RMS of outputs and range of inputs, where a wrong range is likely
LEVELS = 255
NAMED = 8  # of the tensors that a model returns, at most


def summarise(
    evidence: Evidence, loaded: load.LoadedModel, inputs: Inputs | None, elapsed_s: float
) -> explain.Summary:
    """Return the answer of a run."""
    inherited = _inherited(evidence)
    input_score, output_score = _rows(evidence, inputs, inherited)
    steps = _step_rows(evidence, inherited, scored=inputs is not None)
    grid = evidence.grid
    summary = explain.Summary(
        spectra_version=spectra.__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        model=explain.Model(
            loaded.source, loaded.sha256, loaded.format, loaded.architecture, loaded.parameters
        ),
        inputs=_input_set(evidence, inputs),
        run=_run_record(evidence, loaded, elapsed_s),
        verdict=explain.overall_verdict(output_score, steps),
        worst=_worst(steps),
        input=explain.InputRow(input_score, _control_gap(evidence)),
        output=explain.OutputRow(
            output_score,
            _frequencies(evidence, inherited),
            grid.dbc if grid else None,
            grid.reason or grid.how if grid else "no inputs",
            _flat_field(evidence.flat.output),
        ),
        steps=steps,
        unexplained_growth=tuple(
            explain.UnexplainedGrowth(g.name, g.input_shape, g.output_shape)
            for g in evidence.found.growth
        ),
        warnings=(
            *_warnings(evidence, loaded, inputs),
            *_shared_content(output_score, steps),
        ),
    )
    return replace(summary, answer=explain.answer(summary))


def collect(evidence: Evidence) -> xr.DataTree:
    """Return everything measured, one group a place."""
    groups: dict[str, xr.Dataset] = {}
    if evidence.input is not None:
        groups["input"] = _group(evidence.input, name="input", kind="control")
    for index, (step, place) in enumerate(
        zip(evidence.discovery.steps, evidence.steps, strict=True)
    ):
        groups[f"steps/{index}"] = _group(place, name=step.name, call=step.call, kind=step.kind)
    for name, place in evidence.layers.items():
        groups[f"layers/{name}"] = _group(place, name=name, kind="layer")
    groups["output"] = _group(evidence.output, name="output", kind="output")
    return xr.DataTree.from_dict(groups)


def crop_with_pattern(evidence: Evidence) -> dict[str, NDArray[np.float64]]:
    """Return a crop of one output and the mean locked pattern under it, channels last.

    Nothing without inputs, or where the output's period is not known.
    """
    plan = evidence.output.statistics.plan
    if evidence.probe_output is None or max(plan.period) == 1:
        return {}
    picture = evidence.probe_output[0].detach().float().cpu().numpy().astype(np.float64)
    window: list[slice] = []
    for side, margin, period in zip(plan.shape[1:], plan.margin, plan.period, strict=True):
        inner = side - 2 * margin
        length = min(CROP_SIDE, inner) // period * period
        start = margin + (inner - length) // 2 // period * period
        window.append(slice(start, start + length))
    crop = picture[(slice(None), *window)]
    if 0 in crop.shape:
        return {}
    phases = evidence.output.data["phase_mean"].to_numpy()
    pattern = phases - phases.mean(axis=tuple(range(1, phases.ndim)), keepdims=True)
    repeats = [n // p for n, p in zip(crop.shape[1:], plan.period, strict=True)]
    locked = np.tile(pattern, (1, *repeats))
    return {"output": np.moveaxis(crop, 0, -1), "locked": np.moveaxis(locked, 0, -1)}


def _inherited(evidence: Evidence) -> NDArray[np.bool_] | None:
    """Return which lattice points of the output the inputs already had."""
    output = evidence.output.measured
    if output is None:
        return None
    inputs = evidence.input.measured if evidence.input is not None else None
    if inputs is None or evidence.found.ratio is None:
        return np.zeros(len(output.lattice.frequency), bool)
    _, p = score.point_significance(inputs)
    return score.inherited_points(output, inputs, evidence.found.ratio, p)


def _frequencies(
    evidence: Evidence, chosen: NDArray[np.bool_] | None
) -> tuple[tuple[float, ...], ...]:
    output = evidence.output.measured
    if output is None or chosen is None:
        return ()
    return tuple(tuple(map(float, f)) for f in output.lattice.frequency[chosen])


def _rows(
    evidence: Evidence, inputs: Inputs | None, inherited: NDArray[np.bool_] | None
) -> tuple[score.Score, score.Score]:
    """Return the scores of the inputs and of the output without what it inherited."""
    if inputs is None:
        nothing = score.Score(reason="no inputs")
        return nothing, nothing
    of_inputs = None
    if inputs.kind == "images" and inputs.range is not None:
        of_inputs = LEVELS / (inputs.range[1] - inputs.range[0])
    found = evidence.found
    alike = found.output_shape[:1] == found.input_shape[:1]  # else no picture: logits, features
    levels = of_inputs if alike and not _range_doubt(evidence, inputs) else None
    control = (
        evidence.input.score(levels=of_inputs)
        if evidence.input is not None
        else score.Score(reason="inputs are no maps")
    )
    if found.layout is None:
        return control, score.Score(reason=f"no map: {found.reading.reason}")
    own = None if inherited is None else ~inherited
    output = evidence.output.score(chosen=own, levels=levels)
    if not evidence.output_periods:
        output = replace(output, reason=NO_PERIOD)
    return control, output


def _control_gap(evidence: Evidence) -> str | None:
    """Return why the inputs tell nothing of the output's own frequencies, if so."""
    if evidence.input is None:
        return "inputs are no maps"
    if evidence.found.ratio is None:
        return "input and output share no common grid"
    plan = evidence.input.statistics.plan
    wanted = score.control_periods(
        evidence.output_periods, evidence.found.ratio, len(plan.shape) - 1
    )
    missing = [p for p in wanted if p not in {view.period for view in plan.views}]
    return too_small("inputs", plan.shape, missing[0]) if missing else None


def _step_rows(
    evidence: Evidence, inherited: NDArray[np.bool_] | None, *, scored: bool
) -> tuple[explain.StepRow, ...]:
    """Return one row a step, with what its constant pattern does for the strongest lines."""
    rows = [
        _step_row(evidence, index, inherited, scored=scored) for index in range(len(evidence.steps))
    ]
    lines = {
        index: row.score.line_dbc
        for index, row in enumerate(rows)
        if row.score.verdict in ("present", "suspect") and row.score.line_dbc is not None
    }
    for index in sorted(lines, key=lines.__getitem__, reverse=True)[:LINE_PROBES]:
        there = replace(rows[index].at_output, line_drop_db=evidence.line_drop_db(index))
        rows[index] = replace(rows[index], at_output=there)
    return tuple(rows)


def _step_row(
    evidence: Evidence, index: int, inherited: NDArray[np.bool_] | None, *, scored: bool
) -> explain.StepRow:
    step, place = evidence.discovery.steps[index], evidence.steps[index]
    if not scored:
        own = score.Score(reason="no inputs")
    elif not step.factor:
        own = replace(place.score(), reason=step.reason)
    else:
        own = place.score()
    flat = _flat_field(evidence.flat.steps[index])
    measures = evidence.kernels[index]
    cause = explain.find_cause(step.kind, step.factor, step.kernel_size, own, flat, kernel=measures)
    known = scored and bool(step.factor)
    return explain.StepRow(
        name=step.name,
        call=step.call,
        kind=step.kind,
        factor=step.factor,
        kernel_size=step.kernel_size,
        stride=step.stride,
        groups=step.groups,
        input_shape=step.input_shape,
        output_shape=step.output_shape,
        period_in_output=evidence.discovery.periods[index],
        score=own,
        out_of_band_dbc=score.out_of_band_dbc(place.data, step.factor) if known else None,
        at_output=at_output(evidence, index, own, inherited),
        flat_field=flat,
        cause=cause,
        advice=explain.find_advice(
            step.kind, cause, label=step.label, factor=step.factor, kernel_size=step.kernel_size
        ),
        kernel=measures,
        calls=step.calls,
    )


def _flat_field(lines: probe.Lines) -> explain.FlatFieldRow:
    return explain.FlatFieldRow(
        lines.line_dbc, lines.size, lines.converged, lines.reason, lines.upper_dbc
    )


def _worst(steps: tuple[explain.StepRow, ...]) -> explain.StepName | None:
    row = explain.worst_step(steps)
    return explain.StepName(row.name, row.call) if row else None


def _input_set(evidence: Evidence, inputs: Inputs | None) -> explain.InputSet:
    if inputs is None:
        return explain.InputSet("none", "none", 0, 0, (), evidence.discovery.input_shape)
    dropped = tuple(explain.DroppedInput(d.source, d.reason) for d in inputs.dropped)
    return explain.InputSet(
        inputs.source, inputs.kind, inputs.count, len(inputs), dropped, inputs.shape
    )


def _run_record(evidence: Evidence, loaded: load.LoadedModel, elapsed_s: float) -> explain.Run:
    return explain.Run(
        device=str(evidence.example.device),
        dtype=str(_dtype(evidence)).removeprefix("torch."),
        threads=torch.get_num_threads(),
        seed=evidence.options.seed,
        options={**loaded.options, **asdict(evidence.options)},
        torch=torch.__version__,
        elapsed_s=elapsed_s,
        forward_s=evidence.forward_s,
    )


def _dtype(evidence: Evidence) -> torch.dtype:
    """Return the precision of the model: of its first weights, else of its inputs."""
    weights = next(walk.parameters(evidence.model), evidence.example)
    return weights.dtype


def _warnings(
    evidence: Evidence, loaded: load.LoadedModel, inputs: Inputs | None
) -> list[explain.Finding]:
    """Return what the user should know before trusting the numbers."""
    found = [explain.Finding("loading", text) for text in loaded.notes]
    if inputs is not None:
        found += [explain.Finding("preprocessing", text) for text in inputs.notes]
        if inputs.dropped:
            first = "; ".join(f"{d.source}: {d.reason}" for d in inputs.dropped[:3])
            more = f" and {len(inputs.dropped) - 3} more" if len(inputs.dropped) > 3 else ""
            found.append(explain.Finding("dropped", f"left out: {first}{more}"))
        if text := _range_doubt(evidence, inputs):
            found.append(explain.Finding("range", text))
    if text := _output_choice(evidence.found):
        found.append(explain.Finding("output_choice", text))
    absent = int(evidence.output.statistics.sums["dropped_non_finite"])
    if absent:
        maps = "map holds" if absent == 1 else "maps hold"
        left_out = "was" if absent == 1 else "were"
        text = f"{absent} output {maps} NaN or infinite values and {left_out} left out"
        found.append(explain.Finding("non_finite", text))
    found += [explain.Finding("coarse_grid", text) for text in _coarse_grids(evidence)]
    for growth in evidence.found.growth:
        text = (
            f"{growth.name or '(model)'} enlarges {growth.input_shape} to {growth.output_shape} "
            "by no operation that was recognised: its grid is not scored"
        )
        found.append(explain.Finding("unexplained_growth", text))
    for name, error in evidence.found.untraced:
        text = (
            f"data moved in {name or '(model)'} could not be followed: a step by reshaping may be "
            f"missing there ({error})"
        )
        found.append(explain.Finding("untraced", text))
    return found


def _output_choice(found: capture.Discovery) -> str | None:
    """Say which tensor that the model returns is its output and how it is read; None if plain."""
    reading, several = found.reading, len(found.outputs) > 1
    if not several and reading.is_usual:
        return None
    shape = f"shape {reading.shape}"
    if several:
        more = f" and {len(found.outputs) - NAMED} more" if len(found.outputs) > NAMED else ""
        text = (
            f"the model returns {len(found.outputs)} tensors: {found.outputs[found.output]} of "
            f"{shape} is its output ({found.chosen}; --output NAME takes another of "
            f"{', '.join(found.outputs[:NAMED])}{more})"
        )
    else:
        text = f"the model returns one tensor of {shape}"
    if reading.layout is None:
        return f"{text}: no map, {reading.reason}"
    assumed = "" if reading.followed else ", assumed from the number of axes"
    alone = "; inputs run one at a time" if reading.alone else ""
    return f"{text}, read as {reading.axes}{assumed}{alone}"


def _coarse_grids(evidence: Evidence) -> list[str]:
    """Name the grids at which the output is not scored, and why."""
    plan = evidence.output.statistics.plan
    size = "x".join(map(str, plan.shape[1:]))
    return [
        f"the grid of period {'x'.join(map(str, period))} is not scored in outputs of {size}: {why}"
        for period, why in plan.left_out
    ]


def _shared_content(
    output: score.Score, steps: tuple[explain.StepRow, ...]
) -> list[explain.Finding]:
    """Name the places where what all maps share may be what is taken for a grid."""
    notices = {"output": output.notice} | {row.label: row.score.notice for row in steps}
    return [
        explain.Finding("fixed_content", f"{name}: {notice}")
        for name, notice in notices.items()
        if notice
    ]


def _range_doubt(evidence: Evidence, inputs: Inputs) -> str | None:
    """Say if what comes out does not look like what went in, as pictures should."""
    sums = evidence.output.statistics.sums
    same = evidence.discovery.output_shape[:1] == evidence.discovery.input_shape[:1]
    if inputs.kind != "images" or inputs.range is None or not same or not sums["phase_maps"].any():
        return None
    low, high = inputs.range
    reach = max(abs(low), abs(high))
    rms = float(np.sqrt(sums["value_square"].sum() / sums["phase_maps"].sum()))
    if reach / FAR_OFF / 2 <= rms <= reach * FAR_OFF:
        return None
    return (
        f"inputs in {low:g}..{high:g} give outputs of RMS {rms:.3g}: check that --range is what "
        "the model was trained on"
    )


def _group(place: Place, **attributes: Any) -> xr.Dataset:
    """Return a place's dataset with its lattice table."""
    data = place.data.assign_attrs(attributes)
    if place.measured is None:
        return data
    units = {"frequency": "cycles/pixel", "period": "pixel", "z": "1", "p": "1"}
    table = {
        name: (("point", "axis")[: values.ndim], values, {"units": units.get(name, "dB")})
        for name, values in score.lattice_table(place.measured).items()
    }
    return data.assign(table)
