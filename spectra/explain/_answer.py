"""The six questions of a user, answered in a sentence each."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from spectra._names import place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.explain._summary import OutputRow, StepRow, Summary
    from spectra.score import Score

NOTHING_STAYS = "nothing of the output stays as it was"
VERDICT_TEXT = {
    "present": "grid-locked artifact PRESENT",
    "suspect": "grid-locked artifact SUSPECTED",
    "none": "NO grid-locked artifact detected",
    "insufficient": "INSUFFICIENT data for a verdict",
}


def answer(summary: Summary) -> dict[str, str]:
    """Return the lines below the table: verdict, where, looks, why, not, but, try, trust.

    Lines that do not apply are left out.
    """
    worst = next(
        (
            row
            for row in summary.steps
            if summary.worst and (row.name, row.call) == (summary.worst.name, summary.worst.call)
        ),
        None,
    )
    lines = {
        "verdict": _verdict(summary),
        "where": _where(summary, worst),
        "looks": _looks(summary.output, worst),
        "why": worst.cause.text if worst and worst.cause else None,
        "not": _ruled_out(summary),
        "but": _doubt(summary),
        "try": worst.advice.text if worst and worst.advice else None,
        "trust": _trust(summary),
    }
    return {name: text for name, text in lines.items() if text}


def _verdict(summary: Summary) -> str:
    text = VERDICT_TEXT[summary.verdict]
    score = summary.output.score
    if summary.inputs.used == 0:
        return _without_inputs(summary)
    if score.verdict == "insufficient":
        place = "worst step" if summary.verdict != "insufficient" else "output"
        return f"{text} ({place}; output: {score.reason})"
    if summary.verdict == "none":
        bound = (
            f", locked energy below {score.asr_upper_dbc:.1f} dBc" if score.asr_upper_dbc else ""
        )
        reason = f" ({score.reason})" if score.reason else ""
        return f"{text} in the output{bound}{reason}"
    equals = "at least" if score.at_least else "="
    headline = f", A {equals} {score.a_db:.1f} dB" if score.told_dbc is not None else ""
    return (
        f"{text} in the output: {_energy(score)}{headline} "
        f"(p = {score.p:.4g} against randomly shifted grids)"
    )


def _without_inputs(summary: Summary) -> str:
    """Say what a constant input alone has shown."""
    lines = {
        row.label: row.flat_field.line_dbc
        for row in summary.steps
        if row.factor and row.flat_field.line_dbc is not None
    }
    if not lines:
        reasons = "; ".join(dict.fromkeys(r.flat_field.reason or "" for r in summary.steps))
        return f"no inputs, so no verdict; no lines were measured with a constant input ({reasons})"
    name = max(lines, key=lines.__getitem__)
    output = summary.output.flat_field
    reaches = ""
    if output is not None and output.line_dbc is not None:
        reaches = f", of {output.line_dbc:.1f} dB in the output"
    return (
        f"no inputs, so no verdict; a constant input leaves lines of {lines[name]:.1f} dB over "
        f"the mean level at {name}{reaches}"
    )


def _energy(score: Score) -> str:
    """Return the locked energy with its interval, or what is known instead."""
    if score.at_least:
        return f"locked energy at least {score.asr_lower_dbc:.1f} dBc"
    if score.asr_dbc is None:
        upper = score.asr_upper_dbc
        return "weak" if upper is None else f"weak, locked energy at most {upper:.1f} dBc"
    text = f"locked energy {score.asr_dbc:.1f} dBc"
    if score.asr_ci95_dbc:
        low, high = score.asr_ci95_dbc
        return f"{text} ({low:.1f} to {high:.1f})"
    return text if score.asr_upper_dbc is None else f"{text} (at most {score.asr_upper_dbc:.1f})"


def _where(summary: Summary, worst: StepRow | None) -> str | None:
    if worst is None:
        guilty_none = all(row.score.verdict == "none" for row in summary.steps)
        return "no step's own maps show a grid" if guilty_none and summary.steps else None
    born = f"born at {worst.label} ({describe_step(worst)})"
    change = worst.at_output.change_db
    if summary.output.score.verdict == "none":
        upper = summary.output.score.asr_upper_dbc
        below = "" if upper is None else f" (below {upper:.1f} dBc)"
        return f"{born}, removed by later layers: not detected in the output{below}"
    if worst.at_output.locked_dbc is None:
        return f"{born}; at its frequencies the output shows no grid"
    if change is None:
        return born
    if abs(change) < 1:
        return f"{born}, reaches the output as it is"
    word = "weakened" if change < 0 else "amplified"
    return f"{born}, {word} by {abs(change):.1f} dB on its way to the output"


def describe_step(row: StepRow) -> str:
    """Return kind, kernel and factor of a step in words."""
    kernel = f" {_times(row.kernel_size)}" if row.kernel_size else ""
    factor = f", x{max(row.factor)}" if row.factor else ""
    return f"{row.kind.replace('_', ' ')}{kernel}{factor}"


def _looks(row: OutputRow, worst: StepRow | None) -> str | None:
    output = row.score
    if output.verdict not in ("present", "suspect"):
        return None
    parts = []
    if output.period:
        parts.append(f"period {_size(output.period)} {_pattern(output.period)}".rstrip())
        strongest = worst and worst.at_output.locked_dbc is not None and worst.period_in_output
        if strongest and max(strongest) < max(output.period):
            parts.append(f"strongest at that of the step named here, {_size(strongest)}")
    line, replica = output.line_dbc, output.replica_dbc
    if line is not None and (replica is None or line > replica + 3):
        parts.append("mostly lines: a constant grid")
    elif replica is not None and (line is None or replica > line + 3):
        parts.append("mostly replicas: it follows the picture's detail")
    if output.grey_levels is not None:
        parts.append(f"{output.grey_levels:.3g} of 255 grey levels RMS")
    if output.prominence_db is not None and output.prominence_db > 3:
        parts.append(f"peak {output.prominence_db:.1f} dB above the spectrum beside it")
    if row.flat_field is not None and row.flat_field.line_dbc is not None:
        parts.append(f"a constant input comes out with {row.flat_field.line_dbc:.1f} dBc of lines")
    return "; ".join(parts) or None


def _size(period: Sequence[int]) -> str:
    return f"{_times(period)} {'px' if len(period) > 1 else 'samples'}"


def _pattern(period: Sequence[int]) -> str:
    if len(period) != 2:
        return ""
    down, across = (p > 1 for p in period)
    if down and across:
        return "(both directions)"
    return "(horizontal stripes)" if down else "(vertical stripes)" if across else ""


def _ruled_out(summary: Summary) -> str | None:
    """Say what else it could be, and why it is not."""
    output, inputs = summary.output, summary.input.score
    if output.inherited:
        peaks = ", ".join(_fractions(peak) for peak in output.inherited)
        alone = "" if inputs.verdict != "none" else ", each by itself; together they show none"
        unit = f"cycles/{place(len(output.inherited[0]))}"
        return f"the model's: the peaks at {peaks} {unit} are the inputs' own{alone}"
    if summary.verdict in ("present", "suspect") and inputs.verdict == "none":
        return f"the inputs' own grid: they show none (p = {inputs.p:.2g})"
    return None


def _doubt(summary: Summary) -> str | None:
    """Say what weakens the verdict: a grid that the inputs bring along."""
    inputs = summary.input.score
    if inputs.verdict not in ("present", "suspect") or inputs.period is None:
        return None
    return (
        f"the inputs carry a grid of their own: period {_times(inputs.period)} px, "
        f"{_energy(inputs)}"
    )


def _fractions(frequency: Sequence[float]) -> str:
    return "(" + ", ".join(str(Fraction(f).limit_denominator(64)) for f in frequency) + ")"


def _trust(summary: Summary) -> str:
    output, inputs = summary.output.score, summary.inputs
    size = _times(inputs.shape[1:]) if len(inputs.shape) > 1 else "-"
    dropped = f", {len(inputs.dropped)} left out" if inputs.dropped else ""
    noun = {"images": "pictures", "array": "arrays", "latent": "latents"}.get(inputs.kind, "inputs")
    parts = [f"{inputs.used} {noun} of {size}{dropped}, {output.replicates} replicates"]
    if 0 < inputs.used < 16 and output.replicates >= 16:
        parts.append("within these pictures (fewer than 16, so tiles are the replicates)")
    grid = summary.output.grid_dependence_dbc
    if grid is not None:
        parts.append(f"output depends on the grid position by {grid:.1f} dBc")
    elif summary.output.grid_dependence_note == NOTHING_STAYS:
        parts.append(f"moved against the grid, {NOTHING_STAYS}")
    parts.append(
        f"{summary.run.device}, seed {summary.run.seed}, spectra {summary.spectra_version}"
    )
    if summary.warnings:
        count = len(summary.warnings)
        parts.append(f"{count} note{'s' if count > 1 else ''} below")
    return "; ".join(parts)


def _times(values: Sequence[int]) -> str:
    return "x".join(map(str, values))
