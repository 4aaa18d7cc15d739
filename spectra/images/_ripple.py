"""How strong a grid is: by how much the grain of a picture swells and ebbs with its period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spectra.images._points import POINTS
from spectra.images._residuals import RESIDUALS, is_of_grain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spectra.images._waves import Waves

DB = 20 / np.log(10)  # dB of one unit of the logarithm of an amplitude


def ripple_variance(waves: Waves, period: int) -> float:
    """Return the variance of the log residual that repeats with a period.

    The waves of the lattice are summed, each less what chance adds to it, so that the expected
    value without a grid is 0; it may come out below. The mean over the channels, of the residual
    of grain that shows more.

    Parameters
    ----------
    waves : Waves
        Of a picture.
    period : int
        Pixels, up to 16.
    """
    held = np.array([period % point.period == 0 for point in POINTS])
    share = np.array([0.25 if point.real else 0.5 for point in POINTS])
    n = np.maximum(waves.places, 2)
    square = (n * np.abs(waves.swing) ** 2 - waves.power) / (n - 1)
    variance = (square * share * (waves.places > 1))[:, held].sum(1)
    of_residual: NDArray[np.float64] = variance.reshape(-1, len(RESIDUALS)).mean(0)
    grain = [i for i, which in enumerate(RESIDUALS) if is_of_grain(which)]
    return float(of_residual[grain].max())


def ripple_db(variance: float) -> float:
    """Return the standard deviation in dB of a variance of the log residual; 0 of none.

    Examples
    --------
    >>> round(ripple_db(0.01), 3), ripple_db(-1e-6)
    (0.869, 0.0)
    """
    return float(DB * np.sqrt(max(variance, 0.0)))
