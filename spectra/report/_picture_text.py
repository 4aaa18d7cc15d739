"""What some pictures show, in a terminal: one line for each question."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from spectra._printable import printable
from spectra.report._console import text_console, text_of
from spectra.report._step_table import RULE
from spectra.report._table import labelled

if TYPE_CHECKING:
    from spectra.report._picture_report import PictureReport

STYLES = {"present": "bold", "strong": "bold red", "visible": "red", "faint": "yellow"}
LEGEND = (
    "A point is a frequency (fy, fx) at which the phases of a picture's grain agree from place to "
    "place. cross and laplacian: how far a pixel is from what its neighbours say, in size; signed: "
    "the same with its sign, a pattern in brightness. Alarms: how many such findings chance gives "
    "a picture. Spectrum: the power of the mean spectrum there over that around it."
)


def render_pictures(
    report: PictureReport,
    *,
    width: int | None = None,
    color: bool = False,
    wrote: str | PathLike[str] | None = None,
    explain: bool = False,
) -> str:
    """Return the answer as text, see `PictureReport.text`."""
    console = text_console(width, color=color)
    if explain and report.summary.points:
        console.print(_points(report), "")
        console.print(Text(f"{LEGEND}\n", style="dim"))
    lines = [(name.capitalize(), _styled(name, text)) for name, text in report.answer.items()]
    dropped = (f"{each.source}: {each.reason}" for each in report.summary.dropped[:3])
    lines += [("Dropped", Text(printable(text))) for text in dropped]
    if len(report.summary.dropped) > 3:
        more = f"{len(report.summary.dropped) - 3} more, see images.json"
        lines.append(("Dropped", Text(more)))
    if wrote:
        lines.append(("Wrote", Text(printable(str(wrote)))))
    console.print(labelled(lines))
    return text_of(console)


def render_lines(
    lines: Iterable[tuple[str, str]], *, width: int | None = None, color: bool = False
) -> str:
    """Return labels and their texts, which may be foreign, as lines."""
    console = text_console(width, color=color)
    console.print(labelled((name, Text(printable(text))) for name, text in lines))
    return text_of(console)


def point_cells(report: PictureReport) -> list[tuple[str, ...]]:
    """Return the points that stand out as texts, a row each."""
    return [
        (
            point.label,
            ", ".join(point.channels),
            ", ".join(point.residuals),
            f"{point.alarms:.0e}",
            "" if point.spectrum_db is None else f"{point.spectrum_db:+.1f} dB",
        )
        for point in report.summary.points
    ]


COLUMNS = ("point (cycles/px)", "channels", "residuals", "alarms", "spectrum")


def _points(report: PictureReport) -> Table:
    table = Table(box=RULE, pad_edge=False, show_edge=False, padding=(0, 1))
    for name in COLUMNS:
        table.add_column(name, overflow="fold")
    for row in point_cells(report):
        table.add_row(*row)
    return table


def _styled(name: str, text: str) -> Text:
    """Return a line, its first word in colour where it is a verdict or a severity."""
    line = Text(printable(text))
    word = text.partition(":")[0]
    if name in ("verdict", "severity") and word in STYLES:
        line.stylize(STYLES[word], 0, len(word))
    return line
