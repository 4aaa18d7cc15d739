"""A comparison in a terminal: a table, then one line for each question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os import PathLike
from typing import TYPE_CHECKING

from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

from spectra._printable import printable
from spectra.report import _cells as cells
from spectra.report import _comparison_cells as comparison_cells
from spectra.report._console import text_console, text_of
from spectra.report._step_table import RULE, STYLES
from spectra.report._table import labelled

if TYPE_CHECKING:
    from spectra.compared import Pair, Row
    from spectra.report._comparison import Compared, Comparison

COLUMNS = 4  # results that get a column each; more get a row each
LONGEST = 34  # columns of a name or a reason that stands in a table
GAP = 2  # columns between two columns of the table
LEAST = 16  # columns that are left of a name or a reason where there is little room
STYLES_OF = {"better": "bold green", "worse": "bold red", "no difference": "", "not known": "dim"}
LEGEND = (
    "Energies are dBc: power locked to the sampling grid over all other power. difference: after "
    "less before in dB, below zero is better. paired: the interval is over what the same inputs do "
    "in both models; two runs: both intervals combined. at output: the output at the frequencies "
    "of the step above; output: at those of all steps."
)


def render_comparison(
    comparison: Comparison,
    *,
    width: int | None = None,
    color: bool = False,
    wrote: str | PathLike[str] | None = None,
    explain: bool = False,
) -> str:
    """Return the comparison as text, see `Comparison.text`."""
    console = text_console(width, color=color)
    models, pairs = comparison.models, comparison.pairs
    if len(models) == 2:
        console.print(labelled(_head(models)), "")
        console.print(_two(pairs[0], console.width))
    elif len(models) <= COLUMNS:
        console.print(_columns(models, pairs, console.width))
    else:
        console.print(_lines(models, pairs, console.width))
    console.print(Text(f"\n{LEGEND}\n" if explain else "", style="dim"))
    console.print(labelled(_answer(comparison, wrote)))
    return text_of(console)


def _head(models: tuple[Compared, ...]) -> Iterator[tuple[str, Text]]:
    """Say what is compared."""
    for when, model in zip(("Before", "After"), models, strict=True):
        inputs = model.summary.inputs
        about = "no inputs"
        if inputs.used:
            about = f"{inputs.source}: {inputs.used} of {model.summary.given}"
        yield when, Text(printable(f"{model.name} ({about})"))


def _two(pair: Pair, width: int) -> Table:
    """Return a row for each place, before and after."""
    head = ("step", "kind", "before", "after", "difference", "95 % interval", "")
    rows = [
        (
            comparison_cells.name(row),
            comparison_cells.kind(row),
            comparison_cells.energy(row.before),
            comparison_cells.energy(row.after),
            comparison_cells.difference(row.change),
            comparison_cells.interval(row.change),
            comparison_cells.basis(row.change),
        )
        for row in pair.rows
    ]
    return _table(head, rows, numbers=range(2, 5), width=width, bold=_of_output(pair.rows))


def _columns(models: tuple[Compared, ...], pairs: tuple[Pair, ...], width: int) -> Table:
    """Return a column for each result: its energy, and the difference to the first."""
    head = ("step", *(cells.shorten(printable(model.name), LONGEST) for model in models))
    rows = [
        (
            comparison_cells.name(row),
            comparison_cells.energy(row.before),
            *(_beside(_same(row, pair)) for pair in pairs),
        )
        for row in pairs[0].rows
    ]
    rows += [("severity", *_severities(models)), ("verdict", *_verdicts(models))]
    numbers = range(1, len(head))
    return _table(head, rows, numbers=numbers, width=width, bold=_of_output(pairs[0].rows))


def _of_output(rows: Sequence[Row]) -> int:
    """Return which row is that of the output."""
    return next(i for i, row in enumerate(rows) if row.where == "output")


def _same(row: Row, pair: Pair) -> Row | None:
    """Return the row of the same place of the first model."""
    for other in pair.rows:
        if (other.where, other.labels[0]) == (row.where, row.labels[0]):
            return other
    return None


def _beside(row: Row | None) -> str:
    """Return an energy with its difference to the first."""
    if row is None:
        return "-"
    change = comparison_cells.difference(row.change)
    return f"{comparison_cells.energy(row.after)}  {change}"


def _lines(models: tuple[Compared, ...], pairs: tuple[Pair, ...], width: int) -> Table:
    """Return a line for each result: its output, and the difference to the first."""
    head = [
        *("result", "output dBc", "difference", "95 % interval"),
        *("severity", "verdict", "helped", ""),
    ]
    changes = [None, *(pair.output.change for pair in pairs)]
    outcomes = ["", *(pair.outcome for pair in pairs)]
    rows = [
        (
            printable(model.name),
            comparison_cells.energy(model.summary.output.score),
            comparison_cells.difference(change) if change else "",
            comparison_cells.interval(change) if change else "",
            _severities(models)[index],
            _verdicts(models)[index],
            outcomes[index],
            comparison_cells.basis(change) if change else "",
        )
        for index, (model, change) in enumerate(zip(models, changes, strict=True))
    ]
    return _table(head, rows, numbers=range(1, 3), width=width)


def _severities(models: tuple[Compared, ...]) -> list[str]:
    return [model.word or "-" for model in models]


def _verdicts(models: tuple[Compared, ...]) -> list[str]:
    return [model.summary.output.score.verdict for model in models]


def _answer(
    comparison: Comparison, wrote: str | PathLike[str] | None
) -> Iterator[tuple[str, Text]]:
    """Answer the questions of two results; of more, whether each helped; of many, the last."""
    pairs = comparison.pairs
    if len(pairs) == 1:
        for question, text in pairs[0].answer.items():
            style = STYLES_OF[pairs[0].outcome] if question == "helped" else ""
            yield question.capitalize(), Text(printable(text), style)
    else:
        for pair in pairs if len(pairs) < COLUMNS else pairs[-1:]:
            said = f"{pair.after}: {pair.answer['helped']}"
            yield "Helped", Text(printable(said), STYLES_OF[pair.outcome])
        yield "Basis", Text(printable(basis_of_all(pairs)))
    if comparison.series is not None:
        yield "Training", Text(printable(comparison.series.answer))
    notes = dict.fromkeys(note for pair in pairs for row in pair.rows for note in row.notes)
    for note in notes:
        yield "Note", Text(printable(note))
    if wrote is not None:
        yield "Wrote", Text(printable(str(wrote)))


def basis_of_all(pairs: tuple[Pair, ...]) -> str:
    """Return on what basis several results are compared with the first."""
    bases = dict.fromkeys(pair.answer["basis"] for pair in pairs if "basis" in pair.answer)
    return "each against the first; " + "; ".join(bases) if bases else "each against the first"


def _table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: Sequence[int],
    width: int,
    bold: int | None = None,
) -> Table:
    """Return a table whose names and reasons are shortened until it fits."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    texts = [i for i, n in enumerate(widths) if i not in numbers and n > LEAST]
    for i in texts:
        widths[i] = min(widths[i], LONGEST)
    while sum(n + GAP for n in widths) - GAP > width:
        widest = max(texts, key=widths.__getitem__, default=None)
        if widest is None or widths[widest] <= LEAST:
            break
        widths[widest] -= 1
    table = Table(box=RULE, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for i, (name, columns) in enumerate(zip(head, widths, strict=True)):
        side: JustifyMethod = "right" if i in numbers else "left"
        table.add_column(name, justify=side, width=columns, overflow="fold")
    for index, row in enumerate(rows):
        shown = [_short(text, widths[i], ends=i == 0) for i, text in enumerate(row)]
        coloured = [Text(text, STYLES.get(text, "")) for text in shown]
        table.add_row(*coloured, style="bold" if index == bold else "")
    return table


def _short(text: str, room: int, *, ends: bool) -> str:
    """Return a name without its middle, a reason without its end, if there is no room."""
    return cells.shorten(text, room) if ends else cells.begin(text, room)
