"""Slices of a spectrum, and azimuthal profiles, as lines."""

from typing import Any, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from spectra.plot._labels import common_scale, decibels, label_frequency_axis
from spectra.plot._spectrum import lattice_frequencies, without_dc
from spectra.plot._styles import ink, shade
from spectra.spectrum import slice_along

SLICES: dict[Literal["fx", "fy", "diagonal"], tuple[str, str, str]] = {
    # direction: name, colour, line style (Okabe and Ito, told apart by any eye); "": the ink
    "fx": ("0°, along fx", "#0072B2", "-"),
    "fy": ("90°, along fy", "#E69F00", "-"),
    "diagonal": ("45°, diagonal", "", "--"),
}


def plot_slices(
    power_db: xr.DataArray,
    *,
    ax: Axes,
    lattice: xr.Dataset | ArrayLike | None = None,
) -> tuple[Line2D, ...]:
    """Draw a spectrum along its axes and its diagonal, from beside DC to 1/2 cycles/pixel.

    Parameters
    ----------
    power_db : DataArray, dims (fy, fx), (fx,) or (fz, fy, fx)
        Decibels with DC in the centre; of three axes, the slices of the plane ``fz = 0``.
    ax : matplotlib Axes
        Where to draw.
    lattice : Dataset or array_like, optional
        Frequencies to mark by dotted lines, as for `plot_spectrum`.

    Returns
    -------
    tuple of Line2D
        Along fx, along fy, and along the diagonal, whose frequency is that along each axis:
        (1/2, 1/2) stands at 1/2. Of one axis, a single line.
    """
    axes = power_db.ndim
    values = power_db.copy(data=without_dc(power_db))
    lines = []
    for direction, (name, colour, style) in SLICES.items():
        if direction != "fx" and axes == 1:
            continue
        curve = slice_along(direction, values)
        lines += ax.plot(
            curve.f, curve, color=colour or ink(), linestyle=style, linewidth=1.2, label=name
        )
    for f in np.unique(np.abs(lattice_frequencies(lattice, axes))):
        if f > 0:
            ax.axvline(f, color=shade(0.4), linestyle=":", linewidth=1.0, zorder=0)
    ax.set(xlim=(0, 0.51), ylabel="power (dB)")
    name = "frequency along each axis" if axes > 1 else "fx"
    scale = common_scale(power_db)
    label_frequency_axis(ax, "x", name=name, full=False, axes=axes, scale=scale)
    return tuple(lines)


def plot_profile(
    power: xr.DataArray,
    *,
    ax: Axes,
    axes: int = 2,
    **kwargs: Any,
) -> Line2D:
    """Draw an azimuthal profile of power in dB, DC left out.

    Parameters
    ----------
    power : DataArray, dims (f,)
        Azimuthal mean of power, as a place's ``azimuthal_power`` holds it.
    ax : matplotlib Axes
        Where to draw.
    axes : int
        Number of the maps' axes, for the unit: cycles/sample, cycles/pixel, cycles/voxel.
    **kwargs
        Options of ``Axes.plot``.

    Returns
    -------
    Line2D
    """
    f, values = power.f.to_numpy(), power.to_numpy()
    beside = f > 0
    line: Line2D
    (line,) = ax.plot(f[beside], decibels(values[beside]), **{"linewidth": 1.2, **kwargs})
    ax.set(xlim=(0, max(0.5, float(f.max()))), ylabel="power (dB re white noise)")
    name = "radius" if axes > 1 else "frequency"
    label_frequency_axis(ax, "x", name=name, full=False, axes=axes)  # of maps of several sizes
    return line
