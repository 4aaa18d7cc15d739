"""What the axes of a tensor stand for, told from its geometry alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np

from spectra.follow._along import Coordinates, Indices, Role

Variation = Role | Literal["still"]
"""What changes along a walk; nothing does along an axis over which one element is spread."""

Ranks = dict[Role, Indices]
"""Where an axis stands for several things (heads of each window): the rank in each, by index."""

Geometry = tuple[tuple[int, ...], tuple[int, ...], int]
"""Shape, stride and offset of a tensor in its storage."""


class Leg(NamedTuple):
    """A part of a walk through a storage: ``stops`` on an axis, ``step`` indices apart."""

    axis: int
    stops: int
    step: int


class Axes:
    """The coordinates of the elements of a storage in which one tensor lies.

    Parameters
    ----------
    geometry : tuple
        Shape, stride and offset of the tensor.
    roles : callable
        Returns what each axis stands for. It is called when that is first asked for, which for
        most tensors is never.
    """

    def __init__(self, geometry: Geometry, roles: Callable[[], Sequence[Role | Ranks]]) -> None:
        self.geometry, self._roles = geometry, roles
        self._known: Sequence[Role | Ranks] | None = None

    def __call__(self, positions: Indices) -> Coordinates:
        """Return the coordinates of the elements at some positions in the storage."""
        shape, stride, _ = self.geometry
        of = {role: np.zeros(positions.shape, np.int64) for role in ("sample", "channel", "place")}
        for n, s, meaning in zip(shape, stride, self._meanings(), strict=True):
            if n == 1:
                continue
            # What was just made lies at the start of its storage, so no offset is taken off. An
            # expanded axis has stride 0, by which nothing can be divided.
            index = positions // max(s, 1) % n
            # Axes of one role are counted together, row by row: place = y * width + x.
            if isinstance(meaning, str):
                of[meaning] = of[meaning] * n + index
                continue
            for role, ranks in meaning.items():
                of[role] = of[role] * (int(ranks.max()) + 1) + ranks[index]
        return Coordinates(of["sample"], of["channel"], of["place"])

    def crossed(self, count: int, step: int, start: int) -> set[Variation] | None:
        """Return what changes over ``count`` positions from ``start``, ``step`` apart.

        None where the geometry does not tell.
        """
        walk = legs(self.geometry, count, step, start)
        meanings = self._meanings()
        met = [meanings[leg.axis] for leg in walk or ()]
        if walk is None or not all(isinstance(meaning, str) for meaning in met):
            return None
        return {meaning for meaning in met if isinstance(meaning, str)}

    def in_space(self, positions: Indices) -> list[Indices]:
        """Return the index along each spatial axis of the elements at some positions."""
        shape, stride, _ = self.geometry
        axes = zip(shape, stride, self._meanings(), strict=True)
        return [
            positions // max(s, 1) % n
            for n, s, meaning in axes
            if isinstance(meaning, str) and meaning == "place"
        ]

    def _meanings(self) -> Sequence[Role | Ranks]:
        if self._known is None:
            self._known = self._roles()
        return self._known


def legs(geometry: Geometry, count: int, step: int, start: int) -> list[Leg] | None:
    """Return the axes that a regular walk through a storage goes along, the fastest first.

    None where the walk leaves the tensor, or is regular in the storage but not along the axes.

    Parameters
    ----------
    geometry : tuple
        Shape, stride and offset of the tensor.
    count, step, start : int
        How many positions the walk has, how far apart they are, and the first of them.

    Examples
    --------
    >>> legs(((3, 4, 5), (20, 5, 1), 0), count=20, step=1, start=20)  # the second matrix of three
    [Leg(axis=2, stops=5, step=1), Leg(axis=1, stops=4, step=1)]
    """
    where = indices(geometry, start)
    if where is None:
        return None
    found = []
    for axis, n, stride in _fastest_first(geometry):
        if count == 1:
            break
        # The walk does not move along an axis whose stride does not divide its step, nor along
        # one that a single step leaps over: a slower axis is taken for it.
        if step % stride or step >= stride * n:
            continue
        by = step // stride
        here = min(count, -(-(n - where[axis]) // by))
        # A walk that goes on beyond the end of this axis continues along the next one only if it
        # starts at this axis' beginning and each round through it has the same stops.
        if here < count and (where[axis] or n % by or count % here):
            return None
        found.append(Leg(axis, here, by))
        count, step = count // here, stride * n
    return found if count == 1 else None


def indices(geometry: Geometry, position: int) -> list[int] | None:
    """Return the index of an element from its position, None where it is none of the tensor."""
    shape, _, offset = geometry
    found, left = [0] * len(shape), position - offset
    for axis, n, stride in reversed(list(_fastest_first(geometry))):
        found[axis], left = divmod(left, stride)
        if not 0 <= found[axis] < n:
            return None
    return found if left == 0 else None


def _fastest_first(geometry: Geometry) -> Iterator[tuple[int, int, int]]:
    """Return axis, size and stride of each axis of more than one element, by its stride."""
    shape, stride, _ = geometry
    axes = [(axis, n, s) for axis, (n, s) in enumerate(zip(shape, stride, strict=True)) if n > 1]
    yield from sorted(axes, key=lambda a: a[2])
