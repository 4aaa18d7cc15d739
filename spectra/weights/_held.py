"""What is known of one upsampling kernel, and of all that a model or bare weights hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from spectra.kernel import Kernel

Certainty = Literal["module", "named", "certain", "likely"]
Strides = Mapping[str, tuple[int, ...]]

ASSUMED_STRIDE = 2


@dataclass(frozen=True)
class UpsamplingKernel:
    """One upsampling kernel, and how it is known to be one.

    Attributes
    ----------
    name : str
        Module path; of bare weights the tensor's name without ``.weight``.
    kind : str
        "transposed_conv", "pixel_shuffle" (with the convolution before it), an interpolation
        ("nearest"), or one with the convolution after it ("nearest+conv").
    certainty : str
        "module": the model says so. Of bare weights: "named" by the caller, "certain" or
        "likely" to be transposed.
    evidence : str
        Why, in a phrase.
    kernel : Kernel
        Its taps.
    """

    name: str
    kind: str
    certainty: Certainty
    evidence: str
    kernel: Kernel


@dataclass(frozen=True)
class HeldKernels:
    """The upsampling kernels that something holds, and what it leaves open.

    Attributes
    ----------
    kernels : tuple of UpsamplingKernel
        In the order of modules, or of the file.
    ambiguous : tuple of str
        Names of weights that may be upsampling kernels too.
    notes : tuple of str
        What could not be read, in a sentence each.
    hints : tuple of str
        Options by which a user could settle ambiguous names, the likeliest first.
    """

    kernels: tuple[UpsamplingKernel, ...]
    ambiguous: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


def stem_of(name: str) -> str:
    """Return a weight's name without ``.weight``."""
    return name.removesuffix(".weight")
