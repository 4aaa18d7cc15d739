"""A tensor as the following sees it: where it lies and where that comes from, no values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from spectra.follow._along import Indices
from spectra.follow._axes import Geometry, Variation
from spectra.follow._origin_kinds import Origin, Root


@dataclass(frozen=True)
class Seen:
    """A tensor as it was when an operation took it: origin and geometry, without values.

    A later write into its storage gives the storage another origin and leaves this one alone.
    """

    origin: Origin | None
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    device: torch.device

    @property
    def geometry(self) -> Geometry:
        """Shape, stride and offset in the storage."""
        return self.shape, self.stride, self.offset

    def crossed(self, axis: int) -> set[Variation] | None:
        """Return what changes along an axis, None where that takes to look at every element."""
        n, step = self.shape[axis], self.stride[axis]
        return self.walked(n, step, self.offset)

    def walked(self, count: int, step: int, start: int) -> set[Variation] | None:
        """Return what changes over ``count`` positions from ``start``, ``step`` apart.

        None where that takes to look at every element.
        """
        if self.origin is None:
            return None
        if count > 1 and step == 0:
            return {"still"}
        return self.origin.crossed(count, step, start)

    def addresses(self) -> Tensor:
        """Return the address of each element as float64, in the tensor's shape."""
        if self.origin is None:
            return torch.zeros((), dtype=torch.float64, device=self.device).expand(self.shape)
        return self.origin.flat(self.device).as_strided(self.shape, self.stride, self.offset)

    def at(self, index: Sequence[Indices]) -> Indices:
        """Return the addresses of some elements.

        Parameters
        ----------
        index : sequence of arrays of int
            Their index along each axis, **the last axis first**. Axes that the tensor does not
            have are left out, and along an axis of one element every index is that element: so
            the index into a larger tensor reads what this one is broadcast to.
        """
        steps = (
            i * s
            for i, n, s in zip(index, self.shape[::-1], self.stride[::-1], strict=False)
            if n > 1
        )
        assert self.origin is not None
        return self.origin.at(sum(steps, np.full_like(index[0], self.offset)))

    def reduced(self, dim: int | Sequence[int] | None, *, keep: bool) -> Seen:
        """Return the first element along each axis that is summed over.

        A sum has one place for what was many. Any of them would do for its coordinates along the
        axes that are left.
        """
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
