"""What an upsampling step is."""

from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal[
    "transposed_conv",
    "pixel_shuffle",
    "nearest",
    "bilinear",
    "bicubic",
    "trilinear",
    "linear",
    "area",
    "antialiased",
    "unpool",
    "zero_insertion",
    "depth_to_space",
    "repeat",
    "grid_sample",
    "fold",
    "fourier",
    "other",
]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True)
class Step:
    """One upsampling operation of a model.

    Attributes
    ----------
    name : str
        Dotted path of the module in whose ``forward`` the operation ran; ``""`` is the model.
    call : int
        Counts the upsampling operations of that module within one forward pass, from 0.
    kind : Kind
        What the operation is.
    factor : tuple of int
        Upsampling factor of each spatial axis, 1 where the axis is not upsampled; empty
        where the step has no lattice (a non-integer ratio, ``align_corners=True``).
    kernel_size, stride : tuple of int or None
        Of a transposed convolution.
    groups : int or None
        Of a transposed convolution.
    input_shape, output_shape : tuple of int
        ``(channel, *spatial)`` of the map before and after, without the sample axis.
    reason : str or None
        Why the step has no lattice.
    """

    name: str
    call: int
    kind: Kind
    factor: tuple[int, ...]
    kernel_size: tuple[int, ...] | None
    stride: tuple[int, ...] | None
    groups: int | None
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    reason: str | None = None

    @property
    def label(self) -> str:
        """The step's name as printed: the module path, with ``#call`` after the first."""
        name = self.name or "(model)"
        return f"{name}#{self.call}" if self.call else name


@dataclass(frozen=True)
class Growth:
    """A module whose output is larger than its input although no step was found inside."""

    name: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
