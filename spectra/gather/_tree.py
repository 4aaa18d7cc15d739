"""Sums of parts, added in one fixed tree: the same bits whoever measured which part, and when.

Floating-point sums depend on their order. So the order is fixed by the numbers of the parts alone:
sixteen parts make a branch, sixteen branches a larger one. A branch, or the beginning of one, is a
stretch of parts with one sum, which a file may hold in their place:

    parts      0 1 ... 15   16 17 ... 31   32 33 34
               |________|   |__________|   |______|
    branches       0             1         beginning of the next
                   |_____________|
             beginning of a larger branch

At any time one sum a level is held, however many parts there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spectra.gather._sums import Sums

FAN = 16  # parts of a branch, and branches of a larger one


@dataclass
class Stretch:
    """Sums of the parts from ``start`` up to ``stop``, which is not among them."""

    start: int
    stop: int
    sums: Sums


class Tree:
    """Adds stretches of parts that come in order."""

    def __init__(self) -> None:
        self._levels: dict[int, Stretch] = {}  # by the number of parts in one child of a branch

    @property
    def stop(self) -> int:
        """The first part that is not yet in it."""
        return max((held.stop for held in self._levels.values()), default=0)

    @property
    def held(self) -> list[Stretch]:
        """The stretches that are held, each the beginning of a branch, in order."""
        return sorted(self._levels.values(), key=lambda held: held.start)

    def push(self, stretch: Stretch) -> None:
        """Add the next stretch, one of those that `is_stretch` allows."""
        child = child_of(stretch.start, stretch.stop)
        held = self._levels.pop(child, None)
        if held is not None:
            held.sums.add(stretch.sums)
            stretch = Stretch(held.start, stretch.stop, held.sums)
        if stretch.stop - stretch.start == FAN * child:
            self.push(stretch)
        else:
            self._levels[child] = stretch

    def total(self) -> Sums:
        """Return the sum of all parts: what is left of each branch goes into the larger one."""
        *larger, last = self.held
        for held in reversed(larger):
            held.sums.add(last.sums)
            last = held
        self._levels = {}
        return last.sums


def child_of(start: int, stop: int) -> int:
    """Return how many parts a child of the branch has that a stretch begins or is a child of.

    A stretch of one child may lie anywhere in its branch; one of several begins it.
    """
    child = 1
    while FAN * child <= stop - start:
        child *= FAN
    return child


def is_stretch(start: int, stop: int) -> bool:
    """Tell whether the tree adds the parts of a stretch before any other.

    Examples
    --------
    >>> is_stretch(5, 6), is_stretch(16, 32), is_stretch(16, 19), is_stretch(4, 6)
    (True, True, True, False)
    """
    child = child_of(start, stop)
    whole, rest = divmod(stop - start, child)
    return rest == 0 and start % (child if whole == 1 else FAN * child) == 0
