"""All roots of one forward pass: which addresses belong to which, and where those lie."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np

from spectra.follow._along import NOWHERE, Coordinates, Indices, Line
from spectra.follow._origin_kinds import NONE, Grid, Root
from spectra.follow._seen import Seen


class Roots:
    """An address book: roots get addresses one after the other, and addresses are looked up.

    root        none   first    second    third
    addresses   0      1 .. 6   7 .. 18   19 .. 24
    """

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._grids: list[Grid] = []
        self._end = NONE + 1

    def add(self, size: int, grid: Grid) -> Root:
        """Give ``size`` elements addresses of their own and return the root that they are."""
        root = Root(self._end, size, grid)
        self._firsts.append(root.first)
        self._grids.append(grid)
        self._end += size
        return root

    def locate(self, address: Indices) -> Coordinates:
        """Return the coordinates of some addresses, each in its own root."""
        sample, channel, place = (np.full(address.shape, NOWHERE) for _ in range(3))
        owner = np.searchsorted(self._firsts, address, side="right") - 1
        # All of one root, as most questions are, needs no sorting out.
        if len(owner) and owner[0] >= 0 and (owner == owner[0]).all():
            grid: Grid = self._grids[owner[0]]
            return grid(address - self._firsts[owner[0]])
        for index in np.unique(owner[address != NONE]):
            mine = (owner == index) & (address != NONE)
            of = self._grids[index](address[mine] - self._firsts[index])
            sample[mine], channel[mine], place[mine] = of
        return Coordinates(sample, channel, place)

    def in_space(self, address: Indices) -> list[Indices]:
        """Return the index along each spatial axis of their root of some addresses.

        The list is empty where they come from several roots, or from none.
        """
        owners = np.unique(np.searchsorted(self._firsts, address, side="right") - 1)
        if len(owners) != 1 or owners[0] < 0:
            return []
        grid: Grid = self._grids[owners[0]]
        return grid.in_space(address - self._firsts[owners[0]])

    def through(self, seen: Seen, index: Sequence[int]) -> list[Line]:
        """Return what lies along every axis of a tensor through the element at ``index``."""
        assert seen.origin is not None
        middle = seen.offset + sum(i * s for i, s in zip(index, seen.stride, strict=True))
        axes = zip(seen.shape, seen.stride, index, strict=True)
        positions = [middle + (np.arange(n, dtype=np.int64) - i) * s for n, s, i in axes]
        # All lines are looked up in one go and taken apart again: the look-up costs the same for
        # one element as for some hundred, and may go through a chain of origins.
        address = seen.origin.at(np.concatenate(positions or [np.array([middle])]))
        sample, channel, place = self.locate(address)
        ends = list(accumulate(seen.shape, initial=0))
        parts = [slice(begin, end) for begin, end in pairwise(ends)]
        return [Line(address[p], Coordinates(sample[p], channel[p], place[p])) for p in parts]

    def along(self, seen: Seen, axis: int, anchor: Sequence[int]) -> Line | None:
        """Return what lies along one axis of a tensor through the element at ``anchor``.

        None where nothing is known of the tensor.
        """
        if seen.origin is None:
            return None
        start = seen.offset + sum(
            i * s for k, (i, s) in enumerate(zip(anchor, seen.stride, strict=True)) if k != axis
        )
        positions = start + np.arange(seen.shape[axis], dtype=np.int64) * seen.stride[axis]
        address = seen.origin.at(positions)
        return Line(address, self.locate(address))

    def places(self, seen: Seen, index: Indices) -> Indices:
        """Return the places of the elements of a tensor at some indices, shape (axes, count)."""
        assert seen.origin is not None
        positions = seen.offset + np.array(seen.stride, dtype=np.int64) @ index
        return self.locate(seen.origin.at(positions)).place
