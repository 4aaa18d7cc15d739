"""Slices of a spectrum: along one of its axes, and along the diagonal."""

from itertools import product
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from spectra.errors import ParameterError
from spectra.spectrum._azimuthal import DIMS, FREQUENCY

Direction = Literal["fx", "fy", "diagonal"]


def slice_along(direction: Direction, power: ArrayLike | xr.DataArray) -> xr.DataArray:
    """Return a spectrum along a line through DC, from there to 1/2 cycles/pixel.

    Parameters
    ----------
    direction : {"fx", "fy", "diagonal"}
        The line: 0, 90 or 45 degrees. A third axis is cut at ``fz = 0``.
    power : array_like or DataArray, shape (..., *spatial)
        Spectrum in any unit with DC in the centre. Its frequency axes are those named ``fz``,
        ``fy``, ``fx``, of an array without names all, at most two.

    Returns
    -------
    DataArray, dims (..., f)
        Exact bins along an axis; 1/2 is included where the side is even. On the diagonal ``f`` is
        the frequency along each of both axes, so that (1/2, 1/2) stands at 1/2, and the radius is
        sqrt(2) times that; the bins are exact on a square map, otherwise all bins of the shorter
        axis, linearly interpolated along the longer one.

    Raises
    ------
    ParameterError
        If the spectrum is complex, or has no such line.

    Examples
    --------
    >>> slice_along("diagonal", np.eye(4)).values
    array([1., 1., 1.])
    """
    values = np.asarray(power)
    if np.iscomplexobj(values):
        raise ParameterError("power is complex: expected squared magnitudes, or decibels")
    axes = min(values.ndim, 2)
    if isinstance(power, xr.DataArray):
        axes = sum(str(dim) in DIMS[3] for dim in power.dims)
    if axes == 0 or (direction != "fx" and axes < 2):
        raise ParameterError(
            f"power has {axes} frequency axes: too few for direction={direction!r}"
        )
    if axes == 3:
        values = values[..., values.shape[-3] // 2, :, :]
    if axes > 1 and direction == "fx":
        values = values[..., values.shape[-2] // 2, :]
    if direction == "fy":
        values = values[..., values.shape[-1] // 2]
    if direction == "diagonal":
        return _curve(*_diagonal(values), power)
    side = values.shape[-1]
    k = np.arange(side // 2 + 1)
    return _curve(values[..., (k + side // 2) % side], k / side, power)


def _diagonal(values: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a plane along ``fy = fx``, and the frequencies of its bins."""
    sides = values.shape[-2:]
    least = min(sides)
    m = np.arange(least // 2 + 1)
    diagonal = np.zeros((*values.shape[:-2], m.size))
    # Of the four bins around a point between bins, those of weight 0 may lie outside of the plane.
    for step in product((0, 1), repeat=2):
        weight = np.ones(m.size)
        index = []
        for side, up in zip(sides, step, strict=True):
            whole, part = np.divmod(m * side, least)
            weight = weight * (part / least if up else 1 - part / least)
            index.append((whole + up + side // 2) % side)
        used = weight > 0
        diagonal[..., used] += weight[used] * values[..., index[0][used], index[1][used]]
    return diagonal, m / least


def _curve(
    values: NDArray[Any], f: NDArray[np.float64], power: ArrayLike | xr.DataArray
) -> xr.DataArray:
    """Return a labelled curve over frequency with the labels of what it was cut from."""
    leading = values.ndim - 1
    coords = {"f": ("f", f, FREQUENCY)}
    if isinstance(power, xr.DataArray):
        dims = (*power.dims[:leading], "f")
        return xr.DataArray(values, coords, dims, name=power.name, attrs=power.attrs)
    return xr.DataArray(values, coords, (*(f"dim_{i}" for i in range(leading)), "f"))
