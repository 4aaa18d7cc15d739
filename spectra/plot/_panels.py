"""What the figures of a run share: which rows can be drawn, and what stands about the panels."""

from collections.abc import Sequence
from textwrap import fill

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from spectra.errors import ParameterError
from spectra.plot._labels import fraction
from spectra.plot._spectrum import central_plane
from spectra.plot._step import highest_peak
from spectra.plot._styles import letters, small

Rows = Sequence[tuple[str, str]]
DECIBEL_LABEL = "mean log power (dB re white noise)"


def has(tree: xr.DataTree, path: str, variable: str) -> bool:
    """Tell whether a group has a variable with a number in it."""
    if f"/{path}" not in tree.groups:
        return False
    data = tree[path]
    return variable in data and bool(np.isfinite(data[variable]).any())


def with_variable(tree: xr.DataTree, rows: Rows, variable: str) -> list[tuple[xr.Dataset, str]]:
    """Return data set and label of the rows that have a variable."""
    found = [(tree[p].to_dataset(), label) for p, label in rows if has(tree, p, variable)]
    if not found:
        names = ", ".join(path for path, _ in rows) or "none"
        raise ParameterError(f"rows={names}: none of them has {variable!r} to draw")
    return found


def panels_of(
    tree: xr.DataTree, rows: Rows, variable: str, *, empty: bool
) -> list[tuple[xr.Dataset, str] | None]:
    """Return data set and label of each row, of one without the variable None or nothing."""
    drawn: list[tuple[xr.Dataset, str]] = with_variable(tree, rows, variable)
    if not empty:
        return list(drawn)
    return [(tree[p].to_dataset(), label) if has(tree, p, variable) else None for p, label in rows]


def drawn_plane(data: xr.Dataset) -> xr.DataArray:
    """Return what of a spectrum is drawn."""
    spectrum = data["mean_log_spectrum"]
    return central_plane(spectrum, np.empty((0, 3)))[0] if spectrum.ndim == 3 else spectrum


def made(rows: Sequence[xr.Dataset], mean: str = "mean of 10 log10 power") -> str:
    """Return how the spectra were made: window, normalisation, average and number of maps."""
    named = next((d["mean_log_spectrum"].attrs for d in rows if "mean_log_spectrum" in d), {})
    if "recipe" in named:
        return str(named["caption"]) if len(rows) == 1 else f"recipe {named['recipe']}"
    maps = sorted({int(data.attrs["maps"]) for data in rows if "maps" in data.attrs})
    window = next((str(d.attrs["window"]) for d in rows if "window" in d.attrs), "no")
    count = f"; n = {maps[0]} to {maps[-1]} maps" if len(maps) > 1 else ""
    count = f"; n = {maps[0]} maps" if len(maps) == 1 else count
    return f"{window} window, each map of unit variance, {mean}, 0 dB = white noise{count}"


def measure(data: xr.Dataset) -> str:
    """Return what the number under a label is."""
    names = ", ".join(str(dim) for dim in data["mean_log_spectrum"].dims)
    axes = f"({names})" if "," in names else names
    return f"highest lattice point over its surroundings, at {axes}"


def highest_point(data: xr.Dataset) -> str:
    """Return how high the highest lattice point of a row stands, and where; or why not."""
    if "recipe" in data["mean_log_spectrum"].attrs:
        return ""  # its numbers are of another spectrum
    if "prominence_db" not in data:
        return str(data.attrs.get("reason", "")).partition(":")[0] or "not scored"
    return highest_peak(data) or "map too small for surroundings"


def write_note(figure: Figure, text: str) -> None:
    """Write under a figure, in as many lines as its width asks for."""
    figure.supxlabel(fill_lines(text, letters(figure.get_figwidth())), fontsize=small())


def add_colour_bar(
    figure: Figure, image: AxesImage, panels: list[Axes], data: xr.Dataset, *, lines: int = 1
) -> None:
    """Draw a colour bar beside panels that stand in so many lines."""
    bar = figure.colorbar(image, ax=panels, extend="both", aspect=25 * lines, pad=0.02)
    bar.set_label(unit_label(data), fontsize=small())
    bar.ax.tick_params(labelsize=small())


def unit_label(data: xr.Dataset) -> str:
    """Return what the values of a spectrum are, for an axis."""
    units = {"ln amplitude": "mean ln amplitude", "ln amplitude re DC": "mean ln amplitude re DC"}
    return units.get(str(data["mean_log_spectrum"].attrs.get("units")), DECIBEL_LABEL)


def few_ticks(ax: Axes) -> None:
    """Leave three ticks on an axes of a whole plane, where five would touch each other."""
    for axis in (ax.xaxis, ax.yaxis):
        if len(axis.get_ticklocs()) == 5 and axis.get_ticklocs()[0] == -0.5:
            axis.set_ticks([-0.5, 0, 0.5], labels=[fraction(f) for f in (-0.5, 0, 0.5)])


def share_y(panels: list[Axes]) -> None:
    low = min(ax.get_ylim()[0] for ax in panels)
    high = max(ax.get_ylim()[1] for ax in panels)
    for ax in panels:
        ax.set_ylim(low, high)


def small_text(ax: Axes) -> None:
    ax.tick_params(labelsize=small())
    ax.xaxis.label.set_fontsize(small())
    ax.yaxis.label.set_fontsize(small())


def fill_lines(text: str, length: int) -> str:
    """Return a text whose lines are broken where they are too long."""
    return "\n".join(fill(line, length) for line in text.split("\n"))
