"""The figures of a result folder, the same bytes for the same result."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra._printable import printable

if TYPE_CHECKING:
    import xarray as xr

    from spectra.compared import Series
    from spectra.explain import Summary
    from spectra.report._kernel_table import KernelTable
    from spectra.report._result import Result

DPI = 150
UNDATED = {"png": {"Software": None}, "pdf": {"CreationDate": None, "Producer": None}}


def draw_figures(result: Result) -> dict[str, Any]:
    """Return the figures of an analysis by name."""
    from spectra import plot

    rows, worst = figure_rows(result.summary, result.data), worst_group(result.summary)
    return dict(plot.run_figures(result.data, rows, worst=worst, dpi=DPI))


def save_figures(figures: dict[str, Any], *, folder: Path, formats: Collection[str]) -> None:
    """Save figures in ``formats`` under ``folder``, which is made if there are any."""
    for name, figure in figures.items() if formats else ():
        folder.mkdir(exist_ok=True)
        for extension in formats:
            path = folder / f"{name}.{extension}"
            figure.savefig(path, dpi=DPI, metadata=UNDATED[extension])


def draw_kernel_figure(table: KernelTable) -> Any:
    """Draw the layers of factor 2 in the picture of rejection against size, if there are any."""
    from spectra import plot

    square = {
        as_drawn(row.name): (row.kernel_size[0], row.measures.rejection_db)
        for row in table.layers
        if row.measures is not None
        and row.measures.rejection_db is not None
        and set(row.stride) == {2}
        and len(set(row.kernel_size)) == 1
        and table.spectrum == "1/f^2"
    }
    if not square:
        return None
    axes = {as_drawn(row.name): len(row.stride) for row in table.layers}
    dominant = max(axes[name] for name in square)
    points = {name: point for name, point in square.items() if axes[name] == dominant}
    return plot.rejection_figure(points, min(dominant, 2))


def draw_series_figure(series: Series) -> Any:
    """Draw the output's grid over training."""
    from spectra import plot

    scores = [point.output for point in series.points]
    return plot.series_figure(
        [point.number for point in series.points],
        [score.asr_dbc for score in scores],
        ends_dbc=[(score.asr_lower_dbc, score.asr_upper_dbc) for score in scores],
        words=[point.severity for point in series.points],
        unit=as_drawn(series.unit),
        present=series.first_present,
        visible=series.first_visible,
    )


def figure_rows(summary: Summary, tree: xr.DataTree) -> list[tuple[str, str]]:
    """Return each map's group in ``spectra.nc`` with its label, in the order of the model."""
    steps = [(f"steps/{i}", step.label) for i, step in enumerate(summary.steps)]
    names = tree["layers"].children if "layers" in tree.children else ()
    layers = [(path := f"layers/{name}", str(tree[path].attrs["name"])) for name in names]
    rows = [("input", "input"), *steps, *layers, ("output", "output")]
    return [(path, as_drawn(label)) for path, label in rows]


def as_drawn(label: str) -> str:
    """Return ``label`` as it is drawn, though matplotlib takes dollars for a formula's."""
    return printable(label).replace("$", r"\$")


def worst_group(summary: Summary) -> str:
    """Return the group of the worst step, of the output where there is none."""
    for i, step in enumerate(summary.steps):
        if summary.worst and (step.name, step.call) == (summary.worst.name, summary.worst.call):
            return f"steps/{i}"
    return "output"
