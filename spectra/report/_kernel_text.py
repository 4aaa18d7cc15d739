"""The table of kernels in a terminal, as CSV and as labelled arrays."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import fields
from io import StringIO
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table
from rich.text import Text

from spectra import _names as names
from spectra._names import place
from spectra._printable import printable
from spectra.kernel import Measures
from spectra.report import _cells as cells
from spectra.report._console import text_console, text_of
from spectra.report._step_table import RULE
from spectra.report._table import labelled

if TYPE_CHECKING:
    from rich.console import JustifyMethod

    from spectra.report._kernel_table import KernelRow, KernelTable

HEADER = (
    "layer",
    "k/s",
    "phase\nimbal.",
    "line\ndB",
    "rejects\ndB",
    "nearest\ndB",
    "bilinear\ndB",
    "optimal\ndB",
    "gap\ndB",
    "phase\npx",
    "sinc\n%",
    "mass\n95 %",
)
LEGEND = (
    "imbal.: spread of the phases' gains; line: grid that a constant becomes, over its level; "
    "rejects: base band over replicas, beside nearest and bilinear; optimal: rejection of the "
    "kernel of this size with the least total error, all for the same inputs; a blur such as "
    "bilinear may reject more, and errs within the band; gap: error over that "
    "least; phase: sub-pixel delay; sinc: random kernels that fit one worse; mass: side of the box "
    "that holds 95 % of the energy; -: none."
)


def kernels_csv(table: KernelTable) -> str:
    """Return the table as CSV: a row a layer, several numbers of a cell joined by ``x``."""
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    about = [f.name for f in fields(table.layers[0]) if f.name != "measures"]
    measured = [f.name for f in fields(Measures)]
    writer.writerow([*about, *measured])
    for row in table.layers:
        cells = [getattr(row, name) for name in about]
        own = row.measures
        cells += [None if own is None else getattr(own, name) for name in measured]
        writer.writerow([_cell(cell) for cell in cells])
    return stream.getvalue()


def kernels_dataset(table: KernelTable) -> Any:
    """Return the measures as an xarray.Dataset: ``layer``, ``axis`` and ``box`` are its dims.

    Numbers that a layer does not have, and axes beyond its own, are NaN.
    """
    import xarray as xr

    layers = table.layers
    variables: dict[str, Any] = {
        name: ("layer", [printable(str(getattr(row, name))) for row in layers])
        for name in ("kind", "certainty", "evidence")
    }
    axes = {len(row.stride) for row in layers if row.stride}
    unit = place(axes.pop() if len(axes) == 1 else 2)
    for name in ("kernel_size", "stride", "padding", "dilation"):
        variables[name] = (("layer", "axis"), _padded([getattr(row, name) for row in layers]))
    for field in fields(Measures):
        if field.name == "spectrum":
            continue
        values = [getattr(row.measures, field.name, None) for row in layers]
        units = {"units": _units(field.name, unit)}
        if not any(isinstance(v, tuple) for v in values):
            numbers = [np.nan if v is None else float(v) for v in values]
            variables[field.name] = ("layer", numbers, units)
            continue
        second = {"mass": "box", "replica_rejection_db": "replica"}.get(field.name, "axis")
        variables[field.name] = (("layer", second), _padded(values), units)
    attributes = {"schema": table.schema, "model": table.model.source, "spectrum": table.spectrum}
    names = {"layer": [printable(row.name) for row in layers]}
    return xr.Dataset(variables, coords=names, attrs=attributes)


def render_kernels(
    table: KernelTable,
    *,
    width: int | None = None,
    color: bool = False,
    wrote: str | PathLike[str] | None = None,
) -> str:
    """Return the table as text, see `Printed.text`."""
    console = text_console(width, color=color)
    model = table.model
    facts = [f for f in (model.format, model.architecture) if f and f not in model.source]
    about = ", ".join([*dict.fromkeys(facts), f"{cells.count(model.parameters)} parameters"])
    head = [("Model", Text(printable(f"{model.source} ({about})")))]
    console.print(labelled(head), "")
    console.print(_grid(table, console.width))
    console.print(Text(f"\n{LEGEND} Inputs: {table.spectrum}.\n", style="dim"))
    lines = [*kernel_lines(table), *([("Wrote", str(wrote))] if wrote is not None else [])]
    console.print(labelled((label, Text(printable(text))) for label, text in lines))
    return text_of(console)


def _grid(table: KernelTable, width: int) -> Table:
    rows = [kernel_cells(row) for row in table.layers]
    natural = [_widest(column) for column in zip(HEADER, *rows, strict=True)]
    room = max(12, width - sum(w + 2 for w in natural[1:]))
    natural[0] = min(room, natural[0])  # names give way, numbers do not
    grid = Table(box=RULE, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for head, columns in zip(HEADER, natural, strict=True):
        side: JustifyMethod = "left" if head == HEADER[0] else "right"
        grid.add_column(head, justify=side, width=columns, no_wrap=True, vertical="bottom")
    for name, *numbers in rows:
        grid.add_row(Text(cells.shorten(name, natural[0])), *numbers)
    return grid


def _widest(column: Iterable[str]) -> int:
    return max(len(line) for cell in column for line in cell.split("\n"))


def kernel_cells(row: KernelRow) -> list[str]:
    """Return a kernel's row of the table, in the order of `HEADER`."""
    mark = {"likely": "?", "certain": "*"}.get(row.certainty, "")
    name = printable(row.name or "(model)") + mark
    size = cells.kernel_and_stride(row.kernel_size, row.stride, row.stride)
    m = row.measures
    if m is None:
        return [f"{name}: {row.reason}", size, *["-"] * 10]
    return [
        name,
        size,
        f"{m.phase_imbalance:.2f}",
        _db(m.line_gain_db),
        _db(m.rejection_db),
        _db(m.rejection_nearest_db),
        _db(m.rejection_bilinear_db),
        _db(m.rejection_bound_db),
        _db(m.gap_db),
        _per_axis([f"{p:+.2f}" for p in m.sub_pixel_phase]),
        _per_axis([f"{p:.0f}" for p in m.sinc_percentile]),
        str(m.effective_size),
    ]


def kernel_lines(table: KernelTable) -> Iterator[tuple[str, str]]:
    """Return what has to be said beside the table, each with its label."""
    certainties = {row.certainty for row in table.layers}
    if "certain" in certainties:
        yield "*", "transposed, by its weights; stride 2 is assumed (--stride NAME=N)"
    if "likely" in certainties:
        yield "?", "probably transposed, by its name or what follows it; stride 2 is assumed"
    if table.ambiguous:
        listed = ", ".join(table.ambiguous[:6])
        more = f" and {len(table.ambiguous) - 6} more" if len(table.ambiguous) > 6 else ""
        fit = "fits" if len(table.ambiguous) == 1 else "fit"
        upsamples = ", ".join(table.hints[:2]) or "--stride NAME=2"
        text = (
            f"left out: {listed}{more} {fit} a plain convolution too; settle it by {upsamples} "
            "where it upsamples, --stride NAME=1 where it does not, or --arch file.py:factory"
        )
        yield "Unclear", text
    for note in table.notes:
        yield "Note", note


def _db(value: float | None) -> str:
    return "-" if value is None else names.db_text(value)


def _per_axis(texts: list[str]) -> str:
    return texts[0] if len(set(texts)) == 1 else " ".join(texts)


def _cell(value: Any) -> Any:
    if isinstance(value, tuple):
        return "x".join("" if v is None else str(v) for v in value)
    return printable(value) if isinstance(value, str) else value


def _padded(values: list[tuple[float | None, ...] | None]) -> np.ndarray[Any, Any]:
    length = max((len(v) for v in values if v is not None), default=0)
    padded = np.full((len(values), length), np.nan)
    for row, value in zip(padded, values, strict=True):
        given = [np.nan if v is None else float(v) for v in value or ()]
        row[: len(given)] = given
    return padded


def _units(name: str, unit: str) -> str:
    if name.endswith("_db"):
        return "dB"
    if name in {"delay", "sub_pixel_phase", "centre", "radius", "effective_size"}:
        return unit
    return {"sinc_cutoff": f"cycles/{unit}", "sinc_percentile": "%"}.get(name, "1")
