"""A crop of an output beside its amplified grid-locked part."""

from collections.abc import Sequence
from textwrap import fill
from typing import NamedTuple

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from spectra.errors import ParameterError
from spectra.plot._amplified import Display, display
from spectra.plot._labels import MINUS
from spectra.plot._panels import fill_lines
from spectra.plot._styles import inches, ink, letters, small

CHANNELS_OF_A_SIGNAL = 4
MOST_PIXELS = 64  # along an axis: more than four screen pixels each, so that a grid shows


class Panel(NamedTuple):
    """One picture of a crop, or one signal, and what stands above it."""

    title: str
    values: NDArray[np.float64]


def crop_figure(
    picture: ArrayLike,
    residual: ArrayLike,
    *,
    limits: Sequence[float] | None = None,
    shown: Sequence[float] | None = None,
    where: str = "",
    width: float | None = None,
    notes: bool = True,
) -> Figure:
    """Draw a crop of an output, the same with its grid-locked part amplified, and that part.

    Black and white are those of the whole output, see `spectra.plot._amplified.display`: a crop
    of few values is not stretched, and the first panel is what a viewer sees. By how much the
    others are amplified stands above them, with the strongest pixel as it is.

    Parameters
    ----------
    picture : array_like, shape (H, W), (H, W, C) or (D, H, W, C); (T,) or (T, C) of a signal
        Crop of one output. An array of two axes is a signal where the last one is 4 or less.
        The central plane of a volume is drawn, and the central 64 pixels of a large crop. Three
        channels are shown as RGB, of any other number the one with the strongest residual.
    residual : array_like, same shape
        The grid-locked part of the crop.
    limits : (float, float), optional
        Black and white of the output, where they are known.
    shown : (float, float), optional
        What is shown as black and as white of the whole output, where they are not known.
    where : str
        Of which output, and from which place in it, the crop is.
    width : float, optional
        Of the figure in inches; below six beside text of 8 points panels stand under one another.
    notes : bool
        Write under the figure what black and white are.

    Returns
    -------
    Figure

    Raises
    ------
    ParameterError
        If the shapes differ or do not make a picture.
    """
    scale, panels = _panels(picture, residual, limits=limits, shown=shown, where=where)
    drawn = panels[0].values
    if drawn.ndim == 1:
        side = width or 8.4
        figure = Figure(figsize=(side, max(0.62 * side, inches(3.9))), layout="constrained")
        axes = figure.subplots(3, 1, sharex=True)
        for ax, (title, values) in zip(axes, panels, strict=True):
            ax.plot(values, color=ink(), linewidth=0.8)
            ax.set_ylim(scale.low, scale.high)
            one = title.strip().replace("\n", "; ")
            ax.set_title(fill(one, letters(0.8 * side)), fontsize=small() + 1)
            ax.tick_params(labelsize=small())
        axes[-1].set_xlabel("sample of the crop", fontsize=small())
        return figure
    tall, wide = drawn.shape[:2]
    ratio, side = min(tall / wide, 2), width or 9.6
    stacked = side < inches(6)
    each = (0.86 if stacked else 3.1 / 9.6) * side
    lines = 3 if stacked else 1
    figure = Figure(
        figsize=(side, lines * (each * ratio + inches(0.6)) + inches(0.4)), layout="constrained"
    )
    axes = figure.subplots(3, 1) if stacked else figure.subplots(1, 3)
    for ax, (title, values) in zip(axes, panels, strict=True):
        ax.imshow(scale.shown(values), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        ax.set_title(fill_lines(title.strip(), letters(each)), fontsize=small() + 1)
        ax.set_xticks([])
        ax.set_yticks([])
    if notes:
        text = f"{tall} × {wide} pixels; {shown_between(scale)}"
        figure.supxlabel(fill(text, letters(side)), fontsize=small())
    return figure


def crop_panels(data: xr.Dataset, *, where: str = "") -> list[Panel]:
    """Return a crop, the same with its grid amplified, and that grid, between 0 and 1 to be shown.

    Parameters
    ----------
    data : Dataset
        ``output`` and ``grid`` by channel and pixel, as `crop_of` or group ``crop`` has them.
    where : str
        Of which output, and from which place in it, the crop is.
    """
    output, grid = (np.moveaxis(data[name].to_numpy(), 0, -1) for name in ("output", "grid"))
    limits, shown = data.attrs.get("limits"), data.attrs["shown"]
    scale, panels = _panels(output, grid, limits=limits, shown=shown, where=where)
    return [Panel(panel.title, scale.shown(panel.values)) for panel in panels]


def _panels(
    picture: ArrayLike,
    residual: ArrayLike,
    *,
    limits: Sequence[float] | None,
    shown: Sequence[float] | None,
    where: str,
) -> tuple[Display, tuple[Panel, ...]]:
    drawn, locked, notes = _drawable(np.asarray(picture, float), np.asarray(residual, float))
    scale = display(drawn, locked, limits=limits, shown=shown)
    middle = (scale.low + scale.high) / 2
    told = [note for note in (where, *notes) if note]
    return scale, (
        Panel(f"output as it is\n{', '.join(told)}", drawn),
        Panel(
            f"the same, grid {scale.amplified}\nreally at most {scale.really}",
            drawn + (scale.factor - 1) * locked,
        ),
        Panel(
            f"grid alone, {scale.amplified}" if scale.peak > 0 else "no grid-locked part",
            middle + scale.factor * locked,
        ),
    )


def shown_between(scale: Display) -> str:
    """Return what is black and white in a picture, and how strong its grid is, in words."""
    peak = f"{scale.peak:.3g}, which is {100 * scale.peak / (scale.high - scale.low):.3g} %"
    text = f"black {scale.low:.4g}, white {scale.high:.4g}; grid up to {peak} of that range"
    return text.replace("-", MINUS)


def _drawable(
    picture: NDArray[np.float64], residual: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    """Return one plane or one signal of crop and residual, and notes on which."""
    if picture.shape != residual.shape:
        message = f"residual has shape {residual.shape}: expected that of picture, {picture.shape}"
        raise ParameterError(message)
    if picture.ndim not in (1, 2, 3, 4) or not picture.size:
        raise ParameterError(f"picture has shape {picture.shape}: expected (H, W) or (H, W, C)")
    notes = []
    if picture.ndim == 4:
        notes.append(f"plane {len(picture) // 2} of {len(picture)}")
        picture, residual = picture[len(picture) // 2], residual[len(residual) // 2]
    signal = picture.ndim == 2 and picture.shape[1] <= CHANNELS_OF_A_SIGNAL
    if signal or (picture.ndim == 3 and picture.shape[-1] != 3):
        power = np.square(residual).reshape(-1, residual.shape[-1]).sum(0)
        channel = int(power.argmax())
        if picture.shape[-1] > 1:
            notes.append(f"channel {channel} of {picture.shape[-1]}")
        picture, residual = picture[..., channel], residual[..., channel]
    if picture.ndim > 1:
        middle = tuple(_middle(side) for side in picture.shape[:2])
        picture, residual = picture[middle], residual[middle]
    picture, residual = np.nan_to_num(picture), np.nan_to_num(residual)
    return picture, residual, notes


def _middle(side: int) -> slice:
    start = max(side - MOST_PIXELS, 0) // 2
    return slice(start, start + MOST_PIXELS)
