"""A repair: places before and after, and mean spectra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from spectra import _names as names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

TITLES = ("before", "after", "what it should be", "before - after", "grid before", "grid after")
LEVELS = 255
LEAST = 8.0  # grey levels: a map of less does not glow
SMALL = 8.0
INCHES = 1.75  # of a panel
COLOURS = "inferno"


def places_figure(places: Sequence[Any]) -> Figure:
    """Draw places of outputs before and after, black 0 and white 1.

    Pictures are drawn at full contrast between 0 and 1, pixel by pixel. All differences share one
    scale about grey, and so do the maps of where a grid stands.

    Parameters
    ----------
    places : sequence of Place
        Those of `spectra.repair.Views`.
    """
    figure = Figure(figsize=(INCHES * len(TITLES), INCHES * 1.05 * len(places) + 0.3))
    axes = figure.subplots(
        len(places),
        len(TITLES),
        squeeze=False,
        gridspec_kw={"wspace": 0.04, "hspace": 0.04, "left": 0.02, "right": 0.98},
    )
    heat = max(
        LEAST, *(LEVELS * float(g.max()) for p in places for g in (p.grid_before, p.grid_after))
    )
    differences = [p.before - p.after for p in places]
    most = max(float(np.abs(d).max()) for d in differences) or 1.0
    _bare(axes)
    for row, place, difference in zip(axes, places, differences, strict=True):
        for ax, values in zip(row[:3], (place.before, place.after, place.aim), strict=True):
            _pixels(ax, values)
        _pixels(row[3], 0.5 + difference / (2 * most))
        for ax, grid in zip(row[4:], (place.grid_before, place.grid_after), strict=True):
            ax.imshow(LEVELS * grid, cmap=COLOURS, vmin=0, vmax=heat, interpolation="nearest")
        row[0].set_ylabel(f"output {place.picture}", fontsize=SMALL)
    for ax, title in zip(axes[0], TITLES, strict=True):
        note = {3: f" (+-{LEVELS * most:.0f})", 4: f" (to {heat:.0f})", 5: f" (to {heat:.0f})"}
        ax.set_title(title + note.get(TITLES.index(title), ""), fontsize=SMALL)
    return figure


def power_figure(
    frequency: NDArray[np.float64],
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    *,
    axes: int = 2,
) -> Figure:
    """Draw mean power by distance from DC before and after a repair.

    Parameters
    ----------
    frequency : ndarray, shape (f,)
        Cycles/pixel.
    before, after : ndarray, shape (f,)
        In dB of the largest before.
    axes : int
        Number of the outputs' axes, for the unit.
    """
    figure = Figure(figsize=(6.75, 3.0), layout="constrained")
    ax = figure.subplots()
    ax.plot(frequency, before, color="0.45", label="before")
    ax.plot(frequency, after, color="#0072B2", linestyle="--", label="after")
    ax.set_xlabel(f"frequency (cycles/{names.place(axes)})", fontsize=SMALL)
    ax.set_ylabel("mean power (dB)", fontsize=SMALL)
    ax.tick_params(labelsize=SMALL)
    ax.legend(fontsize=SMALL, frameon=False)
    return figure


def _pixels(ax: Axes, values: NDArray[np.float32]) -> None:
    """Draw a picture (C, y, x), black 0 and white 1."""
    shown = np.clip(np.moveaxis(values, 0, -1), 0, 1)
    ax.imshow(
        shown[..., 0] if shown.shape[-1] == 1 else shown,
        cmap="gray",
        vmin=0,
        vmax=1,
        interpolation="nearest",
    )


def _bare(axes: Any) -> None:
    for ax in axes.ravel():
        ax.set_xticks([])
        ax.set_yticks([])
