"""The phases of a kernel: which taps meet at which output pixel, and what a constant becomes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectra.errors import ParameterError
from spectra.kernel._gram import TapGram, as_gram
from spectra.kernel._kernel import Kernel

ROUNDING = 1e-15  # of the sum of all lags, in a power


@dataclass(frozen=True, eq=False)
class Checkerboard:
    """What a constant input becomes: a pattern that repeats every ``stride`` pixels.

    Attributes
    ----------
    pattern : ndarray, shape (*stride, out)
        Output at each phase, without bias.
    amplitude : ndarray, shape (*stride, out)
        Amplitude of the line at ``m / stride``; at m = 0 the mean level.
    rms : ndarray, shape (out,)
        Root mean square of the pattern about its mean: the root sum of the squared lines.
    """

    pattern: NDArray[np.float64]
    amplitude: NDArray[np.float64]
    rms: NDArray[np.float64]


def phase_gains(kernel: Kernel) -> NDArray[np.float64]:
    """Return the DC gain of each phase, shape (*stride, in, out).

    ``D_p = sum_n h[n]`` over the taps with ``n = p mod stride``.

    Examples
    --------
    >>> from spectra.kernel import transposed_conv
    >>> phase_gains(transposed_conv(np.ones((1, 1, 3)), stride=2)).ravel()
    array([2., 1.])
    """
    inputs, outputs = kernel.channels
    own = kernel.weight.shape[1]
    summed = np.zeros((*kernel.stride, inputs, own))
    for p in product(*map(range, kernel.stride)):
        chosen = tuple(
            np.flatnonzero(n % s == q)
            for n, s, q in zip(kernel.positions, kernel.stride, p, strict=True)
        )
        taps = kernel.weight[_at(chosen)]
        summed[p] = taps.sum(tuple(range(2, taps.ndim)), dtype=np.float64)
    if kernel.groups == 1:
        return summed
    gains = np.zeros((*kernel.stride, inputs, outputs))
    block = inputs // kernel.groups
    for g in range(kernel.groups):
        rows, columns = slice(g * block, (g + 1) * block), slice(g * own, (g + 1) * own)
        gains[..., rows, columns] = summed[..., rows, :]
    return gains


def _at(places: tuple[NDArray[np.int64], ...]) -> tuple[Any, ...]:
    """Return the index of a box of taps, all channels."""
    return slice(None), slice(None), *np.ix_(*places)


def checkerboard(kernel: Kernel, mean: ArrayLike | None = None) -> Checkerboard:
    """Return the pattern that a constant input becomes.

    Parameters
    ----------
    kernel : Kernel
        The kernel.
    mean : array_like, shape (in,), optional
        Level of each input channel; 1 by default.

    Notes
    -----
    With all-ones taps of size ``k = q s + r`` on one axis the pattern's RMS is
    ``sqrt(r (s - r)) / k`` of its mean level.

    Examples
    --------
    >>> from spectra.kernel import transposed_conv
    >>> checkerboard(transposed_conv(np.ones((1, 1, 3)), stride=2)).pattern.ravel()
    array([2., 1.])
    """
    inputs, _ = kernel.channels
    level = np.ones(inputs) if mean is None else np.asarray(mean, float)
    if level.shape != (inputs,) or not np.isfinite(level).all():
        raise ParameterError(f"mean has shape {level.shape}: expected finite ({inputs},)")
    pattern = np.einsum("...io,i->...o", phase_gains(kernel), level)
    axes = tuple(range(kernel.axes))
    amplitude = np.abs(np.fft.fftn(pattern, axes=axes)) / np.prod(kernel.stride)
    return Checkerboard(pattern, amplitude, pattern.std(axes))


def phase_imbalance(kernel: Kernel | TapGram) -> float:
    """Return how unequal the DC gains of the phases are: standard deviation over mean.

    A phase's gain is the root sum of squares of ``D_p`` over channels; 0 where all phases
    are equally loud, though they may still say different things (see `line_gain_db`).
    """
    gram = as_gram(kernel)
    square = np.zeros(gram.stride)
    matrix = gram.matrix.reshape(*gram.size, *gram.size)
    for p in product(*map(range, gram.stride)):
        chosen = [
            np.flatnonzero(n % s == q)
            for n, s, q in zip(gram.positions, gram.stride, p, strict=True)
        ]
        square[p] = matrix[np.ix_(*chosen, *chosen)].sum()
    gain = np.sqrt(np.maximum(square, 0))
    return float(gain.std() / gain.mean()) if gain.any() else 0.0


def overlap_share(kernel: Kernel | TapGram) -> float:
    """Return how much of the phases' differences follows the number of taps that meet at each.

    A kernel that is no multiple of its stride has more taps at some phases than at others. The
    share of the energy of ``D_p - mean_q D_q`` that is proportional to those numbers is 1 for equal
    taps, some .4 for random ones of 3x3 at stride 2, and 0 where all phases have as many taps.

    Examples
    --------
    >>> from spectra.kernel import transposed_conv
    >>> float(round(overlap_share(transposed_conv(np.ones((1, 1, 3)), stride=2)), 6))
    1.0
    """
    gram = as_gram(kernel)
    phases = list(product(*map(range, gram.stride)))
    number = np.ravel_multi_index(
        np.meshgrid(
            *(n % s for n, s in zip(gram.positions, gram.stride, strict=True)), indexing="ij"
        ),
        gram.stride,
    ).ravel()
    meets = np.equal.outer(np.arange(len(phases)), number).astype(float)
    centred = np.eye(len(phases)) - 1 / len(phases)
    products = centred @ meets @ gram.matrix @ meets.T @ centred  # of D_p - mean, over channels
    counts = centred @ meets.sum(1)
    energy, along = np.trace(products), counts @ counts
    if energy <= ROUNDING * np.abs(gram.matrix).sum() or along == 0:
        return 0.0
    return float(counts @ products @ counts / along / energy)


def line_gain_db(kernel: Kernel | TapGram) -> float | None:
    """Return the power of all lines that a constant makes, over that of its mean level, in dB.

    The expectation over input channels of independent, equally large means; with a gram of
    the matrix ``mean mean^T`` it is that of these means. ``-inf`` where all phases agree, None
    where nothing passes at all.
    """
    gram = as_gram(kernel)
    steps = (np.arange(s) / s for s in gram.stride)
    power = gram.power(*steps).ravel()
    floor = ROUNDING * float(np.abs(gram.autocorrelation).sum())
    lines = np.where(power[1:] > floor, power[1:], 0).sum()
    if power[0] <= floor:
        return None if lines == 0 else float("inf")
    return float(10 * np.log10(lines / power[0])) if lines > 0 else float("-inf")
