"""Outputs of clean and attacked inputs side by side with their spectra, and that of the change."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from spectra.plot._labels import shorten
from spectra.plot._panels import (
    add_colour_bar,
    drawn_plane,
    few_ticks,
    fill_lines,
    has,
    small_text,
)
from spectra.plot._spectrum import limits, plot_spectrum
from spectra.plot._step import highest_peak
from spectra.plot._styles import inches, letters, small
from spectra.severity import shown_range

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

PICTURES = {"clean": "clean", "attacked": "attacked"}
SPECTRA = {
    "output": "spectrum, clean",
    "attacked/output": "spectrum, attacked",
    "attacked/change": "spectrum, change",
}
NARROW = 5.0  # inches beside text of 8 points, below which pictures stand above spectra
GROUP = "attacked"


def attack_figure(
    results: Sequence[tuple[xr.DataTree, str]], *, width: float | None = None
) -> Figure:
    """Draw one output clean and attacked, and the mean spectra of both and of what changes.

    Parameters
    ----------
    results : sequence of (DataTree, label)
        Results with group ``attacked``: a row each, all spectra in one scale, as in Figure 1 of
        arXiv 2311.17524.
    width : float, optional
        Of the figure in inches, 9 by default.

    Returns
    -------
    Figure
        Pictures only where outputs have two axes.
    """
    side = width or 9.0
    pictured = all(_pictures(tree) is not None for tree, _ in results)
    drawn = [[p for p in SPECTRA if has(tree, p, "mean_log_spectrum")] for tree, _ in results]
    pairs = [(tree, path) for (tree, _), ps in zip(results, drawn, strict=True) for path in ps]
    scale = limits([drawn_plane(_data(tree, path)) for tree, path in pairs])
    count = (len(PICTURES) if pictured else 0) + len(SPECTRA)
    columns = count if side >= inches(NARROW) else len(SPECTRA)
    lines = ceil(count / columns)
    each = (side - inches(0.9)) / columns
    figure = Figure(
        figsize=(side, len(results) * lines * (each + inches(0.55)) + inches(0.2)),
        layout="constrained",
    )
    panels = figure.subplots(len(results) * lines, columns, squeeze=False)
    image, spectral = None, []
    for number, ((tree, label), paths) in enumerate(zip(results, drawn, strict=True)):
        axes = [*panels[number * lines : (number + 1) * lines].flat]
        if pictured:
            first = len(PICTURES)
            _draw_pictures(tree, axes[:first], width=each)
            for ax in axes[first : columns * (lines - 1)]:
                ax.set_axis_off()
            axes = axes[first if lines == 1 else columns * (lines - 1) :]
        if len(results) > 1:
            name = shorten(label, letters(each))
            panels[number * lines, 0].set_ylabel(name, fontsize=small() + 1)
        for path, ax in zip(SPECTRA, axes, strict=False):
            if path not in paths:
                ax.set_axis_off()
                continue
            artist = _draw_spectrum(_data(tree, path), ax, path=path, scale=scale, width=each)
            image = artist if isinstance(artist, AxesImage) else image
            ax.set_ylabel(ax.get_ylabel() if ax is axes[0] else "")
            ax.tick_params(labelleft=ax is axes[0] or not isinstance(artist, AxesImage))
            spectral.append(ax)
    if image is not None:
        sample = _data(results[0][0], drawn[0][0])
        add_colour_bar(figure, image, spectral, sample, lines=len(results))
    return figure


def is_attacked(tree: xr.DataTree) -> bool:
    """Tell whether a result was attacked, and its attacked output has a spectrum."""
    return has(tree, "attacked/output", "mean_log_spectrum")


def _data(tree: xr.DataTree, path: str) -> xr.Dataset:
    return tree[path].to_dataset()


def _pictures(tree: xr.DataTree) -> xr.Dataset | None:
    """Return what is shown of outputs of two axes; None of others."""
    if f"/{GROUP}/pictures" not in tree.groups:
        return None
    data = tree[f"{GROUP}/pictures"].to_dataset()
    return data if data["clean"].ndim == 3 else None


def _draw_pictures(tree: xr.DataTree, axes: Sequence[Axes], *, width: float) -> None:
    data = _pictures(tree)
    assert data is not None
    known = data.attrs.get("limits")
    low, high = shown_range(data["clean"].to_numpy()) if known is None else known
    for (name, title), ax in zip(PICTURES.items(), axes, strict=True):
        shown = np.clip((_last(data[name].to_numpy()) - low) / (high - low), 0, 1)
        ax.imshow(shown, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        ax.set_title(fill_lines(title, letters(width)), fontsize=small() + 1)
        ax.set_xticks([])
        ax.set_yticks([])


def _last(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a picture with its channels last, without them where there is one."""
    return values[0] if len(values) == 1 else np.moveaxis(values, 0, -1)


def _draw_spectrum(
    data: xr.Dataset, ax: Axes, *, path: str, scale: tuple[float, float], width: float
) -> object:
    spectrum = data["mean_log_spectrum"]
    low, high = scale if spectrum.ndim > 1 else (None, None)
    artist = plot_spectrum(spectrum, ax=ax, lattice=data, vmin=low, vmax=high)
    few_ticks(ax)
    peak = highest_peak(data)
    title = fill_lines(SPECTRA[path] + (f"\n{peak}" if peak else ""), letters(width))
    ax.set_title(title, fontsize=small() + 1)
    small_text(ax)
    return artist
