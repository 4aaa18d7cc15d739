"""The ratio of two estimates, and the interval in which it lies."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt


@dataclass(frozen=True)
class Estimate:
    """A number and how far its 95 % interval reaches below and above it."""

    value: float
    below: float
    above: float


def ratio_interval(over: Estimate, under: Estimate, *, shared: float = 0.0) -> tuple[float, float]:
    """Return the 95 % interval of ``over / under``, both of which are above zero in truth.

    A ratio ``q`` belongs to it if ``over - q under`` may be zero. With equal reaches, and `shared`
    their covariance times the squared quantile, this is Fieller's interval [1]_; with unequal ones
    it recovers variances from the intervals [2]_. Turned around, the interval is the reciprocal,
    and it holds 1 just where that of the difference holds 0.

    Parameters
    ----------
    over, under : Estimate
        The numbers; by chance they may be below zero.
    shared : float
        What both have in common: their covariance times the squared quantile, 0 if nothing.

    Returns
    -------
    tuple of float
        0 where nothing keeps ``over`` above zero, infinity where nothing does ``under``.

    References
    ----------
    .. [1] E. C. Fieller, "Some problems in interval estimation", J. R. Stat. Soc. B 16, 1954.
    .. [2] A. Donner and G. Y. Zou, "Closed-form confidence intervals for functions of the normal
       mean and standard deviation", Stat. Methods Med. Res. 21, 2012.

    Examples
    --------
    >>> low, high = ratio_interval(Estimate(2.0, 0.2, 0.2), Estimate(1.0, 0.1, 0.1))
    >>> round(low, 3), round(high, 3)
    (1.735, 2.305)
    >>> ratio_interval(Estimate(2.0, 0.0, 0.0), Estimate(1.0, 1.5, 1.5))
    (0.8, inf)
    """
    low = _least(over, under, shared=shared)
    turned = _least(under, over, shared=shared)
    return low, 1 / turned if turned > 0 else inf


def _least(over: Estimate, under: Estimate, *, shared: float) -> float:
    """Return the lower end: the smaller root of ``(over - q under)^2 = reach(q)^2``."""
    constant = over.value**2 - over.below**2
    if over.value <= 0 or constant <= 0:
        return 0.0
    linear = over.value * under.value - shared
    square = under.value**2 - under.above**2
    # Rounding alone makes the root of an exact pair negative.
    root = linear + sqrt(max(linear**2 - square * constant, 0.0))
    return constant / root if root > 0 else 0.0
