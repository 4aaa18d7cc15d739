"""Whose constant pattern is stronger, in grey levels, of two folders of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spectra.images._cause import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

DRAWS = 2000  # resamplings of the pictures
LEAST = 4  # pictures on each side, without which there is no interval
CLEARLY = 2.0  # times as strong, from which on few pictures show it without an interval


@dataclass(frozen=True)
class Levels:
    """How much stronger the pattern of some pictures is than that of others, in grey levels.

    The grain says little of it: an even pattern adds next to nothing where a picture is busy.

    Attributes
    ----------
    first, second : float
        Root mean square of the pattern, the mean over all pictures; 0 of those without a grid.
    interval : tuple of float or None
        Ends of the 95 % interval of their difference; None of fewer than four on a side.
    """

    first: float
    second: float
    interval: tuple[float, float] | None

    @property
    def which(self) -> str | None:
        """``"first"`` or ``"second"``, whose pattern is shown to be stronger; None of neither.

        It has to be by more than rounding leaves.
        """
        low, high = self.interval or (0.0, 0.0)
        if low > ROUNDING:
            return "first"
        return "second" if high < -ROUNDING else None

    @property
    def shown(self) -> bool:
        """Whether there is a pattern that is more than rounding leaves."""
        return max(self.first, self.second) > ROUNDING

    @property
    def growth_db(self) -> float:
        """By how many dB the second is stronger, where rounding alone counts as its 0.2 levels."""
        ratio = max(self.second, ROUNDING) / max(self.first, ROUNDING)
        return float(20 * np.log10(ratio))

    @property
    def explains(self) -> bool:
        """Whether the second is as strong as the first, or is not shown to be weaker."""
        if self.interval is None:
            return self.first <= CLEARLY * self.second + ROUNDING
        return self.which != "first"

    @classmethod
    def between(cls, first: Sequence[float], second: Sequence[float], *, seed: int = 0) -> Levels:
        """Return how much stronger one pattern is than another.

        Parameters
        ----------
        first, second : sequence of float
            Of each picture, see `PictureRow`; the pictures need not correspond.
        seed : int
            Of the resampling.

        Examples
        --------
        >>> found = Levels.between([1.0, 1.1, 0.9, 1.0], [12.0, 11.9, 12.1, 12.0])
        >>> found.which, round(found.growth_db, 1)
        ('second', 21.6)
        """
        interval = mean_interval(first, second, seed=seed)
        return cls(float(np.mean(first)), float(np.mean(second)), interval)


def mean_interval(
    first: ArrayLike, second: ArrayLike, *, seed: int = 0
) -> tuple[float, float] | None:
    """Return the ends of the 95 % interval of a difference of means, by drawing pictures again.

    None of fewer than four pictures on a side.
    """
    sides: list[NDArray[np.float64]] = [np.asarray(side, float) for side in (first, second)]
    if min(map(len, sides)) < LEAST:
        return None
    rng = np.random.default_rng(seed)
    draws = [side[rng.integers(0, len(side), (DRAWS, len(side)))].mean(1) for side in sides]
    low, high = np.quantile(draws[0] - draws[1], [0.025, 0.975])
    return float(low), float(high)
