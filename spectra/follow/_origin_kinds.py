"""Where the elements of one storage come from: what an origin can be asked, and its kinds.

A storage whose values were computed is a `Root`, one into which data were moved is `Moved`, one
whose elements are read in another size is `Recast`. A fourth kind, `Aligned`, has a file of its
own: a copy, or the coordinates of values computed point by point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from spectra.follow._along import Coordinates, Indices
from spectra.follow._axes import Variation

NONE = 0  # the address of what comes from no root: zeros, padding, a table


class Grid(Protocol):
    """The coordinates of the elements of a root."""

    def __call__(self, positions: Indices) -> Coordinates:
        """Return the coordinates of the elements at some positions in the root's storage."""

    def crossed(self, count: int, step: int, start: int) -> set[Variation] | None:
        """Return what changes over ``count`` positions from ``start``, ``step`` apart.

        None where that takes to look at every element.
        """

    def in_space(self, positions: Indices) -> list[Indices]:
        """Return the index along each spatial axis of the elements at some positions."""


class Origin(Protocol):
    """The addresses of the elements of one storage."""

    def at(self, positions: Indices) -> Indices:
        """Return the addresses of the elements at some positions in the storage."""

    def flat(self, device: torch.device) -> Tensor:
        """Return the addresses of all elements, shape (elements,), as float64.

        Every operation that moves data can move float64, and it is exact up to 2**53.
        """

    def crossed(self, count: int, step: int, start: int) -> set[Variation] | None:
        """Return what changes over ``count`` positions from ``start``, ``step`` apart.

        None where that takes to look at every element.
        """


@dataclass(frozen=True)
class Root:
    """The origin of a storage whose values were computed: its elements have own addresses.

    They are ``size`` addresses from ``first`` on, and ``grid`` has their coordinates.
    """

    first: int
    size: int
    grid: Grid

    def at(self, positions: Indices) -> Indices:
        """Return the addresses of the elements at some positions in the storage."""
        return self.first + positions

    def flat(self, device: torch.device) -> Tensor:
        """Return the addresses of all elements, shape (elements,), as float64."""
        return torch.arange(self.first, self.first + self.size, dtype=torch.float64, device=device)

    def crossed(self, count: int, step: int, start: int) -> set[Variation] | None:
        """Return what changes over ``count`` positions from ``start``, ``step`` apart."""
        return self.grid.crossed(count, step, start)


class Moved:
    """The origin of a storage into which data were moved.

    ``work`` returns the addresses of all its elements, by doing the move again on addresses. It
    is called when they are first asked for: of most tensors they never are.
    """

    def __init__(self, work: Callable[[], Tensor]) -> None:
        self._work: Callable[[], Tensor] | None = work
        self._flat: Tensor | None = None
        self._array: Indices | None = None

    def at(self, positions: Indices) -> Indices:
        """Return the addresses of the elements at some positions in the storage."""
        if self._array is None:
            self._array = self._all().cpu().numpy().astype(np.int64)
        return self._array[positions]

    def flat(self, device: torch.device) -> Tensor:
        """Return the addresses of all elements, shape (elements,), as float64."""
        return self._all().to(device)

    def crossed(self, _count: int, _step: int, _start: int) -> None:
        """Return None: what changes along a walk, only the addresses tell."""

    def _all(self) -> Tensor:
        if self._flat is None:
            assert self._work is not None
            # The work holds the origins that it moves; dropped, they can be freed.
            self._flat, self._work = self._work(), None
        return self._flat


@dataclass(frozen=True)
class Recast:
    """An origin read in elements of another size, as complex numbers are seen as real ones.

    ``was`` is the number of bytes of an element of ``origin``, ``item`` that of one now.
    """

    origin: Origin
    was: int
    item: int

    def at(self, positions: Indices) -> Indices:
        """Return the addresses of the elements at some positions in the storage."""
        return self.origin.at(positions * self.item // self.was)

    def flat(self, device: torch.device) -> Tensor:
        """Return the addresses of all elements, shape (elements,), as float64."""
        known = self.origin.flat(device)
        size = len(known) * self.was // self.item
        return known[torch.arange(size, device=device) * self.item // self.was]

    def crossed(self, _count: int, _step: int, _start: int) -> None:
        """Return None: what changes along a walk, only the addresses tell."""
