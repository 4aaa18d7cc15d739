"""Which axes of a tensor hold samples, channels and space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from torch import Tensor


@dataclass(frozen=True)
class Layout:
    """Which axes of a tensor hold samples, channels and space.

    Attributes
    ----------
    sample, channel, spatial : tuple of int
        Axes, in the order of the map; ``channel`` may be empty.
    folded : int
        So many channels of each sample lie one after the other on the sample axes.
    """

    sample: tuple[int, ...]
    channel: tuple[int, ...]
    spatial: tuple[int, ...]
    folded: int = 1

    @classmethod
    def usual(cls, ndim: int) -> Layout:
        """Return the layout (sample, channel, *spatial)."""
        return cls((0,), (1,), tuple(range(2, ndim)))

    def shape(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Return ``(channel, *spatial)`` of a tensor of some shape."""
        channels = self.folded * prod(shape[axis] for axis in self.channel)
        return (channels, *(shape[axis] for axis in self.spatial))

    def as_map(self, tensor: Tensor, channels: int | None = None) -> Tensor:
        """View a tensor as ``(sample, channel, *spatial)``, with so many channels a sample."""
        ordered = tensor.permute(self._order)
        own, *space = self.shape(tensor.shape)
        return ordered.reshape(-1, channels or own, *space)

    def restore(self, maps: Tensor, shape: Sequence[int]) -> Tensor:
        """Return what :meth:`as_map` made a map of, in the tensor's own shape."""
        ordered = maps.reshape([shape[axis] for axis in self._order])
        return ordered.permute([self._order.index(axis) for axis in range(len(shape))])

    @property
    def _order(self) -> tuple[int, ...]:
        return (*self.sample, *self.channel, *self.spatial)
