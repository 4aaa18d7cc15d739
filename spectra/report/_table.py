"""The answer in a terminal: a table of the steps, then one line for each question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from os import PathLike
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from spectra._printable import printable
from spectra.report import _cells as cells
from spectra.report._console import text_console, text_of
from spectra.report._step_table import STYLES, step_table

if TYPE_CHECKING:
    from spectra.explain import Summary

LABEL_WIDTH = 7
LINES = 220  # columns of a warning beside its label, in two lines
WARNINGS = 1  # that are printed without --explain
LEGEND = (
    "Numbers are dBc: dB relative to all other power. alias: power locked to the sampling grid; "
    "z: how far it stands out from randomly shifted grids; at output: what of it the model's "
    "output holds (-: not known); change: that less the step's own; nearest, cubic: what plain "
    "enlargements of the same outputs read at that period; >: the worst step."
)


def render_summary(
    summary: Summary,
    *,
    width: int | None = None,
    color: bool = False,
    wrote: str | PathLike[str] | None = None,
    explain: bool = False,
) -> str:
    """Return the answer as text, see `Result.text`."""
    console = text_console(width, color=color)
    console.print(labelled(_head(summary)), "")
    console.print(step_table(summary, console.width, explain=explain))
    console.print(Text(f"\n{LEGEND}\n" if explain else "", style="dim"))
    console.print(labelled(_answer(summary, wrote, explain=explain)))
    return text_of(console)


def _head(summary: Summary) -> Iterator[tuple[str, Text]]:
    """Say what was looked at."""
    model, inputs = summary.model, summary.inputs
    facts = [f for f in (model.format, model.architecture) if f and f not in model.source]
    about = ", ".join([*dict.fromkeys(facts), f"{cells.count(model.parameters)} parameters"])
    yield "Model", Text(printable(f"{model.source} ({about})"))
    if not inputs.count:
        yield "Inputs", Text("none: only the probes that need no data ran")
        return
    used = f"{inputs.used} of {summary.given}, {cells.shape(inputs.shape)}"
    dropped = f", {len(inputs.dropped)} dropped" if inputs.dropped else ""
    yield "Inputs", Text(printable(f"{inputs.source} ({used}{dropped})"))


def _answer(
    summary: Summary, wrote: str | PathLike[str] | None, *, explain: bool
) -> Iterator[tuple[str, Text]]:
    """Answer the questions in the order in which users ask them, warnings last."""
    styles = {"verdict": STYLES[summary.verdict]}
    if summary.severity is not None:
        styles["severity"] = STYLES[summary.severity.word]
    brief = {} if explain else summary.brief
    for question, text in (brief or summary.answer or {"verdict": summary.verdict}).items():
        style = styles.get(question, "")
        yield question.capitalize(), Text(printable(text), style)
    yield from _notes(summary) if explain or not brief else _warnings(summary)
    if wrote is not None:
        yield "Wrote", Text(printable(f"{wrote} ({summary.run.elapsed_s:.0f} s)"))


def _notes(summary: Summary) -> Iterator[tuple[str, Text]]:
    """Return all notes and warnings, each whole."""
    for finding in summary.warnings:
        label, style = ("Note", "") if finding.is_note else ("Warning", "yellow")
        yield label, Text(printable(finding.text), style)


def _warnings(summary: Summary) -> Iterator[tuple[str, Text]]:
    """Return the first warnings, each in two lines, and how many more there are."""
    warnings = [printable(finding.text) for finding in summary.warnings if not finding.is_note]
    more = len(warnings) - WARNINGS
    for number, text in enumerate(warnings[:WARNINGS], start=1):
        end = f" (and {more} more)" if more > 0 and number == WARNINGS else ""
        yield "Warning", Text(cells.begin(text, LINES - len(end)) + end, "yellow")


def labelled(lines: Iterable[tuple[str, Text]]) -> Table:
    """Return labels on the left and, wrapped beside them, their texts."""
    rows = list(lines)
    grid = Table.grid(padding=(0, 2))
    longest = max((len(label) for label, _ in rows), default=0)
    grid.add_column(style="bold", width=max(LABEL_WIDTH, longest), no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in rows:
        grid.add_row(label, text)
    return grid
