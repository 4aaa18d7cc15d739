"""The figures of a result folder, the same bytes for the same result."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from spectra.analysis import Analysis
    from spectra.explain import Summary

UNDATED = {"png": {"Software": None}, "pdf": {"CreationDate": None, "Producer": None}}
DPI = 150


def write_figures(analysis: Analysis, folder: Path, formats: Collection[str]) -> None:
    """Draw the figures of ``analysis`` and save each in ``formats`` under ``folder``."""
    for name, figure in _figures(analysis):
        folder.mkdir(exist_ok=True)
        for extension in formats:
            path = folder / f"{name}.{extension}"
            figure.savefig(path, dpi=DPI, metadata=UNDATED[extension])


def _figures(analysis: Analysis) -> Iterator[tuple[str, Figure]]:
    from spectra import plot

    tree, crops = analysis.data, analysis.crops
    rows = [(path, label) for path, label in _rows(analysis) if _drawable(tree, path)]
    if rows:
        yield "strip", plot.strip_figure(tree, rows)
        yield "profiles", plot.profiles_figure(tree, rows)
    if rows and (worst := _worst(analysis.summary)) in dict(rows):
        yield "worst", plot.worst_figure(tree, rows, worst)
    if "output" in crops and "locked" in crops:
        yield "crop", plot.crop_figure(crops["output"], crops["locked"])


def _rows(analysis: Analysis) -> list[tuple[str, str]]:
    """Return each map's group in ``spectra.nc`` with its label, in the order of the model."""
    steps = [(f"steps/{i}", step.label) for i, step in enumerate(analysis.summary.steps)]
    tree = analysis.data
    names = tree["layers"].children if "layers" in tree.children else ()
    layers = [(path := f"layers/{name}", str(tree[path].attrs["name"])) for name in names]
    return [("input", "input"), *steps, *layers, ("output", "output")]


def _worst(summary: Summary) -> str:
    """Return the group of the worst step, of the output where there is none."""
    for i, step in enumerate(summary.steps):
        if summary.worst and (step.name, step.call) == (summary.worst.name, summary.worst.call):
            return f"steps/{i}"
    return "output"


def _drawable(tree: xr.DataTree, path: str) -> bool:
    """Tell whether anything was measured in a group."""
    if f"/{path}" not in tree.groups or "mean_log_spectrum" not in tree[path].data_vars:
        return False
    return bool(tree[path]["mean_log_spectrum"].notnull().any())
