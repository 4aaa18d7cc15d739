"""A spectrum as a map, or as a line where maps have one axis."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from spectra.errors import ParameterError
from spectra.plot._labels import label_frequency_axis, scale_of
from spectra.plot._styles import ink
from spectra.spectrum import slice_along

COLOURS = "magma"
LIMITS = (1.0, 99.5)
NO_VALUE = "0.6"
FEW = 30


def plot_spectrum(
    power_db: xr.DataArray,
    *,
    ax: Axes,
    lattice: xr.Dataset | ArrayLike | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
    **kwargs: Any,
) -> AxesImage | Line2D:
    """Draw a spectrum on given axes, DC blanked and lattice points ringed.

    Parameters
    ----------
    power_db : DataArray, dims (fy, fx), (fx,) or (fz, fy, fx)
        Decibels (or any logarithm) with DC in the centre. Of three axes the central plane
        ``fz = 0`` is drawn, and the title says so; of one axis, a line from 0 to 1/2.
    ax : matplotlib Axes
        Where to draw.
    lattice : Dataset or array_like, optional
        Frequencies to ring, shape (point, axis) in cycles/pixel, or a data set that holds them
        as ``frequency``. Mirror images are ringed too.
    vmin, vmax : float, optional
        Limits in dB; by default the 1st and 99.5th percentile, of a line all there is.
    **kwargs
        Options of ``Axes.imshow``, or of ``Axes.plot`` where there is one axis.

    Returns
    -------
    AxesImage or Line2D
        What was drawn, for a colour bar.
    """
    points = lattice_frequencies(lattice, power_db.ndim)
    if power_db.ndim == 3:
        power_db, points = central_plane(power_db, points)
        ax.set_title("plane fz = 0")
    if power_db.ndim == 1:
        return _line(power_db, points, ax, y_limits=(vmin, vmax), kwargs=kwargs)
    if power_db.ndim != 2:
        raise ParameterError(f"power_db has dims {power_db.dims}: expected one to three")
    low, high = limits([power_db])
    vmin, vmax = low if vmin is None else vmin, high if vmax is None else vmax
    values = without_dc(power_db)
    for axis, side in enumerate(values.shape):
        if side % 2 == 0:  # -1/2 and 1/2 are one frequency: draw it at both borders
            values = np.concatenate([values, values.take([0], axis)], axis)
    half_y, half_x = (0.5 + (side % 2 == 0) / (2 * side) for side in power_db.shape)
    options: dict[str, Any] = {"cmap": COLOURS, "origin": "lower", "aspect": "equal", **kwargs}
    image = ax.imshow(
        values, extent=(-half_x, half_x, -half_y, half_y), vmin=vmin, vmax=vmax, **options
    )
    image.set_cmap(image.get_cmap().with_extremes(bad=NO_VALUE))
    rings = np.array([p for f in points for p in _drawn_at(f)]).reshape(-1, 2)
    if rings.size:
        draw_rings(ax, rings[:, 1], rings[:, 0])
    for which in ("x", "y"):
        scale = scale_of(power_db, f"f{which}")
        label_frequency_axis(ax, which, name=f"f{which}", full=True, scale=scale)
    return image


def draw_rings(ax: Axes, x: ArrayLike, y: ArrayLike) -> None:
    """Ring points, legibly on light and on dark, smaller where there are many."""
    ax.scatter(
        x,
        y,
        s=45 if np.size(x) <= FEW else 16,
        facecolors="none",
        edgecolors="white",
        linewidths=1.1,
        clip_on=False,
        zorder=3,
        gid="lattice",
        path_effects=[withStroke(linewidth=2.2, foreground="black")],
    )


def limits(spectra: list[xr.DataArray]) -> tuple[float, float]:
    """Return one pair of limits for all panels of a figure: 1st and 99.5th percentile."""
    values = np.concatenate([without_dc(s).ravel() for s in spectra])
    values = values[np.isfinite(values)]
    if not values.size:
        return -1.0, 1.0
    low, high = np.percentile(values, LIMITS)
    if high - low < 1e-3:
        low, high = low - 1, high + 1
    return float(low), float(high)


def without_dc(power_db: xr.DataArray) -> NDArray[np.float64]:
    """Return the values of a spectrum with NaN at DC and wherever there is no number."""
    values = np.array(power_db, dtype=float)
    values[tuple(side // 2 for side in values.shape)] = np.nan
    values[~np.isfinite(values)] = np.nan
    return values


def central_plane(
    power_db: xr.DataArray, points: NDArray[np.float64]
) -> tuple[xr.DataArray, NDArray[np.float64]]:
    """Return the plane ``fz = 0`` of a spectrum, and the lattice points that lie in it."""
    return power_db[power_db.shape[0] // 2], points[points[:, 0] == 0, 1:]


def lattice_frequencies(lattice: xr.Dataset | ArrayLike | None, axes: int) -> NDArray[np.float64]:
    """Return lattice points in [-1/2, 1/2), shape (point, axis)."""
    if lattice is None or (isinstance(lattice, xr.Dataset) and "frequency" not in lattice):
        return np.empty((0, axes))
    table = lattice["frequency"] if isinstance(lattice, xr.Dataset) else lattice
    points = np.asarray(table, dtype=float)
    if points.ndim == 1 and axes == 1:
        points = points[:, None]
    if points.size == 0:
        return np.empty((0, axes))
    if points.ndim != 2 or points.shape[1] != axes:
        message = f"lattice has shape {points.shape}: expected (point, {axes})"
        raise ParameterError(message)
    wrapped: NDArray[np.float64] = (points[np.isfinite(points).all(1)] + 0.5) % 1 - 0.5
    return wrapped


def _drawn_at(frequency: NDArray[np.float64]) -> set[tuple[float, ...]]:
    """Return where a lattice point and its mirror image stand, at both borders if at 1/2."""
    places: set[tuple[float, ...]] = set()
    for f in (frequency, (0.5 - frequency) % 1 - 0.5):
        corners: list[tuple[float, ...]] = [()]
        for one in f:
            both = (-0.5, 0.5) if one == -0.5 else (float(one),)
            corners = [(*corner, value) for corner in corners for value in both]
        places |= set(corners)
    return places


def _line(
    power_db: xr.DataArray,
    points: NDArray[np.float64],
    ax: Axes,
    y_limits: tuple[float | None, float | None],
    kwargs: dict[str, Any],
) -> Line2D:
    """Draw the spectrum of one-axis maps, from 0 to 1/2 cycles/pixel."""
    values = power_db.copy(data=without_dc(power_db))
    curve = slice_along("fx", values)
    (line,) = ax.plot(curve.f, curve, **{"color": ink(), "linewidth": 1.0, **kwargs})
    if len(points):
        places = np.unique(np.abs(points[:, 0]))
        height = np.interp(places, curve.f[1:], curve[1:])
        draw_rings(ax, places, height)
    ax.margins(y=0.08)
    ax.set(xlim=(0, 0.5), ylim=y_limits, ylabel="power (dB)")
    scale = scale_of(power_db, "fx")
    label_frequency_axis(ax, "x", name="fx", full=False, axes=1, scale=scale)
    return line
