"""A crop of the output beside its amplified grid-locked part."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from spectra.errors import ParameterError
from spectra.plot._labels import MINUS

SMALL = 8.0
FACTORS = tuple(m * 10.0**e for e in range(7) for m in (1, 2, 5))
VISIBLE = 0.4  # of the display range: what the locked part is amplified to
CHANNELS_OF_A_SIGNAL = 4
MOST_PIXELS = 64  # along an axis: more than four screen pixels each, so that a grid shows


def crop_figure(picture: ArrayLike, residual: ArrayLike) -> Figure:
    """Draw a crop of an output, the same with its grid-locked part amplified, and that part.

    Black and white are the 0.5th and 99.5th percentile of the crop, widened to 0..1 or -1..1 where
    it fits and nearly fills it. Amplified is by 1, 2 or 5 times a power of ten that brings the
    strongest locked pixels near 40 % of that range; it is printed above the panel.

    Parameters
    ----------
    picture : array_like, shape (H, W), (H, W, C) or (D, H, W, C); (T,) or (T, C) of a signal
        Crop of one output. An array of two axes is a signal where the last one is 4 or less.
        The central plane of a volume is drawn, and the central 64 pixels of a large crop. Three
        channels are shown as RGB, of any other number the one with the strongest residual.
    residual : array_like, same shape
        The grid-locked part of the crop.

    Returns
    -------
    Figure

    Raises
    ------
    ParameterError
        If the shapes differ or do not make a picture.
    """
    shown, locked, note = _drawable(np.asarray(picture, float), np.asarray(residual, float))
    low, high = _range(shown)
    peak = float(np.abs(locked).max())
    factor = _round_factor(VISIBLE * (high - low) / peak) if peak > 0 else 1.0
    named = (
        f"{factor:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}") if factor >= 1 else f"{factor:g}"
    )
    middle = (low + high) / 2
    with_more = shown + (factor - 1) * locked
    titles = (
        f"output{note}",
        f"the same, grid-locked part ×{named}",
        f"grid-locked part alone, ×{named}" if peak > 0 else "no grid-locked part",
    )
    signal = shown.ndim == 1
    if signal:
        figure = Figure(figsize=(8.4, 4.8), layout="constrained")
        panels = figure.subplots(3, 1, sharex=True)
        for ax, values, title in zip(
            panels, (shown, with_more, middle + factor * locked), titles, strict=True
        ):
            ax.plot(values, color="black", linewidth=0.8)
            ax.set_ylim(low, high)
            ax.set_title(title, fontsize=SMALL + 1)
            ax.tick_params(labelsize=SMALL)
        panels[-1].set_xlabel("sample of the crop", fontsize=SMALL)
        return figure
    height, width = shown.shape[:2]
    figure = Figure(figsize=(9.6, 3.1 * min(height / width, 2) + 0.6), layout="constrained")
    for ax, values, title in zip(
        figure.subplots(1, 3), (shown, with_more, middle + factor * locked), titles, strict=True
    ):
        scaled = np.clip((values - low) / (high - low), 0, 1)
        ax.imshow(scaled, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        ax.set_title(title, fontsize=SMALL + 1)
        ax.set_xticks([])
        ax.set_yticks([])
    note = (
        f"{height} × {width} pixels; black {low:.4g}, white {high:.4g}; locked part up to "
        f"{peak:.3g}, which is {100 * peak / (high - low):.3g} % of that range"
    )
    figure.supxlabel(note.replace("-", MINUS), fontsize=SMALL)
    return figure


def _drawable(
    picture: NDArray[np.float64], residual: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], str]:
    """Return one plane or one signal of crop and residual, and a note on which."""
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
    return picture, residual, f" ({', '.join(notes)})" if notes else ""


def _middle(side: int) -> slice:
    start = max(side - MOST_PIXELS, 0) // 2
    return slice(start, start + MOST_PIXELS)


def _range(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return display limits: a usual range where the values fit and fill half of it."""
    low, high = (float(v) for v in np.percentile(values, (0.5, 99.5)))
    for a, b in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)):
        slack = 0.05 * (b - a)
        if a - slack <= low and high <= b + slack and high - low >= (b - a) / 2:
            return a, b
    return (low, high) if high > low else (low - 1, high + 1)


def _round_factor(factor: float) -> float:
    """Return the largest of 1, 2, 5, 10, ... that is not above ``factor``."""
    return max((f for f in FACTORS if f <= factor), default=1.0)
