"""The report of an analysis, ``report.html``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spectra import plot
from spectra._hertz import rate_text, several_hertz
from spectra._names import db_text, linear_name, times
from spectra.report import _cells as cells
from spectra.report._attack_section import attack_section
from spectra.report._embedded import DPI, Embedded, embed_curves, embed_map
from spectra.report._first_screen import first_screen
from spectra.report._page import render
from spectra.report._rows import has_lines, has_yardsticks, table_rows

if TYPE_CHECKING:
    import xarray as xr

    from spectra.explain import StepRow, Summary
    from spectra.probe import FlatLines
    from spectra.report._result import Result
    from spectra.score import AtOutput

OPEN = 5  # steps that are shown at once where none is the worst: those of most energy
MANY, COARSE = 40, 72  # steps, and pixels per inch of their spectra beyond
KERNEL_ALT = "Taps of the kernel, and its power response beside the ideal low-pass"
SHAPES = {1: "signal", 2: "picture", 3: "volume"}
Facts = list[tuple[str, str]]


@dataclass(frozen=True)
class StepSection:
    """What the report says of one step."""

    name: str
    verdict: str
    energy: str
    open: bool
    sentences: list[str]
    facts: Facts
    spectrum: Embedded | None
    kernel: Embedded | None = None


def analysis_page(result: Result, figures: dict[str, Any]) -> bytes:
    """Return the report of an analysis as one HTML file.

    Parameters
    ----------
    result : Result
    figures : dict of str to matplotlib Figure
        Those of the whole run by name, see `spectra.plot.run_figures`.
    """
    summary = result.summary
    rows = table_rows(summary)
    axes = max((len(step.factor) for step in summary.steps), default=2)
    return render(
        "analysis.html",
        model=summary.model.source,
        about=_about(summary),
        word=summary.severity.word if summary.severity else None,
        verdict=summary.verdict,
        screen=first_screen(result, crop=figures.get("crop")),
        warnings=[found.text for found in summary.warnings if not found.is_note],
        notes=[found.text for found in summary.warnings if found.is_note],
        rows=rows,
        yardsticks=has_yardsticks(rows),
        lines=has_lines(rows),
        attack=attack_section(summary),
        attacked=_map(figures.get("attack"), alt=summary.answer.get("attack", "")),
        strip=_map(figures.get("strip"), alt=_strip_in_words(result), dpi=_dpi(summary)),
        steps=list(_sections(result)),
        where=_map(figures.get("where"), alt=summary.answer.get("severity", "")),
        spectrogram=_map(figures.get("spectrogram"), alt=_spectrogram_in_words(summary)),
        shape=SHAPES.get(axes, "picture"),
        profiles=_curves(
            figures.get("profiles"),
            alt=f"Mean power by {'frequency' if axes == 1 else 'radius'}, a line a row",
        ),
        whole=[(name.capitalize(), text) for name, text in summary.answer.items()],
        run=_run(summary),
        dropped=[(each.source, each.reason) for each in summary.inputs.dropped],
    )


def notebook_cell(result: Result) -> str:
    """Return the first screen and the table of steps as a part of a page, for notebooks."""
    rows = table_rows(result.summary)
    return render(
        "notebook.html",
        screen=first_screen(result),
        rows=rows,
        yardsticks=has_yardsticks(rows),
        lines=has_lines(rows),
        warnings=[found.text for found in result.summary.warnings if not found.is_note],
    ).decode()


def _about(summary: Summary) -> str:
    """Return in a line what was looked at."""
    model, inputs = summary.model, summary.inputs
    facts = [fact for fact in (model.format, model.architecture) if fact]
    about = ", ".join([*facts, f"{cells.count(model.parameters)} parameters"])
    if not inputs.count:
        return f"{about}; no inputs: only the probes that need no data ran"
    used = f"{inputs.used} of {summary.given}, {cells.shape(inputs.shape)}"
    return f"{about}; {inputs.source} ({used})"


def _sections(result: Result) -> Iterator[StepSection]:
    summary, data = result.summary, result.data
    worst = summary.worst and (summary.worst.name, summary.worst.call)
    mild = summary.severity is not None and summary.severity.word in ("none", "faint")
    loudest = [] if mild else sorted(summary.steps, key=_energy, reverse=True)[:OPEN]
    for index, step in enumerate(summary.steps):
        path = f"steps/{index}"
        group = data[path].to_dataset() if f"/{path}" in data.groups else None
        spectrum = None
        if group is not None and "mean_log_spectrum" in group:
            alt = _spectrum_in_words(cells.step(step), group)
            spectrum = embed_map(plot.step_figure(group), alt=alt, dpi=_dpi(summary))
        kernel = None
        if f"/kernels/{index}" in data.groups:
            figure = plot.kernel_figure(data[f"kernels/{index}"].to_dataset())
            kernel = embed_map(figure, alt=KERNEL_ALT, dpi=_dpi(summary))
        named = (step.name, step.call) == worst
        yield StepSection(
            name=cells.step(step),
            verdict=step.score.verdict,
            energy=_energy_in_words(step),
            open=(named and not mild) if worst else any(step is each for each in loudest),
            sentences=list(_sentences(summary, step)),
            facts=_facts(step),
            spectrum=spectrum,
            kernel=kernel,
        )


def _sentences(summary: Summary, step: StepRow) -> Iterator[str]:
    """Say why a step has a grid, and what to try: with inputs only what the answer says, too."""
    if step.cause:
        yield step.cause.text
    told = summary.answer.get("try", "")
    if step.advice and (not summary.inputs.used or step.advice.text in told):
        yield step.advice.text


def _energy(step: StepRow) -> float:
    told = step.at_output.told_dbc
    return float("-inf") if told is None else told


def _energy_in_words(step: StepRow) -> str:
    alias, interval = cells.alias(step.score, step.flat_field)
    return interval if alias == "-" else f"{alias} dBc" + (f" ({interval})" if interval else "")


def _facts(step: StepRow) -> Facts:
    """Return the numbers of a step that are known, in words."""
    score, there = step.score, step.at_output
    there_dbc, change = cells.at_output(step)
    kernel = cells.kernel_and_stride(step.kernel_size, step.stride, step.factor)
    facts = {
        "kind": f"{step.kind}, {kernel}",
        "maps": f"{cells.shape(step.input_shape)} to {cells.shape(step.output_shape)}",
        "period in the output": cells.period(step.period_in_output),
        "its own lines in the output": several_hertz(step.frequencies_hz)
        if step.frequencies_hz
        else "",
        "locked energy of its own maps": _energy_in_words(step),
        "why there is no number": score.reason or "",
        "lines, replicas": _two(score.line_dbc, score.replica_dbc),
        "test": "" if score.p is None else f"p = {score.p:.2g}, z = {cells.z(score)}",
        "out of band": _dbc(step.out_of_band_dbc),
        "lines under a constant input": _constant(step.flat_field),
        "at the output": there_dbc + (f", changed by {change} dB on the way" if change else ""),
        "output without its grid": _without(there),
        "output's lines without its mean pattern": _fall(there),
    }
    if step.kernel is not None:
        measures = step.kernel
        facts["kernel rejects"] = _db(measures.rejection_db)
        linear = linear_name(len(step.factor))
        facts[f"nearest, {linear}, and the kernel of its size with least error reject"] = ", ".join(
            _db(value)
            for value in (
                measures.rejection_nearest_db,
                measures.rejection_bilinear_db,
                measures.rejection_bound_db,
            )
        )
        facts["phases of its kernel differ by"] = f"{measures.phase_imbalance:.2g}"
    return [(name, text) for name, text in facts.items() if text not in ("", "-")]


def _without(there: AtOutput) -> str:
    """Return what the output does without the step's grid."""
    if there.without_db is None:
        return there.without_reason or ""
    if there.without_ci95_db is None:
        return "changes by no more than these inputs can tell"
    change, low, high = (
        db_text(value, "+.1f") for value in (there.without_db, *there.without_ci95_db)
    )
    return f"changes by {change} dB ({low} to {high})"


def _constant(flat: FlatLines) -> str:
    """Return what a constant input leaves in the maps, over their mean level."""
    if flat.clean:
        return f"none above {_dbc(flat.line_upper_dbc)}"
    if flat.settled_dbc is None:
        return flat.reason or ""
    return f"{_dbc(flat.settled_dbc)} of the mean level"


def _fall(there: AtOutput) -> str:
    drop = there.line_drop_db
    if drop is None:
        return ""
    least = "at least " if there.line_drop_is_bound else ""
    return f"{least}{db_text(abs(drop))} dB {'lower' if drop >= 0 else 'higher'}"


def _dbc(value: float | None) -> str:
    return "" if value is None else f"{db_text(value)} dBc"


def _db(value: float | None) -> str:
    return "" if value is None else f"{db_text(value)} dB"


def _two(lines: float | None, replicas: float | None) -> str:
    known = {"lines": lines, "replicas": replicas}
    return ", ".join(f"{name} {_dbc(value)}" for name, value in known.items() if value is not None)


def _run(summary: Summary) -> Facts:
    """Return how the analysis ran."""
    run, model, inputs = summary.run, summary.model, summary.inputs
    given = {
        name: value
        for name, value in run.options.items()
        if value not in (None, False, (), [], {}, "")
    }
    facts = {
        "command": run.command or "called from Python",
        "model": f"{model.source}, sha256 {model.sha256}" if model.sha256 else model.source,
        "inputs": f"{inputs.source}, {inputs.kind}, {inputs.used} of {inputs.count} used"
        if inputs.count
        else "none",
        "shape of an input": times(inputs.shape) if inputs.shape else "",
        "options": ", ".join(f"{name}={value}" for name, value in given.items()),
        "sample rate of the output": rate_text(run.sample_rate) if run.sample_rate else "",
        "device": f"{run.device}, {run.dtype}, {run.threads} threads, seed {run.seed}",
        "versions": f"spectra {summary.spectra_version}, torch {run.torch}",
        "made": summary.created,
        "took": f"{run.elapsed_s:.0f} s, {run.forward_s:.0f} s of it in the model",
    }
    return [(name, text) for name, text in facts.items() if text]


def _spectrogram_in_words(summary: Summary) -> str:
    """Return what the spectrograms show."""
    what = "Spectrogram of an output, the first lines of each step marked"
    return f"{what}; {summary.answer['probe']}" if "probe" in summary.answer else what


def _strip_in_words(result: Result) -> str:
    """Return what the strip shows: how high the highest lattice point stands in every row."""
    groups = [("input", "input"), ("output", "output")]
    groups[1:1] = [(f"steps/{i}", cells.step(step)) for i, step in enumerate(result.summary.steps)]
    known = [
        _spectrum_in_words(name, result.data[path].to_dataset())
        for path, name in groups
        if f"/{path}" in result.data.groups
    ]
    return "Mean log spectra. " + ". ".join(known)


def _spectrum_in_words(name: str, data: xr.Dataset) -> str:
    peak = plot.highest_peak(data)
    height = f"its highest lattice point stands {peak}" if peak else "no lattice point is scored"
    return f"Spectrum of {name}: {height}"


def _map(figure: Any, *, alt: str, dpi: int = DPI) -> Embedded | None:
    return None if figure is None else embed_map(figure, alt=alt, dpi=dpi)


def _dpi(summary: Summary) -> int:
    """Return pixels per inch of spectra: fewer where there are many, for the page's size."""
    return DPI if len(summary.steps) <= MANY else COARSE


def _curves(figure: Any, *, alt: str) -> Embedded | None:
    return None if figure is None else embed_curves(figure, alt=alt)
