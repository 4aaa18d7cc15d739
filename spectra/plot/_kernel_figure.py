"""The kernel of each step: taps beside the ideal sinc, power response beside the ideal low-pass."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from spectra._names import linear_name, size
from spectra.errors import ParameterError
from spectra.plot._kernel_plots import IDEAL, LEARNED, draw_taps
from spectra.plot._labels import decibels, label_frequency_axis, two_lines
from spectra.plot._panels import small_text
from spectra.plot._styles import inches, letters, shade, small

LINEAR = "#009E73"  # bilinear interpolation; Okabe and Ito
FLOOR_DB = -60.0
APART_DB = 0.5  # from which on the slice along the other axis is drawn as well


def kernel_figure(data: xr.Dataset, *, label: str = "", width: float | None = None) -> Figure:
    """Draw one kernel: its taps, and its power response.

    Parameters
    ----------
    data : Dataset
        Group ``kernels/<index>`` of ``spectra.nc``: ``taps``, ``power``, ``bilinear_power``,
        ``ideal_power``; see `spectra.weights._portraits.portrait`.
    label : str
        Name of the step.
    width : float, optional
        Of the figure in inches, 7 by default.

    Returns
    -------
    Figure
        Left the taps along the last axis that is upsampled, through the largest tap; right power
        in dB over that at DC along that axis, from DC to 1/2 cycles/pixel.
    """
    return kernels_figure([(data, label)], width=width)


def kernels_figure(
    kernels: Sequence[tuple[xr.Dataset, str]], *, width: float | None = None
) -> Figure:
    """Draw several kernels under one another, each as `kernel_figure` does.

    Raises
    ------
    ParameterError
        If there is none.
    """
    if not kernels:
        raise ParameterError("kernels is empty: expected one at least")
    side = width or 7.0
    tall = max(0.24 * side, inches(1.25)) + inches(0.3)
    figure = Figure(figsize=(side, tall * len(kernels) + inches(0.75)), layout="constrained")
    panels = figure.subplots(len(kernels), 2, squeeze=False)
    for (data, label), (left, right) in zip(kernels, panels, strict=True):
        plot_portrait_taps(data, ax=left)
        plot_portrait_power(data, ax=right)
        about = f"{size(sides_of(data, 'size'))} taps, stride {size(sides_of(data, 'stride'))}"
        left.set_title(two_lines(label, letters(side / 2)), fontsize=small(), loc="left")
        right.set_title(about, fontsize=small(), loc="right")
        for ax in (left, right):
            small_text(ax)
            if ax is left:
                ax.xaxis.set_major_locator(MaxNLocator(integer=True))
            if ax.get_subplotspec().get_gridspec().nrows > 1 and data is not kernels[-1][0]:
                ax.set_xlabel("")
    handles: dict[str, Artist] = {}
    for ax in panels.flat:
        for handle, name in zip(*ax.get_legend_handles_labels(), strict=True):
            handles.setdefault(name, handle)
    figure.legend(
        list(handles.values()),
        list(handles),
        loc="outside lower center",
        ncols=max(min(letters(side) // 26, len(handles)), 1),
        fontsize=small(),
        frameon=False,
    )
    return figure


def plot_portrait_taps(data: xr.Dataset, *, ax: Axes) -> Line2D:
    """Draw the taps of a kernel along the axis that it upsamples, beside the ideal sinc."""
    name, _ = _upsampled(data)
    taps = data["taps"]
    loudest = np.unravel_index(int(np.abs(taps.to_numpy()).argmax()), taps.shape)
    own = f"tap_{name}" if f"tap_{name}" in taps.dims else str(taps.dims[-1])
    row = taps[
        tuple(slice(None) if d == own else i for d, i in zip(taps.dims, loudest, strict=True))
    ]
    axes = np.atleast_1d(data.attrs["size"]).size
    return draw_taps(
        row.to_numpy(), row[own].to_numpy(), stride=_stride(data, own[4:]), axes=axes, ax=ax
    )


def plot_portrait_power(data: xr.Dataset, *, ax: Axes) -> Line2D:
    """Draw the power response of a kernel in dB, beside the ideal low-pass and linear."""
    name, direction = _upsampled(data)
    f = data["f"].to_numpy()
    along = data.sel(direction=direction)
    edge = 0.5 / _stride(data, name)
    # in the legend it stands beside the sinc of the taps, which is of its colour
    passed = [0, 0, FLOOR_DB]
    ax.plot([0, edge, edge], passed, "-.", color=IDEAL, linewidth=1.0, label="ideal low-pass")
    axes = len(sides_of(data, "stride"))
    linear = _above(along["bilinear_power"])
    ax.plot(f, linear, color=LINEAR, linestyle="--", label=linear_name(axes))
    (line,) = ax.plot(f, _above(along["power"]), color=LEARNED, linewidth=1.4, label="kernel")
    other = _other(data, direction)
    if other is not None:
        ax.plot(f, _above(other["power"]), ":", color=LEARNED, label="along the other axis")
    for m in range(1, _stride(data, name) // 2 + 1):
        ax.axvline(m / _stride(data, name), color=shade(0.4), linestyle=":", zorder=0)
    label_frequency_axis(ax, "x", name=direction, full=False, axes=axes)
    top = max(3.0, float(np.nanmax(_above(along["power"]))) + 3)
    ax.set(xlim=(0, 0.51), ylim=(FLOOR_DB, top), ylabel="power (dB re DC)")
    return line


def sides_of(data: xr.Dataset, name: str) -> list[int]:
    """Return an attribute of one number an axis, of which a file keeps a single one as such."""
    return [int(value) for value in np.atleast_1d(data.attrs[name])]


def _upsampled(data: xr.Dataset) -> tuple[str, str]:
    """Return the last axis that a kernel upsamples, and the direction along it."""
    names = ("z", "y", "x")[-len(sides_of(data, "stride")) :]
    known = [name for name in names if _stride(data, name) > 1] or [names[-1]]
    return known[-1], f"f{known[-1]}"


def _stride(data: xr.Dataset, name: str) -> int:
    strides = sides_of(data, "stride")
    return strides[("z", "y", "x")[-len(strides) :].index(name)]


def _other(data: xr.Dataset, direction: str) -> xr.Dataset | None:
    """Return the slice along the axis before, where it differs to be seen."""
    names = [str(d) for d in data["direction"].to_numpy()]
    place = names.index(direction) + 1
    if place >= len(names) or names[place] == "diagonal":
        return None
    other = data.sel(direction=names[place])
    apart = np.abs(_above(other["power"]) - _above(data.sel(direction=direction)["power"]))
    return other if float(apart.max()) > APART_DB else None


def _above(power: xr.DataArray) -> NDArray[np.float64]:
    """Return decibels that stop a little below what is drawn, so that a zero is a line."""
    values: NDArray[np.float64] = np.nan_to_num(decibels(power), nan=FLOOR_DB - 10)
    return np.maximum(values, FLOOR_DB - 10)
