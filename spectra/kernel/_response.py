"""Frequency responses, and the components into which upsampling splits one input frequency."""

from __future__ import annotations

from functools import reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectra.errors import ParameterError
from spectra.kernel._gram import TapGram, as_gram
from spectra.kernel._kernel import Kernel


def frequency_response(kernel: Kernel, frequency: ArrayLike) -> NDArray[np.complex128]:
    """Return ``H_io(f) = sum_n h_io[n] exp(-2 pi i f.n)``.

    Parameters
    ----------
    kernel : Kernel
    frequency : array_like, shape (..., axes)
        Cycles/pixel of the output grid; of a kernel of one axis, (...) does as well.

    Returns
    -------
    ndarray of complex128, shape (..., in, out)
        An ideal interpolator of factor s has the gain s along each axis for
        ``abs(f) < 1 / (2 s)`` and 0 elsewhere.

    Raises
    ------
    ParameterError
        If the frequencies have another number of axes than the kernel.

    Examples
    --------
    >>> from spectra.kernel import interpolator
    >>> abs(frequency_response(interpolator("nearest", 2, axes=1), [0, 0.5])).ravel().round(12)
    array([2., 0.])
    """
    f = _frequencies(frequency, kernel.axes)
    axes = kernel.positions
    waves = (np.exp(-2j * np.pi * np.multiply.outer(f[..., a], n)) for a, n in enumerate(axes))
    joint: NDArray[np.complex128] = reduce(_outer, waves)
    taps = kernel.taps.reshape(*kernel.channels, -1)
    return np.asarray(np.tensordot(joint, taps, (-1, -1)), np.complex128)


def image_components(kernel: Kernel, frequency: ArrayLike) -> NDArray[np.complex128]:
    """Return ``H_io(f + m / s)``: what one input frequency becomes at each replica.

    The output holds ``Y_o(f + m / s) = sum_i H_io(f + m / s) X_i(s f)`` [1]_; an ideal
    interpolator leaves ``m = 0`` alone.

    Parameters
    ----------
    kernel : Kernel
    frequency : array_like, shape (axes,)
        One frequency in cycles/pixel of the output grid.

    Returns
    -------
    ndarray of complex128, shape (*stride, in, out)

    References
    ----------
    .. [1] P. P. Vaidyanathan, *Multirate Systems and Filter Banks*, 1993, sec. 4.1.
    """
    f = _frequencies(frequency, kernel.axes)
    steps = (np.arange(s) / s for s in kernel.stride)
    grid = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1)
    return frequency_response(kernel, grid + f)


def replica_gain(kernel: Kernel | TapGram, offset: ArrayLike = 0.0) -> NDArray[np.float64]:
    """Return how strongly each replica passes, relative to the frequency it copies.

    Parameters
    ----------
    kernel : Kernel or TapGram
    offset : array_like, shape (axes,), or float
        Distance from DC, in cycles/pixel of the output, the same along all axes if one
        number: 0 is what a constant becomes, 1/16 what is beside it.

    Returns
    -------
    ndarray, shape (*stride)
        Amplitude at ``m / s + offset`` over that at ``offset``, both root sums of squares over
        channels. 1 at m = 0; nan where the kernel removes the frequency itself.

    Examples
    --------
    >>> from spectra.kernel import interpolator
    >>> replica_gain(interpolator("nearest", 2, axes=1), 1 / 8).round(6)  # tan(pi / 8)
    array([1.      , 0.414214])
    """
    gram = as_gram(kernel)
    f = np.broadcast_to(np.asarray(offset, float), (len(gram.stride),))
    power = gram.power(*(np.arange(s) / s + d for s, d in zip(gram.stride, f, strict=True)))
    own = power[(0,) * len(gram.stride)]
    with np.errstate(invalid="ignore", divide="ignore"):
        gain: NDArray[np.float64] = np.where(own > 0, np.sqrt(power / own), np.nan)
    return gain


def _frequencies(frequency: ArrayLike, axes: int) -> NDArray[np.float64]:
    f = np.asarray(frequency, float)
    if axes == 1 and (f.ndim == 0 or f.shape[-1] != 1):
        f = f[..., None]
    if f.ndim == 0 or f.shape[-1] != axes:
        raise ParameterError(f"frequency has shape {f.shape}: expected (..., {axes})")
    return f


def _outer(left: NDArray[np.complex128], right: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return the products of all pairs of the last axes as one axis."""
    pairs: NDArray[np.complex128] = left[..., :, None] * right[..., None, :]
    return pairs.reshape(*left.shape[:-1], -1)
