"""What the axes of a tensor stand for that a model returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

import numpy as np
from torch import Tensor

from spectra._names import place
from spectra.capture._reading import Reading
from spectra.follow import NOWHERE, Indices, Layout, Origins, Role, moves, read_roles

Sides = tuple[int, ...]
BEFORE_TOKENS = (0, 1, 2, 5)  # class, distillation and register tokens of published transformers


def read_tensor(
    tensor: Tensor,
    origins: Origins | None,
    *,
    inputs: int,
    rank: int | None,
    maps: Sequence[Sides],
) -> Reading:
    """Return what the axes of a tensor stand for that a model returned.

    Each axis is followed back. Where that tells nothing, or less than the step before the tensor
    does, the axes are taken to be those that a tensor of that many axes usually has.

    Parameters
    ----------
    tensor : Tensor
        What the model returned.
    origins : Origins or None
        Where the elements of each tensor of the forward pass come from; None where it could not
        be followed.
    inputs : int
        How many inputs the model was given.
    rank : int or None
        Most spatial axes of the steps that the tensor comes through, None if through none.
    maps : sequence of tuple of int
        Sides of the maps of the forward pass, the likeliest first. The map whose places tokens
        hold is among them.
    """
    shape = tuple(tensor.shape)
    if not (tensor.is_floating_point() or tensor.is_complex()):
        kind = str(tensor.dtype).removeprefix("torch.")
        return Reading(shape, None, reason=f"it holds {kind} values, which are taken for labels")
    if prod(shape) <= 1:
        return Reading(shape, None, reason="it is one number" if prod(shape) else "it is empty")
    roles = read_roles(tensor, origins) if origins else None
    if origins is None or roles is None:
        reading = _assumed(shape, rank)
    else:
        reading = _followed(tensor, origins, roles=roles, rank=rank, maps=maps)
    layout = reading.layout
    if layout is None:
        return reading
    if tensor.is_complex():  # real and imaginary parts are channels
        layout = replace(layout, channel=(*layout.channel, len(shape)))
    alone = 0 not in layout.sample or shape[0] != inputs
    reading = replace(reading, layout=layout, alone=alone)
    if prod(reading.map_shape[1:]) == 1:
        return replace(
            reading, layout=None, reason=f"it is one {place(len(reading.map_shape) - 1)} large"
        )
    return reading


def _followed(
    tensor: Tensor,
    origins: Origins,
    *,
    roles: list[Role | None],
    rank: int | None,
    maps: Sequence[Sides],
) -> Reading:
    """Return a reading by what each axis of a tensor was followed back to."""
    shape = tuple(tensor.shape)
    # An axis along which nothing changes has no role; the usual order of axes is likeliest then.
    usual = rank is None or len(shape) == rank + 2
    if usual and len(shape) in (3, 4, 5) and _fit_usual(roles):
        return Reading.usual(shape)
    places = [axis for axis, role in enumerate(roles) if role == "place"]
    layout = _layout(shape, roles, rank)
    if len(places) == 1:
        grid = _grid(tensor, origins, layout, maps)
        if grid and rank in (None, len(grid)):
            return Reading(shape, layout, grid)
    if rank is not None and usual:  # a product with a matrix may hide what its axes were
        known = shape[2:] in maps and layout.shape(shape)[1:] not in maps
        if known or len(places) < rank:
            return _assumed(shape, rank)
    lines = origins.lines(tensor) or []
    for axis in layout.spatial:
        if sum(map(moves, origins.in_space(lines[axis].address))) > 1:
            reason = f"axis {axis} of {shape} runs through rows and columns of a map"
            return Reading(shape, None, reason=reason)
    if not 1 <= len(layout.spatial) <= 3:
        what = f"{len(layout.spatial)} axes of {shape} are space"
        if not layout.spatial:
            what = f"no axis of {shape} is space"
        return Reading(shape, None, reason=what)
    if _holds_tokens(layout) and rank is not None and rank > 1:
        reason = f"{shape} holds tokens of a map whose width is not known"
        return Reading(shape, None, reason=f"{reason}; {_as_a_map(shape, maps)}")
    return Reading(shape, layout)


def _fit_usual(roles: Sequence[Role | None]) -> bool:
    """Tell whether axes may be (sample, channel, *spatial); one of one element may be anything."""
    sample, channel, *space = roles
    return (
        sample in (None, "sample")
        and channel in (None, "channel")
        and all(role in (None, "place") for role in space)
    )


def _layout(shape: Sequence[int], roles: Sequence[Role | None], rank: int | None) -> Layout:
    """Sort the axes by what they stand for; what never changes is a channel, as one colour is.

    The first axis holds samples, frames too, unless it can only be an axis of the map.
    """
    axes = range(len(shape))
    spatial = [axis for axis in axes if roles[axis] == "place"]
    sample = [axis for axis in axes if roles[axis] == "sample"]
    if roles[0] is None:  # one input: nothing changes along the axis of samples
        sample.insert(0, 0)
    elif roles[0] == "place" and len(spatial) > (rank or len(shape)):
        spatial.remove(0)
        sample.insert(0, 0)
    channel = [axis for axis in axes if axis not in (*sample, *spatial)]
    channel.sort(key=lambda axis: shape[axis] > 1)  # of one element: may hold samples next time
    return Layout(tuple(sample), tuple(channel), tuple(spatial))


def _grid(tensor: Tensor, origins: Origins, layout: Layout, maps: Sequence[Sides]) -> Sides:
    """Return the sides of the map that the one spatial axis holds row by row, if known.

    They are known from the operation that made the elements, if it had several spatial axes. Of
    tokens that a linear layer made they are those of a map before.
    """
    (axis,) = layout.spatial
    line = (origins.lines(tensor) or [])[axis]
    if NOWHERE in line.at.place:
        return ()
    index = origins.in_space(line.address)
    if len(index) > 1:
        return _rows(index)
    steps = np.diff(line.at.place)
    if not _holds_tokens(layout) or (steps != steps[0]).any():
        return ()
    size = tensor.shape[axis]
    return next((sides for sides in maps if len(sides) > 1 and prod(sides) == size), ())


def _rows(index: Sequence[Indices]) -> Sides:
    """Return the sides of the map whose elements, at an index each, come row by row."""
    # Coordinates may have gaps or an offset, as after a crop: their ranks have not.
    ranks = [np.unique(along, return_inverse=True)[1] for along in index]
    sides = tuple(int(rank.max()) + 1 for rank in ranks)
    if prod(sides) != len(index[0]):
        return ()
    in_rows = np.ravel_multi_index(ranks, sides) == np.arange(len(index[0]))
    return sides if in_rows.all() else ()


def _holds_tokens(layout: Layout) -> bool:
    """Tell whether features stand behind the one spatial axis."""
    return len(layout.spatial) == 1 and max(layout.channel, default=0) > layout.spatial[0]


def _as_a_map(shape: Sides, maps: Sequence[Sides]) -> str:
    """Return the line by which a model returns tokens (sample, token, channel) as a map.

    Parameters
    ----------
    shape : tuple of int
        Shape of the tokens.
    maps : sequence of tuple of int
        Sides of the maps of the forward pass. If only one of them has so many places, but for a
        few tokens that stand before them, it is the one.
    """
    say = "return a map: in a factory of your own wrap the model so that it returns"
    if len(shape) != 3:
        return f"{say} (sample, channel, y, x)"
    for before in BEFORE_TOKENS:
        grids = {sides for sides in maps if len(sides) == 2 and prod(sides) == shape[1] - before}
        if len(grids) == 1:
            cut = f"y[:, {before}:]" if before else "y"
            told = ", without the tokens that stand before the map" if before else ""
            return f"{say} {cut}.mT.unflatten(2, {grids.pop()}){told}"
    return f"{say} y.mT.unflatten(2, (rows, columns)), where rows x columns is {shape[1]}"


def _assumed(shape: tuple[int, ...], rank: int | None) -> Reading:
    """Return the reading that a tensor of that many axes usually has.

    Parameters
    ----------
    shape : tuple of int
        Shape of the tensor.
    rank : int or None
        Most spatial axes of the steps that it comes through, None if through none.
    """
    axes = len(shape)
    spatial = max(axes - 2, 0) if rank is None else rank
    if not 1 <= spatial <= 3 or axes <= spatial:
        return Reading(shape, None, reason=f"no axis of {shape} is known to be space")
    layout = Layout.last(axes, spatial)
    if axes == spatial + 1:  # maps of one channel, which has no axis
        layout = Layout((0,), (), layout.spatial)
    return Reading(shape, layout, followed=False)
