"""The reports on some pictures and on two folders of them, ``report.html``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spectra.images import ripple_db
from spectra.report._embedded import embed_map
from spectra.report._page import render
from spectra.report._picture_text import COLUMNS, LEGEND, point_cells
from spectra.report._scale import WORDS, Scale

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spectra.images import ImagesSummary
    from spectra.report._picture_comparison import PictureComparison
    from spectra.report._picture_report import PictureReport

FIGURES = {
    "spectra": "Mean spectrum of each folder, with what stands out ringed, and their difference",
    "strongest": "Pieces of the pictures of each folder that show a grid most",
}
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
    order = {"present": 0, "suspect": 1, "none": 2, "insufficient": 3}
    rows = sorted(report.rows, key=lambda row: (order[row.verdict], -row.ripple_db))
    return render(
        "pictures.html",
        source=summary.source,
        verdict=summary.verdict,
        about=f"{summary.used} of {summary.count} pictures",
        scale=_scale(summary),
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


def compared_page(comparison: PictureComparison, figures: Mapping[str, Any]) -> bytes:
    """Return the report on two folders of pictures as one HTML file.

    Parameters
    ----------
    comparison : PictureComparison
    figures : mapping of str to matplotlib Figure
        See `PictureComparison.figures`.
    """
    drawn = {name: embed_map(figure, alt=FIGURES[name]) for name, figure in figures.items()}
    which = comparison.stronger.which
    return render(
        "compared_pictures.html",
        outcome="neither is shown to be stronger" if which is None else f"the {which} is stronger",
        names=[each.summary.source for each in comparison.reports],
        answers=[(name.capitalize(), text) for name, text in comparison.answer.items()],
        spectra=drawn.get("spectra"),
        strongest=drawn.get("strongest"),
        ripples=_ripples(comparison),
        period=comparison.stronger.period,
        sides=[_side(each.summary) for each in comparison.reports],
    )


def _ripples(comparison: PictureComparison) -> list[tuple[int, str, str]]:
    """Return the mean ripple of both at each period, in dB."""
    first, second = (each.data["ripple_variance"].mean("picture") for each in comparison.reports)
    return [
        (int(period), f"{ripple_db(one):.2g}", f"{ripple_db(other):.2g}")
        for period, one, other in zip(first["period"], first, second, strict=True)
    ]


def _side(summary: ImagesSummary) -> dict[str, Any]:
    return {
        "name": summary.source,
        "verdict": summary.verdict,
        "about": f"{summary.used} of {summary.count} pictures",
        "scale": _scale(summary),
        "answers": [(name.capitalize(), text) for name, text in summary.answer.items()],
        "dropped": [(each.source, each.reason) for each in summary.dropped],
    }


def _scale(summary: ImagesSummary) -> Scale | None:
    """Return the scale of severity; None where how severe it is is not known."""
    word = summary.severity.word
    title = f"Severity: {word}, of none, faint, visible and strong"
    return Scale(word, title=title) if word in WORDS else None


def _px(period: int | None) -> str:
    return "" if period is None else f"{period} px"
