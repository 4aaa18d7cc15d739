"""Kernels: taps beside the ideal sinc, responses beside the ideal rectangle, phases, sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from spectra.errors import ParameterError
from spectra.kernel import (
    InputSpectrum,
    Kernel,
    TapGram,
    attainable_bound,
    interpolator,
    power_law_spectrum,
    rejection_db,
    tap_gram,
)
from spectra.plot._labels import label_frequency_axis
from spectra.plot._spectrum import draw_rings

INK, IDEAL, LEARNED, FAINT = "#000000", "#0072B2", "#D55E00", "0.6"
NAMED = {  # interpolators in the picture of sizes: name, taps at factor 2, line style
    "nearest": ("nearest", 2, ":"),
    "bilinear": ("bilinear", 4, "--"),
    "bicubic": ("bicubic", 8, "-."),
    "lanczos3": ("Lanczos 3", 12, (0, (6, 2))),
}
SIZES = tuple(range(2, 16))
EFFICIENT = 4  # sizes 3, 7, 11, ... use all their taps at factor 2: 3 modulo this


def plot_taps(kernel: Kernel, *, ax: Axes, axis: int = -1, **kwargs: Any) -> Line2D:
    """Draw the taps of a kernel along one axis, beside the ideal sinc.

    Many channels are drawn by their leading shape, several axes by the row through the largest
    tap.

    Parameters
    ----------
    kernel : Kernel
    ax : matplotlib Axes
    axis : int
        Which axis runs from left to right.
    **kwargs
        For ``Axes.plot``, of the taps.

    Returns
    -------
    Line2D
        The taps; the sinc has the label "ideal sinc".
    """
    shape = np.moveaxis(leading_shape(kernel), axis, -1)
    places = kernel.positions[axis]
    s = kernel.stride[axis]
    loudest = np.unravel_index(np.argmax(np.abs(shape)), shape.shape)
    row = shape[loudest[:-1]]
    row = row / row[np.argmax(np.abs(row))]
    delay = float(row**2 @ places / (row**2).sum())
    n = np.linspace(places[0] - 1, places[-1] + 1, 40 * (len(places) + 2))
    ax.axhline(0, color=FAINT, linewidth=0.6, zorder=0)
    ax.plot(n, np.sinc((n - delay) / s), color=IDEAL, linewidth=1.0, label="ideal sinc")
    ax.vlines(places, 0, row, color=LEARNED, linewidth=1.0)
    options = {"marker": "o", "markersize": 4, "linestyle": "none", "color": LEARNED, **kwargs}
    (line,) = ax.plot(places, row, **{"label": "taps", **options})
    ax.set(xlabel="output pixels from the sample", ylabel="tap (largest = 1)")
    return line


def plot_response(kernel: Kernel | TapGram, *, ax: Axes, axis: int = -1, **kwargs: Any) -> Line2D:
    """Draw the gain of a kernel along one frequency axis, beside the ideal rectangle.

    Root mean square over channels, relative to the larger of DC and unit gain; replicas of DC
    are marked by dotted lines.

    Parameters
    ----------
    kernel : Kernel or TapGram
    ax : matplotlib Axes
    axis : int
        Which frequency runs from left to right; the others are 0.
    **kwargs
        For ``Axes.plot``, of the gain.

    Returns
    -------
    Line2D
        The gain; the rectangle has the label "ideal".
    """
    gram = kernel if isinstance(kernel, TapGram) else tap_gram(kernel)
    f = np.linspace(0, 0.5, 257)
    count = len(gram.stride)
    grid: list[Any] = [np.zeros(1)] * count
    grid[axis] = f
    gain = np.sqrt(gram.power(*grid).ravel())
    reference = gain[0] if gain[0] > 1e-6 * gain.max() else gain.max()
    s = gram.stride[axis]
    edge = 0.5 / s
    ax.plot([0, edge, edge, 0.5], [1, 1, 0, 0], color=IDEAL, linewidth=1.0, label="ideal")
    for m in range(1, s // 2 + 1):
        ax.axvline(m / s, color=FAINT, linestyle=":", linewidth=1.0, zorder=0)
    options = {"color": LEARNED, "linewidth": 1.4, "label": "kernel", **kwargs}
    (line,) = ax.plot(f, gain / reference, **options)
    label_frequency_axis(ax, "x", name="f", full=False, axes=count)
    ax.set(xlim=(0, 0.51), ylabel="gain (DC = 1)")
    ax.set_ylim(bottom=0)
    return line


def plot_tap_map(kernel: Kernel, *, ax: Axes, **kwargs: Any) -> AxesImage:
    """Draw the taps of a kernel of two axes: their leading shape over channels."""
    _check_axes(kernel, 2)
    shape = leading_shape(kernel)
    top = float(np.abs(shape).max())
    (y, x) = kernel.positions
    extent = (x[0] - 0.5, x[-1] + 0.5, y[-1] + 0.5, y[0] - 0.5)
    options: dict[str, Any] = {"cmap": "RdBu_r", "vmin": -top, "vmax": top, **kwargs}
    image = ax.imshow(shape, extent=extent, **options)
    ax.set(xlabel="x (output pixels)", ylabel="y (output pixels)")
    return image


def plot_response_map(kernel: Kernel | TapGram, *, ax: Axes, **kwargs: Any) -> AxesImage:
    """Draw the gain of a kernel of two axes in dB below its largest, replicas of DC ringed.

    The square is the band in which an ideal interpolator has its gain.
    """
    gram = kernel if isinstance(kernel, TapGram) else tap_gram(kernel)
    _check_axes(gram, 2)
    f = np.linspace(-0.5, 0.5, 129)
    power = gram.power(f, f)
    floor = power.max() * 1e-6
    values = 10 * np.log10(np.maximum(power, floor) / power.max())
    options: dict[str, Any] = {"cmap": "magma", "origin": "lower", "vmin": -40, "vmax": 0, **kwargs}
    half = 0.5 + 0.5 / 128
    image = ax.imshow(values, extent=(-half, half, -half, half), **options)
    height, width = (0.5 / s for s in gram.stride)
    edge = [-width, width, width, -width, -width], [-height, -height, height, height, -height]
    outline = [withStroke(linewidth=2.0, foreground="black")]
    ax.plot(*edge, color="white", linewidth=1.0, label="ideal", path_effects=outline)
    steps = [np.unique(np.r_[-(np.arange(s) / s) % 1, np.arange(s) / s]) for s in gram.stride]
    places = [np.unique(np.r_[np.where(n > 0.5, n - 1, n), -n[n == 0.5]]) for n in steps]
    rings = np.array([(a, b) for a in places[0] for b in places[1] if a or b]).reshape(-1, 2)
    if rings.size:
        draw_rings(ax, rings[:, 1], rings[:, 0])
    label_frequency_axis(ax, "x", name="fx", full=True)
    label_frequency_axis(ax, "y", name="fy", full=True)
    return image


def plot_phase_gains(kernel: Kernel | TapGram, *, ax: Axes, **kwargs: Any) -> BarContainer:
    """Draw the DC gain of each phase: equal bars draw no checkerboard.

    Root sums of squares over channels, relative to their mean.
    """
    gram = kernel if isinstance(kernel, TapGram) else tap_gram(kernel)
    matrix = gram.matrix.reshape(*gram.size, *gram.size)
    gains, labels = [], []
    for phase in np.ndindex(*gram.stride):
        chosen = [
            np.flatnonzero(n % s == q)
            for n, s, q in zip(gram.positions, gram.stride, phase, strict=True)
        ]
        gains.append(np.sqrt(max(float(matrix[np.ix_(*chosen, *chosen)].sum()), 0.0)))
        labels.append(",".join(map(str, phase)))
    mean = np.mean(gains) or 1.0
    options = {"color": LEARNED, **kwargs}
    bars = ax.bar(range(len(gains)), np.array(gains) / mean, **options)
    ax.axhline(1, color=IDEAL, linewidth=1.0, label="ideal")
    ax.set_xticks(range(len(labels)), labels=labels)
    ax.set(xlabel="phase (y, x)" if len(gram.stride) == 2 else "phase", ylabel="gain (mean = 1)")
    return bars


def plot_rejection(
    learned: Mapping[str, tuple[int, float]] | Iterable[tuple[int, float]],
    *,
    ax: Axes,
    axes: int = 2,
    sizes: Iterable[int] = SIZES,
    spectrum: InputSpectrum | None = None,
    **kwargs: Any,
) -> PathCollection:
    """Draw rejection against kernel size: learned layers below what their size allows.

    The curve is the kernel of least total error of each size at factor 2
    (`spectra.kernel.attainable_bound`), which a blur may exceed; its full dots are sizes
    3, 7, 11, ..., whose taps all count. Lines are the interpolators that nobody trains, from
    their own size on.

    Parameters
    ----------
    learned : mapping of name to (size, dB), or pairs (size, dB)
    ax : matplotlib Axes
    axes : int
        Spatial axes of the kernels.
    sizes : iterable of int
        Sizes on the curve.
    spectrum : InputSpectrum, optional
        Spectrum of the input; by default 1/f^2.
    **kwargs
        For ``Axes.scatter``, of the learned layers.

    Returns
    -------
    PathCollection
        The learned layers.
    """
    given = spectrum or power_law_spectrum(2, axes=axes)
    curve = sorted(sizes)
    best = [attainable_bound(k, 2, axes=axes, spectrum=given).rejection_db for k in curve]
    ax.plot(curve, best, color=INK, linewidth=1.2, label="least error of its size", zorder=2)
    ax.plot([], [], "o", color=INK, markersize=5, label="3, 7, 11, ...: all taps count")
    for k, value in zip(curve, best, strict=True):
        fill = INK if k % EFFICIENT == EFFICIENT - 1 else "white"
        ax.plot(k, value, "o", color=INK, markerfacecolor=fill, markersize=5, zorder=3)
    for name, (label, size, style) in NAMED.items():
        value = rejection_db(interpolator(name, 2, axes=axes), spectrum=given)  # type: ignore[arg-type]
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
    points = list(learned.values() if isinstance(learned, Mapping) else learned)
    xy = np.array(points, float).reshape(-1, 2)
    options = {"color": LEARNED, "marker": "D", "s": 28, "label": "learned", "zorder": 4, **kwargs}
    scatter = ax.scatter(xy[:, 0], xy[:, 1], **options)
    ax.set(xlabel="kernel size", ylabel="rejection of replicas (dB)")
    ax.set_xticks(curve)
    return scatter


def kernel_figure(kernel: Kernel, title: str = "") -> Figure:
    """Draw one kernel: taps and response beside the ideal, along an axis and in two, and phases.

    One axis has no maps, three have the slices only.
    """
    gram = tap_gram(kernel)
    columns = 5 if kernel.axes == 2 else 3
    figure = Figure(figsize=(3.0 * columns, 2.9), layout="constrained")
    panels = figure.subplots(1, columns, squeeze=False)[0]
    plot_taps(kernel, ax=panels[0])
    plot_response(gram, ax=panels[1])
    plot_phase_gains(gram, ax=panels[2])
    if kernel.axes == 2:
        plot_tap_map(kernel, ax=panels[3])
        image = plot_response_map(gram, ax=panels[4])
        figure.colorbar(image, ax=panels[4], label="gain (dB)")
    for panel in panels[:2]:
        panel.legend(frameon=False, fontsize=8, loc="upper right")
    if title:
        figure.suptitle(title)
    return figure


def rejection_figure(learned: Mapping[str, tuple[int, float]], axes: int = 2) -> Figure:
    """Draw the rejection of learned layers against what their size allows, for 1/f^2 inputs."""
    figure = Figure(figsize=(7.4, 4.2), layout="constrained")
    ax = figure.subplots()
    largest = max([15, *(size for size, _ in learned.values())])
    sizes = [*SIZES, *range(19, largest + 1, 4)]
    plot_rejection(learned, ax=ax, axes=axes, sizes=[k for k in sizes if k <= largest])
    figure.legend(frameon=False, fontsize=8, loc="outside right upper")
    return figure


def leading_shape(kernel: Kernel) -> np.ndarray[Any, Any]:
    """Return the spatial shape that holds most of a kernel's energy, its largest tap positive."""
    gram = tap_gram(kernel)
    _, vectors = np.linalg.eigh(gram.matrix)
    shape: np.ndarray[Any, Any] = vectors[:, -1].reshape(gram.size)
    upright: np.ndarray[Any, Any] = shape * np.sign(shape.flat[np.argmax(np.abs(shape))])
    return upright


def _check_axes(kernel: Kernel | TapGram, axes: int) -> None:
    if len(kernel.stride) != axes:
        raise ParameterError(f"kernel has {len(kernel.stride)} axes: expected {axes}")
