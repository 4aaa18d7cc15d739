"""What the recipes of papers record of many pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from spectra._text import suggestion
from spectra.errors import ParameterError
from spectra.images._recipes import (
    autocorrelation,
    corvi2023_power,
    feature_names,
    synthbuster2023,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


@dataclass(eq=False)
class Recorded:
    """What a recipe recorded: a row for each picture, or a mean over them.

    Attributes
    ----------
    rows : list of ndarray
        One for each picture, in order; empty of a recipe that only has a mean.
    total : ndarray or None
        Sum over all pictures of a recipe that has a mean.
    count : int
        Of how many.
    """

    keeps_rows: bool
    rows: list[NDArray[np.float64]] = field(default_factory=list)
    total: NDArray[np.float64] | None = None
    count: int = 0

    def add(self, values: NDArray[np.float64] | None) -> None:
        """Add what one picture gives; None of a picture that gives nothing."""
        if values is None:
            return
        self.count += 1
        if self.keeps_rows:
            self.rows.append(values)
        else:
            self.total = values if self.total is None else self.total + values

    @property
    def names(self) -> tuple[str, ...]:
        """What the values of a row are called."""
        return feature_names()

    @property
    def mean_power(self) -> NDArray[np.float64] | None:
        """The mean of what has one: a power spectrum; None of no pictures."""
        return None if self.total is None else self.total / self.count

    @property
    def autocorrelation(self) -> NDArray[np.float64] | None:
        """The autocorrelation that belongs to the mean power, 1 at no shift, which is central."""
        power = self.mean_power
        return None if power is None else autocorrelation(power)


RECIPES: dict[str, Callable[[NDArray[np.float32]], Any]] = {
    "corvi2023": corvi2023_power,
    "synthbuster2023": synthbuster2023,
}
ROW_EACH = ("synthbuster2023",)


def new_record(name: str) -> Recorded:
    """Return an empty record of a recipe.

    Raises
    ------
    ParameterError
        If there is no recipe of that name for pictures.
    """
    if name not in RECIPES:
        message = f"recipe={name!r} is none for pictures: {suggestion(name, RECIPES)}"
        raise ParameterError(message)
    return Recorded(keeps_rows=name in ROW_EACH)
