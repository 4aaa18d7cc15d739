"""What the best kernel of a size reaches: Wiener interpolation of each phase."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Literal

import numpy as np
import scipy
from numpy.typing import NDArray

from spectra._checks import PerAxis, per_axis
from spectra.kernel._delay import Reproduction, to_db
from spectra.kernel._forms import same_size_padding, single
from spectra.kernel._gram import TapGram, tap_gram
from spectra.kernel._input import InputSpectrum, default_spectrum
from spectra.kernel._kernel import Kernel
from spectra.kernel._rejection import energy_ratio_db, replica_energies

RIDGE = 1e-12  # of the variance; keeps nearly dependent samples solvable


@dataclass(frozen=True, eq=False)
class Bound:
    """The kernel of least squared error among all of one size, and what it reaches.

    Attributes
    ----------
    kernel : Kernel
        Kernel of one channel, with the padding that keeps the size (output = factor x input).
    delay : tuple of float
        Delay in output pixels along each axis, as in `Reproduction`.
    rejection_db, passband_error_db, total_error_db : float
        Base band over replicas; error within the base band, and error in all, over the
        input's power. The total is the least that any kernel of this size and delay reaches.
    """

    kernel: Kernel
    delay: tuple[float, ...]
    rejection_db: float
    passband_error_db: float
    total_error_db: float


def attainable_bound(
    size: PerAxis,
    factor: PerAxis = 2,
    *,
    axes: int = 2,
    spectrum: InputSpectrum | None = None,
    delay: Literal["centre", "best"] = "centre",
) -> Bound:
    """Return the best interpolation kernel of a size for a spectrum.

    The squared error decouples by phases: a phase sees some input samples at distances n from
    the point it estimates, so its taps are ``R^-1 r`` and its error ``1 - r^T R^-1 r``, with R
    the covariances between those samples and r theirs with the point (kriging).

    Parameters
    ----------
    size : int or sequence of int
        Taps along each axis.
    factor : int or sequence of int
        Upsampling factor.
    axes : int
        Spatial axes, where both are one number.
    spectrum : InputSpectrum, optional
        Spectrum of the input; by default 1/f^2.
    delay : {"centre", "best"}
        Delay of the interpolation: the kernel's centre, or whatever suits the size. A centred
        kernel of even size interpolates half-way between pixels; one tap less would let it keep
        the samples themselves, which for white inputs is better.

    Returns
    -------
    Bound

    Raises
    ------
    ParameterError
        If the numbers do not belong together.

    Notes
    -----
    For factor 2 and odd sizes the centred optimum is a half-band filter, whose own phase is
    the identity: sizes 5, 9, 13 gain nothing over 3, 7, 11 on one axis.

    Examples
    --------
    >>> round(attainable_bound(3, axes=1).rejection_db, 2)
    32.79
    """
    count = next((len(v) for v in (size, factor) if not hasattr(v, "__index__")), axes)
    sizes = per_axis("size", size, count, least=1)
    factors = per_axis("factor", factor, count, least=1)
    given = default_spectrum(spectrum, factors)
    if delay == "best":
        return _best(sizes, factors, given)
    return _bound(sizes, factors, given, _centre(sizes, factors))


def gap_of(fit: Reproduction, gram: TapGram, given: InputSpectrum) -> float:
    """Return how far a kernel's total error is above the least of its size, in dB.

    At least 0: best gain, channel mix and delay are granted to the kernel, best delay to the
    bound. Dilated kernels are held against an undilated one of as many taps.

    Parameters
    ----------
    fit : Reproduction
        What the kernel keeps of its input.
    gram : TapGram
        The taps' inner products.
    given : InputSpectrum
        Spectrum of every input channel.
    """
    # The bound's first tap stands at minus its padding, the kernel's at ``first``: what is left of
    # the delay, once both start alike, is where the bound has to interpolate to.
    first = tuple(int(n[0]) for n in gram.positions)
    here = tuple(
        d - n - pad
        for d, n, pad in zip(fit.delay, first, _paddings(gram.size, gram.stride), strict=True)
    )
    # The search for the best delay ends in a local optimum; the kernel's own may be a better one.
    same_delay = _bound(gram.size, gram.stride, given, here).total_error_db
    best = min(_best(gram.size, gram.stride, given).total_error_db, same_delay)
    return max(0.0, fit.total_error_db - best)


def _centre(sizes: tuple[int, ...], factors: tuple[int, ...]) -> tuple[float, ...]:
    pairs = zip(sizes, _paddings(sizes, factors), strict=True)
    return tuple((k - 1) / 2 - pad for k, pad in pairs)


def _paddings(sizes: tuple[int, ...], factors: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(same_size_padding(k, s)[0] for k, s in zip(sizes, factors, strict=True))


class _Phases:
    """The covariances between the samples that each phase of a kernel sees."""

    def __init__(
        self, sizes: tuple[int, ...], factors: tuple[int, ...], spectrum: InputSpectrum
    ) -> None:
        self.sizes, self.factors, self.spectrum = sizes, factors, spectrum
        pads = _paddings(sizes, factors)
        self.positions = tuple(np.arange(k) - pad for k, pad in zip(sizes, pads, strict=True))
        reach = [np.arange(1 - k, k) for k in sizes]
        covariance = spectrum.covariance(*reach)
        self.phases = []
        for p in product(*map(range, factors)):
            chosen = [
                np.flatnonzero(n % s == q)
                for n, s, q in zip(self.positions, factors, p, strict=True)
            ]
            if not all(map(len, chosen)):
                continue  # no tap at this phase: it stays empty
            grid = [axis.ravel() for axis in np.meshgrid(*chosen, indexing="ij")]
            lags = tuple(np.subtract.outer(n, n) + k - 1 for n, k in zip(grid, sizes, strict=True))
            # Far inside the base band neighbours are all but equal: the ridge keeps the matrix
            # positive, and moves no error by more than it.
            matrix = covariance[lags] + RIDGE * np.eye(len(grid[0]))
            self.phases.append((tuple(grid), scipy.linalg.cho_factor(matrix)))

    def solve(self, delay: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
        """Return the best taps for a delay, and the share of the power that they miss."""
        lags = (n - d for n, d in zip(self.positions, delay, strict=True))
        wanted = self.spectrum.covariance(*lags)
        taps = np.zeros(self.sizes)
        explained = 0.0
        for places, factor in self.phases:
            r = wanted[places]
            solution = scipy.linalg.cho_solve(factor, r)
            taps[places] = solution
            explained += float(r @ solution)
        return taps, 1 - explained / int(np.prod(self.factors))


@lru_cache(maxsize=128)
def _phases(sizes: tuple[int, ...], factors: tuple[int, ...], spectrum: InputSpectrum) -> _Phases:
    return _Phases(sizes, factors, spectrum)


@lru_cache(maxsize=1024)
def _bound(
    sizes: tuple[int, ...],
    factors: tuple[int, ...],
    spectrum: InputSpectrum,
    delay: tuple[float, ...],
) -> Bound:
    solved = _phases(sizes, factors, spectrum)
    taps, error = solved.solve(np.array(delay))
    kernel = single(taps, factors, [int(n[0]) for n in solved.positions])
    energies = replica_energies(tap_gram(kernel), spectrum=spectrum)
    replicas = float(energies.sum() - energies.flat[0])
    return Bound(
        kernel,
        delay=delay,
        rejection_db=energy_ratio_db(energies),
        passband_error_db=to_db(error - replicas),
        total_error_db=to_db(error),
    )


@lru_cache(maxsize=256)
def _best(sizes: tuple[int, ...], factors: tuple[int, ...], spectrum: InputSpectrum) -> Bound:
    solved = _phases(sizes, factors, spectrum)

    def error(delay: NDArray[np.float64]) -> float:
        return solved.solve(delay)[1]

    centre = np.array(_centre(sizes, factors))
    shifts = product((0.0, 0.5), repeat=len(sizes))  # by symmetry, one side is enough
    start = min((centre + np.array(shift) for shift in shifts), key=error)
    simplex = np.vstack([start, start + 0.1 * np.eye(len(start))])
    options = {"initial_simplex": simplex, "xatol": 1e-5, "fatol": 1e-13, "maxiter": 200}
    found = scipy.optimize.minimize(error, start, method="Nelder-Mead", options=options)
    # Nelder-Mead walks along flat valleys: a start that is as good as what it found is exact.
    best = found.x if found.fun < error(start) - 1e-12 else start
    return _bound(sizes, factors, spectrum, tuple(float(round(d, 6)) for d in best))
