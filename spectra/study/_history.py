"""What a training was like: losses and metrics by step, as a table and as a curve."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

CURVE_DPI = 120


@dataclass(frozen=True)
class Row:
    """One moment of a training.

    Attributes
    ----------
    step : int
        Updates before it.
    loss : float or None
        Mean over the steps since the row before; None before the first step.
    learning_rate : float
        Of the next step.
    values : dict of str to float
        Metrics of the samples to test on, empty where they were not evaluated.
    """

    step: int
    loss: float | None
    learning_rate: float
    values: dict[str, float] = field(default_factory=dict)


def write_table(path: Path, rows: Sequence[Row]) -> None:
    """Write rows as CSV, a column for each metric, empty where there is no number."""
    names = list(dict.fromkeys(name for row in rows for name in row.values))
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["step", "loss", "learning_rate", *names])
        for row in rows:
            metrics = [row.values.get(name, "") for name in names]
            writer.writerow(
                [row.step, "" if row.loss is None else row.loss, row.learning_rate, *metrics]
            )


def draw_curve(path: Path, rows: Sequence[Row], *, title: str, loss: str) -> None:
    """Draw rows as PNG: the loss, and each metric below it."""
    from spectra.plot import training_figure

    names = dict.fromkeys(name for row in rows for name in row.values)
    figure = training_figure(
        [(row.step, row.loss) for row in rows if row.loss is not None],
        {name: [(r.step, r.values[name]) for r in rows if name in r.values] for name in names},
        title=title,
        loss=loss,
    )
    figure.savefig(path, format="png", dpi=CURVE_DPI)
