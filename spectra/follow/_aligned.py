"""The origin of what takes its addresses, point by point, from tensors of one shape."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from spectra.follow._along import Indices
from spectra.follow._axes import Variation, indices, legs
from spectra.follow._origin_kinds import NONE
from spectra.follow._seen import Seen


class Aligned:
    """The origin of a storage into which a tensor was copied, or computed point by point.

    Each element has the address of the element at the same index of the first part. Where that
    comes from no root (``zeros + x``), it has the address that the second part has there, and so
    on.

    Parameters
    ----------
    parts : sequence of Seen
        What was copied, or computed from. Those that cannot be broadcast are left out.
    made : Seen
        The tensor that was made; its origin is not read.
    size : int
        Elements of the storage in which it lies.
    """

    def __init__(self, parts: Sequence[Seen], made: Seen, size: int) -> None:
        self._parts = [p for p in parts if p.origin and broadcasts(p.shape, made.shape)]
        self.made, self._size = made, size

    def at(self, positions: Indices) -> Indices:
        """Return the addresses of the elements at some positions in the storage."""
        made, total = self.made, np.full_like(positions, NONE)
        axes = zip(made.shape[::-1], made.stride[::-1], strict=True)
        index = [(positions - made.offset) // max(s, 1) % n for n, s in axes]
        for part in self._parts:
            missing = total == NONE
            if not missing.any():
                break
            # A tensor of no axes has an empty index: the positions then only say how many
            # elements are asked for.
            total[missing] = part.at([i[missing] for i in index] or [positions[missing]])
        return total

    def flat(self, device: torch.device) -> Tensor:
        """Return the addresses of all elements, shape (elements,), as float64."""
        total = torch.zeros((), dtype=torch.float64, device=device).expand(self.made.shape)
        for part in self._parts:
            values = part.addresses().to(device).expand(self.made.shape)
            total = torch.where(total == NONE, values, total)
        return laid_out(total, self.made, self._size)

    def crossed(self, count: int, step: int, start: int) -> set[Variation] | None:
        """Return what changes over ``count`` positions from ``start``, ``step`` apart.

        None where that takes to look at every element.
        """
        made = self.made.geometry
        walk, where = legs(made, count, step, start), indices(made, start)
        if walk is None or where is None or not self._parts:
            return None
        # The first part suffices: where it tells what changes, all it holds comes from a root, so
        # that no element is left to a later part.
        part, missing = self._parts[0], len(self.made.shape) - len(self._parts[0].shape)
        # The same walk in the part's own storage, which stands still where the part is broadcast.
        strides = [0] * missing + [
            0 if n == 1 else s for n, s in zip(part.shape, part.stride, strict=True)
        ]
        start = part.offset + sum(i * s for i, s in zip(where, strides, strict=True))
        met: set[Variation] = set()
        for leg in walk:
            changes = part.walked(leg.stops, leg.step * strides[leg.axis], start)
            if changes is None:
                return None
            met |= changes
        return met


def laid_out(values: Tensor, geometry: Seen, size: int) -> Tensor:
    """Return addresses in the order in which a tensor lies in its storage of ``size`` elements."""
    flat = torch.zeros(size, dtype=torch.float64, device=values.device)
    flat.as_strided(geometry.shape, geometry.stride, geometry.offset).copy_(values)
    return flat


def broadcasts(shape: Sequence[int], to: Sequence[int]) -> bool:
    """Tell whether a tensor of some shape can be expanded to another."""
    if len(shape) > len(to):
        return False
    return all(n in (1, m) for n, m in zip(shape[::-1], to[::-1], strict=False))
