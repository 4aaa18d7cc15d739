"""What is read off one call of an operation that upsamples, or could have."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from torch import Tensor

from spectra.kinds import KINDS, Family, Kind


@dataclass(frozen=True)
class Recognised:
    """What is read off one call of an operation of the table.

    Attributes
    ----------
    kind : Kind
        What the step is that the call would be.
    upsamples : bool
        False for a call that could have been a step and is none: stride 1, or a resize that
        shrinks.
    factor : tuple of int
        Upsampling factor along each spatial axis; empty where there is no lattice.
    scale : tuple of Fraction
        Output size over input size along each spatial axis.
    spatial : int
        Number of spatial axes.
    channel : int
        Index of the channel axis, counted from the last axis: negative.
    source : Tensor
        The map that is upsampled.
    weight : Tensor or None
        Weight of a transposed convolution.
    kernel_size, stride : tuple of int or None
        Size and stride of the kernel of a transposed convolution or a fold.
    groups : int or None
        Groups of a transposed convolution.
    reason : str or None
        Why there is no lattice.
    before : tuple of int or None
        ``(channel, *spatial)`` of the source, where its own shape does not tell.
    positions : Tensor or None
        Where the source is read, if the call takes positions.
    spacing : tuple of Fraction
        Output pixels from one input pixel to the next along each axis; empty where that is the
        factor, or not known.
    added : int
        How many axes of one element were put behind the spatial ones for this call alone.
    """

    kind: Kind
    upsamples: bool
    factor: tuple[int, ...]
    scale: tuple[Fraction, ...]
    spatial: int
    channel: int
    source: Tensor
    weight: Tensor | None = None
    kernel_size: tuple[int, ...] | None = None
    stride: tuple[int, ...] | None = None
    groups: int | None = None
    reason: str | None = None
    before: tuple[int, ...] | None = None
    positions: Tensor | None = None
    spacing: tuple[Fraction, ...] = ()
    added: int = 0

    @property
    def family(self) -> Family:
        """How the call was read."""
        return KINDS[self.kind].family

    def as_map(self, tensor: Tensor) -> Tensor:
        """View what this call took or made as ``(sample, channel, *spatial)``."""
        channels = tensor.shape[self.channel]
        end = tensor.ndim - self.added
        return tensor.reshape(-1, channels, *tensor.shape[end - self.spatial : end])
