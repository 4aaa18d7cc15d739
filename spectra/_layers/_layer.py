"""What is known of one upsampling kernel, and of all that some weights hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import torch
from torch import Tensor

from spectra import kernel

Certainty = Literal["module", "named", "certain", "likely"]
Strides = Mapping[str, tuple[int, ...]]

ASSUMED_STRIDE = 2


@dataclass(frozen=True)
class Layer:
    """One upsampling kernel.

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
    """

    name: str
    kind: str
    certainty: Certainty
    evidence: str
    kernel: kernel.Kernel


@dataclass(frozen=True)
class Reading:
    """What bare weights hold: kernels, and names of weights that may be some."""

    layers: tuple[Layer, ...]
    ambiguous: tuple[str, ...]
    notes: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()  # options that would fit, the likeliest first


def stem_of(name: str) -> str:
    return name.removesuffix(".weight")


def as_numpy(tensor: Tensor) -> np.ndarray[Any, Any]:
    plain = tensor.detach().cpu()
    if plain.dtype not in (torch.float32, torch.float64):
        plain = plain.float()
    return cast("np.ndarray[Any, Any]", plain.numpy())
