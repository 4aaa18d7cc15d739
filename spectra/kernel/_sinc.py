"""How close a kernel is to a sinc, and how close a random one of its size would be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from spectra.errors import ParameterError
from spectra.kernel._gram import TapGram, as_gram
from spectra.kernel._kernel import Kernel

RANDOM = 999  # kernels that calibrate a fit
CUTOFFS = np.linspace(0.005, 0.5, 100)  # cycles/pixel
TIE = 1e-3  # residuals that the grid cannot tell apart
STEP = 0.05  # of the delays that are tried, in pixels
SEED = 0
BLOCK = 1024  # sincs that are compared at a time


@dataclass(frozen=True)
class SincFit:
    """The sinc nearest to a kernel of one axis.

    Attributes
    ----------
    amplitude, cutoff, delay : float
        Numbers of ``amplitude * sinc(2 cutoff (n - delay))``: cutoff in cycles/pixel of the
        output, 1/4 for an ideal interpolator of factor 2; delay in output pixels.
    residual : float
        Share of the kernel's energy that the sinc misses.
    percentile : float
        Share of random kernels of this size that fit worse, in %. Small kernels fit a sinc
        whatever they are: 50 is chance, and only what is near 100 says something.
    """

    amplitude: float
    cutoff: float
    delay: float
    residual: float
    percentile: float


@dataclass(frozen=True)
class Shape:
    """The spatial shape that the channels of a kernel share, and its sincs.

    Attributes
    ----------
    share : float
        Share of the kernel's energy in one shape with an own factor for each channel pair.
    separable_share : float
        Share of that shape's energy in a product of one kernel an axis.
    axes : tuple of SincFit
        Fits of those kernels.
    """

    share: float
    separable_share: float
    axes: tuple[SincFit, ...]


def fit_sinc(taps: ArrayLike, *, first: int = 0) -> SincFit:
    """Return the sinc nearest to a kernel of one axis, calibrated against chance.

    Parameters
    ----------
    taps : array_like, shape (k,)
    first : int
        Where the first tap stands.

    Notes
    -----
    Least squares: the amplitude is linear, cutoff and delay are searched on a grid and then
    refined. The percentile compares grid residuals of this and of 999 Gaussian kernels.

    Raises
    ------
    ParameterError
        If there are fewer than two taps, or all are 0.

    Examples
    --------
    >>> fit = fit_sinc(1.7 * np.sinc(2 * 0.23 * (np.arange(7) - 3.31)))
    >>> round(fit.amplitude, 4), round(fit.cutoff, 4), round(fit.delay, 4)
    (1.7, 0.23, 3.31)
    """
    h = np.asarray(taps, float)
    if h.ndim != 1 or len(h) < 2 or not np.isfinite(h).all() or not h.any():
        message = f"taps have shape {h.shape}: expected two or more finite numbers, not all 0"
        raise ParameterError(message)
    scale = np.linalg.norm(h)
    h = h / scale
    sincs, parameters = _grid(len(h))
    agreement = sincs @ h
    best = int(np.argmax(np.abs(agreement)))
    coarse = 1 - float(agreement[best]) ** 2
    n = np.arange(len(h))

    def residual(point: NDArray[np.float64]) -> float:
        cutoff, delay = point
        if not 0 < cutoff <= 0.5 or not -0.5 <= delay <= len(h) - 0.5:
            return 1.0
        shape = np.sinc(2 * cutoff * (n - delay))
        return 1 - float(shape @ h) ** 2 / float(shape @ shape)

    start = parameters[best]
    simplex = start + np.array([[0, 0], [-0.003 if start[0] > 0.25 else 0.003, 0], [0, 0.03]])
    options = {"initial_simplex": simplex, "xatol": 1e-9, "fatol": 1e-16, "maxiter": 400}
    found = scipy.optimize.minimize(residual, start, method="Nelder-Mead", options=options)
    cutoff, delay = found.x if found.fun < coarse else start
    shape = np.sinc(2 * cutoff * (n - delay))
    chance = random_residuals(len(h))
    return SincFit(
        amplitude=float(scale * (shape @ h) / (shape @ shape)),
        cutoff=float(cutoff),
        delay=float(delay) + first,
        residual=max(0.0, min(float(found.fun), coarse)),
        percentile=float(50 * (np.mean(chance > coarse + TIE) + np.mean(chance > coarse - TIE))),
    )


def kernel_shape(kernel: Kernel | TapGram) -> Shape:
    """Return the spatial shape that all channels share, one axis after the other, as sincs.

    The shape is the leading eigenvector of the taps' inner products, its factors are the
    leading singular vectors. Those of a random kernel are random directions, so that the
    percentile of `fit_sinc` holds for them too.

    Raises
    ------
    ParameterError
        If all taps are 0.
    """
    gram = as_gram(kernel)
    values, vectors = _leading(gram.matrix)
    total = float(np.trace(gram.matrix))
    if total <= 0:
        raise ParameterError("all taps of the kernel are 0: expected some energy")
    shape = vectors.reshape(gram.size)
    factors, separable = [], 1.0
    for axis in range(shape.ndim):
        unfolded = np.moveaxis(shape, axis, 0).reshape(shape.shape[axis], -1)
        left, singular, _ = np.linalg.svd(unfolded, full_matrices=False)
        factors.append(left[:, 0] * np.sign(left[np.argmax(np.abs(left[:, 0])), 0]))
        if shape.ndim == 2:
            separable = float(singular[0] ** 2 / (singular**2).sum())
    if shape.ndim == 3:
        product = np.einsum("i,j,k,ijk->", *factors, shape)
        separable = float(product**2)
    fits = tuple(
        fit_sinc(taps, first=int(n[0]))
        if len(taps) > 1
        else SincFit(1.0, cutoff=0.5, delay=float(n[0]), residual=0, percentile=50)
        for taps, n in zip(factors, gram.positions, strict=True)
    )
    return Shape(values / total, separable, fits)


@lru_cache(maxsize=64)
def random_residuals(size: int) -> NDArray[np.float64]:
    """Return what the nearest sincs miss of random Gaussian kernels, ascending."""
    sincs, _ = _grid(size)
    kernels = np.random.default_rng(SEED).normal(size=(size, RANDOM))
    kernels /= np.linalg.norm(kernels, axis=0)
    best = np.zeros(RANDOM)
    for start in range(0, len(sincs), BLOCK):
        best = np.maximum(best, np.abs(sincs[start : start + BLOCK] @ kernels).max(0))
    return np.sort(1 - best**2)


@lru_cache(maxsize=64)
def _grid(size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return unit sincs of many cutoffs and delays, and those."""
    delays = np.arange(-0.5, size - 0.5 + STEP / 2, STEP)
    parameters = np.stack(np.meshgrid(CUTOFFS, delays, indexing="ij"), -1).reshape(-1, 2)
    places = np.arange(size) - parameters[:, 1:]
    sincs = np.sinc(2 * parameters[:, :1] * places)
    unit: NDArray[np.float64] = sincs / np.linalg.norm(sincs, axis=1, keepdims=True)
    return unit, parameters


def _leading(matrix: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Return the largest eigenvalue of a positive matrix and its vector."""
    last = len(matrix) - 1
    values, vectors = scipy.linalg.eigh(matrix, subset_by_index=[last, last])
    return float(values[0]), vectors[:, 0]
