"""The reports of kernels and of a trial swap, ``report.html``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spectra.report import _cells as cells
from spectra.report._embedded import embed_curves
from spectra.report._page import render

if TYPE_CHECKING:
    from spectra.report._kernel_table import KernelTable
    from spectra.report._trial import Trial


def kernels_page(table: KernelTable, figure: Any) -> bytes:
    """Return the report of a model's kernels as one HTML file.

    Parameters
    ----------
    table : KernelTable
    figure : matplotlib Figure or None
        Rejection against size, where a layer can stand in it.
    """
    from spectra.report._kernel_text import HEADER, LEGEND, kernel_cells, kernel_lines

    model = table.model
    facts = [fact for fact in (model.format, model.architecture) if fact]
    lines = list(kernel_lines(table))
    alt = "Rejection of replicas against kernel size: learned layers, and what their size allows"
    return render(
        "kernels.html",
        model=model.source,
        about=", ".join([*facts, f"{cells.count(model.parameters)} parameters"]),
        spectrum=table.spectrum,
        legend=LEGEND,
        header=[title.replace("\n", " ") for title in HEADER],
        rows=[kernel_cells(row) for row in table.layers if row.measures is not None],
        unmeasured=[(row.name, row.reason or "") for row in table.layers if row.measures is None],
        warnings=[text for label, text in lines if label == "Unclear"],
        notes=[text for label, text in lines if label != "Unclear"],
        figure=None if figure is None else embed_curves(figure, alt=alt),
    )


def trial_page(trial: Trial) -> bytes:
    """Return the report of a trial swap as one HTML file."""
    from spectra.report._trial_text import trial_lines, trial_rows

    return render(
        "trial.html", model=trial.source, answers=trial_lines(trial), rows=trial_rows(trial)
    )
