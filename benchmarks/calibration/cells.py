"""A cell of the table: how its maps are drawn, how often, and what is known of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Maps = NDArray[np.floating]
Draw = Callable[[Generator, str], Maps]


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes
    ----------
    name : str
    factor : tuple of int
        Period at which the maps are scored.
    also : tuple of tuple of int
        Other periods at which they are scored.
    draw : callable
        From a generator and the name of a part, maps (n, channel, *spatial) of one trial; or
        those and the locked share that is true of them.
    natural : bool
        Of a clean cell: natural statistics and no grid that is known.
    trials : int
    reach : int
        Pixels from each border that padding reaches, as an analysis knows from the layers.
    """

    name: str
    factor: tuple[int, ...]
    draw: Callable[[Generator, str], Maps | tuple[Maps, float]]
    natural: bool = True
    trials: int = 300
    reach: int = 0
    also: tuple[tuple[int, ...], ...] = ()

    @property
    def periods(self) -> tuple[tuple[int, ...], ...]:
        """All periods at which the maps are scored."""
        return self.factor, *self.also
