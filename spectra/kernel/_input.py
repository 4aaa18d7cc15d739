"""What goes into an upsampling step, as far as energies depend on it: its power spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import pairwise
from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectra._checks import PerAxis, per_axis
from spectra.errors import ParameterError
from spectra.kernel._separable import cosine_sum, fourier_sum

CORNER = 1 / 481  # cycles/pixel: the longest side of the pictures the law was seen on
NODES = {1: 16, 2: 10, 3: 6}  # of each quadrature panel, by the number of axes


@dataclass(frozen=True, eq=False)
class InputSpectrum:
    """A power spectrum of the input, in cycles/pixel of the output grid.

    Attributes
    ----------
    frequency : tuple of ndarray, shapes (n_1,), (n_2,), ...
        Frequencies along each axis at which the power is known.
    power : ndarray, shape (n_1, n_2, ...)
        Share of the power at each, sum 1.
    name : str
        What a table calls it.
    even : bool
        Whether each frequency of each axis stands for its negative as well.
    """

    frequency: tuple[NDArray[np.float64], ...]
    power: NDArray[np.float64]
    name: str
    even: bool = False

    @property
    def axes(self) -> int:
        """Number of spatial axes."""
        return len(self.frequency)

    def covariance(self, *lags: ArrayLike) -> NDArray[np.float64]:
        """Return the autocovariance ``sum_f S(f) cos(2 pi f.n)`` on a grid of lags.

        Parameters
        ----------
        *lags : array_like, shapes (l_1,), (l_2,), ...
            Lags along each axis in output pixels; fractions interpolate by a sinc.

        Returns
        -------
        ndarray, shape (l_1, l_2, ...)
            1 at lag 0.
        """
        if self.even:
            return cosine_sum(self.power, self.frequency, lags)
        return fourier_sum(self.power, self.frequency, lags).real


def power_law_spectrum(factor: PerAxis, *, axes: int = 2, exponent: float = 2.0) -> InputSpectrum:
    """Return power that falls as ``1 / (abs(f) ** 2 + corner ** 2) ** (exponent / 2)``.

    Exponent 2 is what photographs have, and what is assumed where nothing is known of the
    input. The corner, below which the spectrum is flat, is 1/481 cycles/pixel of the output.

    Parameters
    ----------
    factor : int or sequence of int
        Upsampling factor; the input holds ``abs(f_i) < 1 / (2 factor_i)``.
    axes : int
        Spatial axes, where ``factor`` is one number.
    exponent : float
        Exponent of the power, at least 0.

    Raises
    ------
    ParameterError
        If the exponent has no meaning.
    """
    if not exponent >= 0:
        raise ParameterError(f"exponent={exponent}: expected at least 0")
    return _law(_factors(factor, axes), float(exponent))


def default_spectrum(spectrum: InputSpectrum | None, factor: Sequence[int]) -> InputSpectrum:
    """Return ``spectrum``, or the power law if there is none; check that it has the axes."""
    if spectrum is None:
        return power_law_spectrum(tuple(factor))
    if spectrum.axes != len(factor):
        message = f"spectrum has {spectrum.axes} axes: expected the {len(factor)} of the kernel"
        raise ParameterError(message)
    return spectrum


def _factors(factor: PerAxis, axes: SupportsIndex) -> tuple[int, ...]:
    count = len(factor) if isinstance(factor, Sequence) else per_axis("axes", axes, 1, least=1)[0]
    if count not in NODES:
        raise ParameterError(f"axes={count}: expected 1, 2 or 3")
    return per_axis("factor", factor, count, least=1)


@lru_cache(maxsize=64)
def _law(factors: tuple[int, ...], exponent: float) -> InputSpectrum:
    """Return a power law by Gauss-Legendre quadrature on panels that shrink towards DC."""
    bands = [0.5 / s for s in factors]
    axes = [_panels(band, CORNER if exponent else band, NODES[len(factors)]) for band in bands]
    square = reduce(np.add.outer, (f**2 for f, _ in axes))
    weight = reduce(np.multiply.outer, (w for _, w in axes))
    power = weight / (square + CORNER**2) ** (exponent / 2)
    name = f"1/f^{exponent:g}" if exponent else "white"
    return InputSpectrum(tuple(f for f, _ in axes), power / power.sum(), name, even=True)


def _panels(
    band: float, finest: float, nodes: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return nodes and weights of an integral over [0, band]."""
    outer = band * np.linspace(1 / 8, 1, 8)
    halvings = max(0, int(np.ceil(np.log2(outer[0] / finest))))
    edges = np.concatenate([[0.0], outer[0] / 2.0 ** np.arange(halvings, 0, -1), outer])
    x, w = np.polynomial.legendre.leggauss(nodes)
    spans = list(pairwise(edges))
    f = np.concatenate([(a + b) / 2 + (b - a) / 2 * x for a, b in spans])
    return f, np.concatenate([(b - a) / 2 * w for a, b in spans])
