"""Where each element of a tensor comes from, through everything that only moves data.

The output of an operation that mixes values (a convolution, a matrix product) is a *root*: its
elements get addresses of their own, and each address has coordinates, a sample, a channel and
a place. What moves data (a view, a copy, a pad, an index) carries addresses along: a view
costs nothing, because addresses belong to storages, and a copy is done again on addresses
only if someone asks. What works point by point makes new values at the old coordinates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import accumulate, pairwise
from typing import Any, Literal, Protocol

import numpy as np
import torch
from torch import Tensor
from torch._ops import OpOverload
from torch.utils._pytree import tree_map_only

from spectra.capture._axes import Axes, Change, Geometry, Ranks, indices, legs
from spectra.capture._lines import (
    NOWHERE,
    Coordinates,
    Indices,
    Lines,
    Role,
    growth_along,
    moves,
    role_along,
)
from spectra.capture._storages import StorageMap, tensors, written

Manner = Literal["move", "point", "reduce", "mix"]

NONE = 0  # address of what comes from no root: zeros, padding, a table


class Grid(Protocol):
    """The coordinates of the elements of a root."""

    def __call__(self, positions: Indices) -> Coordinates:
        """Return the coordinates at some positions in its storage."""

    def crossed(self, count: int, step: int, start: int) -> set[Change] | None:
        """Return what changes along a regular walk, as of `Axes.crossed`."""

    def in_space(self, positions: Indices) -> list[Indices]:
        """Return the index along each spatial axis of the elements at some positions."""


class Origin(Protocol):
    """The addresses of the elements of one storage."""

    def at(self, positions: Indices) -> Indices:
        """Return the addresses of some elements."""

    def flat(self, device: torch.device) -> Tensor:
        """Return the addresses of all elements, as float64, which every operation can move."""

    def crossed(self, count: int, step: int, start: int) -> set[Change] | None:
        """Return what changes along a regular walk, None where that is not told at once."""


@dataclass(frozen=True)
class Root:
    """A storage whose elements are their own origin."""

    first: int
    size: int
    grid: Grid

    def at(self, positions: Indices) -> Indices:
        """Return the addresses of some elements."""
        return self.first + positions

    def flat(self, device: torch.device) -> Tensor:
        """Return the addresses of all elements."""
        return torch.arange(self.first, self.first + self.size, dtype=torch.float64, device=device)

    def crossed(self, count: int, step: int, start: int) -> set[Change] | None:
        """Return what changes along a regular walk."""
        return self.grid.crossed(count, step, start)


class Moved:
    """A storage into which data were moved; how is worked out when it is asked for."""

    def __init__(self, work: Callable[[], Tensor]) -> None:
        self._work: Callable[[], Tensor] | None = work
        self._flat: Tensor | None = None
        self._array: Indices | None = None

    def at(self, positions: Indices) -> Indices:
        """Return the addresses of some elements."""
        if self._array is None:
            self._array = self._all().cpu().numpy().astype(np.int64)
        return self._array[positions]

    def flat(self, device: torch.device) -> Tensor:
        """Return the addresses of all elements."""
        return self._all().to(device)

    def crossed(self, _count: int, _step: int, _start: int) -> None:
        """Leave it to the addresses."""

    def _all(self) -> Tensor:
        if self._flat is None:
            assert self._work is not None
            self._flat, self._work = self._work(), None
        return self._flat


@dataclass(frozen=True)
class Recast:
    """A storage taken for elements of another size, as the real part of complex numbers is."""

    origin: Origin
    was: int
    item: int

    def at(self, positions: Indices) -> Indices:
        """Return the addresses of some elements."""
        return self.origin.at(positions * self.item // self.was)

    def flat(self, device: torch.device) -> Tensor:
        """Return the addresses of all elements."""
        known = self.origin.flat(device)
        size = len(known) * self.was // self.item
        return known[torch.arange(size, device=device) * self.item // self.was]

    def crossed(self, _count: int, _step: int, _start: int) -> None:
        """Leave it to the addresses."""


@dataclass(frozen=True)
class Seen:
    """A tensor as it was when an operation took it: origin and geometry, no values."""

    origin: Origin | None
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    device: torch.device

    @property
    def geometry(self) -> Geometry:
        """Where it lies in its storage."""
        return self.shape, self.stride, self.offset

    def crossed(self, axis: int) -> set[Change] | None:
        """Return what changes along an axis, None where that is not told at once."""
        n, step = self.shape[axis], self.stride[axis]
        return self.walked(n, step, self.offset)

    def walked(self, count: int, step: int, start: int) -> set[Change] | None:
        """Return what changes along a regular walk through the storage."""
        if self.origin is None:
            return None
        if count > 1 and step == 0:
            return {"still"}
        return self.origin.crossed(count, step, start)

    def addresses(self) -> Tensor:
        """Return the address of each element, in the tensor's shape."""
        if self.origin is None:
            return torch.zeros((), dtype=torch.float64, device=self.device).expand(self.shape)
        return self.origin.flat(self.device).as_strided(self.shape, self.stride, self.offset)

    def at(self, index: Sequence[Indices]) -> Indices:
        """Return the address of the elements at an index, one array an axis from the last."""
        steps = (
            i * s
            for i, n, s in zip(index, self.shape[::-1], self.stride[::-1], strict=False)
            if n > 1
        )
        assert self.origin is not None
        return self.origin.at(sum(steps, np.full_like(index[0], self.offset)))

    def reduced(self, dim: int | Sequence[int] | None, *, keep: bool) -> Seen:
        """Return the first element along each axis that is summed over."""
        ndim = len(self.shape)
        axes = range(ndim) if dim is None or dim == [] else [dim] if isinstance(dim, int) else dim
        gone = {axis % ndim for axis in axes}
        left = [axis for axis in range(ndim) if keep or axis not in gone]
        return replace(
            self,
            shape=tuple(1 if axis in gone else self.shape[axis] for axis in left),
            stride=tuple(self.stride[axis] for axis in left),
        )

    def is_all_of(self, made: Tensor) -> Root | None:
        """Return the root if this is the whole of one, laid out in memory like ``made``."""
        same = self.offset == 0 and self.shape == made.shape and self.stride == made.stride()
        return self.origin if same and isinstance(self.origin, Root) else None


class Laid:
    """A storage into which one tensor was copied, or values computed point by point from some.

    Where the first of them comes from no root, the next is asked.
    """

    def __init__(self, parts: Sequence[Seen], made: Seen, size: int) -> None:
        self._parts = [p for p in parts if p.origin and _broadcasts(p.shape, made.shape)]
        self.made, self._size = made, size

    def at(self, positions: Indices) -> Indices:
        """Return the addresses of some elements."""
        made, total = self.made, np.full_like(positions, NONE)
        axes = zip(made.shape[::-1], made.stride[::-1], strict=True)
        index = [(positions - made.offset) // max(s, 1) % n for n, s in axes]
        for part in self._parts:
            missing = total == NONE
            if not missing.any():
                break
            total[missing] = part.at([i[missing] for i in index] or [positions[missing]])
        return total

    def flat(self, device: torch.device) -> Tensor:
        """Return the addresses of all elements."""
        total = torch.zeros((), dtype=torch.float64, device=device).expand(self.made.shape)
        for part in self._parts:
            values = part.addresses().to(device).expand(self.made.shape)
            total = torch.where(total == NONE, values, total)
        return _laid_out(total, self.made, self._size)

    def crossed(self, count: int, step: int, start: int) -> set[Change] | None:
        """Return what changes along a regular walk, if the first of them tells.

        Nothing of it comes from no root then, and the next is not asked.
        """
        made = self.made.geometry
        walk, where = legs(made, count, step, start), indices(made, start)
        if walk is None or where is None or not self._parts:
            return None
        part, missing = self._parts[0], len(self.made.shape) - len(self._parts[0].shape)
        strides = [0] * missing + [
            0 if n == 1 else s for n, s in zip(part.shape, part.stride, strict=True)
        ]
        start = part.offset + sum(i * s for i, s in zip(where, strides, strict=True))
        met: set[Change] = set()
        for leg in walk:
            changes = part.walked(leg.stops, leg.step * strides[leg.axis], start)
            if changes is None:
                return None
            met |= changes
        return met


class _Settling:
    """The grid of values computed point by point: that of what they were computed from.

    Where every axis has one meaning, the axes themselves give the coordinates, so that a
    question does not go back through a whole residual stream.
    """

    def __init__(self, laid: Laid, origins: Origins) -> None:
        self._laid, self._origins = laid, origins
        self._asked = False
        self._axes: Axes | None = None

    def __call__(self, positions: Indices) -> Coordinates:
        axes = self._settled()
        return axes(positions) if axes else self._origins.locate(self._laid.at(positions))

    def crossed(self, count: int, step: int, start: int) -> set[Change] | None:
        """Return what changes along a regular walk."""
        return (self._settled() or self._laid).crossed(count, step, start)

    def in_space(self, positions: Indices) -> list[Indices]:
        """Return the index along each spatial axis, as they were before one axis held them all."""
        axes = self._settled()
        own = axes.in_space(positions) if axes else []
        return own if len(own) > 1 else self._origins.in_space(self._laid.at(positions))

    def _settled(self) -> Axes | None:
        if not self._asked:
            self._asked, roles = True, self._roles()
            self._axes = Axes(self._laid.made.geometry, lambda: roles) if roles else None
        return self._axes

    def _roles(self) -> list[Role] | None:
        """Return what each axis stands for, None where one has no or more than one meaning."""
        made = self._laid.made
        if not made.shape or 0 in made.shape:
            return None
        whole = replace(made, origin=self._laid)
        told = [_one_role(whole.crossed(axis)) for axis in range(len(made.shape))]
        roles = [role for role in told if role]
        if len(roles) == len(told):
            return roles
        roles = []
        centre = [n // 2 for n in made.shape]
        lines = self._origins.through(whole, centre)
        for n, line in zip(made.shape, lines, strict=True):
            stands_for = role_along(line)
            if (line.at.place == NOWHERE).any() or growth_along(line) is not None:
                return None
            if stands_for is None and n > 1:
                return None
            roles.append(stands_for or "channel")
        return roles


def _one_role(met: set[Change] | None) -> Role | None:
    """Return the one thing that changes along an axis; an axis of one element holds channels."""
    if not met:
        return None if met is None else "channel"
    (only, *others) = met
    return None if others or only == "still" else only


class Origins:
    """The origin of every storage that depends on a model's input.

    Parameters
    ----------
    example : Tensor, shape (B, C, *spatial) or whatever the model takes
    """

    def __init__(self, example: Tensor) -> None:
        self._of: StorageMap[tuple[Origin, int]] = StorageMap()  # and the bytes of an element
        self._firsts: list[int] = []
        self._grids: list[Grid] = []
        self._end = NONE + 1
        self.forget(example)

    def follow(
        self,
        func: OpOverload,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        taken: Sequence[Tensor],
        results: Sequence[Tensor],
    ) -> Manner:
        """Note where the elements of what a call made, or wrote, come from."""
        manner = manner_of(func)
        if func._schema.is_mutable:
            for target in written(func, args, kwargs):
                self._write(func, args, kwargs, target, manner)
        made = [t for t in results if self._of.get(t) is None]  # no views
        if not made:
            return "move"
        first = next((t for t in taken if self._of.get(t) is not None), None)
        if manner == "mix" and first is not None and first.shape == made[0].shape:
            manner = "mix" if _mixes_channels(func) else "point"
        if manner == "move":
            self._move(func, args, kwargs, made[0])
        elif manner == "point":
            seen = [s for t in taken if (s := self._seen(t)).origin is not None]
            self._align(seen, made[0])
        elif manner == "reduce" and first is not None:
            named = _by_name(func, args, kwargs)
            keep = bool(named.get("keepdim", False))
            self._align([self._seen(first).reduced(named.get("dim"), keep=keep)], made[0])
        else:
            self._found(
                made[0], Axes(self._seen(made[0]).geometry, self._roles(func, args, made[0]))
            )
        for other in made[1:]:
            self.forget(other)
        return manner

    def forget(self, tensor: Tensor) -> None:
        """Make a tensor a root, whatever it was."""
        self._found(tensor, Axes(self._seen(tensor).geometry, partial(_usual_roles, tensor.ndim)))

    def along(self, tensor: Tensor, axis: int, anchor: Sequence[int]) -> Lines | None:
        """Return what lies along one axis, through the element at ``anchor``."""
        return self._along(self._seen(tensor), axis, anchor)

    def lines(self, tensor: Tensor) -> list[Lines] | None:
        """Return what lies along every axis, through an element near the centre.

        None where no element about there comes from a root.
        """
        seen = self._seen(tensor)
        if seen.origin is None or 0 in seen.shape:
            return None
        centre = tuple(n // 2 for n in seen.shape)
        found = self.through(seen, centre)
        if not found or found[0].at.place[centre[0]] != NOWHERE:
            return found
        anchor = self.anchor(tensor)
        return None if anchor is None else self.through(seen, anchor)

    def surely_as_large(self, tensor: Tensor) -> bool:
        """Tell whether it is clear at once that no axis both stays at a place and moves on.

        Then nothing is enlarged. The first axis is that of samples, whatever lies along it.
        """
        seen = self._seen(tensor)
        if seen.origin is None:
            return True
        told = (seen.crossed(axis) for axis in range(1, len(seen.shape)))
        return all(met is not None and ("place" not in met or len(met) == 1) for met in told)

    def anchor(self, tensor: Tensor) -> tuple[int, ...] | None:
        """Return the index of an element near the centre that comes from a root."""
        seen = self._seen(tensor)
        if seen.origin is None or 0 in seen.shape:
            return None
        sides = [min(n, _BOX) for n in seen.shape]
        starts = [(n - side) // 2 for n, side in zip(seen.shape, sides, strict=True)]
        centre = tuple(n // 2 for n in seen.shape)
        if self._places(seen, np.array([centre]).T)[0] != NOWHERE:
            return centre
        box = np.indices(sides).reshape(len(sides), -1) + np.array(starts)[:, None]
        found = np.flatnonzero(self._places(seen, box) != NOWHERE)
        if not len(found):
            return None
        return tuple(int(i) for i in box[:, found[len(found) // 2]])

    def through(self, seen: Seen, index: Sequence[int]) -> list[Lines]:
        """Return what lies along every axis through one element."""
        assert seen.origin is not None
        middle = seen.offset + sum(i * s for i, s in zip(index, seen.stride, strict=True))
        axes = zip(seen.shape, seen.stride, index, strict=True)
        positions = [middle + (np.arange(n, dtype=np.int64) - i) * s for n, s, i in axes]
        address = seen.origin.at(np.concatenate(positions or [np.array([middle])]))
        sample, channel, place = self.locate(address)
        ends = list(accumulate(seen.shape, initial=0))
        parts = [slice(begin, end) for begin, end in pairwise(ends)]
        return [Lines(address[p], Coordinates(sample[p], channel[p], place[p])) for p in parts]

    def _along(self, seen: Seen, axis: int, anchor: Sequence[int]) -> Lines | None:
        if seen.origin is None:
            return None
        start = seen.offset + sum(
            i * s for k, (i, s) in enumerate(zip(anchor, seen.stride, strict=True)) if k != axis
        )
        positions = start + np.arange(seen.shape[axis], dtype=np.int64) * seen.stride[axis]
        address = seen.origin.at(positions)
        return Lines(address, self.locate(address))

    def _places(self, seen: Seen, index: Indices) -> Indices:
        assert seen.origin is not None
        positions = seen.offset + np.array(seen.stride, dtype=np.int64) @ index
        return self.locate(seen.origin.at(positions)).place

    def locate(self, address: Indices) -> Coordinates:
        """Return the coordinates of some addresses."""
        sample, channel, place = (np.full(address.shape, NOWHERE) for _ in range(3))
        owner = np.searchsorted(self._firsts, address, side="right") - 1
        if len(owner) and owner[0] >= 0 and (owner == owner[0]).all():
            grid: Grid = self._grids[owner[0]]
            return grid(address - self._firsts[owner[0]])
        for index in np.unique(owner[address != NONE]):
            mine = (owner == index) & (address != NONE)
            of = self._grids[index](address[mine] - self._firsts[index])
            sample[mine], channel[mine], place[mine] = of
        return Coordinates(sample, channel, place)

    def in_space(self, address: Indices) -> list[Indices]:
        """Return the index of elements along each spatial axis of their root; of no other ones."""
        owners = np.unique(np.searchsorted(self._firsts, address, side="right") - 1)
        if len(owners) != 1 or owners[0] < 0:
            return []
        grid: Grid = self._grids[owners[0]]
        return grid.in_space(address - self._firsts[owners[0]])

    def _found(self, made: Tensor, grid: Grid) -> None:
        """Make a tensor a root."""
        size = _size(made)
        self._firsts.append(self._end)
        self._grids.append(grid)
        self._set(made, Root(self._end, size, grid))
        self._end += size

    def _set(self, tensor: Tensor, origin: Origin) -> None:
        self._of.set(tensor, (origin, tensor.element_size()))

    def _seen(self, tensor: Tensor) -> Seen:
        origin, item = self._of.get(tensor) or (None, 0)
        if origin is not None and item != tensor.element_size():
            origin = Recast(origin, item, tensor.element_size())
        return Seen(
            origin,
            tuple(tensor.shape),
            tensor.stride(),
            int(tensor.storage_offset()),
            tensor.device,
        )

    def _move(
        self, func: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any], made: Tensor
    ) -> None:
        geometry, size = self._seen(made), _size(made)
        if _name(func) in _COPIES:
            self._set(made, Laid([self._seen(args[0])], geometry, size))
        else:
            again = self._on_addresses(func, args, kwargs)
            self._set(made, Moved(lambda: _laid_out(again(), geometry, size)))

    def _align(self, taken: Sequence[Seen], made: Tensor) -> None:
        """Give new values the coordinates of what they were computed from, point by point."""
        root = taken[0].is_all_of(made)
        if root is not None:
            self._found(made, root.grid)
            return
        laid = Laid(taken, self._seen(made), _size(made))
        self._found(made, _Settling(laid, self))

    def _write(
        self,
        func: OpOverload,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        target: Tensor,
        manner: Manner,
    ) -> None:
        """Note a write in place: moved data are entered, new values keep the coordinates."""
        seen = self._seen(target)
        if manner != "move" and seen.origin is not None:
            return
        size = _size(target)
        if manner == "move":
            again = self._on_addresses(func, (None, *args[1:]), kwargs)
        else:  # zeros to which something is added
            others = [s for t in tensors((args, kwargs)) if (s := self._seen(t)).origin]
            if not others:
                return

            def again(into: Tensor | None = None) -> Tensor:
                assert into is not None
                fits = [a for o in others if _broadcasts((a := o.addresses()).shape, into.shape)]
                return into.copy_(fits[0]) if fits else into

        def work() -> Tensor:
            whole = Seen(seen.origin, (size,), (1,), 0, seen.device)
            flat = whole.addresses().clone()
            again(flat.as_strided(seen.shape, seen.stride, seen.offset))
            return flat

        self._set(target, Moved(work))

    def _on_addresses(
        self, func: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Callable[..., Tensor]:
        """Return the same call, to be done on addresses; indices stay what they are."""
        named = _by_name(func, args, kwargs)
        target = next(iter(named))
        named = {name: value for name, value in named.items() if name not in _FORM}
        for name, value in named.items():
            if name in _VALUES:
                named[name] = tree_map_only(Tensor, self._seen, value)
            if name == "value" and not isinstance(value, Tensor):
                named[name] = float(NONE)

        def again(into: Tensor | None = None) -> Tensor:
            called = tree_map_only(Seen, Seen.addresses, named)
            if into is not None:
                called[target] = into
            made = func(**called)
            return made if isinstance(made, Tensor) else tensors(made)[0]

        return again

    def _roles(
        self, func: OpOverload, args: Sequence[Any], made: Tensor
    ) -> Callable[[], Sequence[Role | Ranks]]:
        """Return what the axes of a root stand for, to be worked out when asked for."""
        name, ndim = _name(func), made.ndim
        if name in _CONVOLUTIONS:
            weight = next((a for a in args[1:3] if isinstance(a, Tensor) and a.ndim >= 3), made)
            spatial = min(weight.ndim, ndim + 1) - 2
            leading: list[Role] = ["sample"] * (ndim - spatial - 1)
            sides: list[Role] = ["place"] * spatial
            return lambda: [*leading, "channel", *sides]
        if name in _PRODUCTS:
            rows, columns = (self._seen(args[i]) for i in _PRODUCTS[name])
            return lambda: self._product_roles(rows, columns, ndim)
        if name == "unfold_backward":  # adds overlapping frames to a signal
            space: list[Role] = ["place"] * (ndim - args[2])
            return lambda: [*_usual_roles(ndim)[: args[2]], *space]
        if "attention" in name or name == "linear":
            return lambda: _product_of("place", "channel", ndim)
        first = args[0] if args else None
        if not isinstance(first, Tensor) or first.shape[:1] != made.shape[:1] or len(made) < 2:
            return lambda: _usual_roles(ndim)
        seen = self._seen(first)
        return lambda: [self._ranks(seen, 0), *_usual_roles(ndim)[1:]]

    def _product_roles(self, rows: Seen, columns: Seen, ndim: int) -> list[Role | Ranks]:
        """Rows keep the meaning of the left factor's rows; what is learned is the other one.

        Many products at once are one a row of a map, a window, a sample, a head, or several of
        these.
        """
        row, column = self._role(rows, -2), self._role(columns, -1)
        if row is None:
            row = "channel" if column == "place" else "place"
        if column is None:
            column = "place" if row == "channel" else "channel"
        many = rows if rows.origin is not None else columns
        return [*([self._ranks(many, 0)] if ndim > 2 else []), row, column][-ndim:]

    def _ranks(self, seen: Seen, axis: int) -> Ranks:
        """Return what an axis stands for where it may be several things: heads of each window."""
        lines = self._along(seen, axis, tuple(n // 2 for n in seen.shape))
        if lines is None:
            return {"sample": np.arange(seen.shape[axis])}
        roles: tuple[Role, ...] = ("sample", "channel", "place")
        ranks = zip(roles, (np.unique(v, return_inverse=True)[1] for v in lines.at), strict=True)
        return {role: rank for role, rank in ranks if moves(rank)}

    def _role(self, seen: Seen, axis: int) -> Role | None:
        """Return what changes first along an axis."""
        axis %= len(seen.shape)
        if seen.origin is None or seen.shape[axis] < 2:
            return None
        lines = self._along(seen, axis, tuple(n // 2 for n in seen.shape))
        assert lines is not None
        first = slice(seen.shape[axis] // 2 - 1, seen.shape[axis] // 2 + 1)
        sample, channel, place = (np.diff(values[first])[0] for values in lines.at)
        return "place" if place else "channel" if channel else "sample" if sample else None


def channel_axis(func: OpOverload, args: Sequence[Any]) -> int | None:
    """Return which axis of its first argument a layer takes for channels, None if it takes none."""
    name = _name(func)
    if name in _CONVOLUTIONS:
        return int(args[0].ndim - args[1].ndim + 1)
    if name in _NORMS:
        return 1
    one_axis = name == "native_layer_norm" and len(args[1]) == 1
    return int(args[0].ndim) - 1 if one_axis else None


@cache
def manner_of(func: OpOverload) -> Manner:
    """Return what an operation does with values: move, change one by one, sum up, or mix."""
    name = _name(func)
    if func.namespace != "aten":
        return "mix"
    if name in _MOVES:
        return "move"
    if torch.Tag.pointwise in func.tags or name in _POINTWISE:
        return "point"
    return "reduce" if name in _REDUCTIONS else "mix"


def _by_name(func: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    names = (argument.name for argument in func._schema.arguments)
    return dict(zip(names, args, strict=False)) | dict(kwargs)


def _name(func: OpOverload) -> str:
    return func._schema.name.partition("::")[2]


def _mixes_channels(func: OpOverload) -> bool:
    return _name(func) in _CONVOLUTIONS or _name(func) in _PRODUCTS or _name(func) == "linear"


def _product_of(row: Role, column: Role, ndim: int) -> list[Role]:
    leading: list[Role] = ["sample"] * (ndim - 2)
    return [*leading, row, column][-ndim:]


def _usual_roles(ndim: int) -> list[Role]:
    space: list[Role] = ["place"] * max(0, ndim - 2)
    leading: list[Role] = ["sample", "channel"]
    return [*leading[:ndim], *space]


def _size(tensor: Tensor) -> int:
    return tensor.untyped_storage().nbytes() // tensor.element_size()


def _laid_out(values: Tensor, geometry: Seen, size: int) -> Tensor:
    """Lay addresses out in memory as the tensor that was made is."""
    flat = torch.zeros(size, dtype=torch.float64, device=values.device)
    flat.as_strided(geometry.shape, geometry.stride, geometry.offset).copy_(values)
    return flat


def _broadcasts(shape: Sequence[int], to: Sequence[int]) -> bool:
    if len(shape) > len(to):
        return False
    return all(n in (1, m) for n, m in zip(shape[::-1], to[::-1], strict=False))


_BOX = 16  # side of the region about the centre in which an element with an origin is sought
_FORM = ("dtype", "layout", "device", "pin_memory", "non_blocking", "memory_format", "accumulate")
_VALUES = ("self", "input", "tensors", "src", "source", "values", "value")
_CONVOLUTIONS = ("convolution", "_convolution", "convolution_backward", "_slow_conv2d_forward")
_PRODUCTS = {"mm": (0, 1), "bmm": (0, 1), "addmm": (1, 2), "baddbmm": (1, 2)}
_NORMS = ("native_batch_norm", "_native_batch_norm_legit_no_training", "native_group_norm")
_COPIES = ("clone", "_to_copy", "lift_fresh_copy")
_MOVES = frozenset(
    (
        *("clone", "_to_copy", "copy", "copy_", "lift_fresh_copy", "repeat", "roll", "flip"),
        *("constant_pad_nd", "cat", "stack", "im2col", "channel_shuffle"),
        *("native_channel_shuffle", "pixel_unshuffle", "index", "index_select", "gather", "take"),
        *("slice_scatter", "select_scatter", "index_put", "index_put_", "_index_put_impl_"),
        *("index_copy", "index_copy_", "scatter", "scatter_", "rot90"),
        *("fill_", "zero_", "repeat_interleave", "view_copy", "expand_copy", "permute_copy"),
        *(f"{how}_pad{d}d" for how in ("reflection", "replication") for d in (1, 2, 3)),
    )
)
_POINTWISE = frozenset(("native_dropout", "_prelu_kernel", "fill", "masked_fill_"))
_REDUCTIONS = frozenset(
    ("sum", "mean", "amax", "amin", "max", "min", "logsumexp", "prod", "linalg_vector_norm")
)
