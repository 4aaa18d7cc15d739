"""What the axes of a new root stand for, told from the operation that computed it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from torch import Tensor

from spectra.follow._along import Role, moves
from spectra.follow._axes import Ranks
from spectra.follow._dispatched import Dispatched
from spectra.follow._manner import CONVOLUTIONS, PRODUCTS
from spectra.follow._roots import Roots
from spectra.follow._seen import Seen

Meanings = Callable[[], Sequence[Role | Ranks]]
"""What each axis stands for, worked out when it is asked for."""


def meanings(
    call: Dispatched, made: Tensor, *, see: Callable[[Tensor], Seen], roots: Roots
) -> Meanings:
    """Return what the axes of a tensor stand for that a call computed anew.

    Parameters
    ----------
    call : Dispatched
        A call that mixes values.
    made : Tensor
        What it returned.
    see : callable
        Returns a tensor as the following sees it.
    roots : Roots
        Where addresses are looked up.
    """
    # What is returned is kept as long as the root: it may hold origins, and no tensor.
    name, args, ndim = call.name, call.args, made.ndim
    if name in CONVOLUTIONS:
        weight = next((a for a in args[1:3] if isinstance(a, Tensor) and a.ndim >= 3), made)
        spatial = min(weight.ndim, ndim + 1) - 2
        leading: list[Role] = ["sample"] * (ndim - spatial - 1)
        sides: list[Role] = ["place"] * spatial
        return lambda: [*leading, "channel", *sides]
    if name in PRODUCTS:
        rows, columns = (see(args[i]) for i in PRODUCTS[name])
        return lambda: _of_product(rows, columns, ndim, roots)
    if name == "unfold_backward":  # adds overlapping frames to a signal
        space: list[Role] = ["place"] * (ndim - args[2])
        return lambda: [*usual_roles(ndim)[: args[2]], *space]
    if "attention" in name or name == "linear":
        return lambda: _tokens(ndim)
    first = args[0] if args else None
    if not isinstance(first, Tensor) or first.shape[:1] != made.shape[:1] or len(made) < 2:
        return lambda: usual_roles(ndim)
    # The first axis is kept: what it holds (samples, windows, frames) is what it held before.
    before = see(first)
    return lambda: [_ranks(before, 0, roots), *usual_roles(ndim)[1:]]


def usual_roles(ndim: int) -> list[Role]:
    """Return the roles (sample, channel, place, ...) of a tensor of ``ndim`` axes."""
    space: list[Role] = ["place"] * max(0, ndim - 2)
    leading: list[Role] = ["sample", "channel"]
    return [*leading[:ndim], *space]


def _tokens(ndim: int) -> list[Role]:
    """Return the roles (sample, ..., place, channel) of tokens with features."""
    leading: list[Role] = ["sample"] * (ndim - 2)
    return [*leading, "place", "channel"][-ndim:]


def _of_product(rows: Seen, columns: Seen, ndim: int, roots: Roots) -> list[Role | Ranks]:
    """Return what the axes of a matrix product stand for.

    Its rows are those of the left factor and its columns those of the right one. An axis of a
    factor that comes from no root, a learned weight, stands for what the other axis does not:
    features of places, or places of channels. Many products at once are one for each row of a
    map, window, sample or head, or for several of these.
    """
    row, column = _first_change(rows, -2, roots), _first_change(columns, -1, roots)
    if row is None:
        row = "channel" if column == "place" else "place"
    if column is None:
        column = "place" if row == "channel" else "channel"
    many = rows if rows.origin is not None else columns
    return [*([_ranks(many, 0, roots)] if ndim > 2 else []), row, column][-ndim:]


def _ranks(seen: Seen, axis: int, roots: Roots) -> Ranks:
    """Return what an axis stands for where it may be several things, as heads of each window.

    Each thing that changes along the axis has its own rank at each index: the third window may
    hold the second head.
    """
    line = roots.along(seen, axis, tuple(n // 2 for n in seen.shape))
    if line is None:
        return {"sample": np.arange(seen.shape[axis])}
    roles: tuple[Role, ...] = ("sample", "channel", "place")
    ranks = zip(roles, (np.unique(v, return_inverse=True)[1] for v in line.at), strict=True)
    return {role: rank for role, rank in ranks if moves(rank)}


def _first_change(seen: Seen, axis: int, roots: Roots) -> Role | None:
    """Return what changes from one element to the next in the middle of an axis."""
    axis %= len(seen.shape)
    if seen.origin is None or seen.shape[axis] < 2:
        return None
    line = roots.along(seen, axis, tuple(n // 2 for n in seen.shape))
    assert line is not None
    middle = slice(seen.shape[axis] // 2 - 1, seen.shape[axis] // 2 + 1)
    sample, channel, place = (np.diff(values[middle])[0] for values in line.at)
    return "place" if place else "channel" if channel else "sample" if sample else None
