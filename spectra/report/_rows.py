"""The table of an answer as texts: a row a step, then the output and the inputs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spectra._printable import printable
from spectra.report import _cells as cells

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spectra.explain import StepRow, Summary
    from spectra.inputs import Spacing
    from spectra.score import Score
    from spectra.severity import Graded


@dataclass(frozen=True)
class Row:
    """One row of the table as strings; ``worst`` marks the step that is named.

    ``of_variable``: it is a part of the row above, of which not all have to be shown.
    """

    name: str
    kind: str
    kernel: str
    period: str
    lines: str
    alias: str
    interval: str
    z: str
    verdict: str
    at_output: str
    change: str
    nearest: str
    cubic: str
    wavelength: str = ""
    worst: bool = False
    of_variable: bool = False


def table_rows(summary: Summary) -> list[Row]:
    """Return a row a step, then the output, its variables where it has any, and the inputs."""
    worst = summary.worst and (summary.worst.name, summary.worst.call)
    inputs = _map_row("input (control)", summary.input.score, spacing=summary.inputs.spacing)
    cause = summary.input.cause
    return [
        *(
            _step_row(summary, step, worst=(step.name, step.call) == worst)
            for step in summary.steps
        ),
        _map_row("output", summary.output.score, summary.severity, summary.output.spacing),
        *_variable_rows(summary),
        replace(inputs, kind=cause.text if cause else "", nearest="", cubic=""),
    ]


def _variable_rows(summary: Summary) -> Iterator[Row]:
    """Yield a row for each variable of the output, that of most locked energy first."""
    spacing = summary.output.spacing
    for variable in summary.output.loudest_first:
        row = _map_row(f"  {printable(variable.name)}", variable.score, spacing=spacing)
        yield replace(row, nearest="", cubic="", of_variable=True)


def has_wavelengths(rows: list[Row]) -> bool:
    """Return whether a wavelength is known in any of the rows."""
    return any(row.wavelength for row in rows)


def has_lines(rows: list[Row]) -> bool:
    """Return whether frequencies of lines are known in any of the rows."""
    return any(row.lines.strip("-") for row in rows)


def has_yardsticks(rows: list[Row]) -> bool:
    """Return whether a yardstick is known in any of the rows."""
    return any(row.nearest.strip("-") for row in rows)


def _step_row(summary: Summary, step: StepRow, *, worst: bool) -> Row:
    alias, interval = cells.alias(step.score, step.flat_field)
    there, change = cells.at_output(step)
    yardsticks = cells.yardsticks(summary.severity, step.period_in_output)
    return Row(
        name=cells.step(step),
        kind=step.kind,
        kernel=cells.kernel_and_stride(step.kernel_size, step.stride, step.factor),
        period=cells.period(step.period_in_output),
        lines=cells.lowest_line(step.frequencies_hz),
        alias=alias,
        interval=interval,
        z=cells.z(step.score),
        verdict=step.score.verdict,
        at_output=there,
        change=change,
        nearest=yardsticks["nearest"],
        cubic=yardsticks["cubic"],
        wavelength=cells.wavelength(summary.output.spacing, step.period_in_output),
        worst=worst,
    )


def _map_row(
    name: str,
    score: Score,
    graded: Graded | None = None,
    spacing: Spacing | None = None,
) -> Row:
    """Return the row of the output or the inputs, which have no kernel; yardsticks are summed."""
    alias, interval = cells.alias(score)
    yardsticks = cells.yardsticks_of_all(graded)
    return Row(
        name=name,
        kind="",
        kernel="",
        period=cells.period(score.period),
        lines="",
        alias=alias,
        interval=interval,
        z=cells.z(score),
        verdict=score.verdict,
        at_output=alias if graded is not None else "",
        change="",
        nearest=yardsticks["nearest"],
        cubic=yardsticks["cubic"],
        wavelength=cells.wavelength(spacing, score.period),
    )
