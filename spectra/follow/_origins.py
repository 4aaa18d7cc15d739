"""Where each element of a tensor comes from, through everything that only moves data.

The drawing in `spectra.follow` says what an origin is. Addresses belong to storages, so a view
costs nothing; and a move is done again on addresses only if someone asks for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from torch import Tensor

from spectra.follow._again import on_addresses
from spectra.follow._aligned import Aligned, broadcasts, laid_out
from spectra.follow._along import NOWHERE, Indices, Line
from spectra.follow._axes import Axes
from spectra.follow._dispatched import Dispatched
from spectra.follow._inherited import InheritedGrid
from spectra.follow._manner import COPIES, Manner, manner_of, mixes_channels
from spectra.follow._meaning import meanings, usual_roles
from spectra.follow._origin_kinds import Grid, Moved, Origin, Recast
from spectra.follow._roots import Roots
from spectra.follow._seen import Seen
from spectra.follow._storages import StorageMap

_BOX = 16  # side of the region about the centre in which an element with an origin is sought


class Origins:
    """The origin of every storage that depends on a model's input.

    Parameters
    ----------
    example : Tensor, shape (B, C, *spatial) or whatever the model takes
        The model's input, the first root.
    """

    def __init__(self, example: Tensor) -> None:
        self._of: StorageMap[tuple[Origin, int]] = StorageMap()  # and the bytes of an element
        self._roots = Roots()
        self.forget(example)

    def follow(self, call: Dispatched) -> Manner:
        """Note where the elements of what a call made, or wrote, come from.

        Returns
        -------
        str
            What the call does with values. It is "move" for a view.
        """
        manner = manner_of(call.func)
        for target in call.written:
            self._write(call, target, manner)
        made = [t for t in call.made if self._of.get(t) is None]  # views share a known storage
        if not made:
            return "move"
        first = next((t for t in call.taken if self._of.get(t) is not None), None)
        if manner == "mix" and first is not None and first.shape == made[0].shape:
            # What mixes places and keeps the shape (a norm, a softmax, a pooling of stride 1)
            # leaves each place where it was; only layers with a weight make new channels.
            manner = "mix" if mixes_channels(call.name) else "point"
        if manner == "move":
            self._move(call, made[0])
        elif manner == "point":
            seen = [s for t in call.taken if (s := self._see(t)).origin is not None]
            self._compute(seen, made[0])
        elif manner == "reduce" and first is not None:
            keep = bool(call.given.get("keepdim", False))
            self._compute([self._see(first).reduced(call.given.get("dim"), keep=keep)], made[0])
        else:
            roles = meanings(call, made[0], see=self._see, roots=self._roots)
            self._become_root(made[0], Axes(self._see(made[0]).geometry, roles))
        for other in made[1:]:
            self.forget(other)
        return manner

    def forget(self, tensor: Tensor) -> None:
        """Make a tensor a root, whatever it was, with axes (sample, channel, *spatial)."""
        geometry = self._see(tensor).geometry
        self._become_root(tensor, Axes(geometry, partial(usual_roles, tensor.ndim)))

    def along(self, tensor: Tensor, axis: int, anchor: Sequence[int]) -> Line | None:
        """Return what lies along one axis of a tensor, through the element at ``anchor``."""
        return self._roots.along(self._see(tensor), axis, anchor)

    def lines(self, tensor: Tensor) -> list[Line] | None:
        """Return what lies along every axis of a tensor, through an element near the centre.

        None where no element about there comes from a root.
        """
        seen = self._see(tensor)
        if seen.origin is None or 0 in seen.shape:
            return None
        centre = tuple(n // 2 for n in seen.shape)
        found = self._roots.through(seen, centre)
        if not found or found[0].at.place[centre[0]] != NOWHERE:
            return found
        anchor = self.anchor(tensor)
        return None if anchor is None else self._roots.through(seen, anchor)

    def surely_as_large(self, tensor: Tensor) -> bool:
        """Tell whether it is clear at once that a tensor is no enlargement.

        It is none where each axis but the first, which holds samples, goes from place to place
        and changes nothing else, or changes no place at all. No element has to be looked at.
        """
        seen = self._see(tensor)
        if seen.origin is None:
            return True
        told = (seen.crossed(axis) for axis in range(1, len(seen.shape)))
        return all(met is not None and ("place" not in met or len(met) == 1) for met in told)

    def anchor(self, tensor: Tensor) -> tuple[int, ...] | None:
        """Return the index of an element near the centre that comes from a root, None if none does.

        The centre itself may be a zero: between inserted zeros, every other element is one.
        """
        seen = self._see(tensor)
        if seen.origin is None or 0 in seen.shape:
            return None
        sides = [min(n, _BOX) for n in seen.shape]
        starts = [(n - side) // 2 for n, side in zip(seen.shape, sides, strict=True)]
        centre = tuple(n // 2 for n in seen.shape)
        if self._roots.places(seen, np.array([centre]).T)[0] != NOWHERE:
            return centre
        box = np.indices(sides).reshape(len(sides), -1) + np.array(starts)[:, None]
        found = np.flatnonzero(self._roots.places(seen, box) != NOWHERE)
        if not len(found):
            return None
        return tuple(int(i) for i in box[:, found[len(found) // 2]])

    def in_space(self, address: Indices) -> list[Indices]:
        """Return the index along each spatial axis of their root of some addresses.

        The list is empty where they come from several roots, or from none.
        """
        return self._roots.in_space(address)

    def _become_root(self, made: Tensor, grid: Grid) -> None:
        self._set(made, self._roots.add(_size(made), grid))

    def _set(self, tensor: Tensor, origin: Origin) -> None:
        self._of.set(tensor, (origin, tensor.element_size()))

    def _see(self, tensor: Tensor) -> Seen:
        """Return a tensor as it is now: origin and geometry, without its values."""
        origin, item = self._of.get(tensor) or (None, 0)
        if origin is not None and item != tensor.element_size():
            origin = Recast(origin, item, tensor.element_size())
        return Seen(
            origin,
            shape=tuple(tensor.shape),
            stride=tensor.stride(),
            offset=int(tensor.storage_offset()),
            device=tensor.device,
        )

    def _move(self, call: Dispatched, made: Tensor) -> None:
        """Note a new tensor into which data were moved."""
        geometry, size = self._see(made), _size(made)
        if call.name in COPIES:
            self._set(made, Aligned([self._see(call.args[0])], geometry, size))
        else:
            again = on_addresses(call, self._see)
            self._set(made, Moved(lambda: laid_out(again(), geometry, size)))

    def _compute(self, taken: Sequence[Seen], made: Tensor) -> None:
        """Give new values the coordinates of what they were computed from, point by point."""
        root = taken[0].is_all_of(made)
        if root is not None:
            # The usual case, an activation of a whole map: the same grid, with new addresses.
            self._become_root(made, root.grid)
            return
        aligned = Aligned(taken, self._see(made), _size(made))
        self._become_root(made, InheritedGrid(aligned, self._roots))

    def _write(self, call: Dispatched, target: Tensor, manner: Manner) -> None:
        """Note a write in place: moved data are entered, new values keep the coordinates."""
        seen = self._see(target)
        if manner != "move" and seen.origin is not None:
            return
        size = _size(target)
        if manner == "move":
            # The first argument is the target, whose addresses the work below puts in.
            again = on_addresses(replace(call, args=(None, *call.args[1:])), self._see)
        else:  # zeros to which something is added
            others = [s for t in call.taken if (s := self._see(t)).origin]
            if not others:
                return
            again = partial(_copied_from, others)

        def work() -> Tensor:
            # The target may be a part of its storage: the rest keeps the addresses it has.
            whole = Seen(seen.origin, shape=(size,), stride=(1,), offset=0, device=seen.device)
            flat = whole.addresses().clone()
            again(flat.as_strided(seen.shape, seen.stride, seen.offset))
            return flat

        self._set(target, Moved(work))


def _copied_from(others: Sequence[Seen], into: Tensor) -> Tensor:
    """Write into a tensor the addresses of the first of others that can be broadcast to it."""
    fits = [a for other in others if broadcasts((a := other.addresses()).shape, into.shape)]
    return into.copy_(fits[0]) if fits else into


def _size(tensor: Tensor) -> int:
    """Return how many elements the storage of a tensor has room for."""
    return tensor.untyped_storage().nbytes() // tensor.element_size()
