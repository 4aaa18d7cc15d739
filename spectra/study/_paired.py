"""What one choice changes, seed by seed: the mean difference of pairs, its interval and p."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import inf, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """Mean of paired differences.

    Attributes
    ----------
    mean, half_width : float
        The interval is their sum and difference.
    pairs : int
    p : float
        Of no difference, two-sided, one comparison: Student's.
    p_signs : float
        The same without a normal distribution: of all ways to turn the signs of the pairs, the
        share whose mean is as far from 0.
    """

    mean: float
    half_width: float
    pairs: int
    p: float
    p_signs: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval does not hold 0."""
        return abs(self.mean) > self.half_width


def paired_difference(
    first: Sequence[float | None], second: Sequence[float | None]
) -> Difference | None:
    """Return first less second with Student's 95 % interval over the pairs that are whole.

    Parameters
    ----------
    first, second : sequence of float or None
        One value a seed, in the same order; a pair with a None is left out.

    Returns
    -------
    Difference or None
        None for fewer than two pairs.

    Examples
    --------
    >>> paired_difference([1.0, 2.0, 3.0], [0.0, 1.5, None]).pairs
    2
    """
    off = np.array(
        [a - b for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    )
    n = len(off)
    if n < 2:
        return None
    mean, error = float(off.mean()), float(off.std(ddof=1)) / sqrt(n)
    statistic = abs(mean) / error if error else (inf if mean else 0.0)
    quantile = float(student.ppf((1 + CONFIDENCE) / 2, n - 1))
    return Difference(
        mean,
        quantile * error,
        n,
        p=float(2 * student.sf(statistic, n - 1)),
        p_signs=_sign_flips(off),
    )


def _sign_flips(off: NDArray[np.float64]) -> float:
    """Return the share of all assignments of signs whose sum is at least as far from 0."""
    signs = np.array(list(product((-1, 1), repeat=len(off))))
    sums = np.abs(signs @ off)
    return float(np.mean(sums >= np.abs(off.sum()) * (1 - 1e-12)))


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number (Holm).

    Examples
    --------
    >>> [round(value, 2) for value in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p)
    corrected, worst = np.empty(len(p)), 0.0
    for place, index in enumerate(order):
        worst = max(worst, min(1.0, (len(p) - place) * p[index]))
        corrected[index] = worst
    return [float(value) for value in corrected]
