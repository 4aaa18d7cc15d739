"""Figures of a whole run: the tree of spectra, one panel or line for each row."""

from collections.abc import Iterator, Sequence
from math import ceil
from textwrap import fill
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from spectra.plot._attack_figure import attack_figure, is_attacked
from spectra.plot._crop import crop_figure
from spectra.plot._curves import plot_slices
from spectra.plot._labels import shorten, two_lines
from spectra.plot._panels import (
    Rows,
    add_colour_bar,
    drawn_plane,
    few_ticks,
    fill_lines,
    has,
    highest_point,
    made,
    measure,
    panels_of,
    share_y,
    small_text,
    with_variable,
    write_note,
)
from spectra.plot._peaks import label_peaks, unseen_peaks
from spectra.plot._profiles import profiles_figure
from spectra.plot._spectrogram import spectrogram_figure
from spectra.plot._spectrum import limits, plot_spectrum
from spectra.plot._styles import inches, letters, shade, small
from spectra.plot._where import crop_of, output_in_words, place_in_words, where_figure

COLUMNS = 6
LEAST_PANEL, BESIDE = 1.25, 1.1  # inches of a panel beside text of 8 points, and of what is beside
NARROW = 1.8  # inches of a panel that has room for three ticks only
TITLE_LENGTH = 29
TIGHT: dict[str, Any] = {"columnspacing": 1.0, "handlelength": 1.4, "handletextpad": 0.4}


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
    drawn = [(path, label) for path, label in rows if has(tree, path, "mean_log_spectrum")]
    if drawn:
        yield "strip", strip_figure(tree, drawn)
        yield "profiles", profiles_figure(tree, drawn)
    if worst in dict(drawn):
        yield "worst", worst_figure(tree, drawn, worst)
    if is_attacked(tree):
        yield "attack", attack_figure([(tree, "")])
    if "where" in tree.children:
        yield "where", where_figure(tree["where"].to_dataset(), dpi=dpi)
    if {"where", "crop"} & set(tree.children):
        yield "crop", crop_of_run(tree)
    if "sound" in tree.children:
        yield "spectrogram", spectrogram_of_run(tree, rows)


def spectrogram_of_run(
    tree: xr.DataTree, rows: Rows, *, width: float | None = None, notes: bool = True
) -> Figure:
    """Draw the spectrograms of a run, see `spectrogram_figure`."""
    steps = [label for path, label in rows if path.startswith("steps/")]
    return spectrogram_figure(tree["sound"].to_dataset(), steps, width=width, notes=notes)


def strip_figure(
    tree: xr.DataTree,
    rows: Rows,
    *,
    columns: int | None = None,
    width: float | None = None,
    notes: bool = True,
) -> Figure:
    """Draw the mean log-amplitude spectrum of every row, in one dB scale.

    Parameters
    ----------
    tree : DataTree
        One group for each place, with ``mean_log_spectrum`` and a lattice table
        (``frequency``, ``prominence_db``); groups without a spectrum are left out.
    rows : sequence of (group, label)
        What to draw, in order: input, steps, output.
    columns : int, optional
        Panels in a line; a row without a spectrum then leaves its place empty.
    width : float, optional
        Of the figure in inches; by default as wide as its panels, six in a line.
    notes : bool
        Write under the figure how it was made.

    Returns
    -------
    Figure
        One panel a row, lattice points ringed.

    Raises
    ------
    ParameterError
        If no row has a spectrum.
    """
    grid = panels_of(tree, rows, "mean_log_spectrum", empty=columns is not None)
    drawn = [one for one in grid if one is not None]
    columns = columns or columns_of(len(grid), width)
    lines = ceil(len(grid) / columns)
    scale = limits([drawn_plane(data) for data, _ in drawn])
    signals = all(data["mean_log_spectrum"].ndim == 1 for data, _ in drawn)
    side = 2.1 if width is None else (width - inches(BESIDE)) / columns
    tall = (2.5 if signals else 2.95) - 2.1 + side if width is None else 0.9 * side + inches(0.45)
    figure = Figure(
        figsize=(width or max(2.1 * columns + 1.2, 4.2), tall * lines + inches(0.4)),
        layout="constrained",
    )
    panels = figure.subplots(lines, columns, squeeze=False)
    length = TITLE_LENGTH if width is None else letters(side)
    image = None
    for index, ax in enumerate(panels.flat):
        one = grid[index] if index < len(grid) else None
        if one is None:
            ax.set_axis_off()
            continue
        data, label = one
        low, high = (None, None) if signals else scale
        artist = plot_spectrum(data["mean_log_spectrum"], ax=ax, lattice=data, vmin=low, vmax=high)
        image = artist if isinstance(artist, AxesImage) else image
        whole = highest_point(data).replace(", ", ",\N{NO-BREAK SPACE}")
        subtitle = fill(whole, max(length, 12)).replace("\N{NO-BREAK SPACE}", " ")
        ax.set_title(f"{two_lines(label, length)}\n{subtitle}".strip(), fontsize=small())
        small_text(ax)
        if side < NARROW:
            few_ticks(ax)
        if index % columns:
            ax.set_ylabel("")
            ax.tick_params(labelleft=False)
        if any(below is not None for below in grid[index + columns :: columns]):
            ax.set_xlabel("")
            ax.tick_params(labelbottom=False)
    if notes:
        plane = "; plane fz = 0" if any(d["mean_log_spectrum"].ndim == 3 for d, _ in drawn) else ""
        key = f"rings: lattice; numbers: {measure(drawn[0][0])}{plane}"
        write_note(figure, f"{key}\n{made([data for data, _ in drawn])}")
    if signals:
        share_y([ax for ax in panels.flat if ax.axison])
    if image is not None:
        add_colour_bar(figure, image, list(panels.flat), drawn[0][0], lines=lines)
    return figure


def columns_of(panels: int, width: float | None) -> int:
    """Return how many panels stand in a line, so that lines are about equally full."""
    most = COLUMNS
    if width is not None:
        most = max(min(int((width - inches(BESIDE)) / inches(LEAST_PANEL)), COLUMNS), 1)
    return ceil(panels / ceil(panels / most))


def worst_figure(
    tree: xr.DataTree,
    rows: Rows,
    worst: str | Sequence[str],
    *,
    width: float | None = None,
    notes: bool = True,
) -> Figure:
    """Draw one row large, its peaks labelled, with slices beside it.

    Parameters
    ----------
    tree : DataTree
        What `strip_figure` takes, with ``locked_dbc`` in the lattice table.
    rows : sequence of (group, label)
        Where the label of ``worst`` is looked up.
    worst : str or sequence of str
        Group to draw, such as ``"steps/2"``; several stand under one another in one scale.
    width : float, optional
        Of the figure in inches; below six beside text of 8 points the slices stand below.
    notes : bool
        Write under the figure how it was made.

    Returns
    -------
    Figure
        Lattice points carry their frequency and locked power in dBc, the strongest first
        where there is no room for all.
    """
    chosen = [worst] if isinstance(worst, str) else list(worst)
    named = [(path, dict(rows).get(path, path)) for path in chosen]
    drawn = with_variable(tree, named, "mean_log_spectrum")
    signals = all(data["mean_log_spectrum"].ndim == 1 for data, _ in drawn)
    stacked = width is not None and width < inches(6) and not signals
    side = width or (8.4 if signals else 10.4)
    tall = max(side * (1.45 if stacked else 0.5), inches(2.6)) * len(drawn)
    figure = Figure(figsize=(side, tall), layout="constrained")
    columns = 1 if stacked or signals else 2
    lines = len(drawn) * (2 if stacked else 1)
    ratios = (1.15, 1.0)[:columns]
    axes = figure.subplots(lines, columns, squeeze=False, width_ratios=ratios)
    panels = axes.reshape(len(drawn), -1)
    scale = limits([drawn_plane(data) for data, _ in drawn])
    for (data, label), (ax, *beside) in zip(drawn, panels, strict=True):
        spectrum = data["mean_log_spectrum"]
        low, high = scale if spectrum.ndim > 1 else (None, None)
        artist = plot_spectrum(spectrum, ax=ax, lattice=data, vmin=low, vmax=high)
        title = f"{shorten(label, letters(side) * 3 // 4)}\n{_heading(data)}"
        if len(drawn) == 1:
            figure.suptitle(fill_lines(title, letters(0.85 * side)), fontsize=small() + 1)
        ax.set_title("" if len(drawn) == 1 else label, fontsize=small() + 1)
        if isinstance(artist, AxesImage):
            add_colour_bar(figure, artist, [ax], data)
            plot_slices(spectrum, ax=beside[0], lattice=data)
            beside[0].grid(color=shade(0.1), linewidth=0.6)
            beside[0].legend(
                loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, fontsize=small(), **TIGHT
            )
            small_text(beside[0])
        small_text(ax)
    if signals:
        share_y([ax for ax, *_ in panels])
    elif len(drawn) > 1:
        share_y([beside[0] for _, *beside in panels if beside])
    for (data, _), (ax, *_) in zip(drawn, panels, strict=True):
        label_peaks(ax, data)
    if notes:
        note = "\n".join(filter(None, [unseen_peaks(data) for data, _ in drawn]))
        how = made([data for data, _ in drawn])
        write_note(figure, f"{note}\n{how}" if note else how)
    return figure


def _heading(data: xr.Dataset) -> str:
    """Return what stands above one spectrum drawn large."""
    plane = "; plane fz = 0" if data["mean_log_spectrum"].ndim == 3 else ""
    return f"{measure(data)}: {highest_point(data)}{plane}"


def crop_of_run(tree: xr.DataTree, *, width: float | None = None, notes: bool = True) -> Figure:
    """Draw a crop of an output beside its amplified grid: where that is most, else the middle."""
    data, where = cropped(tree)
    output, grid = (np.moveaxis(data[name].to_numpy(), 0, -1) for name in ("output", "grid"))
    limits, shown = data.attrs.get("limits"), data.attrs["shown"]
    return crop_figure(
        output, grid, limits=limits, shown=shown, where=where, width=width, notes=notes
    )


def cropped(tree: xr.DataTree) -> tuple[xr.Dataset, str]:
    """Return the crop that a run shows, and of which place of which output it is."""
    if "where" not in tree.children:
        return tree["crop"].to_dataset(), "output 0, the middle"
    data = tree["where"].to_dataset()
    return crop_of(data), f"{output_in_words(data)}, {place_in_words(data)}"
