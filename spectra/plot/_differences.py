"""Paired differences with their intervals, one panel for each outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill

from matplotlib.figure import Figure

from spectra.plot._styles import inches, ink, shade, small

TITLE_WIDTH = 28  # letters above a panel


@dataclass(frozen=True)
class ShownDifference:
    """One difference: its name, its mean and half its interval, and whether it is told from 0."""

    label: str
    mean: float
    half_width: float
    told: bool


def differences_figure(panels: Mapping[str, Sequence[ShownDifference]]) -> Figure:
    """Draw differences with their intervals against 0.

    Parameters
    ----------
    panels : mapping of str to sequence of ShownDifference
        Of each outcome, by its title, the same differences in the same order.

    Returns
    -------
    Figure
        Panels side by side; filled marks are told from 0, empty ones are not.
    """
    labels = [row.label for row in next(iter(panels.values()))]
    size = inches(3.2 + 2.3 * len(panels)), inches(1.1 + 0.3 * len(labels))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    places = range(len(labels))
    for ax, (title, rows) in zip(axes, panels.items(), strict=True):
        ax.axvline(0, color=shade(0.5), linewidth=0.8)
        for place, row in zip(places, rows, strict=True):
            ax.errorbar(
                row.mean,
                place,
                xerr=row.half_width,
                color=ink(),
                marker="o",
                markersize=4,
                markerfacecolor=ink() if row.told else "none",
                linewidth=1.0,
                capsize=2,
            )
        ax.set_title(
            "\n".join(fill(line, TITLE_WIDTH) for line in title.splitlines()), fontsize=small()
        )
        ax.tick_params(labelsize=small())
        ax.grid(color=shade(0.1), linewidth=0.6, axis="x")
    axes[0].set_yticks(list(places), labels)
    axes[0].invert_yaxis()
    figure.supxlabel("first less second, mean of pairs and 95 % interval", fontsize=small())
    return figure
