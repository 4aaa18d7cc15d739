"""Where an output shows its grid: the output, the same with its grid amplified, and a heat map."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from spectra import _names as names
from spectra.inputs import Spacing
from spectra.plot._amplified import Display, display
from spectra.plot._crop import MOST_PIXELS
from spectra.plot._panels import fill_lines
from spectra.plot._styles import inches, ink, letters, small

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

COLOURS = "inferno"
FRAME = "#56B4E9"
# lengths in pixels at 150 dpi, beside text of 8 points
SIDE = 440  # the longer side of a panel, at least
MARGIN, GAP = 24, 40
ABOVE, BELOW = 84, 60  # for titles and for two lines of a note
BAR, TICKS = 20, 130  # the colour bar and what stands beside it
DPI = 150
NOTE: dict[str, Any] = {"ha": "center"}
LEAST_SCALE = 0.02  # of the range: a map of less does not glow


def where_figure(
    data: xr.Dataset, *, dpi: int, width: float | None = None, notes: bool = True
) -> Figure:
    """Draw the output that shows a grid most, the same with that grid amplified, and where it is.

    A pixel of the output takes a whole number of pixels of the figure: else a grid would make
    moire with them. The frame is what the crop shows.

    Parameters
    ----------
    data : Dataset
        Group ``where`` of ``spectra.nc``: ``output`` and ``grid`` by channel, ``heat``.
    dpi : int
        Pixels per inch that the figure will be saved with, unless an output of many pixels asks for
        a multiple of that: then the figure's own ``dpi`` says so.
    width : float, optional
        Of the figure in inches; below six beside text of 8 points panels stand under one another.
    notes : bool
        Write under the figure how strong the grid is where it is most.
    """
    output, grid = (_channels_last(data[name]) for name in ("output", "grid"))
    scale = display(output, grid, limits=data.attrs.get("limits"), shown=data.attrs["shown"])
    return (_signal if data["heat"].ndim == 1 else _picture)(
        data, output, grid=grid, scale=scale, dpi=dpi, width=width, notes=notes
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
    return names.pixel([int(p) for p in np.atleast_1d(data.attrs["place"])])


def output_in_words(data: xr.Dataset) -> str:
    """Return which output it is, and which channel where one of several is drawn."""
    output = f"output {int(data.attrs['picture'])}"
    channel = data.attrs.get("channel")
    if "variable" in data.attrs:
        return f"{output}, {data.attrs['variable']}"
    return output if channel is None else f"{output}, channel {int(channel)}"


def grid_in_words(data: xr.Dataset) -> str:
    """Return what grid is at the place; nothing of a file that does not say its period.

    Examples
    --------
    >>> import xarray as xr
    >>> grid_in_words(xr.Dataset(attrs={"period": [2, 4]})), grid_in_words(xr.Dataset())
    ('; its grid has period 2x4 px', '')
    """
    period = data.attrs.get("period")
    if period is None:
        return ""
    own = [int(p) for p in np.atleast_1d(period)]
    return f"; its grid has period {names.period(own)}{wavelength_in_words(data, own)}"


def wavelength_in_words(data: xr.Dataset, period: Sequence[int]) -> str:
    """Return how long a period is where the cells of a map have a size; nothing else.

    Examples
    --------
    >>> attrs = {"cell_size": [31.0, 31.0], "cell_unit": "km", "cell_dims": ["lat", "lon"]}
    >>> import xarray as xr
    >>> wavelength_in_words(xr.Dataset(attrs=attrs), (2, 2))
    ', a wavelength of 62 km'
    """
    sizes = np.atleast_1d(data.attrs.get("cell_size", [])).tolist()
    if len(sizes) != len(period) or max(period) == 1:
        return ""
    dims = tuple(map(str, np.atleast_1d(data.attrs["cell_dims"])))
    spacing = Spacing(dims, tuple(map(float, sizes)), str(data.attrs["cell_unit"]))
    return f", a wavelength of {spacing.in_words(period)}"


def _picture(
    data: xr.Dataset,
    output: NDArray[np.float64],
    *,
    grid: NDArray[np.float64],
    scale: Display,
    dpi: int,
    width: float | None,
    notes: bool,
) -> Figure:
    frame = _Frame.around(output.shape[0], output.shape[1], dpi=dpi, width=width)
    figure = Figure(figsize=frame.inches, dpi=frame.dpi)
    figures = (scale.shown(output), scale.shown(output + (scale.factor - 1) * grid))
    heat = data["heat"].to_numpy() * scale.per_unit
    for i, title in enumerate(_titles(data, scale)):
        ax = figure.add_axes(frame.panel(i))
        if i < len(figures):
            ax.imshow(figures[i], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        else:
            most = max(float(heat.max()), LEAST_SCALE * scale.whole)
            image = ax.imshow(heat, cmap=COLOURS, vmin=0, vmax=most, interpolation="nearest")
            bar = ax.inset_axes((1 + frame.margin / frame.wide, 0, frame.bar / frame.wide, 1))
            figure.colorbar(image, cax=bar).set_label(scale.unit, fontsize=small())
            bar.tick_params(labelsize=small())
        ax.set_title(fill_lines(title, letters(frame.room / frame.dpi)), fontsize=small())
        ax.set_xticks([])
        ax.set_yticks([])
        _frame(ax, data)
    if notes:
        note = fill(note_of(data, scale), letters(frame.inches[0]))
        figure.text(0.5, 12 / BELOW * frame.below / frame.sides[1], note, **NOTE, fontsize=small())
    return figure


@dataclass(frozen=True)
class _Frame:
    """Where the panels of a figure stand, in whole pixels.

    A pixel of the output takes ``times`` of the figure's: panels are ``wide`` by ``tall``, each in
    a room that may be wider, in one column or in three.
    """

    dpi: int
    times: int
    wide: int
    tall: int
    room: int
    columns: int
    scale: float
    sides: tuple[int, int]

    @classmethod
    def around(cls, height: int, width_px: int, *, dpi: int, width: float | None) -> _Frame:
        """Return the frame for an output of a size, of a figure as wide as asked, in inches."""
        scale = dpi / DPI * inches(1)
        margin, gap, bar, ticks = (round(n * scale) for n in (MARGIN, GAP, BAR, TICKS))
        columns = 1 if width is not None and width < inches(6) else 3
        beside = 2 * margin + (columns - 1) * gap + bar + ticks
        if width is None:
            side = round(SIDE * scale)
            times = max(round(side / max(height, width_px)), 1)
            room = max(times * width_px, side)
            across = beside + columns * room
        else:
            across = round(width * dpi)
            room = (across - beside) // columns
            if room < width_px:  # a pixel of the output has to be one of the figure at least
                more = -(-width_px // max(room, 1))
                return cls.around(height, width_px, dpi=more * dpi, width=width)
            times = room // width_px
        tall, lines = times * height, 3 // columns
        above, below = (round(n * scale) for n in (ABOVE, BELOW))
        sides = (across, lines * (above + tall) + below)
        return cls(
            dpi,
            times=times,
            wide=times * width_px,
            tall=tall,
            room=room,
            columns=columns,
            scale=scale,
            sides=sides,
        )

    @property
    def inches(self) -> tuple[float, float]:
        """Width and height of the figure."""
        return self.sides[0] / self.dpi, self.sides[1] / self.dpi

    @property
    def margin(self) -> int:
        return round(MARGIN * self.scale)

    @property
    def bar(self) -> int:
        return round(BAR * self.scale)

    @property
    def below(self) -> int:
        return round(BELOW * self.scale)

    def panel(self, index: int) -> tuple[float, float, float, float]:
        """Return left, bottom, width and height of a panel, as shares of the figure."""
        column, line = index % self.columns, index // self.columns
        left = self.margin + column * (self.room + round(GAP * self.scale))
        left += (self.room - self.wide) // 2
        under = 3 // self.columns - 1 - line
        bottom = self.below + under * (self.tall + round(ABOVE * self.scale))
        across, up = self.sides
        return left / across, bottom / up, self.wide / across, self.tall / up


def _signal(
    data: xr.Dataset,
    output: NDArray[np.float64],
    *,
    grid: NDArray[np.float64],
    scale: Display,
    dpi: int,
    width: float | None,
    notes: bool,
) -> Figure:
    side = width or 9.6
    figure = Figure(figsize=(side, max(side / 1.6, inches(4.8))), dpi=dpi, layout="constrained")
    panels = figure.subplots(3, 1, sharex=True)
    samples = data["x"].to_numpy()
    lines = (output, output + (scale.factor - 1) * grid)
    for ax, title, values in zip(panels, _titles(data, scale), (*lines, None), strict=True):
        if values is None:
            heat = data["heat"].to_numpy() * scale.per_unit
            ax.fill_between(samples, heat, color=ink(), linewidth=0)
            ax.set_ylim(0, max(float(heat.max()), LEAST_SCALE * scale.whole))
            ax.set_ylabel(scale.unit, fontsize=small())
        else:
            ax.plot(samples, values, color=ink(), linewidth=0.6)
            ax.set_ylim(scale.low, scale.high)
        ax.axvline(int(np.atleast_1d(data.attrs["place"])[0]), color=FRAME)
        ax.set_title(fill(title.replace("\n", ", "), letters(0.85 * side)), fontsize=small())
        ax.tick_params(labelsize=small())
    panels[-1].set_xlabel("sample", fontsize=small())
    if notes:
        figure.supxlabel(fill(note_of(data, scale), letters(side)), fontsize=small())
    return figure


def _titles(data: xr.Dataset, scale: Display) -> tuple[str, str, str]:
    """Return what stands above the three panels."""
    return (
        f"{output_in_words(data)}, as it is",
        f"the same, grid {scale.amplified}\nreally at most {scale.really}",
        "where the grid stands out: its amplitude there",
    )


def note_of(data: xr.Dataset, scale: Display) -> str:
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
