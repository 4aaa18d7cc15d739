"""Averages over angle, and slices at one angle, of a spectrum."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from spectra.errors import ParameterError

Layout = Literal["shifted", "fft", "rfft"]
DIMS: dict[int, tuple[str, ...]] = {1: ("fx",), 2: ("fy", "fx"), 3: ("fz", "fy", "fx")}
FREQUENCY = {"units": "cycles/pixel", "long_name": "spatial frequency"}


@dataclass(frozen=True, eq=False)
class Annuli:
    """Rings of equal width around DC, and the index of the ring of every frequency bin.

    Attributes
    ----------
    f : ndarray, shape (ring,)
        Centres of the rings in cycles/pixel.
    counts : ndarray, shape (ring,)
        Bins of the full plane in each ring; the outermost rings may be partial.
    shape : tuple of int
        Shape of the power maps that ``mean`` takes.
    """

    f: NDArray[np.float64]
    counts: NDArray[np.int64]
    shape: tuple[int, ...]
    _index: NDArray[np.intp]
    _weight: NDArray[np.float64] | None

    def mean(self, power: ArrayLike) -> NDArray[np.float64]:
        """Return the mean of ``power``, shape (..., *shape), over each ring: (..., ring)."""
        values = np.asarray(power)
        if values.shape[-len(self.shape) :] != self.shape:
            message = f"power has shape {values.shape}: expected it to end in {self.shape}"
            raise ParameterError(message)
        leading = values.shape[: values.ndim - len(self.shape)]
        maps = values.reshape(-1, self._index.size)
        if self._weight is not None:
            maps = maps * self._weight
        rings = self.f.size
        sums = np.empty((len(maps), rings))
        for total, one in zip(sums, maps, strict=True):
            total[:] = np.bincount(self._index, one, rings + 1)[:rings]
        return (sums / self.counts).reshape(*leading, rings)


@lru_cache(maxsize=32)
def annuli(shape: tuple[int, ...], *, layout: Layout = "shifted", corners: bool = False) -> Annuli:
    """Return the rings of maps of one shape; the index is computed once and kept.

    Ring ``j`` holds the frequencies whose radius rounds to ``j / min(shape)`` cycles/pixel, so
    the rings have the width of one bin and ring 0 is DC. Radii are true frequencies: the rings
    of a map that is not square are circles in cycles/pixel.

    Parameters
    ----------
    shape : tuple of int
        Sides of the maps in pixels, one to three.
    layout : {"shifted", "fft", "rfft"}
        Order of the bins: DC in the centre, DC first, or DC first without the mirrored half of
        the last axis. In the last case each bin counts as often as it stands in the full plane.
    corners : bool
        Also count frequencies beyond 1/2 cycles/pixel, which only diagonals have.

    Returns
    -------
    Annuli

    Examples
    --------
    >>> annuli((4, 4)).f, annuli((4, 4)).counts
    (array([0.  , 0.25, 0.5 ]), array([1, 8, 2]))
    """
    if not 1 <= len(shape) <= 3 or min(shape) < 2:
        raise ParameterError(f"shape={shape} is not that of a map: expected 1 to 3 sides >= 2")
    least = min(shape)
    squares = np.zeros((1,) * len(shape))
    for axis, side in enumerate(shape):
        k = np.fft.fftfreq(side, 1 / side).round()
        if layout == "rfft" and axis == len(shape) - 1:
            k = np.arange(side // 2 + 1.0)
        elif layout == "shifted":
            k = np.fft.fftshift(k)
        one = (k * least / side) ** 2
        squares = squares + one.reshape(-1, *(1,) * (len(shape) - 1 - axis))
    radius = np.sqrt(squares)  # in bins of the shortest axis
    ring = np.floor(radius + 0.5).astype(np.intp)
    outside = np.zeros_like(ring, bool) if corners else radius > least / 2
    rings = int(ring[~outside].max()) + 1
    index = np.where(outside, rings, ring).ravel()
    weight = None
    if layout == "rfft":
        once = np.full(shape[-1] // 2 + 1, 2.0)
        once[0] = 1
        if shape[-1] % 2 == 0:
            once[-1] = 1
        weight = np.broadcast_to(once, ring.shape).ravel()
    counts = np.bincount(index, weight, rings + 1)[:rings].round().astype(np.int64)
    return Annuli(np.arange(rings) / least, counts, ring.shape, index, weight)


def azimuthal_average(
    power: ArrayLike | xr.DataArray, *, spatial: int | None = None, corners: bool = False
) -> xr.DataArray:
    """Return the mean of power over angle, at every radius.

    Average power, not decibels: the mean over a ring of white noise is its variance, and the
    log of a mean is not the mean of logs. Isolated peaks all but vanish in a ring of many
    bins, so this is a figure, never a score.

    Parameters
    ----------
    power : array_like or DataArray, shape (..., *spatial)
        Power with DC in the centre (``fftshift``).
    spatial : int, optional
        Number of frequency axes, the last ones; by default those named ``fz``, ``fy``, ``fx``,
        or else all, at most two.
    corners : bool
        Also return rings beyond 1/2 cycles/pixel, which lie partly outside the plane.

    Returns
    -------
    DataArray, dims (..., f)
        Ring means in the unit of ``power``, with the coordinates ``f`` in cycles/pixel (ring
        width ``1 / min(spatial shape)``) and ``counts``, bins in each ring.

    Examples
    --------
    >>> azimuthal_average(np.ones((8, 8))).values
    array([1., 1., 1., 1., 1.])
    """
    values, dims = _spectrum(power, spatial)
    rings = annuli(values.shape[-len(dims) :], corners=corners)
    leading, _, attrs = _labels(power, values.ndim - len(dims))
    return xr.DataArray(
        rings.mean(values),
        dims=(*leading, "f"),
        coords={"f": ("f", rings.f, FREQUENCY), "counts": ("f", rings.counts)},
        attrs={**attrs, "average": "azimuthal"},
    )


def axis_slice(
    power: ArrayLike | xr.DataArray, *, axis: int = -1, spatial: int | None = None
) -> xr.DataArray:
    """Return a spectrum along one frequency axis, from DC to 1/2 cycles/pixel.

    Parameters
    ----------
    power : array_like or DataArray, shape (..., *spatial)
        Spectrum in any unit with DC in the centre.
    axis : int
        The axis to follow; -1 is ``fx`` (0 degrees), -2 ``fy`` (90 degrees).
    spatial : int, optional
        As for `azimuthal_average`.

    Returns
    -------
    DataArray, dims (..., f)
        Exact bins; 1/2 is included where the side is even.
    """
    values, dims = _spectrum(power, spatial)
    if not -len(dims) <= axis < 0:
        message = f"axis={axis} is not a frequency axis: expected {-len(dims)} to -1"
        raise ParameterError(message)
    for other in range(-len(dims), 0):
        if other != axis:
            values = np.take(values, [values.shape[other] // 2], axis=other)
    values = np.moveaxis(values, axis, -1).reshape(*values.shape[: values.ndim - len(dims)], -1)
    side = values.shape[-1]
    k = np.arange(side // 2 + 1)
    return _curve(values[..., (k + side // 2) % side], k / side, power)


def diagonal_slice(power: ArrayLike | xr.DataArray, *, spatial: int | None = None) -> xr.DataArray:
    """Return a spectrum along the diagonal ``fy = fx`` (45 degrees), from DC to (1/2, 1/2).

    Parameters
    ----------
    power : array_like or DataArray, shape (..., *spatial)
        Spectrum in any unit with DC in the centre, two or three frequency axes; the third is
        cut at ``fz = 0``.
    spatial : int, optional
        As for `azimuthal_average`.

    Returns
    -------
    DataArray, dims (..., f)
        ``f`` is the frequency along each of both axes, so that (1/2, 1/2) stands at 1/2; the
        radius is sqrt(2) times that. Exact bins on a square map; otherwise all bins of the
        shorter axis, linearly interpolated along the longer one.
    """
    values, dims = _spectrum(power, spatial)
    if len(dims) < 2:
        raise ParameterError("power has one frequency axis: a diagonal needs two")
    if len(dims) == 3:
        values = values[..., values.shape[-3] // 2, :, :]
    sides = values.shape[-2:]
    least = min(sides)
    m = np.arange(least // 2 + 1)
    diagonal = np.zeros((*values.shape[:-2], m.size))
    for step in product((0, 1), repeat=2):
        weight = np.ones(m.size)
        index = []
        for side, up in zip(sides, step, strict=True):
            whole, part = np.divmod(m * side, least)
            weight = weight * (part / least if up else 1 - part / least)
            index.append((whole + up + side // 2) % side)
        used = weight > 0
        diagonal[..., used] += weight[used] * values[..., index[0][used], index[1][used]]
    return _curve(diagonal, m / least, power)


def frequencies(side: int) -> NDArray[np.float64]:
    """Return the frequencies of an axis in cycles/pixel, ascending, in [-1/2, 1/2)."""
    return np.fft.fftshift(np.fft.fftfreq(side))


def _spectrum(
    power: ArrayLike | xr.DataArray, spatial: int | None
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Return the values of ``power`` and the names of its frequency axes."""
    values = np.asarray(power)
    if np.iscomplexobj(values):
        raise ParameterError("power is complex: expected squared magnitudes, or decibels")
    if spatial is None and isinstance(power, xr.DataArray):
        spatial = sum(str(dim) in DIMS[3] for dim in power.dims)
    axes = min(values.ndim, 2) if spatial is None else spatial
    if axes not in DIMS or axes > values.ndim:
        message = f"power of shape {values.shape} has no {axes} frequency axes: expected 1 to 3"
        raise ParameterError(message)
    return values, DIMS[axes]


def _curve(
    values: NDArray[Any], f: NDArray[np.float64], power: ArrayLike | xr.DataArray
) -> xr.DataArray:
    """Return a labelled curve over frequency with the attributes of what it was cut from."""
    leading, name, attrs = _labels(power, values.ndim - 1)
    return xr.DataArray(
        values,
        dims=(*leading, "f"),
        coords={"f": ("f", f, FREQUENCY)},
        name=name,
        attrs=attrs,
    )


def _labels(
    power: ArrayLike | xr.DataArray, leading: int
) -> tuple[tuple[Hashable, ...], Hashable, dict[Any, Any]]:
    """Return the first dimensions, the name and the attributes of what may be unlabelled."""
    if isinstance(power, xr.DataArray):
        return power.dims[:leading], power.name, dict(power.attrs)
    return tuple(f"dim_{i}" for i in range(leading)), None, {}
