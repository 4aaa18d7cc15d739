"""What is known of one upsampling kernel, and of all that a model or bare weights hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from spectra.kernel import Kernel
from spectra.weights._identity import KernelIdentity

Certainty = Literal["module", "named", "certain", "likely"]
Strides = Mapping[str, tuple[int, ...]]

ASSUMED_STRIDE = 2


@dataclass(frozen=True)
class UpsamplingKernel(KernelIdentity):
    """One upsampling kernel: beside its identity, its taps."""

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
