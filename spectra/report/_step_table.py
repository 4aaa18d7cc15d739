"""The table of an answer: a row a step, then the output and the inputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from rich.box import Box
from rich.console import Group, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from spectra.report import _cells as cells
from spectra.report._rows import Row, has_lines, has_wavelengths, has_yardsticks, table_rows

if TYPE_CHECKING:
    from spectra.explain import Summary

REASON_WIDTHS = (22, 18, 14)  # columns of a reason, the first that leaves names enough
LEAST_NAME = 17  # columns of a name, below which a row takes two lines
STYLES = {"present": "bold red", "suspect": "yellow", "none": "green", "insufficient": "dim"}
STYLES |= {"strong": "bold red", "visible": "red", "faint": "yellow"}
RULE = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)


HEADER = Row(
    name="  step",
    kind="kind",
    kernel="k/s",
    period="period",
    lines="lowest line",
    alias="alias dBc",
    interval="95 % interval",
    z="z",
    verdict="verdict",
    at_output="at output",
    change="change",
    nearest="nearest",
    cubic="cubic",
    wavelength="wavelength",
)
LEFT = {"name", "kind", "interval", "verdict"}
ABOUT = ("name", "kind", "kernel")  # what a step is; the other columns are numbers
YARDSTICKS = {"nearest", "cubic"}  # columns that stand where one is known
EXPLAINED = {"z", "change"}  # columns that are not needed every time
NO_COLUMNS = {"worst", "of_variable"}
VARIABLES = 5  # that are shown without being asked for
_NAMES = [field.name for field in fields(Row) if field.name not in NO_COLUMNS | {"wavelength"}]
_BEHIND = _NAMES.index("period") + 1
_COLUMNS = [*_NAMES[:_BEHIND], "wavelength", *_NAMES[_BEHIND:]]


def step_table(summary: Summary, width: int, *, explain: bool) -> RenderableType:
    """Return a row a step, then the output and the inputs; two lines a row if need be."""
    told = table_rows(summary)
    rows = [HEADER, *map(_marked, told if explain else _fewer(told))]
    columns = [
        name
        for name in _COLUMNS
        if (explain or name not in EXPLAINED)
        and (name not in YARDSTICKS or has_yardsticks(rows[1:]))
        and (name != "wavelength" or has_wavelengths(rows[1:]))
        and (name != "lines" or has_lines(rows[1:]))
    ]
    for most in REASON_WIDTHS:
        shown = rows
        if not explain:
            shown = [replace(row, interval=cells.begin(row.interval, most)) for row in rows]
        if table := _one_line_each(shown, columns, width, most):
            return table
    return _two_lines_each(rows, columns, width)


def _fewer(rows: list[Row]) -> list[Row]:
    """Return the rows without all but the first variables, and one that counts the others."""
    of_variables = [row for row in rows if row.of_variable]
    left = of_variables[VARIABLES:] if len(of_variables) > VARIABLES + 1 else []
    if not left:
        return rows
    last = rows.index(left[-1])
    empty = dict.fromkeys(_COLUMNS, "")
    told = replace(left[-1], **empty | {"name": f"  ({len(left)} more)"})  # type: ignore[arg-type]
    return [*(row for row in rows[:last] if row not in left), told, *rows[last + 1 :]]


def _one_line_each(rows: list[Row], columns: list[str], width: int, most: int) -> Table | None:
    """Return the table, or None where its names would get less than 17 columns."""
    table_cells = [[getattr(row, name) for name in columns] for row in rows]
    longest, *others = _widths(table_cells, columns, most)
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


def _two_lines_each(rows: list[Row], columns: list[str], width: int) -> Group:
    """Return rows of two lines: what the step is, and its numbers."""
    numbers = [name for name in columns if name not in ABOUT]
    table_cells = [["", *(getattr(row, name) for name in numbers)] for row in rows]
    columns = ["name", *numbers]
    widths = [2, *_widths(table_cells, columns, max(REASON_WIDTHS))[1:]]
    reasons = columns.index("interval")  # wrap where there is no room
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


def _widths(rows: list[list[str]], columns: list[str], most: int) -> list[int]:
    """Return the width of each column; a reason, longer than any interval, gets no more than so."""
    widest = [max(map(len, column)) for column in zip(*rows, strict=True)]
    named = zip(columns, widest, strict=True)
    return [min(width, most) if name == "interval" else width for name, width in named]


def _grid(header: list[str], sides: Sequence[JustifyMethod], widths: Sequence[int]) -> Table:
    table = Table(box=RULE, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for head, side, columns in zip(header, sides, widths, strict=True):
        table.add_column(head, justify=side, width=columns, overflow="fold", vertical="top")
    return table


def _coloured(texts: list[str]) -> list[Text]:
    return [Text(text, STYLES.get(text, "")) for text in texts]


def _emphasis(row: Row) -> str:
    return "bold" if row.worst else ""


def _marked(row: Row) -> Row:
    """Return a row whose name has room for the mark of the worst step, and the mark."""
    return replace(row, name=("> " if row.worst else "  ") + row.name)
