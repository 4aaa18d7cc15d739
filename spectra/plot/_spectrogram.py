"""Spectrograms of an output, and of what a constant leaves in it, with the lines marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from spectra._hertz import hertz
from spectra.plot._labels import shorten
from spectra.plot._panels import fill_lines, small_text, write_note
from spectra.plot._styles import inches, letters, small

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from numpy.typing import NDArray

PANELS = ("output", "constant")
RANGE_DB = 100.0  # below the highest level, what is drawn at all
COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#D55E00", "#CC79A7")  # Okabe and Ito


def spectrogram_figure(
    data: xr.Dataset,
    labels: Sequence[str],
    *,
    width: float | None = None,
    notes: bool = True,
) -> Figure:
    """Draw the spectrograms of a run in one scale, a mark in the margin at each step's lines.

    Parameters
    ----------
    data : Dataset
        ``output_db`` or ``constant_db`` or both, and ``line``, as group ``sound`` holds them.
    labels : sequence of str
        Names of the steps, by the numbers of ``line_step``.
    width : float, optional
        Of the figure in inches, 8.4 by default.
    notes : bool
        Write under the figure how it was made.
    """
    shown = [name for name in PANELS if f"{name}_db" in data]
    side = width or 8.4
    figure = Figure(figsize=(side, max(0.48 * side, inches(2.6))), layout="constrained")
    panels = figure.subplots(1, len(shown), squeeze=False, sharey=True)[0]
    top = max(float(data[f"{name}_db"].max()) for name in shown)
    images = [_draw(data, name, ax, top=top) for name, ax in zip(shown, panels, strict=True)]
    for name, ax in zip(shown, panels, strict=True):
        title = "an output" if name == "output" else f"under {data.attrs['constant']}"
        ax.set_title(fill_lines(title, letters(side / len(shown))), fontsize=small() + 1)
        _mark(data, ax)
        small_text(ax)
    panels[0].set_ylabel("frequency (kHz)" if "f_hz" in data else "frequency (cycles/sample)")
    panels[0].yaxis.label.set_fontsize(small())
    bar = figure.colorbar(images[0], ax=list(panels), pad=0.02)
    bar.set_label("power (dB re a sine of amplitude 1)", fontsize=small())
    bar.ax.tick_params(labelsize=small())
    _key(figure, data, labels)
    if notes:
        write_note(figure, f"marks: the first lines of each step; {data.attrs['window']}")
    return figure


def _draw(data: xr.Dataset, name: str, ax: Axes, *, top: float) -> QuadMesh:
    time = data[f"{name}_time"]
    image = ax.pcolormesh(
        time,
        _frequency(data, data["f"].to_numpy()),
        data[f"{name}_db"].to_numpy().T,
        vmin=top - RANGE_DB,
        vmax=top,
        cmap="magma",
        shading="nearest",
        rasterized=True,
    )
    ax.set_xlabel(f"time ({'s' if time.attrs['units'] == 's' else 'samples'})")
    return image


def _mark(data: xr.Dataset, ax: Axes) -> None:
    """Mark each step's lines at both ends of a spectrogram, so that nothing is hidden."""
    for step in np.unique(data["line_step"]):
        lines = _frequency(data, data["line"].to_numpy()[data["line_step"] == step])
        for x, marker in ((0, ">"), (1, "<")):
            ax.plot(
                np.full(len(lines), x),
                lines,
                marker,
                color=COLOURS[int(step) % len(COLOURS)],
                markeredgecolor="black",
                markeredgewidth=0.4,
                markersize=5,
                transform=ax.get_yaxis_transform(),
                clip_on=False,
                gid=f"lines {int(step)}",
            )
    ax.set_ylim(0, _frequency(data, np.array([0.5]))[0])


def _key(figure: Figure, data: xr.Dataset, labels: Sequence[str]) -> None:
    """Name the marks of each step, with the lowest of its lines."""
    handles, names = [], []
    for step in np.unique(data["line_step"]):
        first = float(data["line"].to_numpy()[data["line_step"] == step][0])
        where = f"{first:.4g}"
        if "f_hz" in data:
            where = hertz(first * float(data.attrs["sample_rate_hz"]))
        name = shorten(labels[int(step)], letters(figure.get_figwidth()) // 4)
        names.append(f"{name}: from {where}")
        (line,) = figure.axes[0].plot(
            [], [], ">", color=COLOURS[int(step) % len(COLOURS)], markeredgecolor="black"
        )
        handles.append(line)
    figure.legend(
        handles,
        names,
        loc="outside upper center",
        ncols=int(np.clip(letters(figure.get_figwidth()) // 28, 1, max(len(names), 1))),
        fontsize=small(),
        frameon=False,
    )


def _frequency(data: xr.Dataset, f: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return frequencies as they are drawn: in kHz where the rate is known."""
    return f * float(data.attrs["sample_rate_hz"]) / 1000 if "f_hz" in data else f
