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
        Axes of the tensor, in the order of the map; ``channel`` may be empty.
    folded : int
        How many channels of one sample follow each other on the sample axes before the next
        sample begins. It is 1 unless channels were folded into the batch.
    """

    sample: tuple[int, ...]
    channel: tuple[int, ...]
    spatial: tuple[int, ...]
    folded: int = 1

    @classmethod
    def usual(cls, ndim: int) -> Layout:
        """Return the layout (sample, channel, *spatial) of a tensor of ``ndim`` axes."""
        return cls.last(ndim, ndim - 2)

    @classmethod
    def last(cls, ndim: int, spatial: int, *, folded: int = 1) -> Layout:
        """Return the layout (*sample, channel, *spatial) of a tensor of ``ndim`` axes."""
        channel = ndim - spatial - 1
        return cls(tuple(range(channel)), (channel,), tuple(range(channel + 1, ndim)), folded)

    def shape(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Return ``(channel, *spatial)`` of the map that a tensor of some shape holds."""
        channels = self.folded * prod(shape[axis] for axis in self.channel)
        return (channels, *(shape[axis] for axis in self.spatial))

    def as_map(self, tensor: Tensor, channels: int | None = None) -> Tensor:
        """View a tensor as a map ``(sample, channel, *spatial)``.

        Parameters
        ----------
        tensor : Tensor
            Any size along each axis; the axes must be those of this layout.
        channels : int, optional
            Channels of one sample; what is left of the other axes becomes samples. By default
            the tensor's own shape says how many.
        """
        ordered = tensor.permute(self._order)
        own, *space = self.shape(tensor.shape)
        return ordered.reshape(-1, channels or own, *space)

    def restore(self, maps: Tensor, shape: Sequence[int]) -> Tensor:
        """Undo :meth:`as_map`: return a tensor of ``shape`` with the values of its map."""
        ordered = maps.reshape([shape[axis] for axis in self._order])
        return ordered.permute([self._order.index(axis) for axis in range(len(shape))])

    @property
    def _order(self) -> tuple[int, ...]:
        return (*self.sample, *self.channel, *self.spatial)
