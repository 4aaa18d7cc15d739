"""How unlikely waves that agree so well are where there is no grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from spectra.images._leaks import is_leaked
from spectra.images._points import FRACTIONS, POINTS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from spectra.images._waves import Waves

LEAST_PLACES = 6  # strips or tiles, without which nothing is told
ALARMS = 0.01  # expected false alarms in a picture, all points, readings and channels together
OFF_LATTICE = 5.4  # log-likelihood by which a frequency beside the lattice is the better one
TESTS = len(POINTS) + len(FRACTIONS)  # of one reading: every point, and each pair of axes
REAL = np.array([point.real for point in POINTS])
LEAST_P = 1e-300


def rayleigh_p(length: ArrayLike, count: ArrayLike) -> NDArray[np.float64]:
    """Return the probability that so many independent unit phases add up to such a length.

    Parameters
    ----------
    length : array_like
        Length of the sum, from 0 to ``count``.
    count : array_like
        Number of phases.

    Returns
    -------
    ndarray
        ``exp(sqrt(1 + 4n + 4(n^2 - R^2)) - (1 + 2n))``, which is right to a few per cent of itself
        and never below zero [1]_.

    References
    ----------
    .. [1] J. H. Zar, *Biostatistical Analysis*, 2010, eq. 27.4.

    Examples
    --------
    >>> float(rayleigh_p(0.0, 20)), float(rayleigh_p(20.0, 20)) < 1e-8
    (1.0, True)
    """
    n, r = np.asarray(count, float), np.asarray(length, float)
    inside = np.maximum(1 + 4 * n + 4 * (n**2 - r**2), 1)
    p: NDArray[np.float64] = np.minimum(np.exp(np.sqrt(inside) - (1 + 2 * n)), 1.0)
    return p


def sign_p(length: ArrayLike, count: ArrayLike) -> NDArray[np.float64]:
    """Return the probability that so many fair signs add up to such a length, either way.

    Examples
    --------
    >>> float(sign_p(10, 10)) == 2 * 0.5**10, float(sign_p(0, 10))
    (True, 1.0)
    """
    n, r = np.asarray(count, float), np.asarray(length, float)
    heads = np.maximum(np.rint((n + r) / 2), 1)
    # the upper tail of a binomial law is an incomplete beta function
    p: NDArray[np.float64] = 2 * special.betainc(heads, np.maximum(n - heads, 0) + 1, 0.5)
    return np.minimum(p, 1.0)


def line_p(waves: Waves) -> NDArray[np.float64]:
    """Return how unlikely each wave is beside its neighbours, if they were all of the scene.

    A texture whose period is close to the lattice's makes its neighbours as strong. The ratio of
    one power to the mean of others follows Fisher's distribution, of one degree of freedom where
    the wave has only a sign and of two elsewhere.
    """
    power = np.abs(waves.own) ** 2
    count = waves.bins.sum(-1)
    beside = np.where(waves.bins, np.abs(waves.beside) ** 2, 0).sum(-1)
    ratio = power / np.maximum(beside, 1e-12)
    p: NDArray[np.float64] = (1 + ratio) ** -count.astype(float)
    p[:, REAL] = special.fdtrc(1, np.maximum(count, 1)[REAL], (ratio * count)[:, REAL])
    return np.where(count == 0, 1.0, p)


def is_astray(waves: Waves) -> NDArray[np.bool_]:
    """Return which waves have a frequency beside the lattice: a scene's, such as windows.

    The phases turn from one end of the picture to the other then, and a frequency a fraction of
    a bin away explains them better than the lattice's own, by the likelihood of a von Mises
    distribution.
    """
    own, best = np.abs(waves.own), np.abs(waves.astray).max(-1)
    spread = best / np.maximum(waves.places, 1)
    gained: NDArray[np.float64] = concentration(spread) * (best - own)
    return gained > OFF_LATTICE


def concentration(mean_length: ArrayLike) -> NDArray[np.float64]:
    """Return the concentration of a von Mises distribution with such a mean resultant length.

    Examples
    --------
    >>> concentration([0.0, 0.5, 0.9]).round(1)
    array([0. , 1.2, 5.3])
    """
    r = np.minimum(np.asarray(mean_length, float), 0.98)
    low = 2 * r + r**3 + 5 * r**5 / 6
    middle = -0.4 + 1.39 * r + 0.43 / (1 - r)
    high = 1 / (r**3 - 4 * r**2 + 3 * r + 1e-12)
    found: NDArray[np.float64] = np.where(r < 0.53, low, np.where(r < 0.85, middle, high))
    return found


def own_p(waves: Waves) -> NDArray[np.float64]:
    """Return a p-value for each reading and point: the larger of two that are each valid.

    What a stronger wave leaks into its neighbours is still in it, see `point_p`.
    """
    length, places = np.abs(waves.own), waves.places
    agreement = rayleigh_p(length, places)
    agreement[:, REAL] = sign_p(length[:, REAL], places[:, REAL])
    p = np.maximum(agreement, line_p(waves))
    valid: NDArray[np.float64] = np.where(places < LEAST_PLACES, 1.0, np.clip(p, LEAST_P, 1.0))
    return valid


def point_p(waves: Waves) -> NDArray[np.float64]:
    """Return a p-value for each reading and point; 1 of what may be a stronger wave's skirt."""
    p = own_p(waves)
    return np.where(is_leaked(waves, p), 1.0, p)


def alarms(p: NDArray[np.float64], astray: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the expected number of false alarms at each reading and point.

    Along an axis a point counts by itself, or together with the same frequency along the other
    axis, which is a test of its own. Where one axis alone shows some points, the other is asked
    for these only. What is astray is a scene's, unless both axes show it.

    Parameters
    ----------
    p : ndarray, shape (reading, point)
        As of `point_p`.
    astray : ndarray of bool, shape (reading, point)
        As of `is_astray`.
    """
    tests = TESTS * len(p)
    alone = np.where(astray, 1.0, p) * tests
    x, y = slice(0, len(FRACTIONS)), slice(len(FRACTIONS), 2 * len(FRACTIONS))
    both = np.maximum(p[:, x], p[:, y]) ** 2 * tests
    found = alone.copy()
    for own, other in ((x, y), (y, x)):
        shown = alone[:, other] < ALARMS
        asked = np.where(shown, p[:, own] * max(int(shown.sum()), 1), np.inf)
        together = np.where(shown, asked, both)
        found[:, own] = np.minimum(alone[:, own], together)
    return found
