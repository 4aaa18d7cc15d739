"""Kernels: taps beside the ideal sinc, gain beside the ideal rectangle, rejection over size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from spectra._names import place
from spectra.kernel import Kernel, attainable_bound, interpolator, rejection_db, tap_gram
from spectra.plot._labels import label_frequency_axis
from spectra.plot._styles import shade

INK, IDEAL, LEARNED = "#000000", "#0072B2", "#D55E00"
NAMED = {  # interpolators in the picture of sizes: name, taps at factor 2, line style
    "nearest": ("nearest", 2, ":"),
    "bilinear": ("bilinear", 4, "--"),
    "bicubic": ("bicubic", 8, "-."),
    "lanczos3": ("Lanczos 3", 12, (0, (6, 2))),
}
SIZES = tuple(range(2, 16))
EFFICIENT = 4  # sizes 3, 7, 11, ... use all their taps at factor 2: 3 modulo this


def plot_taps(kernel: Kernel, *, ax: Axes, **kwargs: Any) -> Line2D:
    """Draw the taps of a kernel along its last axis, beside the ideal sinc.

    Many channels are drawn by their leading shape, several axes by the row through the largest
    tap.

    Parameters
    ----------
    kernel : Kernel
        The kernel.
    ax : matplotlib Axes
        Where to draw.
    **kwargs
        Options of ``Axes.plot`` for the taps.

    Returns
    -------
    Line2D
        The taps; the sinc has the label "ideal sinc".
    """
    shape = _leading_shape(kernel)
    loudest = np.unravel_index(np.argmax(np.abs(shape)), shape.shape)
    row = shape[loudest[:-1]]
    return draw_taps(
        row, kernel.positions[-1], stride=kernel.stride[-1], axes=kernel.axes, ax=ax, **kwargs
    )


def draw_taps(
    row: NDArray[np.float64],
    places: NDArray[np.int64],
    *,
    stride: int,
    axes: int,
    ax: Axes,
    **kwargs: Any,
) -> Line2D:
    """Draw one row of taps, the largest 1, beside the ideal sinc about their centre of energy.

    Parameters
    ----------
    row, places : ndarray, shape (tap,)
        The taps, and the output pixels at which they stand.
    stride : int
        Upsampling factor.
    axes : int
        Number of the kernel's axes, for what its places are called.
    ax : matplotlib Axes
        Where to draw.
    **kwargs
        Options of ``Axes.plot`` for the taps.
    """
    row, s = row / row[np.argmax(np.abs(row))], stride
    delay = float(row**2 @ places / (row**2).sum())
    n = np.linspace(places[0] - 1, places[-1] + 1, 40 * (len(places) + 2))
    ax.axhline(0, color=shade(0.4), linewidth=0.6, zorder=0)
    ax.plot(n, np.sinc((n - delay) / s), color=IDEAL, linewidth=1.0, label="ideal sinc")
    ax.vlines(places, 0, row, color=LEARNED, linewidth=1.0)
    options = {"marker": "o", "markersize": 4, "linestyle": "none", "color": LEARNED, **kwargs}
    (line,) = ax.plot(places, row, **{"label": "taps", **options})
    ax.set(xlabel=f"output {place(axes)}s from the sample", ylabel="tap (largest = 1)")
    return line


def plot_response(kernel: Kernel, *, ax: Axes, **kwargs: Any) -> Line2D:
    """Draw the gain of a kernel along its last frequency axis, beside the ideal rectangle.

    Root mean square over channels, relative to the larger of DC and unit gain; replicas of DC
    are marked by dotted lines.

    Parameters
    ----------
    kernel : Kernel
        The kernel; all other frequencies are 0.
    ax : matplotlib Axes
        Where to draw.
    **kwargs
        Options of ``Axes.plot`` for the gain.

    Returns
    -------
    Line2D
        The gain; the rectangle has the label "ideal".
    """
    f = np.linspace(0, 0.5, 257)
    others = [np.zeros(1)] * (kernel.axes - 1)
    gain = np.sqrt(tap_gram(kernel).power(*others, f).ravel())
    reference = gain[0] if gain[0] > 1e-6 * gain.max() else gain.max()
    s = kernel.stride[-1]
    edge = 0.5 / s
    ax.plot([0, edge, edge, 0.5], [1, 1, 0, 0], color=IDEAL, linewidth=1.0, label="ideal")
    for m in range(1, s // 2 + 1):
        ax.axvline(m / s, color=shade(0.4), linestyle=":", linewidth=1.0, zorder=0)
    options = {"color": LEARNED, "linewidth": 1.4, "label": "kernel", **kwargs}
    (line,) = ax.plot(f, gain / reference, **options)
    label_frequency_axis(ax, "x", name="f", full=False, axes=kernel.axes)
    ax.set(xlim=(0, 0.51), ylabel="gain (DC = 1)")
    ax.set_ylim(bottom=0)
    return line


def plot_rejection(
    learned: Mapping[str, tuple[int, float]],
    *,
    ax: Axes,
    axes: int = 2,
    sizes: Iterable[int] = SIZES,
) -> PathCollection:
    """Draw rejection of 1/f^2 inputs against kernel size: learned layers below the bound.

    The curve is the kernel of least total error of each size at factor 2
    (`spectra.kernel.attainable_bound`), which a blur may exceed; its full dots are sizes
    3, 7, 11, ..., whose taps all count. Lines are the interpolators that nobody trains, from
    their own size on.

    Parameters
    ----------
    learned : mapping of str to (int, float)
        Size and rejection in dB of each layer.
    ax : matplotlib Axes
        Where to draw.
    axes : int
        Spatial axes of the kernels.
    sizes : iterable of int
        Sizes on the curve.

    Returns
    -------
    PathCollection
        The learned layers.
    """
    curve = sorted(sizes)
    best = [attainable_bound(k, 2, axes=axes).rejection_db for k in curve]
    ax.plot(curve, best, color=INK, linewidth=1.2, label="least error of its size", zorder=2)
    ax.plot([], [], "o", color=INK, markersize=5, label="3, 7, 11, ...: all taps count")
    for k, value in zip(curve, best, strict=True):
        fill = INK if k % EFFICIENT == EFFICIENT - 1 else "white"
        ax.plot(k, value, "o", color=INK, markerfacecolor=fill, markersize=5, zorder=3)
    for name, (label, size, style) in NAMED.items():
        value = rejection_db(interpolator(name, 2, axes=axes))  # type: ignore[arg-type]
        ax.plot(
            [size, max(*curve, size)],
            [value] * 2,
            color=IDEAL,
            linestyle=style,
            linewidth=1.1,
            label=label,
            zorder=1,
        )
        ax.plot(size, value, "s", color=IDEAL, markersize=4, zorder=3)
    xy = np.array(list(learned.values()), float).reshape(-1, 2)
    scatter = ax.scatter(
        xy[:, 0], xy[:, 1], color=LEARNED, marker="D", s=28, label="learned", zorder=4
    )
    ax.set(xlabel="kernel size", ylabel="rejection of replicas (dB)")
    ax.set_xticks(curve)
    return scatter


def rejection_figure(learned: Mapping[str, tuple[int, float]], axes: int = 2) -> Figure:
    """Draw the rejection of learned layers against what their size allows, for 1/f^2 inputs."""
    figure = Figure(figsize=(7.4, 4.2), layout="constrained")
    ax = figure.subplots()
    largest = max([15] + [size for size, _ in learned.values()])
    sizes = [*SIZES, *range(19, largest + 1, 4)]
    plot_rejection(learned, ax=ax, axes=axes, sizes=[k for k in sizes if k <= largest])
    figure.legend(frameon=False, fontsize=8, loc="outside right upper")
    return figure


def _leading_shape(kernel: Kernel) -> np.ndarray[Any, Any]:
    """Return the spatial shape that holds most of a kernel's energy, its largest tap positive."""
    gram = tap_gram(kernel)
    _, vectors = np.linalg.eigh(gram.matrix)
    shape: np.ndarray[Any, Any] = vectors[:, -1].reshape(gram.size)
    upright: np.ndarray[Any, Any] = shape * np.sign(shape.flat[np.argmax(np.abs(shape))])
    return upright
