"""Two folders of pictures side by side: their mean spectra, and those that show a grid most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from spectra.plot._spectrum import limits, plot_spectrum

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

SMALL = 8.0
SIDE = 96  # pixels a side of what is shown of a picture, at least
LONGEST_NAME = 36  # letters of a name above a panel
CHANGES = "RdBu_r"  # red where the first has more
ROW, EMPTY_ROW = 2.7, 0.7  # inches
LEAST_DB = 1.0  # the scale of differences, so that noise does not fill it


def compared_pictures(
    names: Sequence[str],
    *,
    spectra_db: Sequence[xr.DataArray | None],
    points: Sequence[Sequence[tuple[float, float]]],
    strongest: Sequence[Sequence[tuple[str, NDArray[np.float32], int]]],
) -> dict[str, Figure]:
    """Draw two folders of pictures.

    Parameters
    ----------
    names : sequence of str
        What the two are called.
    spectra_db : sequence of (DataArray, dims (fy, fx), or None)
        Mean spectrum of each in dB, DC in the centre; None where its pictures are too small.
    points : sequence of sequences of (float, float)
        (fy, fx) of what stands out in each, in cycles per pixel.
    strongest : sequence of sequences of (str, ndarray, int)
        Of each the pictures that show a grid most: name, planes (channel, y, x) in grey levels of
        255, and the period of the grid in pixels.

    Returns
    -------
    dict of str to Figure
        ``"spectra"`` and ``"strongest"``; what would be empty is left out.
    """
    figures = {}
    if any(each is not None for each in spectra_db):
        figures["spectra"] = _spectra(names, spectra_db, points)
    if any(strongest):
        figures["strongest"] = _strongest(names, strongest)
    return figures


def _spectra(
    names: Sequence[str],
    spectra_db: Sequence[xr.DataArray | None],
    points: Sequence[Sequence[tuple[float, float]]],
) -> Figure:
    """Draw the mean spectra in one range of dB, and where there are two their difference."""
    held = [
        (name, power, ringed)
        for name, power, ringed in zip(names, spectra_db, points, strict=True)
        if power is not None
    ]
    count = len(held) + (len(held) == 2)
    figure = Figure(figsize=(0.6 + 3.4 * count, 3.6), layout="constrained")
    axes = figure.subplots(1, count, squeeze=False)[0]
    low, high = limits([power for _, power, _ in held])
    drawn = [
        _panel(ax, power, title=_short(name), points=ringed, vmin=low, vmax=high)
        for ax, (name, power, ringed) in zip(axes, held, strict=False)
    ]
    _bar(figure, drawn[-1], axes[: len(held)], "power over white noise of variance 1 (dB)")
    if len(held) == 2:
        change = held[0][1] - held[1][1].to_numpy()
        most = max(map(abs, limits([change])))
        most = max(most, LEAST_DB)
        image = _panel(axes[-1], change, title="difference", vmin=-most, vmax=most, cmap=CHANGES)
        _bar(figure, image, axes[-1:], "first less second (dB)")
    return figure


def _panel(
    ax: Axes,
    power_db: xr.DataArray,
    *,
    title: str,
    points: Sequence[tuple[float, float]] = (),
    **options: Any,
) -> AxesImage:
    drawn = plot_spectrum(power_db, ax=ax, lattice=[list(p) for p in points] or None, **options)
    assert isinstance(drawn, AxesImage)
    ax.set_title(title, fontsize=SMALL + 1)
    ax.tick_params(labelsize=SMALL)
    return drawn


def _bar(figure: Figure, image: AxesImage, axes: NDArray[np.object_], label: str) -> None:
    bar = figure.colorbar(image, ax=axes.tolist(), shrink=0.8)
    bar.set_label(label, fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL)


def _strongest(
    names: Sequence[str], strongest: Sequence[Sequence[tuple[str, NDArray[np.float32], int]]]
) -> Figure:
    """Draw a piece of each picture, pixel by pixel, a row for each folder."""
    columns = max(map(len, strongest))
    heights = [ROW if pictures else EMPTY_ROW for pictures in strongest]
    figure = Figure(figsize=(0.4 + 2.4 * columns, sum(heights)), layout="constrained")
    axes = figure.subplots(2, columns, squeeze=False, height_ratios=heights)
    for row, name, pictures in zip(axes, names, strongest, strict=True):
        for ax in row:
            ax.set_axis_off()
        said = _short(name) if pictures else f"{_short(name)}: no picture shows a grid"
        row[0].set_title(said, fontsize=SMALL + 1, loc="left", pad=18)
        for ax, (source, planes, period) in zip(row, pictures, strict=False):
            ax.imshow(_piece(planes), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            ax.text(
                0, 1.02, f"{_short(source)}, {period} px", fontsize=SMALL, transform=ax.transAxes
            )
    return figure


def _piece(planes: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the middle of a picture as matplotlib draws it, black 0 and white 1."""
    top, left = (max(side - SIDE, 0) // 2 for side in planes.shape[1:])
    shown = planes if len(planes) == 3 else planes[:1]
    piece = np.moveaxis(shown[:, top : top + SIDE, left : left + SIDE], 0, -1)
    values: NDArray[np.float64] = np.clip(piece / 255.0, 0, 1)
    return values if values.shape[-1] == 3 else values[..., 0]


def _short(name: str) -> str:
    """Return the end of a name, where matplotlib finds no formula."""
    cut = name if len(name) <= LONGEST_NAME else f"…{name[-LONGEST_NAME:]}"
    return cut.replace("$", r"\$")
