"""Outcomes of many trials become rates with intervals, biases, coverages, ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, binomtest, rankdata, spearmanr

from benchmarks.calibration.trials import Outcome

SUSPECT = 0.05
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Rate:
    """A count out of a number of trials."""

    hits: int
    trials: int

    @property
    def value(self) -> float:
        """The fraction."""
        return self.hits / self.trials

    def interval(self) -> tuple[float, float]:
        """Return the exact 95 % interval (Clopper and Pearson)."""
        low, high = (1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2
        k, n = self.hits, self.trials
        return (
            float(beta.ppf(low, k, n - k + 1)) if k else 0.0,
            float(beta.ppf(high, k + 1, n - k)) if k < n else 1.0,
        )

    def above(self, nominal: float) -> float:
        """Return the p-value of the hypothesis that the true rate is at most ``nominal``."""
        return float(binomtest(self.hits, self.trials, nominal, alternative="greater").pvalue)

    def __str__(self) -> str:
        return f"{self.value:.3f}"


def rate(outcomes: Sequence[Outcome], verdict: str) -> Rate:
    """Return how often a verdict was given: ``present``, ``insufficient``, or ``p < .05``."""
    if verdict == "p < .05":
        hits = sum(o.p is not None and o.p < SUSPECT for o in outcomes)
    else:
        hits = sum(o.verdict == verdict for o in outcomes)
    return Rate(hits, len(outcomes))


def auc(clean: Sequence[Outcome], faulty: Sequence[Outcome]) -> float:
    """Return how often a faulty map has the smaller p, or the larger z where both are equal."""
    both = [(o.p if o.p is not None else 1.0, -(o.z or 0.0)) for o in (*clean, *faulty)]
    _, place = np.unique(np.array(both), axis=0, return_inverse=True)
    ranks = rankdata(-place.ravel())
    n, m = len(clean), len(faulty)
    return float((ranks[n:].sum() - m * (m + 1) / 2) / (n * m))


def bias_db(outcomes: Sequence[Outcome]) -> tuple[float, float]:
    """Return median and spread (half the 16 to 84 % range) of estimate less truth, in dB."""
    off = np.array([o.dbc - o.truth_dbc for o in outcomes if o.dbc is not None])
    if not len(off):
        return float("nan"), float("nan")
    low, middle, high = np.percentile(off, [16, 50, 84])
    return float(middle), float(high - low) / 2


def coverage(outcomes: Sequence[Outcome]) -> Rate:
    """Return how often the interval holds the truth; an open end counts as infinite."""
    held = [
        (o.low is None or o.low <= o.truth_dbc) and (o.upper is None or o.truth_dbc <= o.upper)
        for o in outcomes
    ]
    return Rate(sum(held), len(held))


def rank_correlation(
    first: Sequence[float | None], second: Sequence[float | None]
) -> tuple[float, int]:
    """Return Spearman's rank correlation over the pairs that are known, and their number."""
    pairs: NDArray[np.float64] = np.array(
        [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    )
    return float(spearmanr(*pairs.T).statistic), len(pairs)


def median(values: Sequence[float | None]) -> float | None:
    """Return the median of what is known, None of nothing."""
    known = [v for v in values if v is not None]
    return float(np.median(known)) if known else None
