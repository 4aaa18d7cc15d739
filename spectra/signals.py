"""Test signals whose spectra are known in closed form.

All are float64 arrays of any number of axes; random ones come from a seed. Frequencies are in
cycles/pixel, and a power spectrum is ``abs(fftn(x)) ** 2 / x.size``, of which white noise of
variance v has the mean v at every frequency.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectra._checks import check_factor, check_positive
from spectra.errors import ParameterError

__all__ = ["checkerboard", "power_law_noise", "tone", "white_noise", "zero_stuffed", "zone_plate"]


def tone(
    shape: Sequence[int],
    frequency: Sequence[float],
    *,
    amplitude: float = 1.0,
    angle: float = 0.0,
) -> NDArray[np.float64]:
    """Return ``amplitude * cos(2 pi f.n + angle)``.

    Its power spectrum is ``amplitude ** 2 * size / 4`` at ``f`` and at ``-f``, zero elsewhere,
    where every ``f_i * shape_i`` is an integer.

    Parameters
    ----------
    shape : sequence of int
        Sides in pixels.
    frequency : sequence of float
        Cycles/pixel along each axis.
    amplitude, angle : float
        Peak value, and argument at pixel 0 in radians.

    Examples
    --------
    >>> tone((4,), (0.25,)).round(12) + 0.0
    array([ 1.,  0., -1.,  0.])
    """
    sides = _check_shape(shape)
    if len(frequency) != len(sides):
        message = f"frequency={tuple(frequency)} has not the {len(sides)} axes of shape={sides}"
        raise ParameterError(message)
    grid = np.ogrid[tuple(slice(side) for side in sides)]
    cycles = sum(f * n for f, n in zip(frequency, grid, strict=True))
    return amplitude * np.cos(2 * np.pi * np.asarray(cycles) + angle)


def checkerboard(shape: Sequence[int], *, amplitude: float = 1.0) -> NDArray[np.float64]:
    """Return ``amplitude * (-1) ** (sum of indices)``.

    The worst of all upsampling artifacts. With even sides, its power spectrum is
    ``amplitude ** 2 * size`` at (1/2, ..., 1/2) and zero elsewhere.

    Examples
    --------
    >>> checkerboard((2, 2))
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    parity = np.indices(_check_shape(shape)).sum(0) % 2
    board: NDArray[np.float64] = amplitude * (1.0 - 2.0 * parity)
    return board


def white_noise(shape: Sequence[int], *, seed: int, variance: float = 1.0) -> NDArray[np.float64]:
    """Return independent normal samples; the mean power spectrum is flat at ``variance``."""
    return np.random.default_rng(seed).normal(0, np.sqrt(variance), _check_shape(shape))


def power_law_noise(
    shape: Sequence[int], *, seed: int, exponent: float = 2.0, axes: int | None = None
) -> NDArray[np.float64]:
    """Return Gaussian noise whose mean power falls as ``1 / abs(f) ** exponent``.

    Exponent 2 is what photographs have. The mean power spectrum is exactly
    ``c / abs(f) ** exponent``, and 0 at DC, with ``c`` such that its mean over all frequencies,
    the variance, is 1.

    Parameters
    ----------
    shape : sequence of int
        Shape of the result.
    seed : int
        Seed of the random numbers.
    exponent : float
        Exponent of the power, not of the amplitude.
    axes : int, optional
        Number of spatial axes, the last ones; by default all. The others count maps.
    """
    sides = _check_shape(shape)
    spatial = sides[-(axes or len(sides)) :]
    radius = np.sqrt(sum(np.square(f) for f in np.ix_(*(np.fft.fftfreq(n) for n in spatial))))
    gain = np.zeros(spatial)
    gain[radius > 0] = radius[radius > 0] ** (-exponent / 2)
    gain /= np.sqrt(np.mean(gain**2))
    dims = tuple(range(-len(spatial), 0))
    noise = np.fft.fftn(white_noise(sides, seed=seed), axes=dims)
    return np.fft.ifftn(noise * gain, axes=dims).real


def zero_stuffed(x: ArrayLike, factor: Sequence[int]) -> NDArray[np.float64]:
    """Return ``x`` with ``factor - 1`` zeros after each sample of its last axes.

    Upsampling without any filter: the spectrum repeats itself unchanged,
    ``fftn(stuffed)[k] = fftn(x)[k mod shape]``, so that every replica is as strong as the
    base band.

    Examples
    --------
    >>> zero_stuffed([1.0, 2.0], (3,))
    array([1., 0., 0., 2., 0., 0.])
    """
    values = np.asarray(x, float)
    if not 1 <= len(factor) <= values.ndim:
        message = f"factor={tuple(factor)} does not fit an array of {values.ndim} axes"
        raise ParameterError(message)
    steps = [1 if f == 1 else check_factor(f) for f in factor]
    leading = values.ndim - len(steps)
    sides = [n * s for n, s in zip(values.shape[leading:], steps, strict=True)]
    stuffed = np.zeros((*values.shape[:leading], *sides))
    kept: tuple[Any, ...] = (..., *(slice(None, None, s) for s in steps))
    stuffed[kept] = values
    return stuffed


def zone_plate(shape: Sequence[int]) -> NDArray[np.float64]:
    """Return ``cos(pi * sum n_i ** 2 / shape_i)``, with n counted from the centre.

    The local frequency along an axis is ``n / shape``: it sweeps from 0 in the centre to 1/2
    cycles/pixel at the borders, so that an upsampler's replicas show as extra rings. Summed
    over its two complex halves ``exp(+-i pi ...)``, whose power spectra are exactly flat where
    the sides are even, all frequencies are equally strong.

    Examples
    --------
    >>> float(zone_plate((8, 8))[4, 4])
    1.0
    """
    sides = _check_shape(shape)
    centred = np.ix_(*(np.arange(n) - n // 2 for n in sides))
    turns = sum(np.square(n) / side for n, side in zip(centred, sides, strict=True))
    return np.cos(np.pi * np.asarray(turns))


def _check_shape(shape: Sequence[int]) -> tuple[int, ...]:
    if isinstance(shape, int) or len(shape) == 0:
        raise ParameterError(f"shape={shape!r} is not a shape: expected a sequence of sides")
    return tuple(check_positive("shape", side) for side in shape)
