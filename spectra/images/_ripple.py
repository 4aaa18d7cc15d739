"""How strong a grid is: by how much the grain of a picture swells and ebbs with its period."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from spectra.images._points import LONGEST, POINTS
from spectra.images._residuals import RESIDUALS, is_of_grain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spectra.images._waves import Waves

DB = 20 / np.log(10)  # dB of one unit of the logarithm of an amplitude


PERIODS = tuple(range(2, LONGEST + 1))


def ripple_variances(waves: Waves) -> NDArray[np.float64]:
    """Return the variance of the log residual that repeats with each period from 2 to 16.

    The waves of a lattice are summed, each less what chance adds to it, so that the expected
    value without a grid is 0; it may come out below. The mean over the channels, of the residual
    of grain that shows more.

    Parameters
    ----------
    waves : Waves
        Of a picture.

    Returns
    -------
    ndarray, shape (15,)
        By period, see `PERIODS`.
    """
    n = np.maximum(waves.places, 2)
    square = (n * np.abs(waves.swing) ** 2 - waves.power) / (n - 1)
    variance = (square * (waves.places > 1)) @ _shares()
    of_residual = variance.reshape(-1, len(RESIDUALS), len(PERIODS)).mean(0)
    grain = [i for i, which in enumerate(RESIDUALS) if is_of_grain(which)]
    most: NDArray[np.float64] = of_residual[grain].max(0)
    return most


@cache
def _shares() -> NDArray[np.float64]:
    """Return what the square of an amplitude adds to the variance at each period."""
    held = np.array([[p % point.period == 0 for p in PERIODS] for point in POINTS])
    # half a square each; twice the one-sided amplitude is four times that of a sign
    half = np.array([0.25 if point.real else 0.5 for point in POINTS])
    shares: NDArray[np.float64] = held * half[:, None]
    return shares


def at_period(variances: NDArray[np.float64], period: int) -> float:
    """Return the variance at one of `PERIODS`."""
    return float(variances[..., PERIODS.index(period)])


def ripple_db(variance: float) -> float:
    """Return the standard deviation in dB of a variance of the log residual; 0 of none.

    Examples
    --------
    >>> round(ripple_db(0.01), 3), ripple_db(-1e-6)
    (0.869, 0.0)
    """
    return float(DB * np.sqrt(max(variance, 0.0)))
