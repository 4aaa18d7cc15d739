"""What lies along one axis of a tensor, and what that says about the axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Role = Literal["sample", "channel", "place"]
Rearrangement = Literal["repeat", "depth_to_space", "zero_insertion"]

NOWHERE = -1  # place of what comes from no root: zeros, padding, a table


class Coordinates(NamedTuple):
    """Sample, channel and place of some elements; ``place`` is -1 where there is none."""

    sample: Indices
    channel: Indices
    place: Indices


class Lines(NamedTuple):
    """What lies along one axis of a tensor: addresses and their coordinates."""

    address: Indices
    at: Coordinates


class Growth(NamedTuple):
    """How one axis was enlarged."""

    kind: Rearrangement
    factor: int


def growth_along(line: Lines) -> Growth | None:
    """Return how the places along a line repeat, None where they do not."""
    filled = np.flatnonzero(line.at.place != NOWHERE)
    place = line.at.place[filled]
    if len(filled) < 2 or np.ptp(line.at.sample[filled]):
        return None
    size = len(line.address)
    if len(filled) < size:
        step = int(filled[1] - filled[0])
        regular = step > 1 and bool((np.diff(filled) == step).all())
        whole = filled[0] < step and size - filled[-1] <= step
        moves = bool((np.diff(place) != 0).all())
        return Growth("zero_insertion", step) if regular and whole and moves else None
    starts = np.concatenate([[0], np.flatnonzero(np.diff(place)) + 1, [size]])
    runs = np.diff(starts)
    factor = int(runs.max())
    inner = runs if len(runs) == 2 else runs[1:-1]
    if len(runs) < 2 or factor < 2 or (inner != factor).any():
        return None
    several = np.count_nonzero(np.diff(line.address)) > len(runs) - 1
    return Growth("depth_to_space" if several else "repeat", factor)


def role_along(line: Lines) -> Role | None:
    """Return what an axis stands for: what changes along it."""
    filled = line.at.place != NOWHERE
    sample, channel, place = (values[filled] for values in line.at)
    if moves(place):
        return "sample" if moves(sample) else "place"
    return "sample" if moves(sample) else "channel" if moves(channel) else None


def moves(values: Sequence[int] | Indices) -> bool:
    return len(values) > 1 and bool(np.ptp(values))
