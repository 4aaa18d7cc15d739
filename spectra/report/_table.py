"""The answer in a terminal: a table of the steps, then one line for each question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING

from rich.box import Box
from rich.console import Console, Group, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from spectra._printable import printable
from spectra.explain import counted, input_noun
from spectra.report import _words as words
from spectra.report._text import text_console, text_of

if TYPE_CHECKING:
    from spectra.explain import StepRow, Summary
    from spectra.score import Score

REASON_WIDTH = 20
STYLES = {"present": "bold red", "suspect": "yellow", "none": "green", "insufficient": "dim"}
NOTES = {"loading", "preprocessing", "output_choice"}
RULE = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
LEGEND = (
    "alias: power locked to the sampling grid over all other power; z: how far it stands out "
    "from randomly shifted grids; at output: what of it the model's output holds (-: not known)."
)


def render_text(
    summary: Summary,
    *,
    width: int | None = None,
    color: bool = False,
    wrote: str | PathLike[str] | None = None,
) -> str:
    """Return the answer as text.

    Parameters
    ----------
    summary : Summary
    width : int, optional
        Columns, 120 by default; where the table does not fit, a row takes two lines.
    color : bool
        With terminal colours; without, the text holds no escape code.
    wrote : path, optional
        Where the result was written.
    """
    console = text_console(width, color=color)
    console.print(labelled(_head(summary)), "")
    console.print(_table(summary, console.width))
    console.print(Text("\n" + LEGEND + "\n", style="dim"))
    console.print(labelled(_answer(summary, wrote)))
    return text_of(console)


def print_answer(
    summary: Summary, console: Console, *, wrote: str | PathLike[str] | None = None
) -> None:
    """Print the answer on ``console``, in colour where it has any (see `render_text`)."""
    color = console.is_terminal and not console.no_color
    text = render_text(summary, width=console.width, color=color, wrote=wrote)
    console.file.write(text)


def _head(summary: Summary) -> Iterator[tuple[str, Text]]:
    """Say what was looked at."""
    model, inputs = summary.model, summary.inputs
    facts = [f for f in (model.format, model.architecture) if f and f not in model.source]
    about = ", ".join([*dict.fromkeys(facts), f"{words.count(model.parameters)} parameters"])
    yield "Model", Text(printable(f"{model.source} ({about})"))
    if not inputs.count:
        yield "Inputs", Text("none: only the probes that need no data ran")
        return
    given = counted(inputs.count, input_noun(inputs.kind))
    used = f"{inputs.used} of {given}, {words.shape(inputs.shape)}"
    dropped = f", {len(inputs.dropped)} dropped" if inputs.dropped else ""
    yield "Inputs", Text(printable(f"{inputs.source} ({used}{dropped})"))


def _answer(summary: Summary, wrote: str | PathLike[str] | None) -> Iterator[tuple[str, Text]]:
    """Answer the questions in the order in which users ask them."""
    for question, text in {"verdict": summary.verdict, **summary.answer}.items():
        style = STYLES[summary.verdict] if question == "verdict" else ""
        yield question.capitalize(), Text(printable(text), style)
    for finding in summary.warnings:
        label, style = ("Note", "") if finding.id in NOTES else ("Warning", "yellow")
        yield label, Text(printable(finding.text), style)
    if wrote is not None:
        yield "Wrote", Text(printable(f"{wrote} ({summary.run.elapsed_s:.0f} s)"))


def labelled(lines: Iterable[tuple[str, Text]]) -> Table:
    """Return labels on the left and, wrapped beside them, their texts."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", width=7, no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in lines:
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
    *("  step", "kind", "k/s", "period", "alias\ndBc", "\n95 % interval"),
    *("z", "verdict", "at output\ndBc", "change\ndB"),
)
SIDES: tuple[JustifyMethod, ...] = ("right", "right", "left", "right", "left", "right", "right")


def _step_row(step: StepRow, *, worst: bool) -> _Row:
    return _Row(
        ("> " if worst else "  ") + words.step(step),
        step.kind,
        words.kernel_and_stride(step.kernel_size, step.stride, step.factor),
        words.period(step.period_in_output),
        *words.alias(step.score, step.flat_field),
        words.z(step.score),
        step.score.verdict,
        *words.at_output(step),
    )


def _map_row(name: str, score: Score) -> _Row:
    return _Row(
        "  " + name,
        *("", ""),
        words.period(score.period),
        *words.alias(score),
        words.z(score),
        score.verdict,
        *words.grey_levels(score),
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
    cells = [[row.name, row.kind, row.kernel, *_numbers(row)] for row in rows]
    longest, *others = _widths(cells)
    room = width - sum(w + 2 for w in others)
    if room < min(24, longest):
        return None
    table = _grid(cells[0], ("left", "left", "right", *SIDES), (min(room, longest), *others))
    for row, texts in zip(rows[1:], cells[1:], strict=True):
        texts[0] = words.shorten(row.name, room)
        table.add_row(*_coloured(texts), style=_emphasis(row))
    return table


def _two_lines_each(rows: list[_Row], width: int) -> Group:
    """Return rows of two lines: what the step is, and its numbers."""
    cells = [["", *_numbers(row)] for row in rows]
    widths = (2, *_widths(cells)[1:])
    lines: list[RenderableType] = []
    for row, texts in zip(rows, cells, strict=True):
        about = f"{row.kind} {row.kernel}".strip()
        name = words.shorten(row.name, max(24, width - len(about) - 2))
        lines.append(Text(f"{name}  {about}", _emphasis(row)))
        table = _grid(texts, ("left", *SIDES), widths)
        if row is not HEADER:
            table.show_header = False
            table.add_row(*_coloured(texts), style=_emphasis(row))
        lines.append(table)
    return Group(*lines)


def _numbers(row: _Row) -> list[str]:
    return [
        *(row.period, row.alias, row.interval, row.z, row.verdict),
        *(row.at_output, row.change),
    ]


def _widths(cells: list[list[str]]) -> list[int]:
    """Return the width of each column; a reason, longer than any number, wraps."""
    natural = [
        max(len(line) for cell in column for line in cell.split("\n"))
        for column in zip(*cells, strict=True)
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
