"""A study as a page in the style of the reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from spectra.report._embedded import embed_curves
from spectra.report._page import render
from spectra.study._hypotheses import OUTCOMES, Finding
from spectra.study._published import CAUTIONS
from spectra.study._table import Table
from spectra.study._tables import contrast_label


def study_page(
    tables: Iterable[Table], found: Sequence[Finding], *, title: str, about: str
) -> bytes:
    """Return a study as one HTML file.

    Parameters
    ----------
    tables : iterable of Table
    found : sequence of Finding
        Drawn above the tables; nothing where there are none.
    title, about : str
        Heading, and what was run.
    """
    alt = "Paired differences between upsampling kernels, with intervals, for each outcome"
    return render(
        "study.html",
        title=title,
        about=about,
        drawn=embed_curves(_figure(found), alt=alt) if found else None,
        tables=[_cells(table) for table in tables],
        cautions=CAUTIONS if found else (),
    )


def _figure(found: Sequence[Finding]) -> Any:
    from spectra.plot._differences import ShownDifference, differences_figure

    known = [f for f in found if f.difference is not None]
    shown = {
        f"{title}\n{'more' if sign > 0 else 'less'} is better": [
            ShownDifference(
                contrast_label(f),
                f.difference.mean,
                f.difference.half_width,
                told=f.told != "not told",
            )
            for f in known
            if f.outcome == outcome and f.difference is not None
        ]
        for outcome, (title, sign) in OUTCOMES.items()
    }
    return differences_figure({title: rows for title, rows in shown.items() if rows})


def _cells(table: Table) -> dict[str, Any]:
    rows = [[{"text": c.strip("*"), "strong": c.startswith("**")} for c in r] for r in table.rows]
    return {"title": table.title, "header": table.header, "rows": rows}
