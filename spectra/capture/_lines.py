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
    if len(line.address) < 2:
        return None
    filled = np.flatnonzero(line.at.place != NOWHERE)
    place = line.at.place[filled]
    if len(filled) < 2 or np.ptp(line.at.sample[filled]):
        return None
    size = len(line.address)
    if len(filled) < size:
        step = int(filled[1] - filled[0])
        regular = step > 1 and bool((np.diff(filled) == step).all())
        whole = filled[0] < step and size - filled[-1] <= step
        run = _run_length(place)
        return Growth("zero_insertion", step * run) if regular and whole and run else None
    factor = _run_length(place)
    if factor is None or factor < 2:
        return None
    changes = np.count_nonzero(np.diff(line.address))
    moved = changes > np.count_nonzero(np.diff(place))
    return Growth("depth_to_space" if moved else "repeat", factor)


def _run_length(place: Indices) -> int | None:
    """Return for how many elements each place stays before the next one along the same axis.

    None where that differs from run to run, or where the places are those of no one axis: the
    pixels of a patch, which go on in the next row.
    """
    starts = np.concatenate([[0], np.flatnonzero(np.diff(place)) + 1, [len(place)]])
    runs = np.diff(starts)
    longest = int(runs.max())
    inner = runs if len(runs) == 2 else runs[1:-1]  # the ends may be cropped
    if len(runs) < 2 or (inner != longest).any():
        return None
    strides = np.diff(place[starts[:-1]])
    return longest if strides[0] and (strides == strides[0]).all() else None


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
