"""The eye as filters: how sensitive it is to each frequency, and which octave a frequency is in.

The sensitivity is that of the standard observer of Watson & Ahumada, "A standard model for foveal
detection of spatial contrast", Journal of Vision 5(9):6, 2005, fitted to the thresholds of the
ModelFest stimuli: a contrast times its sensitivity is 1 where a practised eye just detects it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import scipy

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

GAIN, F0, F1, LOSS, POWER = 373.08, 4.1726, 1.3625, 0.8493, 0.7786  # Watson & Ahumada 2005
SUMMATION, APERTURE = 2.4081, 0.6273  # Minkowski exponent and degrees, of the same model
# What is oblique is seen as if it were a fifth finer, the textbooks' loss of oblique acuity. The
# standard observer's own oblique effect (from that frequency on) was fitted to few fine stimuli.
OBLIQUE, OBLIQUE_FROM = 0.2, 3.48
LOWEST_OCTAVE = -1  # its centre is half a cycle per degree
BEYOND_NYQUIST = 1.5  # times that frequency there may be centres: a diagonal reaches 1.41
LOCAL_CYCLES, LOCAL_PIXELS = 0.5, 0.7  # over which the contrast of an octave is a local one


@dataclass(frozen=True, eq=False)
class Observer:
    """Transfer functions at one size and resolution, as `scipy.fft.rfft2` lays frequencies out.

    Attributes
    ----------
    around : ndarray
        Gaussian of the aperture: the surroundings that a contrast is relative to.
    pool : ndarray
        Gaussian over which responses are summed: the aperture to the power of the exponent.
    octaves : tuple of ndarray
        Sensitivity in each octave; together they are the sensitivity.
    local : tuple of ndarray
        Gaussian of half a cycle of each octave.
    """

    around: NDArray[np.float64]
    pool: NDArray[np.float64]
    octaves: tuple[NDArray[np.float64], ...]
    local: tuple[NDArray[np.float64], ...]


@lru_cache(maxsize=6)
def observer(shape: tuple[int, int], pixels_per_degree: float) -> Observer:
    """Return what the eye does to pictures of a shape (y, x) that wrap around."""
    fy = scipy.fft.fftfreq(shape[0])[:, None] * pixels_per_degree
    fx = scipy.fft.rfftfreq(shape[1])[None, :] * pixels_per_degree
    f = np.hypot(fy, fx)

    def gaussian(degrees: float) -> NDArray[np.float64]:
        transfer: NDArray[np.float64] = np.exp(-2 * (np.pi * degrees * f) ** 2)
        return transfer

    weights = octave_weights(f, nyquist=pixels_per_degree / 2)
    seen = sensitivity(fy, fx)
    centres = 2.0 ** (LOWEST_OCTAVE + np.arange(len(weights)))
    return Observer(
        around=gaussian(APERTURE),
        pool=gaussian(APERTURE / np.sqrt(SUMMATION)),
        octaves=tuple(seen * weight for weight in weights),
        local=tuple(
            gaussian(max(LOCAL_CYCLES / centre, LOCAL_PIXELS / pixels_per_degree))
            for centre in centres
        ),
    )


def sensitivity(fy: ArrayLike, fx: ArrayLike = 0.0) -> NDArray[np.float64]:
    """Return one over the contrast that is just detected, at a frequency in cycles/degree.

    Examples
    --------
    >>> sensitivity([0.0, 4.0, 16.0]).round(1)
    array([ 56.2, 214.2,  43.1])
    """
    fy, fx = np.broadcast_arrays(np.asarray(fy, float), np.asarray(fx, float))
    f = np.hypot(fy, fx)
    square = np.where(f > 0, f, 1.0) ** 2
    twice = 2 * fy * fx / square  # sin(2 theta)
    f = np.where(f > OBLIQUE_FROM, f * (1 + OBLIQUE * twice**2), f)
    seen: NDArray[np.float64] = GAIN * (_sech((f / F0) ** POWER) - LOSS * _sech(f / F1))
    return seen


def octave_weights(f: NDArray[np.float64], *, nyquist: float) -> list[NDArray[np.float64]]:
    """Return the weight of each octave at some frequencies; they add up to 1.

    Parameters
    ----------
    f : ndarray
        Cycles/degree.
    nyquist : float
        The highest frequency that the pixels hold along an axis.
    """
    highest = int(np.floor(np.log2(BEYOND_NYQUIST * nyquist)))
    with np.errstate(divide="ignore"):
        octave = np.clip(np.log2(f), LOWEST_OCTAVE, highest)  # the outer ones keep what is beyond
    return [
        np.where(np.abs(octave - k) < 1, np.cos(np.pi / 2 * (octave - k)) ** 2, 0.0)
        for k in range(LOWEST_OCTAVE, highest + 1)
    ]


def _sech(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 / cosh, without overflow."""
    decay = np.exp(-np.abs(x))
    result: NDArray[np.float64] = 2 * decay / (1 + decay**2)
    return result
