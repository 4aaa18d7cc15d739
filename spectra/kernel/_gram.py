"""The sums over channels from which all energies of a kernel follow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectra.errors import ParameterError
from spectra.kernel._kernel import Kernel
from spectra.kernel._separable import fourier_sum

BLOCK = 2**20  # weights that are taken to float64 at a time


@dataclass(frozen=True, eq=False)
class TapGram:
    """The inner products ``G[n, n'] = sum_io h_io[n] h_io[n']`` of a kernel's taps.

    A quadratic form of the taps is all that an energy is, however many channels there are:
    ``sum_io abs(H_io(f)) ** 2 = e(f)^H G e(f)`` with ``e_n = exp(2 pi i f.n)``.

    Attributes
    ----------
    matrix : ndarray, shape (K, K)
        Inner products of the K taps of all axes together, in C order.
    positions : tuple of ndarray of int
        Positions of the taps along each axis.
    stride : tuple of int
        Stride along each axis.
    """

    matrix: NDArray[np.float64]
    positions: tuple[NDArray[np.int64], ...]
    stride: tuple[int, ...]

    @property
    def size(self) -> tuple[int, ...]:
        """Number of taps along each axis."""
        return tuple(map(len, self.positions))

    @property
    def energy(self) -> NDArray[np.float64]:
        """Energy of each tap, summed over channels; shape (*size)."""
        return np.diagonal(self.matrix).reshape(self.size)

    @cached_property
    def lags(self) -> tuple[NDArray[np.int64], ...]:
        """Distances between taps along each axis, ascending."""
        return tuple(np.arange(n[0] - n[-1], n[-1] - n[0] + 1) for n in self.positions)

    @cached_property
    def autocorrelation(self) -> NDArray[np.float64]:
        """``r[l] = sum_io sum_n h_io[n] h_io[n + l]`` on the grid of all lags."""
        shape = tuple(map(len, self.lags))
        grid = np.meshgrid(*self.positions, indexing="ij")
        index: NDArray[np.int64] = np.zeros_like(self.matrix, dtype=np.int64)
        # All pairs of taps at one distance share a lag: number the lags in C order, as the result
        # is laid out, and add up each number's pairs.
        for n, lag, length in zip(grid, self.lags, shape, strict=True):
            index *= length
            index += np.subtract.outer(n.ravel(), n.ravel()) - lag[0]
        folded = np.bincount(index.ravel(), self.matrix.ravel(), int(np.prod(shape)))
        return np.asarray(folded, np.float64).reshape(shape)

    def power(self, *frequencies: ArrayLike) -> NDArray[np.float64]:
        """Return ``sum_io abs(H_io(f)) ** 2`` on a grid of frequencies, one array an axis."""
        # sums to the same as e^H G e, at lags rather than at pairs of taps: far fewer terms
        power = fourier_sum(self.autocorrelation, self.lags, frequencies).real
        return np.maximum(power, 0.0)


def tap_gram(kernel: Kernel, *, covariance: ArrayLike | None = None) -> TapGram:
    """Return the inner products of the taps, summed over channels.

    Parameters
    ----------
    kernel : Kernel
        The kernel.
    covariance : array_like, shape (in, in), optional
        Covariance of the input channels; by default they are uncorrelated, of variance 1.
        Only what lies within a group counts.

    Raises
    ------
    ParameterError
        If ``covariance`` is no covariance of the input channels.
    """
    taps = int(np.prod(kernel.size))
    total = np.zeros((taps, taps))
    for rows in _blocks(kernel, covariance):
        total += rows.T @ rows
    return TapGram(total, kernel.positions, kernel.stride)


def as_gram(kernel: Kernel | TapGram) -> TapGram:
    """Return the taps' inner products of a kernel with uncorrelated inputs, or those given."""
    return kernel if isinstance(kernel, TapGram) else tap_gram(kernel)


def _blocks(kernel: Kernel, covariance: ArrayLike | None) -> Iterator[NDArray[np.float64]]:
    """Yield the taps of some channel pairs in float64, shape (pairs, K), a few at a time."""
    weight = kernel.weight.reshape(*kernel.weight.shape[:2], -1)
    inputs, outputs, taps = weight.shape
    if covariance is None:
        pairs = weight.reshape(-1, taps)
        step = max(1, BLOCK // taps)
        for start in range(0, len(pairs), step):
            yield pairs[start : start + step].astype(np.float64)
        return
    # sum_ij C_ij h_i h_j = sum_k (L^T h)_k^2 with C = L L^T: taps turned by L are uncorrelated.
    factor = _root(covariance, inputs)
    own = inputs // kernel.groups
    step = max(1, BLOCK // (taps * own))
    for g in range(kernel.groups):
        rows = slice(g * own, (g + 1) * own)
        # Channels of two groups never meet, so that their covariance counts nowhere.
        root = _root(factor @ factor.T, inputs, rows) if kernel.groups > 1 else factor
        for start in range(0, outputs, step):
            block = weight[rows, start : start + step].astype(np.float64)
            yield (root.T @ block.reshape(own, -1)).reshape(-1, taps)


def _root(covariance: ArrayLike, channels: int, rows: slice = slice(None)) -> NDArray[np.float64]:
    """Return L with ``L L^T = covariance``, of a group's channels if asked."""
    matrix = np.asarray(covariance, float)
    if matrix.shape != (channels, channels) or not np.isfinite(matrix).all():
        message = f"covariance has shape {matrix.shape}: expected finite ({channels}, {channels})"
        raise ParameterError(message)
    matrix = matrix[rows, rows]
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    tolerance = 1e-6 * max(float(np.abs(values).max()), 0.0)
    if not np.allclose(matrix, matrix.T, atol=tolerance) or values.min() < -tolerance:
        raise ParameterError("covariance is not symmetric and positive: expected a covariance")
    root: NDArray[np.float64] = vectors * np.sqrt(np.maximum(values, 0))
    return root
