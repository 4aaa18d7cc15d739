"""The answer in a terminal: a table of the steps, then one line for each question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
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

REASON_WIDTH, LABEL_WIDTH = 20, 7
STYLES = {"present": "bold red", "suspect": "yellow", "none": "green", "insufficient": "dim"}
STYLES |= {"strong": "bold red", "visible": "red", "faint": "yellow"}
NOTES = {"loading", "preprocessing", "output_choice"}
RULE = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
LEGEND = (
    "alias: power locked to the sampling grid over all other power; z: how far it stands out "
    "from randomly shifted grids; at output: what of it the model's output holds (-: not known)."
)


def render_summary(
    summary: Summary,
    *,
    width: int | None = None,
    color: bool = False,
    wrote: str | PathLike[str] | None = None,
) -> str:
    """Return the answer as text, see `Printed.text`."""
    console = text_console(width, color=color)
    console.print(labelled(_head(summary)), "")
    console.print(_table(summary, console.width))
    console.print(Text("\n" + LEGEND + "\n", style="dim"))
    console.print(labelled(_answer(summary, wrote)))
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


def _answer(summary: Summary, wrote: str | PathLike[str] | None) -> Iterator[tuple[str, Text]]:
    """Answer the questions in the order in which users ask them."""
    styles = {"verdict": STYLES[summary.verdict]}
    if summary.severity is not None:
        styles["severity"] = STYLES[summary.severity.word]
    for question, text in (summary.answer or {"verdict": summary.verdict}).items():
        style = styles.get(question, "")
        yield question.capitalize(), Text(printable(text), style)
    for finding in summary.warnings:
        label, style = ("Note", "") if finding.id in NOTES else ("Warning", "yellow")
        yield label, Text(printable(finding.text), style)
    if wrote is not None:
        yield "Wrote", Text(printable(f"{wrote} ({summary.run.elapsed_s:.0f} s)"))


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


HEADER = _Row(
    name="  step",
    kind="kind",
    kernel="k/s",
    period="period",
    alias="alias\ndBc",
    interval="\n95 % interval",
    z="z",
    verdict="verdict",
    at_output="at output\ndBc",
    change="change\ndB",
)
SIDES: tuple[JustifyMethod, ...] = ("right", "right", "left", "right", "left", "right", "right")


def _step_row(step: StepRow, *, worst: bool) -> _Row:
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
    )


def _map_row(name: str, score: Score) -> _Row:
    """Return the row of the output or the inputs, which have grey levels and no kernel."""
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
        at_output=cells.grey_levels(score),
        change="",
    )


def _table(summary: Summary, width: int) -> RenderableType:
    """Return a row a step, then the output and the inputs; two lines a row if need be."""
    worst = summary.worst and (summary.worst.name, summary.worst.call)
    rows = [
        HEADER,
        *(_step_row(step, worst=(step.name, step.call) == worst) for step in summary.steps),
        _map_row("output", summary.output.score),
        _map_row("input (control)", summary.input.score),
    ]
    return _one_line_each(rows, width) or _two_lines_each(rows, width)


def _one_line_each(rows: list[_Row], width: int) -> Table | None:
    """Return the table, or None where its names would get less than 24 columns."""
    table_cells = [list(astuple(row)) for row in rows]
    longest, *others = _widths(table_cells)
    room = width - sum(w + 2 for w in others)
    if room < min(24, longest):
        return None
    table = _grid(table_cells[0], ("left", "left", "right", *SIDES), (min(room, longest), *others))
    for row, texts in zip(rows[1:], table_cells[1:], strict=True):
        texts[0] = cells.shorten(row.name, room)
        table.add_row(*_coloured(texts), style=_emphasis(row))
    return table


def _two_lines_each(rows: list[_Row], width: int) -> Group:
    """Return rows of two lines: what the step is, and its numbers."""
    table_cells = [["", *_numbers(row)] for row in rows]
    widths = (2, *_widths(table_cells)[1:])
    lines: list[RenderableType] = []
    for row, texts in zip(rows, table_cells, strict=True):
        about = f"{row.kind} {row.kernel}".strip()
        name = cells.shorten(row.name, max(24, width - len(about) - 2))
        lines.append(Text(f"{name}  {about}", _emphasis(row)))
        table = _grid(texts, ("left", *SIDES), widths)
        if row is not HEADER:
            table.show_header = False
            table.add_row(*_coloured(texts), style=_emphasis(row))
        lines.append(table)
    return Group(*lines)


def _numbers(row: _Row) -> list[str]:
    """Return all columns but the first three, which say what the step is."""
    return list(astuple(row))[3:]


def _widths(rows: list[list[str]]) -> list[int]:
    """Return the width of each column; a reason, longer than any number, wraps."""
    natural = [
        max(len(line) for cell in column for line in cell.split("\n"))
        for column in zip(*rows, strict=True)
    ]
    return [natural[0], *(min(w, REASON_WIDTH) for w in natural[1:])]


def _grid(header: list[str], sides: Sequence[JustifyMethod], widths: Sequence[int]) -> Table:
    table = Table(box=RULE, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for head, side, columns in zip(header, sides, widths, strict=True):
        table.add_column(head, justify=side, width=columns, overflow="fold", vertical="top")
    return table


def _coloured(texts: list[str]) -> list[Text]:
    return [Text(text, STYLES.get(text, "")) for text in texts]


def _emphasis(row: _Row) -> str:
    return "bold" if row.name.startswith(">") else ""
