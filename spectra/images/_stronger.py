"""Whose grid is stronger: the difference of two folders, with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spectra.images._levels import Levels, mean_interval
from spectra.images._ripple import PERIODS, at_period, ripple_db

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Stronger:
    """How much stronger the grid of some pictures is than that of others.

    Attributes
    ----------
    period : int
        At which it is measured, in pixels.
    first_db, second_db : float
        Deviation of the grain with that period, from the mean over all pictures, in dB.
    difference : float
        Mean variance of the first less that of the second, in squares of the log residual.
    interval : tuple of float or None
        Ends of its 95 % interval; None of fewer than four pictures on a side.
    levels : Levels or None
        The same of their constant patterns, where these were given.
    """

    period: int
    first_db: float
    second_db: float
    difference: float
    interval: tuple[float, float] | None
    levels: Levels | None = None

    @property
    def which(self) -> str | None:
        """``"first"`` or ``"second"``, whose grid is shown to be stronger; None of neither.

        The pattern decides where it shows a difference, as it is what is seen; else the ripple.
        """
        return (self.levels and self.levels.which) or self.which_ripple

    @property
    def which_ripple(self) -> str | None:
        """The same by the ripple alone."""
        if self.interval is None or self.interval[0] <= 0 <= self.interval[1]:
            return None
        return "first" if self.difference > 0 else "second"

    @classmethod
    def between(
        cls,
        first: Sequence[NDArray[np.float64]],
        second: Sequence[NDArray[np.float64]],
        *,
        period: int,
        patterns: tuple[Sequence[float], Sequence[float]] | None = None,
        seed: int = 0,
    ) -> Stronger:
        """Return how much stronger one grid is than another.

        Parameters
        ----------
        first, second : sequence of ndarray, shape (15,)
            Variances of each picture, see `ripple_variances`; the pictures need not correspond.
        period : int
            From 2 to 16 pixels; at another one all of 8 are taken.
        patterns : tuple of two sequences of float, optional
            Root mean square of the pattern of each picture, of the first and the second.
        seed : int
            Of the resampling.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> strong, weak = rng.normal(0.02, 0.004, (9, 15)), rng.normal(0, 0.004, (9, 15))
        >>> Stronger.between(strong, weak, period=2).which, (
        ...     Stronger.between(weak, weak, period=2).which
        ... )
        ('first', None)
        """
        period = period if period in PERIODS else 8
        one, other = (
            np.array([at_period(each, period) for each in side]) for side in (first, second)
        )
        return cls(
            period,
            first_db=ripple_db(float(one.mean())),
            second_db=ripple_db(float(other.mean())),
            difference=float(one.mean() - other.mean()),
            interval=mean_interval(one, other, seed=seed),
            levels=None if patterns is None else Levels.between(*patterns, seed=seed),
        )
