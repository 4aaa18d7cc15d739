"""The page and the figures of a repair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spectra.report._embedded import embed_curves, embed_map
from spectra.report._page import render
from spectra.report._repair_text import repair_lines, tried_rows

if TYPE_CHECKING:
    from spectra.report._repair_report import RepairReport

PLACES = (
    "Places of outputs that the repair did not see: before, after, what they should be, the "
    "difference between before and after, and where a grid stands before and after"
)
SPECTRA = "Mean power by distance from DC, before and after"


def draw_repair(report: RepairReport) -> dict[str, Any]:
    """Return the figures of a repair by name."""
    from spectra import plot

    views = report.views
    axes = len(report.aim["periods"][0]) if report.aim["periods"] else 2
    before, after = views.power_before, views.power_after
    figures = {"power": plot.power_figure(views.frequency, before, after, axes=axes)}
    if views.places:
        figures["places"] = plot.places_figure(views.places)
    return figures


def repair_page(report: RepairReport, figures: dict[str, Any]) -> bytes:
    """Return the report of a repair as one HTML file."""
    places = figures.get("places")
    return render(
        "repair.html",
        model=report.source,
        cured=report.cure.cured,
        answers=repair_lines(report),
        tried=tried_rows(report.aim),
        rebuild=report.rebuild.splitlines(),
        places=None if places is None else embed_map(places, alt=PLACES),
        power=embed_curves(figures["power"], alt=SPECTRA),
    )
