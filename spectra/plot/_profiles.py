"""Azimuthal profiles of all places of a run."""

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

from spectra.plot._curves import plot_profile
from spectra.plot._labels import shorten
from spectra.plot._panels import Rows, has, made, small_text, with_variable, write_note
from spectra.plot._styles import inches, ink, is_dark, letters, shade, small

LEGEND_LENGTH = 44
OUTPUT_COLOUR = "#D55E00"


def profiles_figure(
    tree: xr.DataTree, rows: Rows, *, width: float | None = None, notes: bool = True
) -> Figure:
    """Draw the azimuthal profiles of all rows: input black, steps by colour, output red.

    Parameters and errors as for `strip_figure`; read from ``azimuthal_power``.
    """
    drawn = with_variable(tree, rows, "azimuthal_power")
    beside = width is None or width >= inches(6)  # the legend; else it stands below
    tall = max(4.2, 0.24 * len(drawn) + 1.2) if width is None else profile_height(drawn, width)
    figure = Figure(figsize=(width or 8.4, tall), layout="constrained")
    ax = figure.subplots()
    draw_profiles(tree, rows, ax=ax)
    if notes:
        averaged = "Azimuthal mean of power: isolated peaks average out here"
        signals = max(map(_axes, (data for data, _ in drawn))) == 1
        ax.set_title("Mean power" if signals else averaged, fontsize=small() + 1)
        write_note(figure, made([data for data, _ in drawn], mean="mean power"))
    if beside:
        ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, fontsize=small())
    else:
        legend_below(figure, ax)
    return figure


def profile_height(drawn: Sequence[Any], width: float) -> float:
    """Return the height of a figure of profiles that has a given width, in inches."""
    below = 0 if width >= inches(6) else inches(0.17) * ceil(len(drawn) / 2)
    return max(min(0.62 * width, 4.2), inches(1.9)) + below


def legend_below(figure: Figure, ax: Axes) -> None:
    """Write the legend of an axes under the figure, in two columns."""
    handles, labels = ax.get_legend_handles_labels()
    length = letters(figure.get_figwidth() / 2) - 9
    figure.legend(
        handles,
        [shorten(label, length) for label in labels],
        loc="outside lower center",
        ncols=2,
        fontsize=small(),
        frameon=False,
    )


def own_legend_below(ax: Axes, length: int) -> None:
    """Write the legend of an axes under it, in names of so many letters at most."""
    handles, labels = ax.get_legend_handles_labels()
    figure = ax.get_figure(root=True)
    assert figure is not None  # axes are drawn on a figure
    below = ScaledTranslation(0, -inches(0.45), figure.dpi_scale_trans)  # ticks and their label
    ax.legend(
        handles,
        [shorten(label, length) for label in labels],
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        bbox_transform=ax.transAxes + below,
        fontsize=small(),
        frameon=False,
    )


def draw_profiles(tree: xr.DataTree, rows: Rows, *, ax: Axes) -> None:
    """Draw the azimuthal profiles of all rows on one axes, with their labels."""
    drawn = with_variable(tree, rows, "azimuthal_power")
    paths = [path for path, _ in rows if has(tree, path, "azimuthal_power")]
    steps = [path for path in paths if path not in ("input", "output")]
    low, high = (0.25, 1.0) if is_dark() else (0.0, 0.9)
    colours = colormaps["viridis"](np.linspace(low, high, max(len(steps), 1)))
    special: dict[str, dict[str, Any]] = {
        "input": {"color": ink(), "linestyle": "--", "linewidth": 1.6, "zorder": 3},
        "output": {"color": OUTPUT_COLOUR, "linewidth": 2.2, "zorder": 3},
    }
    axes = max(_axes(data) for data, _ in drawn)
    for path, (data, label) in zip(paths, drawn, strict=True):
        style = special.get(path) or {"color": tuple(colours[steps.index(path)])}
        style |= {"label": shorten(label, LEGEND_LENGTH)}
        plot_profile(data["azimuthal_power"], ax=ax, axes=axes, **style)
    small_text(ax)
    ax.grid(color=shade(0.1), linewidth=0.6)


def _axes(data: xr.Dataset) -> int:
    """Return the number of axes of a row's maps."""
    return data.get("mean_log_spectrum", data["azimuthal_power"]).ndim
