"""How a model's output is read: as maps (sample, channel, *spatial), or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from spectra.errors import ModelError
from spectra.follow import Layout

SPACE = {1: ("x",), 2: ("y", "x"), 3: ("z", "y", "x")}


@dataclass(frozen=True)
class Reading:
    """What the axes of one tensor stand for that a model returns.

    Attributes
    ----------
    shape : tuple of int
        Shape of the tensor, for the example.
    layout : Layout or None
        Which axes of the tensor hold samples, channels and space; None where it is no map. A
        complex tensor is seen as a real one with a last axis of two.
    grid : tuple of int
        Sides of the map that the one spatial axis holds row by row; empty where the spatial
        axes are the map's own.
    followed : bool
        Whether the axes were followed back to the operations that made them; else they are
        what a tensor of that many axes usually has.
    alone : bool
        Whether inputs run one at a time: what several of them return together does not tell
        which is whose.
    reason : str or None
        Why it is no map.
    """

    shape: tuple[int, ...]
    layout: Layout | None
    grid: tuple[int, ...] = ()
    followed: bool = True
    alone: bool = False
    reason: str | None = None

    @classmethod
    def usual(cls, shape: Sequence[int]) -> Reading:
        """Return the reading of a tensor (sample, channel, *spatial)."""
        return cls(tuple(shape), Layout.usual(len(shape)))

    @property
    def is_usual(self) -> bool:
        """Whether it is certain to be (sample, channel, *spatial)."""
        return self == Reading.usual(self.shape)

    @property
    def map_shape(self) -> tuple[int, ...]:
        """``(channel, *spatial)`` of the maps for the example; empty where there is none."""
        if self.layout is None:
            return ()
        channels, *sides = self.layout.shape(self._as_real)
        return (channels, *(self.grid or sides))

    @property
    def axes(self) -> str:
        """What each axis of the tensor stands for, in words."""
        if self.layout is None:
            return "no map"
        space = SPACE[len(self.grid) or len(self.layout.spatial)]
        own = iter([" and ".join(space)] if self.grid else space)
        words = {axis: next(own) for axis in self.layout.spatial}
        words |= dict.fromkeys(self.layout.sample, "sample")
        words |= dict.fromkeys(self.layout.channel, "channel")
        axes = range(len(self.shape))
        channels = [axis for axis in axes if axis in self.layout.channel]
        if len(channels) > 1:
            words |= dict.fromkeys([axis for axis in channels if self.shape[axis] == 1], "1")
        named = ", ".join(words[axis] for axis in axes)
        parts = ", real and imaginary part as channels" if self._as_real != self.shape else ""
        return f"({named}){parts}"

    def as_maps(self, tensor: Tensor, sides: Sequence[int], example: Sequence[int]) -> Tensor:
        """View what the model returned as maps, at another size or batch too.

        Parameters
        ----------
        tensor : Tensor
            What the model returned, as it is.
        sides, example : sequence of int
            Spatial sides of the input that it was returned for, and of the example.

        Returns
        -------
        Tensor, shape (B, C, *spatial)
            Real. The tensor itself where it is no map.

        Raises
        ------
        ModelError
            If it has other axes than for the example.
        """
        layout = self.layout
        if layout is None:
            return tensor
        real = torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor
        if real.ndim == len(self._as_real) - 1 and 0 in layout.sample:
            real = real[None]  # a batch of one, squeezed
        channels = self.map_shape[0]
        if real.ndim != len(self._as_real) or layout.shape(real.shape)[0] % channels:
            message = (
                f"the model returned a tensor of shape {tuple(tensor.shape)}: expected axes like "
                f"those of {self.shape}, which it returned for the example"
            )
            raise ModelError(message)
        maps = layout.as_map(real, channels).contiguous()  # sums then run in one order
        if not self.grid:
            return maps
        return maps.reshape(*maps.shape[:2], *self._unrolled(maps.shape[2], sides, example))

    def _unrolled(self, size: int, sides: Sequence[int], example: Sequence[int]) -> tuple[int, ...]:
        """Return the sides of the map of ``size`` places, which grow with those of the input."""
        if size == prod(self.grid):
            return self.grid
        if len(sides) == len(example) == len(self.grid):
            pairs = zip(self.grid, sides, example, strict=True)
            grown = tuple(round(n * now / before) for n, now, before in pairs)
            if prod(grown) == size:
                return grown
        raise ModelError(f"the model returned {size} places: their width is not known")

    @property
    def _as_real(self) -> tuple[int, ...]:
        """The shape of the tensor seen as real."""
        layout = self.layout
        assert layout is not None
        axes = len(layout.sample) + len(layout.channel) + len(layout.spatial)
        return self.shape if axes == len(self.shape) else (*self.shape, 2)
