"""How well a kernel reproduces its input, once delay and gain are allowed for."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import scipy
from numpy.typing import NDArray

from spectra.kernel._gram import TapGram, as_gram
from spectra.kernel._input import InputSpectrum, default_spectrum
from spectra.kernel._kernel import Kernel
from spectra.kernel._rejection import replica_energies
from spectra.kernel._separable import fourier_sum

BAND = 0.8  # of the base band, where ripple and stopband attenuation are looked for
POINTS = {1: 129, 2: 25, 3: 9}  # along each axis of that band, by the number of axes


@dataclass(frozen=True)
class Reproduction:
    """What a kernel keeps of its input.

    The reference is the input itself, interpolated ideally, delayed by ``delay`` and remixed
    between channels as fits best: all an interpolator could be.

    Attributes
    ----------
    delay : tuple of float
        Delay in output pixels along each axis: 0 puts samples on pixels, 1/2 between them.
    passband_error_db : float
        Power in the base band that is not the reference, over the base band's.
    total_error_db : float
        Power that is not the reference, replicas among it, over all power.
    ripple : float
        Largest relative error of the gain in the inner 80 % of the base band.
    """

    delay: tuple[float, ...]
    passband_error_db: float
    total_error_db: float
    ripple: float

    @property
    def sub_pixel_phase(self) -> tuple[float, ...]:
        """The delay's fraction of a pixel along each axis, in (-1/2, 1/2]."""
        return tuple(float(0.5 - (0.5 - d) % 1) for d in self.delay)


def reproduction(
    kernel: Kernel | TapGram, *, spectrum: InputSpectrum | None = None
) -> Reproduction:
    """Return the best delay of a kernel, and its errors there.

    Parameters
    ----------
    kernel : Kernel or TapGram
        A kernel, or its taps' inner products.
    spectrum : InputSpectrum, optional
        Spectrum of every input channel; by default 1/f^2.

    Notes
    -----
    With ``c`` the input's autocovariance, ``v_n = c(n - delay)`` and G the taps' inner
    products, the reference explains ``v^T G v`` of the power; the delay maximises it.

    Examples
    --------
    >>> from spectra.kernel import interpolator, power_law_spectrum
    >>> white = power_law_spectrum(2, axes=1, exponent=0)
    >>> fit = reproduction(interpolator("nearest", 2, axes=1), spectrum=white)
    >>> fit.delay, round(fit.total_error_db, 3)  # 1 - 8 / pi^2
    ((0.5,), -7.226)
    """
    gram = as_gram(kernel)
    given = default_spectrum(spectrum, gram.stride)
    energies = replica_energies(gram, spectrum=given) * np.prod(gram.stride) ** 2
    delay = _best_delay(gram, given)
    explained = _explained(gram, given, np.array(delay))
    base = float(energies.flat[0])
    return Reproduction(
        delay,
        _error_db(explained, base),
        _error_db(explained, float(energies.sum())),
        _ripple(gram, given, delay),
    )


def stopband_attenuation_db(kernel: Kernel | TapGram) -> float:
    """Return by how much the strongest frequency of the stopband stays below DC, in dB.

    The stopband is the inner 80 % of each replica's band; gains are root sums of squares over
    channels. Negative where a replica passes better than DC; ``-inf`` for a kernel that
    removes DC.

    Examples
    --------
    >>> from spectra.kernel import interpolator
    >>> round(stopband_attenuation_db(interpolator("nearest", 2, axes=1)), 3)  # cos(0.3 pi)
    4.616
    """
    gram = as_gram(kernel)
    inner = [BAND / (2 * s) * np.linspace(-1, 1, POINTS[len(gram.stride)]) for s in gram.stride]
    loudest = 0.0
    for m in product(*map(range, gram.stride)):
        if any(m):
            places = (f + k / s for f, k, s in zip(inner, m, gram.stride, strict=True))
            loudest = max(loudest, float(gram.power(*places).max()))
    constant = float(gram.power(*[[0.0]] * len(gram.stride)).item())
    if constant <= 0:
        return float("-inf")
    return float(10 * np.log10(constant / loudest)) if loudest > 0 else float("inf")


def _explained(gram: TapGram, spectrum: InputSpectrum, delay: NDArray[np.float64]) -> float:
    v = _covariance_to(gram, spectrum, delay)
    return float(v @ gram.matrix @ v)


def _covariance_to(
    gram: TapGram, spectrum: InputSpectrum, delay: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the covariance of the sample under each tap with the one at ``delay``."""
    lags = (n - d for n, d in zip(gram.positions, delay, strict=True))
    return spectrum.covariance(*lags).ravel()


def _best_delay(gram: TapGram, spectrum: InputSpectrum) -> tuple[float, ...]:
    """Return the delay at which the reference explains most, from several starts."""
    total = max(float(gram.energy.sum()), np.finfo(float).tiny)

    def unexplained(delay: NDArray[np.float64]) -> float:
        return -_explained(gram, spectrum, delay) / total

    halves = [
        np.arange(2 * n[0], 2 * n[-1] + 1) / 2 if len(n) <= 4 else _near(n, e)
        for n, e in zip(gram.positions, _centres(gram), strict=True)
    ]
    start = min(map(np.array, product(*halves)), key=unexplained)
    simplex = np.vstack([start, start + 0.2 * np.eye(len(start))])
    options = {"initial_simplex": simplex, "xatol": 1e-5, "fatol": 1e-12}
    found = scipy.optimize.minimize(unexplained, start, method="Nelder-Mead", options=options)
    best = found.x if found.fun < unexplained(start) - 1e-13 else start
    return tuple(float(round(d, 5)) + 0.0 for d in best)


def _near(positions: NDArray[np.int64], centre: float) -> NDArray[np.float64]:
    """Return half-pixel delays around the centre of energy."""
    middle = round(2 * centre) / 2
    starts = middle + np.arange(-2, 3) / 2
    inside: NDArray[np.float64] = starts[(starts >= positions[0]) & (starts <= positions[-1])]
    return inside


def _centres(gram: TapGram) -> tuple[float, ...]:
    energy = gram.energy / max(float(gram.energy.sum()), np.finfo(float).tiny)
    return tuple(
        float(np.tensordot(n, energy, (0, axis)).sum()) for axis, n in enumerate(gram.positions)
    )


def _error_db(explained: float, power: float) -> float:
    """Return the share of ``power`` that is not explained, in dB; -inf where all is."""
    return to_db(1 - explained / power if power > 0 else 1.0)


def to_db(share: float) -> float:
    """Return a share of power in dB, -inf where rounding is all there is."""
    return float(10 * np.log10(share)) if share > 1e-14 else float("-inf")


def _ripple(gram: TapGram, spectrum: InputSpectrum, delay: tuple[float, ...]) -> float:
    """Return the largest distance of the response from the reference, over the reference."""
    v = _covariance_to(gram, spectrum, np.array(delay))
    mixed = gram.matrix @ v
    reference = float(v @ mixed)
    if reference <= 0:
        return float("inf")
    inner = [BAND / (2 * s) * np.linspace(-1, 1, POINTS[len(gram.stride)]) for s in gram.stride]
    power = gram.power(*inner)
    shifted = [n - d for n, d in zip(gram.positions, delay, strict=True)]
    cross = fourier_sum(mixed.reshape(gram.size), shifted, inner).real
    square = np.maximum(power - 2 * cross + reference, 0) / reference
    return float(np.sqrt(square.max()))
