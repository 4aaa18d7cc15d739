"""How much of what a kernel passes is the input, and how much its replicas."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectra._checks import PerAxis, per_axis
from spectra.errors import ParameterError
from spectra.kernel._gram import TapGram, tap_gram
from spectra.kernel._input import InputSpectrum, default_spectrum
from spectra.kernel._kernel import Kernel
from spectra.kernel._separable import fourier_sum

BLOCK = 2**22  # response values that are held at a time


def replica_energies(
    kernel: Kernel | TapGram,
    *,
    spectrum: InputSpectrum | None = None,
    covariance: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Return the output power in the base band and in each replica's.

    ``P_m = sum_o E abs(h_o(f + m / s)^T x(f)) ** 2``, for input channels that share one
    spectrum and have a given covariance.

    Parameters
    ----------
    kernel : Kernel or TapGram
    spectrum : InputSpectrum, optional
        Spectrum of every input channel; by default 1/f^2.
    covariance : array_like, shape (in, in), optional
        Covariance of the input channels, for a `Kernel`; by default uncorrelated, of variance 1.

    Returns
    -------
    ndarray, shape (*stride)
        At m = 0 the base band; 1 there is what an ideal interpolator of one channel passes.

    Examples
    --------
    >>> from spectra.kernel import interpolator, white_spectrum
    >>> white = white_spectrum(2, axes=1)
    >>> replica_energies(interpolator("nearest", 2, axes=1), spectrum=white).round(4)
    array([0.8183, 0.1817])
    """
    gram = kernel if isinstance(kernel, TapGram) else tap_gram(kernel, covariance=covariance)
    given = default_spectrum(spectrum, gram.stride)
    weighted = gram.autocorrelation * given.covariance(*gram.lags)
    steps = [np.arange(s) / s for s in gram.stride]
    energies = fourier_sum(weighted, gram.lags, steps).real
    return np.maximum(energies, 0) / np.prod(gram.stride) ** 2


def rejection_db(
    kernel: Kernel | TapGram,
    *,
    spectrum: InputSpectrum | None = None,
    covariance: ArrayLike | None = None,
) -> float:
    """Return the power in the base band over that in all replicas, in dB.

    Arguments as of `replica_energies`. ``inf`` where no replica passes. A blur rejects more
    than any interpolator: read it beside the passband error.

    Examples
    --------
    >>> from spectra.kernel import interpolator
    >>> round(rejection_db(interpolator("bicubic", 2, axes=1)), 2)
    36.18
    """
    energies = replica_energies(kernel, spectrum=spectrum, covariance=covariance)
    return energy_ratio_db(energies)


def energy_ratio_db(energies: NDArray[np.float64]) -> float:
    """Return the first of ``energies`` over all others, in dB."""
    base = float(energies.flat[0])
    others = float(energies.sum()) - base
    if base <= 0:
        return float("-inf")
    return float(10 * np.log10(base / others)) if others > 1e-15 * base else float("inf")


def output_power(kernel: Kernel, cross_spectrum: ArrayLike) -> NDArray[np.float64]:
    """Return the power spectrum of the output for a known cross-spectrum of the input.

    ``sum_o h_o(f)^T S_x(s f) conj h_o(f)``: what channels have in common counts at every
    frequency, which no covariance can say.

    Parameters
    ----------
    kernel : Kernel
    cross_spectrum : array_like, shape (n_1, ..., in, in)
        Mean of ``X_i(f) conj X_j(f)`` on the input's grid, ``X = fftn(x)``, DC first. Inputs
        are periodic in it.

    Returns
    -------
    ndarray, shape (n_1 * s_1, ...)
        Power of ``fftn(y)``, DC first, summed over output channels.

    Raises
    ------
    ParameterError
        If the shape does not fit the kernel.
    """
    given = np.asarray(cross_spectrum)
    inputs, outputs = kernel.channels
    if given.ndim != kernel.axes + 2 or given.shape[-2:] != (inputs, inputs):
        axes = ", ".join(f"n_{a + 1}" for a in range(kernel.axes))
        message = f"cross_spectrum has shape {given.shape}: expected ({axes}, {inputs}, {inputs})"
        raise ParameterError(message)
    sides = given.shape[:-2]
    power = np.zeros(tuple(n * s for n, s in zip(sides, kernel.stride, strict=True)))
    own_inputs, own_outputs = inputs // kernel.groups, outputs // kernel.groups
    grids = [np.arange(n) / n for n in power.shape]
    step = max(1, BLOCK // (own_inputs * power.size))
    for g in range(kernel.groups):
        rows = slice(g * own_inputs, (g + 1) * own_inputs)
        within = np.tile(given[..., rows, rows], (*kernel.stride, 1, 1))
        for start in range(0, own_outputs, step):
            taps = np.moveaxis(kernel.weight[rows, start : start + step], (0, 1), (-2, -1))
            response = _responses(taps, kernel, grids)
            passed = np.einsum("...io,...ij,...jo->...", response, within, response.conj())
            power += passed.real
    return power


def split_replicas(power: ArrayLike, factor: PerAxis) -> NDArray[np.float64]:
    """Return how much of an output's power lies in the base band and in each replica's.

    Parameters
    ----------
    power : array_like, shape (n_1, ...)
        On the grid of ``fftn``, DC first; sides are multiples of the factor. What lies just
        on the edge of two bands is shared between them.
    factor : int or sequence of int

    Returns
    -------
    ndarray, shape (*factor)
        Sums of power; the base band at index 0.

    Examples
    --------
    >>> split_replicas([4.0, 1.0, 2.0, 1.0], 2)
    array([5., 3.])
    """
    values = np.asarray(power, float)
    factors = per_axis("factor", factor, values.ndim, least=1)
    if any(n % s for n, s in zip(values.shape, factors, strict=True)):
        message = f"power has shape {values.shape}: expected multiples of the factor {factors}"
        raise ParameterError(message)
    for n, s in zip(values.shape, factors, strict=True):
        distance = np.arange(n)[None] - np.arange(s)[:, None] * (n // s)
        distance = np.abs((distance + n // 2) % n - n // 2) * 2
        share = np.where(distance < n // s, 1.0, np.where(distance == n // s, 0.5, 0.0))
        if s == 1:
            share = np.ones_like(share)
        values = np.tensordot(values, share, (0, 1))
    return values


def _responses(
    taps: NDArray[np.float64], kernel: Kernel, grids: list[NDArray[np.float64]]
) -> NDArray[np.complex128]:
    """Return H of some channels on a grid, shape (*grid, in, out)."""
    rest = taps.astype(np.complex128)
    for axis, (grid, places) in enumerate(zip(grids, kernel.positions, strict=True)):
        waves = np.exp(-2j * np.pi * np.outer(grid, places))
        rest = np.moveaxis(np.tensordot(waves, rest, (1, axis)), 0, axis)
    return rest
