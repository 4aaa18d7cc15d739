"""The report on some pictures, ``report.html``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spectra.report._embedded import embed_map
from spectra.report._page import render
from spectra.report._picture_text import COLUMNS, LEGEND, point_cells
from spectra.report._scale import WORDS, Scale

if TYPE_CHECKING:
    from spectra.report._picture_report import PictureReport

SHOWN = 100  # pictures in the table; scores.csv holds all


def pictures_page(report: PictureReport, figure: Any) -> bytes:
    """Return the report on some pictures as one HTML file.

    Parameters
    ----------
    report : PictureReport
    figure : matplotlib Figure or None
        Their mean spectrum.
    """
    summary = report.summary
    word = summary.severity.word
    title = f"Severity: {word}, of none, faint, visible and strong"
    order = {"present": 0, "suspect": 1, "none": 2, "insufficient": 3}
    rows = sorted(report.rows, key=lambda row: (order[row.verdict], -row.ripple_db))
    return render(
        "pictures.html",
        source=summary.source,
        verdict=summary.verdict,
        about=f"{summary.used} of {summary.count} pictures",
        scale=Scale(word, title=title) if word in WORDS else None,
        answers=[(name.capitalize(), text) for name, text in summary.answer.items()],
        figure=None
        if figure is None
        else embed_map(figure, alt="Mean spectrum, with what stands out ringed"),
        header=COLUMNS,
        points=point_cells(report),
        legend=LEGEND,
        rows=[
            (row.source, row.verdict, _px(row.period), row.cause, f"{row.ripple_db:.2g}")
            for row in rows[:SHOWN]
        ],
        more=max(len(rows) - SHOWN, 0),
        dropped=[(each.source, each.reason) for each in summary.dropped],
        run=[
            ("Written", summary.created),
            ("Version", summary.spectra_version),
            ("Combined", summary.combined),
            ("Alarms", f"expected {summary.alarms:.1e}, limit {summary.alarms_limit:g}"),
        ],
    )


def _px(period: int | None) -> str:
    return "" if period is None else f"{period} px"
