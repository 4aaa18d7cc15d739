"""What lies along one axis of a tensor, and what that says about the axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Role = Literal["sample", "channel", "place"]
"""What an axis stands for: what changes from one of its elements to the next."""

Rearrangement = Literal["repeat", "depth_to_space", "zero_insertion"]

NOWHERE = -1  # the coordinate of what comes from no root: zeros, padding, a table


class Coordinates(NamedTuple):
    """Where some elements lie in their roots.

    ``sample`` and ``channel`` are indices; ``place`` is one number for all spatial axes, counted
    row by row. All three are -1 (`NOWHERE`) for an element that comes from no root.
    """

    sample: Indices
    channel: Indices
    place: Indices


class Line(NamedTuple):
    """What lies along one axis of a tensor: addresses of the elements, and their coordinates."""

    address: Indices
    at: Coordinates


class AxisGrowth(NamedTuple):
    """How one axis was enlarged, and by which factor."""

    kind: Rearrangement
    factor: int


def growth_along(line: Line) -> AxisGrowth | None:
    """Return how the places along a line repeat, None where they do not.

    Padding and cropping disturb the ends of a line. What tells is the longest stretch along
    which places follow each other at one distance, if it is more than half of the line.

        places  0 0 0 1 1 1 2 2 2       each stays for 3 elements: enlarged by 3
        places  0 . 1 . 2 . 3 .         every 2nd element, nothing between: zeros were inserted
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
        return AxisGrowth("zero_insertion", step * each)
    # At one place, a repeat holds the same element again; other elements there are other
    # channels, or come from other roots. Addresses then change more often than places do.
    moved = np.count_nonzero(np.diff(address)) > np.count_nonzero(np.diff(place))
    return AxisGrowth("depth_to_space" if moved else "repeat", each)


def _regular(place: Indices) -> slice:
    """Return the longest stretch along which places follow each other at one distance.

    It ends where a padding mirrors or wraps around, and where the pixels of a patch go on in the
    next row.
    """
    starts = _starts(place)
    distances = np.diff(place[starts])
    if not len(distances):
        return slice(0)
    changes = np.flatnonzero(np.diff(distances)) + 1
    edges = np.concatenate([[0], changes, [len(distances)]])
    longest = int(np.argmax(np.diff(edges)))
    # Distances are one fewer than places, so the last place of the stretch is one further on, and
    # the stretch ends where the place after that begins.
    ends = np.append(starts, len(place))
    return slice(int(starts[edges[longest]]), int(ends[edges[longest + 1] + 1]))


def _run_length(place: Indices) -> int | None:
    """Return for how many elements each place stays, None where that differs from run to run."""
    runs = np.diff(np.append(_starts(place), len(place)))
    # The first and the last run may be cropped, or lengthened by a padding that repeats them.
    inner = runs if len(runs) == 2 else runs[1:-1]
    return int(inner[0]) if len(runs) > 1 and (inner == inner[0]).all() else None


def _starts(place: Indices) -> Indices:
    """Return where along a line each place begins."""
    return np.concatenate([[0], np.flatnonzero(np.diff(place)) + 1])


def role_along(line: Line) -> Role | None:
    """Return what an axis stands for by what changes along it, None where nothing does."""
    if len(line.address) < 2:
        return None
    filled = line.at.place != NOWHERE
    sample, channel, place = (values[filled] for values in line.at)
    # A batch folded into an axis changes samples and places; an axis of space whose elements
    # come from several channels (depth to space) changes channels and places. The first is an
    # axis of samples, the second one of space.
    if moves(place):
        return "sample" if moves(sample) else "place"
    return "sample" if moves(sample) else "channel" if moves(channel) else None


def moves(values: Sequence[int] | Indices) -> bool:
    """Tell whether any of some values differs from another."""
    return len(values) > 1 and bool(np.ptp(values))
