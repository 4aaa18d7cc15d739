"""The answer in a terminal: a table of the steps, then one line for each question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from os import PathLike
from typing import TYPE_CHECKING

from rich.box import Box
from rich.console import Group, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from spectra._printable import printable
from spectra.report import _cells as cells
from spectra.report._console import text_console, text_of

if TYPE_CHECKING:
    from spectra.explain import StepRow, Summary
    from spectra.score import Score
    from spectra.severity import Graded

REASON_WIDTHS = (22, 18, 14)  # columns of a reason, the first that leaves names enough
LABEL_WIDTH = 7
LINE = 110  # columns of an answer beside its label
LEAST_NAME = 17  # columns of a name, below which a row takes two lines
STYLES = {"present": "bold red", "suspect": "yellow", "none": "green", "insufficient": "dim"}
STYLES |= {"strong": "bold red", "visible": "red", "faint": "yellow"}
WARNINGS = 1  # that are printed without --explain
RULE = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
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
    console.print(_table(summary, console.width, explain=explain))
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
    """Return the first warnings, each in one line, and how many more there are."""
    warnings = [printable(finding.text) for finding in summary.warnings if not finding.is_note]
    more = len(warnings) - WARNINGS
    for number, text in enumerate(warnings[:WARNINGS], start=1):
        end = f" (and {more} more)" if more > 0 and number == WARNINGS else ""
        yield "Warning", Text(cells.begin(text, LINE - len(end)) + end, "yellow")


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


@dataclass(frozen=True)
class _Row:
    """One row of the table as strings."""

    name: str
    kind: str
    kernel: str
    period: str
    alias: str
    interval: str
    z: str
    verdict: str
    at_output: str
    change: str
    nearest: str
    cubic: str


HEADER = _Row(
    name="  step",
    kind="kind",
    kernel="k/s",
    period="period",
    alias="alias dBc",
    interval="95 % interval",
    z="z",
    verdict="verdict",
    at_output="at output",
    change="change",
    nearest="nearest",
    cubic="cubic",
)
LEFT = {"name", "kind", "interval", "verdict"}
ABOUT = ("name", "kind", "kernel")  # what a step is; the other columns are numbers
YARDSTICKS = {"nearest", "cubic"}  # columns that stand where one is known
EXPLAINED = {"z", "change"}  # columns that are not needed every time


def _step_row(summary: Summary, step: StepRow, *, worst: bool) -> _Row:
    alias, interval = cells.alias(step.score, step.flat_field)
    there, change = cells.at_output(step)
    return _Row(
        name=("> " if worst else "  ") + cells.step(step),
        kind=step.kind,
        kernel=cells.kernel_and_stride(step.kernel_size, step.stride, step.factor),
        period=cells.period(step.period_in_output),
        alias=alias,
        interval=interval,
        z=cells.z(step.score),
        verdict=step.score.verdict,
        at_output=there,
        change=change,
        **cells.yardsticks(summary.severity, step.period_in_output),
    )


def _map_row(name: str, score: Score, graded: Graded | None = None) -> _Row:
    """Return the row of the output or the inputs, which have no kernel; yardsticks are summed."""
    alias, interval = cells.alias(score)
    return _Row(
        name="  " + name,
        kind="",
        kernel="",
        period=cells.period(score.period),
        alias=alias,
        interval=interval,
        z=cells.z(score),
        verdict=score.verdict,
        at_output="",
        change="",
        **cells.yardsticks_of_all(graded),
    )


def _table(summary: Summary, width: int, *, explain: bool) -> RenderableType:
    """Return a row a step, then the output and the inputs; two lines a row if need be."""
    worst = summary.worst and (summary.worst.name, summary.worst.call)
    rows = [
        HEADER,
        *(
            _step_row(summary, step, worst=(step.name, step.call) == worst)
            for step in summary.steps
        ),
        _map_row("output", summary.output.score, summary.severity),
        replace(_map_row("input (control)", summary.input.score), nearest="", cubic=""),
    ]
    columns = [
        field.name
        for field in fields(_Row)
        if (explain or field.name not in EXPLAINED)
        and (field.name not in YARDSTICKS or any(row.nearest.strip("-") for row in rows[1:]))
    ]
    for most in REASON_WIDTHS:
        shown = rows
        if not explain:
            shown = [replace(row, interval=cells.begin(row.interval, most)) for row in rows]
        if table := _one_line_each(shown, columns, width, most):
            return table
    return _two_lines_each(rows, columns, width)


def _one_line_each(rows: list[_Row], columns: list[str], width: int, most: int) -> Table | None:
    """Return the table, or None where its names would get less than 17 columns."""
    table_cells = [[getattr(row, name) for name in columns] for row in rows]
    longest, *others = _widths(table_cells, most)
    room = width - sum(w + 2 for w in others)
    names = _shortened([row.name for row in rows], room)
    if room < min(LEAST_NAME, longest) or names is None:
        return None
    table = _grid(table_cells[0], _sides(columns), (min(room, longest), *others))
    for row, name, texts in zip(rows[1:], names[1:], table_cells[1:], strict=True):
        texts[0] = name
        table.add_row(*_coloured(texts), style=_emphasis(row))
    return table


def _shortened(names: list[str], room: int) -> list[str] | None:
    """Return names without their middles, else without their ends, that are told apart."""
    for shorten in (cells.shorten, cells.begin):
        short = [shorten(name, max(room, 0)) for name in names]
        if len({*short}) == len({*names}):
            return short
    return None


def _two_lines_each(rows: list[_Row], columns: list[str], width: int) -> Group:
    """Return rows of two lines: what the step is, and its numbers."""
    numbers = [name for name in columns if name not in ABOUT]
    table_cells = [["", *(getattr(row, name) for name in numbers)] for row in rows]
    widths = [2, *_widths(table_cells, max(REASON_WIDTHS))[1:]]
    reasons = 1 + numbers.index("interval")  # wrap where there is no room
    widths[reasons] -= max(0, sum(w + 2 for w in widths) - 2 - width)
    lines: list[RenderableType] = []
    abouts = [f"{row.kind} {row.kernel}".strip() for row in rows]
    room = max(24, width - max(map(len, abouts)) - 2)
    names = _shortened([row.name for row in rows], room) or [row.name for row in rows]
    for row, name, about, texts in zip(rows, names, abouts, table_cells, strict=True):
        lines.append(Text(f"{name}  {about}", _emphasis(row)))
        table = _grid(texts, ("left", *_sides(numbers)), widths)
        if row is not HEADER:
            table.show_header = False
            table.add_row(*_coloured(texts), style=_emphasis(row))
        lines.append(table)
    return Group(*lines)


def _sides(columns: Iterable[str]) -> tuple[JustifyMethod, ...]:
    return tuple("left" if name in LEFT else "right" for name in columns)


def _widths(rows: list[list[str]], most: int) -> list[int]:
    """Return the width of each column; a reason, longer than any number, wraps."""
    natural = [
        max(len(line) for cell in column for line in cell.split("\n"))
        for column in zip(*rows, strict=True)
    ]
    return [natural[0], *(min(w, most) for w in natural[1:])]


def _grid(header: list[str], sides: Sequence[JustifyMethod], widths: Sequence[int]) -> Table:
    table = Table(box=RULE, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for head, side, columns in zip(header, sides, widths, strict=True):
        table.add_column(head, justify=side, width=columns, overflow="fold", vertical="top")
    return table


def _coloured(texts: list[str]) -> list[Text]:
    return [Text(text, STYLES.get(text, "")) for text in texts]


def _emphasis(row: _Row) -> str:
    return "bold" if row.name.startswith(">") else ""
