"""How much of what a kernel passes is the input, and how much its replicas."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectra.kernel._gram import TapGram, as_gram
from spectra.kernel._input import InputSpectrum, default_spectrum
from spectra.kernel._kernel import Kernel
from spectra.kernel._separable import fourier_sum


def replica_energies(
    kernel: Kernel | TapGram, *, spectrum: InputSpectrum | None = None
) -> NDArray[np.float64]:
    """Return the output power in the base band and in each replica's.

    ``P_m = sum_o E abs(h_o(f + m / s)^T x(f)) ** 2``, for input channels that share one
    spectrum.

    Parameters
    ----------
    kernel : Kernel or TapGram
        A kernel, whose input channels are then uncorrelated and of variance 1, or what
        `tap_gram` makes of it and of their covariance.
    spectrum : InputSpectrum, optional
        Spectrum of every input channel; by default 1/f^2.

    Returns
    -------
    ndarray, shape (*stride)
        At m = 0 the base band; 1 there is what an ideal interpolator of one channel passes.

    Examples
    --------
    >>> from spectra.kernel import interpolator, power_law_spectrum
    >>> white = power_law_spectrum(2, axes=1, exponent=0)
    >>> replica_energies(interpolator("nearest", 2, axes=1), spectrum=white).round(4)
    array([0.8183, 0.1817])
    """
    gram = as_gram(kernel)
    given = default_spectrum(spectrum, gram.stride)
    weighted = gram.autocorrelation * given.covariance(*gram.lags)
    steps = [np.arange(s) / s for s in gram.stride]
    energies = fourier_sum(weighted, gram.lags, steps).real
    return np.maximum(energies, 0) / np.prod(gram.stride) ** 2


def rejection_db(kernel: Kernel | TapGram, *, spectrum: InputSpectrum | None = None) -> float:
    """Return the power in the base band over that in all replicas, in dB.

    It takes what `replica_energies` takes, and is ``inf`` where no replica passes. A blur rejects
    more than any interpolator: read it beside the passband error.

    Examples
    --------
    >>> from spectra.kernel import interpolator
    >>> round(rejection_db(interpolator("bicubic", 2, axes=1)), 2)
    36.18
    """
    return energy_ratio_db(replica_energies(kernel, spectrum=spectrum))


def energy_ratio_db(energies: NDArray[np.float64]) -> float:
    """Return the first of ``energies`` over all others, in dB."""
    base = float(energies.flat[0])
    others = float(energies.sum()) - base
    if base <= 0:
        return float("-inf")
    return float(10 * np.log10(base / others)) if others > 1e-15 * base else float("inf")


def replica_gain(kernel: Kernel | TapGram, offset: ArrayLike = 0.0) -> NDArray[np.float64]:
    """Return how strongly each replica passes, relative to the frequency it copies.

    Parameters
    ----------
    kernel : Kernel or TapGram
        A kernel, or its taps' inner products.
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
    replicas = [np.arange(s) / s + d for s, d in zip(gram.stride, f, strict=True)]
    power = gram.power(*replicas)
    own = power[(0,) * len(gram.stride)]
    with np.errstate(invalid="ignore", divide="ignore"):
        gain: NDArray[np.float64] = np.where(own > 0, np.sqrt(power / own), np.nan)
    return gain
