"""Relative log amplitude of feature maps over layers, as Park and Kim draw it (ICLR 2022)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from spectra.errors import ParameterError
from spectra.plot._labels import shorten
from spectra.plot._panels import share_y, small_text
from spectra.plot._styles import inches, is_dark, letters, shade, small

COLOURS = "plasma"
NAMED = 8  # layers up to which each has its name in the legend, else a colour bar tells the depth
AMPLITUDE = "Δ log amplitude"


@dataclass(frozen=True)
class Layers:
    """The curves of one model, from its first layer to its last.

    Attributes
    ----------
    title : str
        Name of the model; nothing where it stands alone.
    curves : sequence of (str, DataArray)
        Name of each layer and its ``relative_log_amplitude`` over ``diagonal_f``.
    steps : frozenset of str
        Which of these layers upsample.
    """

    title: str
    curves: Sequence[tuple[str, xr.DataArray]]
    steps: frozenset[str] = frozenset()

    @property
    def depth(self) -> NDArray[np.float64]:
        """Place of each layer, from 0 for the first to 1 for the last."""
        return np.linspace(0, 1, len(self.curves)) if len(self.curves) > 1 else np.zeros(1)


def layer_curves(tree: xr.DataTree) -> list[tuple[str, xr.DataArray]]:
    """Return the curves of a tree's layers, as they ran; of equal ones in a row the first.

    A container returns what its last member does, and is drawn once.
    """
    curves: list[tuple[str, xr.DataArray]] = []
    nodes = tree["layers"].children.values() if "layers" in tree.children else ()
    for node in nodes:
        if "relative_log_amplitude" not in node:
            continue
        curve = node.to_dataset()["relative_log_amplitude"]
        if not curves or not np.array_equal(curve, curves[-1][1]):
            curves.append((str(node.attrs["name"]), curve))
    return curves


def layers_figure(models: Sequence[Layers], *, width: float | None = None) -> Figure:
    """Draw the relative log amplitude of the layers of one model or of several.

    Left one curve a layer, coloured by depth: mean ln amplitude along the diagonal of the DFT over
    frequency in units of pi rad/pixel along each axis, minus that at DC. Right the last point of
    each curve over normalised depth, steps that upsample marked by a square.

    Parameters
    ----------
    models : sequence of Layers
        A line each, all in one scale.
    width : float, optional
        Of the figure in inches, 7 by default; below five beside text of 8 points the right panel
        stands below.

    Raises
    ------
    ParameterError
        If a model has no curve.
    """
    if not models or not all(model.curves for model in models):
        raise ParameterError("models hold no curve of a layer: expected one at least")
    side = width or 7.0
    stacked = side < inches(5)
    each = (1.15 if stacked else 0.44) * side
    figure = Figure(figsize=(side, each * len(models) + inches(0.5)), layout="constrained")
    lines = len(models) * (2 if stacked else 1)
    panels = figure.subplots(lines, 1 if stacked else 2, squeeze=False).reshape(len(models), 2)
    for model, (left, right) in zip(models, panels, strict=True):
        draw_layers(model, ax=left)
        draw_high_frequency(model, ax=right)
        for ax in (left, right):
            small_text(ax)
            ax.grid(color=shade(0.1), linewidth=0.6)
            ax.set_axisbelow(True)
        left.set_title(model.title, fontsize=small() + 1, loc="left")
    share_y([left for left, _ in panels])
    share_y([right for _, right in panels])
    _key(figure, models, panels)
    return figure


def draw_layers(model: Layers, *, ax: Axes) -> None:
    """Draw one curve a layer, from DC to the highest frequency, coloured by depth."""
    for (name, curve), colour in zip(model.curves, _colours(model), strict=True):
        f = 2 * curve["diagonal_f"].to_numpy()
        ax.plot(f, curve.to_numpy(), color=colour, linewidth=1.2, label=name)
    ticks = np.linspace(0, 1, 6)
    ax.set_xticks(ticks, labels=[f"{tick:.1f}π" for tick in ticks])
    ax.set(xlim=(0, 1), xlabel="frequency", ylabel=AMPLITUDE)


def draw_high_frequency(model: Layers, *, ax: Axes) -> None:
    """Draw the last point of each curve over depth; squares are layers that upsample."""
    last = [float(curve[-1]) for _, curve in model.curves]
    ax.plot(model.depth, last, color=shade(0.5), linewidth=1.0, zorder=1)
    for (name, _), x, y, colour in zip(
        model.curves, model.depth, last, _colours(model), strict=True
    ):
        marker = "s" if name in model.steps else "o"
        ax.plot(x, y, marker, color=colour, markersize=0.7 * small(), clip_on=False)
    ax.set(xlim=(0, 1), xlabel="normalised depth", ylabel=f"{AMPLITUDE}, last point")


def _colours(model: Layers) -> list[tuple[float, ...]]:
    return [tuple(c) for c in colormaps[COLOURS](np.interp(model.depth, (0, 1), _ends()))]


def _ends() -> tuple[float, float]:
    """Return which part of the colours stands out from the page."""
    return (0.15, 1.0) if is_dark() else (0.0, 0.9)


def _key(figure: Figure, models: Sequence[Layers], panels: NDArray[np.object_]) -> None:
    """Name the layers below where they are few; of many, tell the depth by a colour bar."""
    names = [name for name, _ in models[0].curves]
    if len(names) <= NAMED and all([n for n, _ in m.curves] == names for m in models):
        columns = min(len(names), 4 if figure.get_figwidth() >= inches(5) else 2)
        length = letters(figure.get_figwidth() / columns) - 7
        figure.legend(
            panels[0, 0].lines,
            [shorten(name, length) for name in names],
            loc="outside lower center",
            ncols=columns,
            fontsize=small(),
            frameon=False,
        )
        return
    part = colormaps[COLOURS](np.linspace(*_ends(), 256))
    scale = ScalarMappable(cmap=ListedColormap(part))
    bar = figure.colorbar(scale, ax=panels.ravel().tolist(), aspect=30, pad=0.02)
    bar.set_label("normalised depth", fontsize=small())
    bar.ax.tick_params(labelsize=small())
