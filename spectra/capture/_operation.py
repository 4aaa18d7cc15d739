"""What an upsampling operation is called, how it enlarges and of which size its maps are."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from spectra._names import label


@dataclass(frozen=True)
class Operation:
    """What names and describes an upsampling operation of a model, wherever it is told.

    Attributes
    ----------
    name : str
        Dotted path of the module in whose ``forward`` the operation ran; ``""`` is the model.
        Where several operations are one step, it is the module in which the last of them enlarged
        the map; where parallel ones are added, the module that holds them all, else ``"a + b"``.
    call : int
        Counts the upsampling steps of that module within one forward pass, from 0.
    kind : str
        What the operation is, see `spectra.capture.Kind`.
    factor : tuple of int
        Upsampling factor of each spatial axis, 1 where the axis is not upsampled; empty
        where the step has no lattice (a non-integer ratio, ``align_corners=True``).
    kernel_size, stride : tuple of int or None
        Size and stride of the kernel along each axis: that of a transposed convolution (the
        largest one of parallel ones), of a fold, or of the filter that follows a zero insertion,
        whose stride is the insertion's. Other kinds have none.
    groups : int or None
        Groups of the transposed convolution, or of the filter that follows a zero insertion.
        Other kinds have none.
    input_shape, output_shape : tuple of int
        ``(channel, *spatial)`` of the map before and after, without the sample axis.
    """

    name: str
    call: int
    kind: str
    factor: tuple[int, ...]
    kernel_size: tuple[int, ...] | None
    stride: tuple[int, ...] | None
    groups: int | None
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]

    @property
    def label(self) -> str:
        """The step's name as printed: the module path, with ``#call`` after the first."""
        return label(self)

    def matches(self, pattern: str) -> bool:
        """Tell whether a shell pattern fits the name, which all calls share, or the label."""
        return fnmatchcase(self.name, pattern) or fnmatchcase(self.label, pattern)


@dataclass(frozen=True)
class Growth:
    """A module whose output is larger than its input although no step was found inside."""

    name: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
