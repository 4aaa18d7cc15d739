"""Fourier sums on grids, one axis after the other."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def fourier_sum(
    values: NDArray[Any], places: Sequence[ArrayLike], frequencies: Sequence[ArrayLike]
) -> NDArray[np.complex128]:
    """Return ``sum_n values[n] exp(-2 pi i f.n)`` on the grid of all frequencies.

    Parameters
    ----------
    values : ndarray, shape (n_1, n_2, ...)
    places, frequencies : sequences of array_like, one an axis
        Where the values stand, shapes (n_1,), (n_2,), ...; and what is asked, (f_1,), ...

    Returns
    -------
    ndarray of complex128, shape (f_1, f_2, ...)

    Examples
    --------
    >>> fourier_sum(np.array([1.0, 1.0]), [[0, 1]], [[0.0, 0.5]]).real.round(12)
    array([2., 0.])
    """
    waves = (
        np.exp(-2j * np.pi * np.outer(np.asarray(f, float), np.asarray(n, float)))
        for f, n in zip(frequencies, places, strict=True)
    )
    first = values.astype(np.complex128)
    return reduce(lambda rest, wave: np.tensordot(rest, wave, (0, 1)), waves, first)


def cosine_sum(
    values: NDArray[np.float64], places: Sequence[ArrayLike], frequencies: Sequence[ArrayLike]
) -> NDArray[np.float64]:
    """Return ``sum_n values[n] prod_i cos(2 pi f_i n_i)`` on the grid of all frequencies.

    The `fourier_sum` of values that are even along each axis, of which only one half is given.

    Examples
    --------
    >>> cosine_sum(np.array([1.0, 1.0]), [[0, 1]], [[0.0, 0.5]]).round(12)
    array([2., 0.])
    """
    waves = (
        np.cos(2 * np.pi * np.outer(np.asarray(f, float), np.asarray(n, float)))
        for f, n in zip(frequencies, places, strict=True)
    )
    return reduce(lambda rest, wave: np.tensordot(rest, wave, (0, 1)), waves, values)
