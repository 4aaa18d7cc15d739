"""What one choice changes, seed by seed: the mean difference of pairs and its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
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
        Of no difference, two-sided, one comparison.
    """

    mean: float
    half_width: float
    pairs: int
    p: float

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
    return Difference(mean, quantile * error, n, float(2 * student.sf(statistic, n - 1)))
