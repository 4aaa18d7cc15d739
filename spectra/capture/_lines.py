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
    """Return how the places along a line repeat, None where they do not.

    Padding and cropping disturb the ends. What tells is the longest stretch along which places
    follow each other at one distance, if that is more than half of the line.
    """
    filled = np.flatnonzero(line.at.place != NOWHERE)
    if len(filled) < 2 or np.ptp(line.at.sample[filled]):
        return None
    stretch = filled[_regular(line.at.place[filled])]
    if len(stretch) < 2:
        return None
    step = int(stretch[1] - stretch[0])
    if (np.diff(stretch) != step).any() or 2 * step * len(stretch) <= len(line.address):
        return None
    place, address = line.at.place[stretch], line.address[stretch]
    each = _run_length(place)
    if each is None or step * each < 2:
        return None
    if step > 1:
        return Growth("zero_insertion", step * each)
    moved = np.count_nonzero(np.diff(address)) > np.count_nonzero(np.diff(place))
    return Growth("depth_to_space" if moved else "repeat", each)


def _regular(place: Indices) -> slice:
    """Return the longest stretch along which places follow each other at one distance.

    The pixels of a patch do not, which go on in the next row, nor does what a padding mirrors or
    wraps around.
    """
    starts = _starts(place)
    distances = np.diff(place[starts])
    if not len(distances):
        return slice(0)
    changes = np.flatnonzero(np.diff(distances)) + 1
    edges = np.concatenate([[0], changes, [len(distances)]])
    longest = int(np.argmax(np.diff(edges)))
    ends = np.append(starts, len(place))
    return slice(int(starts[edges[longest]]), int(ends[edges[longest + 1] + 1]))


def _run_length(place: Indices) -> int | None:
    """Return for how many elements each place stays, None where that differs from run to run.

    The first and the last may be cropped, or repeated by a padding.
    """
    runs = np.diff(np.append(_starts(place), len(place)))
    inner = runs if len(runs) == 2 else runs[1:-1]
    return int(inner[0]) if len(runs) > 1 and (inner == inner[0]).all() else None


def _starts(place: Indices) -> Indices:
    """Return where each place begins."""
    return np.concatenate([[0], np.flatnonzero(np.diff(place)) + 1])


def role_along(line: Lines) -> Role | None:
    """Return what an axis stands for: what changes along it."""
    if len(line.address) < 2:
        return None
    filled = line.at.place != NOWHERE
    sample, channel, place = (values[filled] for values in line.at)
    if moves(place):
        return "sample" if moves(sample) else "place"
    return "sample" if moves(sample) else "channel" if moves(channel) else None


def moves(values: Sequence[int] | Indices) -> bool:
    return len(values) > 1 and bool(np.ptp(values))
