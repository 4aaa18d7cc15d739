"""Figures of a whole run: the tree of spectra, one panel or line for each row."""

from collections.abc import Iterator, Sequence
from math import ceil
from textwrap import fill
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from spectra.errors import ParameterError
from spectra.plot._crop import crop_figure
from spectra.plot._curves import plot_profile, plot_slices
from spectra.plot._labels import shorten, two_lines
from spectra.plot._peaks import label_peaks, unseen_peaks
from spectra.plot._spectrum import central_plane, limits, plot_spectrum
from spectra.plot._step import highest_peak
from spectra.plot._where import crop_of, output_in_words, place_in_words, where_figure

Rows = Sequence[tuple[str, str]]
SMALL = 8.0
LETTERS_PER_INCH = 16  # of small text
COLUMNS = 6
TITLE_LENGTH = 29
LEGEND_LENGTH = 44
OUTPUT_COLOUR = "#D55E00"
DECIBEL_LABEL = "mean log power (dB re white noise)"


def run_figures(
    tree: xr.DataTree, rows: Rows, *, worst: str, dpi: int
) -> Iterator[tuple[str, Figure]]:
    """Yield the figures of a run that can be drawn, each with its name.

    Parameters
    ----------
    tree : DataTree
        One group for each place, see `strip_figure` and `worst_figure`; ``where`` or ``crop``,
        as of `spectra.report.Result`.
    rows : sequence of (group, label)
        What to draw, in order: input, steps, layers, output; rows of which nothing was measured
        are left out.
    worst : str
        Group to draw large.
    dpi : int
        Pixels per inch that the figures will be saved with.
    """
    drawn = [(path, label) for path, label in rows if _has(tree, path, "mean_log_spectrum")]
    if drawn:
        yield "strip", strip_figure(tree, drawn)
        yield "profiles", profiles_figure(tree, drawn)
    if worst in dict(drawn):
        yield "worst", worst_figure(tree, drawn, worst)
    if "where" in tree.children:
        data = tree["where"].to_dataset()
        yield "where", where_figure(data, dpi=dpi)
        yield "crop", _crop(crop_of(data), where=f"{output_in_words(data)}, {place_in_words(data)}")
    elif "crop" in tree.children:
        yield "crop", _crop(tree["crop"].to_dataset(), where="output 0, the middle")


def strip_figure(tree: xr.DataTree, rows: Rows) -> Figure:
    """Draw the mean log-amplitude spectrum of every row, in one dB scale.

    Parameters
    ----------
    tree : DataTree
        One group for each place, with ``mean_log_spectrum`` and a lattice table
        (``frequency``, ``prominence_db``); groups without a spectrum are left out.
    rows : sequence of (group, label)
        What to draw, in order: input, steps, output.

    Returns
    -------
    Figure
        One panel a row, six in a line, lattice points ringed.

    Raises
    ------
    ParameterError
        If no row has a spectrum.
    """
    drawn = _with(tree, rows, "mean_log_spectrum")
    lines = ceil(len(drawn) / COLUMNS)
    columns = ceil(len(drawn) / lines)
    scale = limits([_plane(data) for data, _ in drawn])
    signals = all(data["mean_log_spectrum"].ndim == 1 for data, _ in drawn)
    figure = Figure(
        figsize=(max(2.1 * columns + 1.2, 4.2), (2.5 if signals else 2.95) * lines + 0.4),
        layout="constrained",
    )
    panels = figure.subplots(lines, columns, squeeze=False)
    image = None
    for index, ax in enumerate(panels.flat):
        if index >= len(drawn):
            ax.set_axis_off()
            continue
        data, label = drawn[index]
        low, high = (None, None) if signals else scale
        artist = plot_spectrum(data["mean_log_spectrum"], ax=ax, lattice=data, vmin=low, vmax=high)
        image = artist if isinstance(artist, AxesImage) else image
        ax.set_title(f"{two_lines(label, TITLE_LENGTH)}\n{_subtitle(data)}", fontsize=SMALL)
        _small(ax)
        if index % columns:
            ax.set_ylabel("")
            ax.tick_params(labelleft=False)
        if index + columns < len(drawn):
            ax.set_xlabel("")
            ax.tick_params(labelbottom=False)
    plane = "; plane fz = 0" if any(d["mean_log_spectrum"].ndim == 3 for d, _ in drawn) else ""
    key = f"rings: lattice; numbers: {_measure(drawn[0][0])}{plane}"
    _note(figure, f"{key}\n{_recipe([data for data, _ in drawn])}")
    if signals:
        _share_y(list(panels.flat[: len(drawn)]))
    if image is not None:
        _colour_bar(figure, image, list(panels.flat))
    return figure


def profiles_figure(tree: xr.DataTree, rows: Rows) -> Figure:
    """Draw the azimuthal profiles of all rows: input black, steps by colour, output red.

    Parameters and errors as for `strip_figure`; read from ``azimuthal_power``.
    """
    drawn = _with(tree, rows, "azimuthal_power")
    paths = [path for path, _ in rows if _has(tree, path, "azimuthal_power")]
    steps = [path for path in paths if path not in ("input", "output")]
    colours = colormaps["viridis"](np.linspace(0, 0.9, max(len(steps), 1)))
    figure = Figure(figsize=(8.4, max(4.2, 0.24 * len(drawn) + 1.2)), layout="constrained")
    ax = figure.subplots()
    special: dict[str, dict[str, Any]] = {
        "input": {"color": "black", "linestyle": "--", "linewidth": 1.6, "zorder": 3},
        "output": {"color": OUTPUT_COLOUR, "linewidth": 2.2, "zorder": 3},
    }
    axes = max(data.get("mean_log_spectrum", data["azimuthal_power"]).ndim for data, _ in drawn)
    for path, (data, label) in zip(paths, drawn, strict=True):
        style = special.get(path) or {"color": tuple(colours[steps.index(path)])}
        style |= {"label": shorten(label, LEGEND_LENGTH)}
        plot_profile(data["azimuthal_power"], ax=ax, axes=axes, **style)
    averaged = "Azimuthal mean of power: isolated peaks average out here"
    ax.set_title("Mean power" if axes == 1 else averaged, fontsize=SMALL + 1)
    _note(figure, _recipe([data for data, _ in drawn], mean="mean power"))
    _small(ax)
    ax.grid(color="0.9", linewidth=0.6)
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, fontsize=SMALL)
    return figure


def worst_figure(tree: xr.DataTree, rows: Rows, worst: str) -> Figure:
    """Draw one row large, its peaks labelled, with slices beside it.

    Parameters
    ----------
    tree : DataTree
        What `strip_figure` takes, with ``locked_dbc`` in the lattice table.
    rows : sequence of (group, label)
        Where the label of ``worst`` is looked up.
    worst : str
        Group to draw, such as ``"steps/2"``.

    Returns
    -------
    Figure
        Lattice points carry their frequency and locked power in dBc, the strongest first
        where there is no room for all.
    """
    ((data, label),) = _with(tree, [(worst, dict(rows).get(worst, worst))], "mean_log_spectrum")
    spectrum = data["mean_log_spectrum"]
    signal = spectrum.ndim == 1
    figure = Figure(figsize=(8.4, 4.2) if signal else (10.4, 5.2), layout="constrained")
    plane = "; plane fz = 0" if spectrum.ndim == 3 else ""
    figure.suptitle(
        f"{shorten(label, 80)}\n{_measure(data)}: {_subtitle(data)}{plane}", fontsize=SMALL + 1
    )
    if signal:
        ax = figure.subplots()
        plot_spectrum(spectrum, ax=ax, lattice=data)
    else:
        ax, beside = figure.subplots(1, 2, width_ratios=(1.15, 1))
        image = plot_spectrum(spectrum, ax=ax, lattice=data)
        assert isinstance(image, AxesImage)  # maps of two or three axes
        ax.set_title("")
        _colour_bar(figure, image, [ax])
        plot_slices(spectrum, ax=beside, lattice=data)
        beside.grid(color="0.9", linewidth=0.6)
        beside.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, fontsize=SMALL)
        _small(beside)
    _small(ax)
    label_peaks(ax, data)
    note = unseen_peaks(data)
    _note(figure, f"{note}\n{_recipe([data])}" if note else _recipe([data]))
    return figure


def _crop(data: xr.Dataset, *, where: str) -> Figure:
    """Draw a crop of an output beside its amplified grid-locked part."""
    output, grid = (np.moveaxis(data[name].to_numpy(), 0, -1) for name in ("output", "grid"))
    limits, shown = data.attrs.get("limits"), data.attrs["shown"]
    return crop_figure(output, grid, limits=limits, shown=shown, where=where)


def _has(tree: xr.DataTree, path: str, variable: str) -> bool:
    if f"/{path}" not in tree.groups:
        return False
    data = tree[path]
    return variable in data and bool(np.isfinite(data[variable]).any())


def _with(tree: xr.DataTree, rows: Rows, variable: str) -> list[tuple[xr.Dataset, str]]:
    """Return data set and label of the rows that have a variable."""
    found = [(tree[p].to_dataset(), label) for p, label in rows if _has(tree, p, variable)]
    if not found:
        names = ", ".join(path for path, _ in rows) or "none"
        raise ParameterError(f"rows={names}: none of them has {variable!r} to draw")
    return found


def _plane(data: xr.Dataset) -> xr.DataArray:
    """Return what of a spectrum is drawn."""
    spectrum = data["mean_log_spectrum"]
    return central_plane(spectrum, np.empty((0, 3)))[0] if spectrum.ndim == 3 else spectrum


def _recipe(rows: Sequence[xr.Dataset], mean: str = "mean of 10 log10 power") -> str:
    """Return how the spectra were made: window, normalisation, average and number of maps."""
    maps = sorted({int(data.attrs["maps"]) for data in rows if "maps" in data.attrs})
    window = next((str(d.attrs["window"]) for d in rows if "window" in d.attrs), "no")
    count = f"; n = {maps[0]} to {maps[-1]} maps" if len(maps) > 1 else ""
    count = f"; n = {maps[0]} maps" if len(maps) == 1 else count
    return f"{window} window, each map of unit variance, {mean}, 0 dB = white noise{count}"


def _measure(data: xr.Dataset) -> str:
    """Return what the number under a label is."""
    names = ", ".join(str(dim) for dim in data["mean_log_spectrum"].dims)
    axes = f"({names})" if "," in names else names
    return f"highest lattice point over its surroundings, at {axes}"


def _subtitle(data: xr.Dataset) -> str:
    """Return how high the highest lattice point of a row stands, and where; or why not."""
    if "prominence_db" not in data:
        return str(data.attrs.get("reason", "")).partition(":")[0] or "not scored"
    return highest_peak(data) or "map too small for surroundings"


def _note(figure: Figure, text: str) -> None:
    """Write under a figure, in as many lines as its width asks for."""
    width = int(figure.get_figwidth() * LETTERS_PER_INCH)
    figure.supxlabel("\n".join(fill(line, width) for line in text.split("\n")), fontsize=SMALL)


def _colour_bar(figure: Figure, image: AxesImage, panels: list[Axes]) -> None:
    bar = figure.colorbar(image, ax=panels, extend="both", aspect=25, pad=0.02)
    bar.set_label(DECIBEL_LABEL, fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL)


def _share_y(panels: list[Axes]) -> None:
    low = min(ax.get_ylim()[0] for ax in panels)
    high = max(ax.get_ylim()[1] for ax in panels)
    for ax in panels:
        ax.set_ylim(low, high)


def _small(ax: Axes) -> None:
    ax.tick_params(labelsize=SMALL)
    ax.xaxis.label.set_fontsize(SMALL)
    ax.yaxis.label.set_fontsize(SMALL)
