"""What a swap changes, in a terminal."""

from __future__ import annotations

from math import isfinite
from os import PathLike
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from spectra._names import db_text
from spectra._printable import printable
from spectra.report import _cells as cells
from spectra.report._console import text_console, text_of
from spectra.report._step_table import RULE

if TYPE_CHECKING:
    from spectra.repair import Judgement
    from spectra.report._trial import Trial
    from spectra.score import Score


def render_trial(trial: Trial, *, wrote: str | PathLike[str] | None = None) -> str:
    """Return the trial as text."""
    console = text_console()
    table = Table(box=RULE, pad_edge=False, show_edge=False, padding=(0, 1))
    for name in ("step", "is", "would be", "alias before", "after"):
        table.add_column(name, overflow="fold")
    for row in trial_rows(trial):
        table.add_row(*[Text(printable(cell)) for cell in row])
    console.print(table)
    lines = trial_lines(trial) + ([("Wrote", str(wrote))] if wrote else [])
    text = text_of(console)
    return text + "\n" + "".join(f"{label:<8} {printable(line)}\n" for label, line in lines)


def trial_rows(trial: Trial) -> list[tuple[str, ...]]:
    """Return a row a step and one for the output: what it is, would be, its alias before, after."""
    return [
        *(
            (step.label, step.old, step.new, _alias(step.before), _alias(step.after))
            for step in trial.steps
        ),
        ("output", "", "", _alias(trial.output_before), _alias(trial.output_after)),
    ]


def trial_lines(trial: Trial) -> list[tuple[str, str]]:
    """Return what the change costs and does, each line with its label."""
    before, after = trial.before, trial.after
    ratio = f" ({after.flops / before.flops:.2g} times)" if before.flops else ""
    lines = [
        (
            "Cost",
            f"{before.parameters:,} -> {after.parameters:,} parameters; "
            f"{before.flops / 1e9:.3g} -> {after.flops / 1e9:.3g} GFLOP an input{ratio}; "
            f"{before.milliseconds:.3g} -> {after.milliseconds:.3g} ms "
            "(parallel kernels merged)",
        ),
        ("Output", _change(trial)),
    ]
    if trial.repair is not None:
        lines += _judged(trial.repair)
    lines += [("Left", f"{r.label}: {r.reason}") for r in trial.plan.refused]
    lines += [("Note", f"{e.label}: {note}") for e in trial.plan.replaced for note in e.notes]
    return lines


def _change(trial: Trial) -> str:
    on = f"on {trial.compared} of {trial.inputs}" if trial.used else f"on {trial.inputs}"
    if trial.repair is not None:
        on += " that the repair did not see"
    if not isfinite(trial.max_difference):
        return f"not compared {on}: there are NaN or infinite values in it"
    if not trial.changes or trial.psnr_db is None:
        return (
            f"unchanged {on} (largest difference {trial.max_difference:.1g} of its range): nothing "
            "is cured until the model is trained on, or repaired with --repair"
        )
    return (
        f"changed {on}: {db_text(trial.psnr_db)} dB PSNR to the old one, largest difference "
        f"{trial.max_difference:.2g} of its range"
    )


def _judged(repair: Judgement) -> list[tuple[str, str]]:
    """Return how a repair went, how true the output stays, what its alias does, and the verdict."""
    measure = "" if repair.psnr_db is None else " PSNR"
    fidelity = f"{_db(repair.psnr_db)}{measure} to the old output"
    if repair.grid_psnr_db is not None:
        fidelity += f"; {_db(repair.cleaned_psnr_db)} to it without its grid"
    return [
        (
            "Repair",
            f"{repair.passes} passes over {repair.inputs} inputs, {repair.seconds:.0f} s; "
            f"judged on {repair.held_out} others",
        ),
        ("Fidelity", fidelity),
        ("Alias", _alias_change(repair)),
        ("Success", "yes" if repair.success else f"no: {'; '.join(repair.failures)}"),
    ]


def _alias_change(repair: Judgement) -> str:
    upper = repair.change_upper_db
    if upper is None:
        return "of the output: no number for the change"
    interval = f" (up to {db_text(upper, '+.1f')})" if isfinite(upper) else ""
    if repair.change_ci95_db is not None:
        low, high = repair.change_ci95_db
        interval = f" ({db_text(low, '+.1f')} to {db_text(high, '+.1f')})"
    nothing = "nothing is left above zero"
    change = nothing if repair.change_db is None else f"{db_text(repair.change_db, '+.1f')} dB"
    return f"of the output {change}{interval}, at the swapped steps' periods"


def _db(value: float | None) -> str:
    return "no difference" if value is None else f"{db_text(value)} dB"


def _alias(alias: Score | None) -> str:
    if alias is None:
        return "-"
    number, beside = cells.alias(alias)
    if number != "-":
        return f"{alias.verdict}, {number} dBc" + (f" ({beside})" if beside else "")
    known = alias.asr_lower_dbc is not None or alias.asr_upper_dbc is not None
    return f"{alias.verdict}, {beside} dBc" if known else f"{alias.verdict}: {beside}"
