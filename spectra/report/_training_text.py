"""What logs of a monitor say, in a terminal: a table of measurements, then the answers."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from spectra._printable import printable
from spectra.report._comparison_cells import energy
from spectra.report._comparison_text import STYLES_OF
from spectra.report._console import text_console, text_of
from spectra.report._step_table import RULE, STYLES
from spectra.report._table import labelled
from spectra.report._training_report import TrainingReport, energies

if TYPE_CHECKING:
    from spectra.compared import Tick
    from spectra.report._training_log import TrainingLog

ROWS = 12  # measurements that are shown without --explain


def render_training(
    report: TrainingReport,
    *,
    width: int | None = None,
    color: bool = False,
    wrote: str | PathLike[str] | None = None,
    explain: bool = False,
) -> str:
    """Return the answer as text, see `TrainingReport.text`."""
    console = text_console(width, color=color)
    for log in report.logs:
        console.print(_table(log, most=len(log.ticks) if explain else ROWS), "")
    console.print(labelled(_answer(report, wrote)))
    return text_of(console)


def _answer(
    report: TrainingReport, wrote: str | PathLike[str] | None
) -> Iterator[tuple[str, Text]]:
    told = iter(report.answer.items())
    for log, (_, text) in zip(report.logs, told, strict=False):
        yield "Training", Text(printable(text))
        yield "Output", Text(printable(energies(log)))
    yield "Helped", Text(printable(report.answer["helped"]), STYLES_OF[report.outcome])
    if wrote is not None:
        yield "Wrote", Text(printable(str(wrote)))


def _table(log: TrainingLog, *, most: int) -> Table:
    """Return measurements of a training, evenly spaced where there are more than ``most``."""
    steps = tuple(dict.fromkeys(label for tick in log.ticks for label in tick.steps))
    table = Table(box=RULE, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for name in (log.name, "output dBc", *steps):
        table.add_column(printable(name), justify="right", overflow="fold")
    for name in ("severity", "verdict"):
        table.add_column(name)
    for tick in _some(log.ticks, most):
        table.add_row(*_row(tick, steps))
    return table


def _some(ticks: tuple[Tick, ...], most: int) -> list[Tick]:
    if len(ticks) <= most:
        return list(ticks)
    return [ticks[round(i * (len(ticks) - 1) / (most - 1))] for i in range(most)]


def _row(tick: Tick, steps: tuple[str, ...]) -> list[Text | str]:
    scores = (tick.output, *map(tick.steps.get, steps))
    dbc = ["-" if score is None else energy(score) for score in scores]
    words = ("failed" if tick.error else tick.severity, tick.output.verdict if tick.output else "")
    return [
        str(tick.step),
        *dbc,
        *(Text(word or "-", STYLES.get(word or "", "")) for word in words),
    ]
