"""Read off where elements come from whether moving them has enlarged a map."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from torch import Tensor

from spectra.follow._along import (
    NOWHERE,
    AxisGrowth,
    Line,
    Rearrangement,
    Role,
    growth_along,
    moves,
    role_along,
)
from spectra.follow._layout import Layout
from spectra.follow._origins import Origins


@dataclass(frozen=True)
class Enlarged:
    """A tensor that holds each place of its root several times, or zeros between them.

    Attributes
    ----------
    kind : str
        How it was enlarged. Where its axes differ, zero insertion comes before depth to space,
        and that before a repeat.
    factor : tuple of int
        Enlargement along each spatial axis, 1 where there is none.
    layout : Layout
        Which axes of the tensor are samples, channels and space.
    shape : tuple of int
        ``(channel, *spatial)`` of its map.
    """

    kind: Rearrangement
    factor: tuple[int, ...]
    layout: Layout
    shape: tuple[int, ...]

    @property
    def before(self) -> tuple[int, ...]:
        """``(channel, *spatial)`` before the rearrangement."""
        channels, *spatial = self.shape
        if self.kind == "depth_to_space":
            channels *= prod(self.factor)
        return (channels, *(n // f for n, f in zip(spatial, self.factor, strict=True)))


def read_enlarged(tensor: Tensor, origins: Origins) -> Enlarged | None:
    """Return how a tensor is larger than what it was moved from, None if it is not.

    A line along each axis is followed back to its root. Places that stay for r elements and
    then move on are an enlargement by r: a repeat where the elements are the same, depth to
    space where they are different ones (other channels, other roots). Places at every r-th
    element with nothing between are zero insertion. What moves along the first axis or to
    another sample never counts, nor what moves along channels alone; a tensor whose first axis
    holds channels beside others is no map.
    """
    if tensor.ndim < 3 or origins.surely_as_large(tensor):
        return None
    read = _read(tensor, origins)
    if read is None:
        return None
    layout, growth = read
    grown = [g for g in growth if g is not None]
    if 0 in layout.channel and len(layout.channel) > 1:  # query, key and value, stacked
        return None
    if not grown or not 1 <= len(layout.spatial) <= 3:
        return None
    kinds = {g.kind for g in grown}
    kind = next(k for k in ("zero_insertion", "depth_to_space", "repeat") if k in kinds)
    factor = tuple(g.factor if (g := growth[axis]) else 1 for axis in layout.spatial)
    return Enlarged(kind, factor, layout, layout.shape(tuple(tensor.shape)))


def read_layout(tensor: Tensor, origins: Origins) -> Layout | None:
    """Return which axes of a tensor hold samples, channels and places; None if unknown."""
    read = _read(tensor, origins)
    return None if read is None else read[0]


def read_roles(tensor: Tensor, origins: Origins) -> list[Role | None] | None:
    """Return what each axis of a tensor stands for; None if unknown.

    An axis has None for its role if nothing changes along it, or if it runs through a whole map
    again for each channel.
    """
    lines = origins.lines(tensor)
    if lines is None:
        return None
    return [
        "place" if axis and growth_along(line) else None if _is_flat(line) else role_along(line)
        for axis, line in enumerate(lines)
    ]


def looks_up(source: Tensor, positions: Tensor, origins: Origins) -> bool:
    """Tell whether reading a source at some positions looks values up, rather than resamples it.

    It does where the first axis, that of samples, holds the places of a whole map (each pixel looks
    at its neighbours) and not of one axis of it (frames), and where one axis of the positions
    holds places and another does not (each token looks at a number of points).
    """
    if any(_holds_a_map(tensor, origins) for tensor in (source, positions)):
        return True
    roles = set(_roles(positions, origins)[1:-1])  # the last axis holds x and y of a position
    return "channel" in roles or {"place", None} <= roles


def _holds_a_map(tensor: Tensor, origins: Origins) -> bool:
    """Tell whether the places of several axes of a map follow each other on the first axis."""
    lines = origins.lines(tensor) or []
    if not lines or not moves(lines[0].at.place):
        return False
    known = lines[0].address[lines[0].at.place != NOWHERE]
    return sum(map(moves, origins.in_space(known))) != 1


def _roles(tensor: Tensor, origins: Origins) -> list[Role | None]:
    """Return what each axis stands for, places before samples; empty if unknown."""
    lines = origins.lines(tensor) or []
    return ["place" if moves(line.at.place) else role_along(line) for line in lines]


def _read(tensor: Tensor, origins: Origins) -> tuple[Layout, list[AxisGrowth | None]] | None:
    """Return which axes hold what, and how each was enlarged; None if unknown."""
    lines = origins.lines(tensor)
    if lines is None:
        return None
    growth = [growth_along(line) if axis else None for axis, line in enumerate(lines)]
    samples: list[int] = []
    channels: list[int] = []
    spatial: list[int] = []
    spare: list[int] = []  # axes of one element, and those with the same all along
    folded = 1
    for axis, line in enumerate(lines):
        role = "place" if growth[axis] else role_along(line)
        # The first axis holds samples whatever lies along it, windows and frames included,
        # unless that is channels only.
        if axis == 0 and role != "channel":
            samples.append(axis)
            folded = _folded(line) if role == "sample" else 1
        elif role is None:
            spare.append(axis)
        else:
            {"sample": samples, "channel": channels, "place": spatial}[role].append(axis)
    if channels == [0] and spare:  # one sample, whose channels became a batch of maps
        samples, channels, folded = [0], [], tensor.shape[0]
    return Layout(tuple(samples), (*channels, *spare), tuple(spatial), folded), growth


def _is_flat(line: Line) -> bool:
    """Tell whether all places come again and again along an axis, in other channels."""
    place = line.at.place[line.at.place != NOWHERE]
    changes = 1 + np.count_nonzero(np.diff(place))
    both = moves(line.at.channel) and moves(place)
    return both and bool(2 * len(np.unique(place)) <= changes)


def _folded(line: Line) -> int:
    """Return how many channels follow each other on the axis of samples before the next one."""
    same = line.at.sample == line.at.sample[0]
    return int(same.sum()) if moves(line.at.channel) else 1
