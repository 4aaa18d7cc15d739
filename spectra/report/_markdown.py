"""A comparison as Markdown, for a pull request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from spectra._printable import printable
from spectra.report import _comparison_cells as comparison_cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.compared import Pair
    from spectra.report._comparison import Comparison

TWO = ("step", "kind", "before", "after", "difference (dB)", "basis")
MORE = ("result", "output (dBc)", "difference (dB)", "severity", "verdict", "basis")


def markdown_of(comparison: Comparison) -> str:
    """Return the answer in bold, a table, and the other sentences."""
    pairs = comparison.pairs
    if len(pairs) == 1:
        head, rows = TWO, _places(pairs[0])
        said = list(pairs[0].answer.items())
    else:
        head, rows = MORE, _results(comparison)
        said = [("helped", f"{pair.after}: {pair.answer['helped']}") for pair in pairs]
    said += [("training", comparison.series.answer)] if comparison.series else []
    lines = [f"**Grid of the output, {_cell(pairs[-1].after)} against {_cell(pairs[-1].before)}**"]
    lines += ["", _line(head), _line(["---"] * len(head)), *map(_line, rows), ""]
    lines += [f"- {question}: {_cell(text)}" for question, text in said]
    return "\n".join(lines) + "\n"


def _places(pair: Pair) -> list[tuple[str, ...]]:
    """Return a row for each place of two results."""
    return [
        (
            comparison_cells.name(row).strip(),
            comparison_cells.kind(row),
            comparison_cells.energy(row.before),
            comparison_cells.energy(row.after),
            comparison_cells.beside(row.change),
            comparison_cells.basis(row.change),
        )
        for row in pair.rows
    ]


def _results(comparison: Comparison) -> list[tuple[str, ...]]:
    """Return a row for each of several results."""
    changes = [None, *(pair.output.change for pair in comparison.pairs)]
    return [
        (
            model.name,
            comparison_cells.energy(model.summary.output.score),
            comparison_cells.beside(change) if change else "",
            model.word or "-",
            model.summary.output.score.verdict,
            comparison_cells.basis(change) if change else "",
        )
        for model, change in zip(comparison.models, changes, strict=True)
    ]


def _line(texts: Sequence[str]) -> str:
    return f"| {' | '.join(map(_cell, texts))} |"


def _cell(text: str) -> str:
    r"""Return foreign text in one cell: nothing of it ends the cell or means anything.

    Examples
    --------
    >>> print(_cell("a|b <script>"))
    a\|b &lt;script>
    """
    return re.sub(r"([|`*\[\]])", r"\\\1", printable(text)).replace("<", "&lt;")
