"""Where an output shows its grid: the output, the same with its grid amplified, and a heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from spectra.plot._amplified import Display, display
from spectra.plot._crop import MOST_PIXELS

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

SMALL = 8.0
COLOURS = "inferno"
FRAME = "#56B4E9"
SIDE = 440  # pixels that the longer side of a panel takes at least
MARGIN, GAP = 24, 40  # pixels
ABOVE, BELOW = 84, 60  # pixels, for two lines of titles and two of a note
BAR, TICKS = 20, 130  # pixels, for the colour bar and what stands beside it
LEAST_SCALE = 0.02  # of the range: a map of less does not glow


def where_figure(data: xr.Dataset, *, dpi: int) -> Figure:
    """Draw the output that shows a grid most, the same with that grid amplified, and where it is.

    A pixel of the output takes a whole number of pixels of the figure: else a grid would make
    moire with them. The frame is what the crop shows.

    Parameters
    ----------
    data : Dataset
        Group ``where`` of ``spectra.nc``: ``output`` and ``grid`` by channel, ``heat``.
    dpi : int
        Pixels per inch that the figure will be saved with.
    """
    output, grid = (_channels_last(data[name]) for name in ("output", "grid"))
    scale = display(output, grid, limits=data.attrs.get("limits"), shown=data.attrs["shown"])
    return (_signal if data["heat"].ndim == 1 else _picture)(
        data, output, grid=grid, scale=scale, dpi=dpi
    )


def crop_of(data: xr.Dataset) -> xr.Dataset:
    """Return what of group ``where`` the crop shows: 64 pixels about the place."""
    windows = {}
    for name, place in zip(data["heat"].dims, _place(data), strict=True):
        first = min(max(place - MOST_PIXELS // 2, 0), max(data.sizes[name] - MOST_PIXELS, 0))
        windows[name] = slice(first, first + MOST_PIXELS)
    return data.isel(windows)


def whole_output(data: xr.Dataset) -> NDArray[np.float64]:
    """Return the output that ``where`` holds as it is drawn, black 0, white 1: (H, W[, 3])."""
    output, grid = (_channels_last(data[name]) for name in ("output", "grid"))
    scale = display(output, grid, limits=data.attrs.get("limits"), shown=data.attrs["shown"])
    return scale.shown(output)


def crop_frame(data: xr.Dataset) -> tuple[float, float, float, float]:
    """Return x, y, width and height of what the crop shows, in pixels of the output."""
    crop = crop_of(data)
    x, y = (int(crop[name][0]) - int(data[name][0]) for name in ("x", "y"))
    return x, y, crop.sizes["x"], crop.sizes["y"]


def place_in_words(data: xr.Dataset) -> str:
    """Return the place where an output shows its grid most.

    Examples
    --------
    >>> import xarray as xr
    >>> heat = ("y", "x"), np.zeros((8, 8))
    >>> data = xr.Dataset({"heat": heat}, attrs={"picture": 5, "place": [3, 1]})
    >>> place_in_words(data), output_in_words(data)
    ('row 3, column 1', 'output 5')
    """
    names = {1: ("sample",), 2: ("row", "column"), 3: ("plane", "row", "column")}
    place = [int(p) for p in np.atleast_1d(data.attrs["place"])]
    return ", ".join(f"{name} {p}" for name, p in zip(names[len(place)], place, strict=True))


def output_in_words(data: xr.Dataset) -> str:
    """Return which output it is, and which channel where one of several is drawn."""
    output = f"output {int(data.attrs['picture'])}"
    channel = data.attrs.get("channel")
    return output if channel is None else f"{output}, channel {int(channel)}"


def _picture(
    data: xr.Dataset,
    output: NDArray[np.float64],
    *,
    grid: NDArray[np.float64],
    scale: Display,
    dpi: int,
) -> Figure:
    height, width = output.shape[:2]
    times = max(round(SIDE / max(height, width)), 1)
    tall, wide = times * height, max(times * width, SIDE)
    sides = (2 * MARGIN + 3 * wide + 2 * GAP + BAR + TICKS, ABOVE + tall + BELOW)
    figure = Figure(figsize=(sides[0] / dpi, sides[1] / dpi), dpi=dpi)
    figures = (scale.shown(output), scale.shown(output + (scale.factor - 1) * grid))
    heat = data["heat"].to_numpy() * scale.per_unit
    for i, title in enumerate(_titles(data, scale)):
        left = MARGIN + i * (wide + GAP) + (wide - times * width) // 2
        ax = figure.add_axes(
            (left / sides[0], BELOW / sides[1], times * width / sides[0], tall / sides[1])
        )
        if i < len(figures):
            ax.imshow(figures[i], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        else:
            most = max(float(heat.max()), LEAST_SCALE * scale.whole)
            image = ax.imshow(heat, cmap=COLOURS, vmin=0, vmax=most, interpolation="nearest")
            bar = ax.inset_axes((1 + MARGIN / (times * width), 0, BAR / (times * width), 1))
            figure.colorbar(image, cax=bar).set_label(scale.unit, fontsize=SMALL)
            bar.tick_params(labelsize=SMALL)
        ax.set_title(title, fontsize=SMALL)
        ax.set_xticks([])
        ax.set_yticks([])
        _frame(ax, data)
    figure.text(0.5, 12 / sides[1], _note(data, scale), fontsize=SMALL, ha="center")
    return figure


def _signal(
    data: xr.Dataset,
    output: NDArray[np.float64],
    *,
    grid: NDArray[np.float64],
    scale: Display,
    dpi: int,
) -> Figure:
    figure = Figure(figsize=(9.6, 6), dpi=dpi, layout="constrained")
    panels = figure.subplots(3, 1, sharex=True)
    samples = data["x"].to_numpy()
    lines = (output, output + (scale.factor - 1) * grid)
    for ax, title, values in zip(panels, _titles(data, scale), (*lines, None), strict=True):
        if values is None:
            heat = data["heat"].to_numpy() * scale.per_unit
            ax.fill_between(samples, heat, color="black", linewidth=0)
            ax.set_ylim(0, max(float(heat.max()), LEAST_SCALE * scale.whole))
            ax.set_ylabel(scale.unit, fontsize=SMALL)
        else:
            ax.plot(samples, values, color="black", linewidth=0.6)
            ax.set_ylim(scale.low, scale.high)
        ax.axvline(int(np.atleast_1d(data.attrs["place"])[0]), color=FRAME)
        ax.set_title(title.replace("\n", ", "), fontsize=SMALL)
        ax.tick_params(labelsize=SMALL)
    panels[-1].set_xlabel("sample", fontsize=SMALL)
    figure.supxlabel(_note(data, scale), fontsize=SMALL)
    return figure


def _titles(data: xr.Dataset, scale: Display) -> tuple[str, str, str]:
    """Return what stands above the three panels."""
    return (
        f"{output_in_words(data)}, as it is",
        f"the same, grid {scale.amplified}\nreally at most {scale.really}",
        "where the grid stands out: its amplitude there",
    )


def _note(data: xr.Dataset, scale: Display) -> str:
    """Return how strong the grid is where it is most, in words."""
    amplitude = scale.size(float(data.attrs["amplitude"]))
    frame = "" if data["heat"].ndim == 1 else "; the crop shows the frame"
    return f"most at {place_in_words(data)}: {amplitude} RMS around there{frame}; counted from 0"


def _frame(ax: Axes, data: xr.Dataset) -> None:
    """Draw a frame about what the crop shows."""
    x, y, columns, rows = crop_frame(data)
    ax.add_patch(
        Rectangle((x - 0.5, y - 0.5), columns, rows, fill=False, edgecolor=FRAME, linewidth=1)
    )


def _place(data: xr.Dataset) -> list[int]:
    """Return the place counted from the first pixel that is drawn."""
    dims = data["heat"].dims
    place = np.atleast_1d(data.attrs["place"])[-len(dims) :]
    return [int(p) - int(data[name][0]) for name, p in zip(dims, place, strict=True)]


def _channels_last(values: xr.DataArray) -> NDArray[np.float64]:
    """Return an output as matplotlib draws it: three channels last, or one channel without."""
    array = np.nan_to_num(values.to_numpy().astype(float))
    return np.moveaxis(array, 0, -1) if len(array) == 3 else array[0]
