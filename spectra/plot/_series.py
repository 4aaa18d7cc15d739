"""The output's grid over training: locked energy at each checkpoint, with its interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

SMALL = 8.0
LINE = "0.55"
COLOURS = {  # from unseen to strong; Okabe and Ito, told apart by any eye, and by their markers
    "none": ("#009E73", "o"),
    "faint": ("#56B4E9", "v"),
    "visible": ("#E69F00", "s"),
    "strong": ("#D55E00", "D"),
}
UNKNOWN = ("0.4", "x")


def series_figure(
    numbers: Sequence[int],
    energies_dbc: Sequence[float | None],
    *,
    ends_dbc: Sequence[tuple[float | None, float | None]],
    words: Sequence[str | None],
    unit: str = "epoch",
    present: int | None = None,
    visible: int | None = None,
) -> Figure:
    """Draw the output's grid over a series of checkpoints.

    Parameters
    ----------
    numbers : sequence of int
        When each checkpoint was written, ascending.
    energies_dbc : sequence of float or None
        Locked over remaining energy of each output; None where only a bound is known.
    ends_dbc : sequence of (float or None, float or None)
        Ends of the 95 % interval; an end alone is drawn as an arrow away from it.
    words : sequence of str or None
        Severity of each, which gives colour and marker.
    unit : str
        What the numbers count.
    present, visible : int, optional
        First checkpoints at which a grid is present, and visible; marked by dotted lines.

    Returns
    -------
    Figure
        One panel; energies that are known are joined by a line.
    """
    figure = Figure(figsize=(7.2, 3.8), layout="constrained")
    ax = figure.subplots()
    x = np.asarray(numbers, float)
    y = np.array([np.nan if dbc is None else dbc for dbc in energies_dbc], float)
    known = np.isfinite(y)
    ax.plot(x[known], y[known], color=LINE, linewidth=1.2, zorder=1)
    for place, dbc, ends, word in zip(x, y, ends_dbc, words, strict=True):
        _draw_point(ax, (place, dbc), ends=ends, word=word)
    for number, what in ((present, "present"), (visible, "visible")):
        if number is not None:
            _mark(ax, number, f"first {what}", above=what == "visible")
    ax.set_xlabel(unit, fontsize=SMALL + 1)
    ax.set_ylabel("grid-locked energy of the output (dBc)", fontsize=SMALL + 1)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.tick_params(labelsize=SMALL)
    ax.grid(color="0.92", linewidth=0.6)
    ax.margins(x=0.06, y=0.16)
    ax.legend(
        handles=_legend(words),
        title="severity",
        title_fontsize=SMALL,
        fontsize=SMALL,
        loc="upper left",
        bbox_to_anchor=(1.01, 1),
        borderaxespad=0,
    )
    figure.supxlabel("bars: 95 % intervals; arrows: only a bound is known", fontsize=SMALL)
    return figure


def _draw_point(
    ax: Axes,
    point: tuple[float, float],
    *,
    ends: tuple[float | None, float | None],
    word: str | None,
) -> None:
    """Draw one checkpoint: its marker and interval, or an arrow from the one end that is known."""
    colour, marker = COLOURS.get(word or "", UNKNOWN)
    x, y = point
    low, high = ends
    if np.isfinite(y):
        bottom, top = (y if end is None else end for end in ends)
        ax.vlines(x, bottom, top, color=colour, zorder=2)
        ax.scatter(x, y, s=48, marker=marker, color=colour, zorder=3)
        if low is None:
            _point(ax, (x, y), colour, downwards=True)
    elif (end := low if high is None else high) is not None:
        ax.scatter(x, end, s=90, marker="_", color=colour, zorder=3)
        _point(ax, (x, end), colour, downwards=high is not None)


def _point(ax: Axes, end: tuple[float, float], colour: str, *, downwards: bool) -> None:
    """Draw an arrow from the one end of an interval that is known towards the other."""
    arrow = {"arrowstyle": "<-", "color": colour}  # its head is at the far end of the offset
    reach = -24 if downwards else 24
    ax.annotate("", end, (0, reach), textcoords="offset points", arrowprops=arrow)


def _mark(ax: Axes, number: int, text: str, *, above: bool) -> None:
    """Mark a checkpoint by a dotted line with its name beside it."""
    ax.axvline(number, color="0.3", linestyle=":", linewidth=1.0, zorder=0)
    ax.annotate(
        text,
        (number, 0.98 if above else 0.02),
        (4, 0),
        xycoords=ax.get_xaxis_transform(),
        textcoords="offset points",
        va="top" if above else "bottom",
        fontsize=SMALL,
    )


def _legend(words: Iterable[str | None]) -> list[Line2D]:
    """Return one entry for each severity that is drawn, from none to strong."""
    known = set(words)
    entries = [(word, *COLOURS[word]) for word in COLOURS if word in known]
    entries += [] if known <= COLOURS.keys() else [("not known", *UNKNOWN)]
    return [
        Line2D([], [], color=colour, marker=marker, linestyle="", label=word)
        for word, colour, marker in entries
    ]
