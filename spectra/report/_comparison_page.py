"""The report of a comparison, ``report.html``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spectra.report import _comparison_cells as comparison_cells
from spectra.report._embedded import embed_curves
from spectra.report._page import render
from spectra.report._scale import severity_scale

if TYPE_CHECKING:
    from spectra.compared import Pair, Row
    from spectra.report._comparison import Compared, Comparison


def comparison_page(comparison: Comparison, figure: Any) -> bytes:
    """Return the report of a comparison as one HTML file.

    Parameters
    ----------
    comparison : Comparison
    figure : matplotlib Figure or None
        The output's grid over training, where the results are checkpoints of one training.
    """
    alt = "Locked energy of the output over training, with its interval and its severity"
    return render(
        "comparison.html",
        outcome=comparison.outcome,
        models=[_model(model) for model in comparison.models],
        sections=[_section(pair) for pair in reversed(comparison.pairs)],
        series=None if figure is None else embed_curves(figure, alt=alt),
        training=comparison.series.answer if comparison.series else "",
    )


def _section(pair: Pair) -> dict[str, Any]:
    """Return what the report says of one result against the first."""
    alone = [(name.label, f"{name.kind}, only in {pair.before}") for name in pair.only_before]
    alone += [(name.label, f"{name.kind}, only in {pair.after}") for name in pair.only_after]
    return {
        "before": pair.before,
        "after": pair.after,
        "answers": [(question.capitalize(), text) for question, text in pair.answer.items()],
        "rows": [
            {
                "name": _place(row),
                "kind": comparison_cells.kind(row),
                "before": comparison_cells.energy(row.before),
                "after": comparison_cells.energy(row.after),
                "difference": comparison_cells.difference(row.change),
                "interval": comparison_cells.interval(row.change),
                "basis": comparison_cells.basis(row.change),
                "whole": row.where == "output",
            }
            for row in pair.rows
        ],
        "alone": alone,
    }


def _place(row: Row) -> str:
    """Return what a row is called where no other stands above it."""
    if row.where != "at output":
        return comparison_cells.name(row)
    before, after = row.labels
    step = before if before == after else f"{before} -> {after}"
    return f"{step}, at output"


def _model(model: Compared) -> dict[str, Any]:
    """Return how severe one result's grid is, and what its answer says of it."""
    summary = model.summary
    graded = summary.severity
    answer = summary.brief or summary.answer
    return {
        "name": model.name,
        "verdict": summary.output.score.verdict,
        "scale": severity_scale(graded) if graded else None,
        "facts": [
            (name.capitalize(), answer[name])
            for name in ("severity", "verdict", "where")
            if name in answer
        ],
    }
