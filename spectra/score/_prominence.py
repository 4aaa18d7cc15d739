"""How high a lattice point stands over the smooth spectrum beside it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

NEAREST, FARTHEST = 2, 8


def prominence_db(
    mean_log_spectrum: xr.DataArray, frequency: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the height of each lattice point over a quadratic fit to its surroundings.

    The fit uses bins 2 to 8 away, along the axis for a point on an axis (where spectra of
    photographs have a ridge), in a square otherwise. A quantity for figures: on clean maps it
    is a few dB off zero, so it is never tested.

    Parameters
    ----------
    mean_log_spectrum : DataArray
        Full plane in dB with frequency coordinates, origin in the middle.
    frequency : ndarray, shape (point, axis)
        Cycles/pixel.

    Returns
    -------
    ndarray, shape (point,)
        dB; NaN where the spectrum has too few bins for the fit.
    """
    spectrum = np.fft.ifftshift(mean_log_spectrum.to_numpy())
    return np.array([_height(spectrum, point) for point in frequency])


def _height(spectrum: NDArray[np.float64], point: NDArray[np.float64]) -> float:
    sides = np.array(spectrum.shape)
    on = [bool(f) for f in point]
    if any(side <= 2 * FARTHEST for side, own in zip(sides, on, strict=True) if own):
        return float("nan")
    centre = np.round(point * sides).astype(int)
    reach = range(-FARTHEST, FARTHEST + 1)
    steps = np.array(list(product(*[reach if own else (0,) for own in on])))
    ring = steps[np.abs(steps).max(axis=1) >= NEAREST]
    values = spectrum[tuple(((centre + ring) % sides).T)]
    free = ring[:, on].astype(float)
    terms = [np.ones(len(free)), *free.T, *(free**2).T]
    fit, *_ = np.linalg.lstsq(np.stack(terms, axis=1), values, rcond=None)
    height: float = spectrum[tuple(centre % sides)] - fit[0]
    return height
