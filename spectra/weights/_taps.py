"""The taps of one upsampling layer, from its weight and the numbers that go with it."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spectra import _walk as walk
from spectra import kernel
from spectra.capture import Convolution
from spectra.weights._effective import effective_weight


def call_of(name: str, module: nn.Module) -> Convolution:
    """Return the call that a transposed convolution, which may be scripted, makes by itself.

    Parameters
    ----------
    name : str
        Path of the module.
    module : torch.nn.Module
        What has the numbers as its attributes.
    """
    given: Any = module
    return Convolution(
        weight=None,
        module=name,
        stride=tuple(given.stride),
        padding=tuple(given.padding),
        output_padding=tuple(given.output_padding),
        dilation=tuple(given.dilation),
        groups=int(given.groups),
    )


def transposed(weight: Tensor, call: Convolution) -> kernel.Kernel:
    """Return the kernel of a transposed convolution."""
    return kernel.transposed_conv(
        as_numpy(weight),
        stride=call.stride,
        padding=call.padding,
        output_padding=call.output_padding,
        dilation=call.dilation,
        groups=call.groups,
    )


def shuffled(conv: nn.Module, factor: int) -> kernel.Kernel:
    """Return the kernel of a convolution that only filters and the pixel shuffle after it."""
    return kernel.pixel_shuffle(without_groups(conv), factor=factor, padding=padding_of(conv))


def only_filters(module: nn.Module | None) -> bool:
    """Tell whether a module is a convolution of stride and dilation 1, its padding in numbers."""
    return (
        walk.is_convolution(module)
        and max(*module.stride, *module.dilation) == 1
        and not isinstance(module.padding, str)
    )


def is_complex(module: nn.Module | None) -> bool:
    """Tell whether a convolution has a kernel of complex numbers, which is left out."""
    known = walk.is_convolution(module) or walk.is_transposed(module)
    return known and cast("nn.Conv2d", module).weight.is_complex()


def without_groups(conv: nn.Module) -> NDArray[Any]:
    """Return a convolution's weight with its groups written out."""
    weight = as_numpy(effective_weight(conv))
    groups = cast("int", conv.groups)
    if groups == 1:
        return weight
    outputs, inputs = weight.shape[0] // groups, weight.shape[1]
    full = np.zeros((weight.shape[0], inputs * groups, *weight.shape[2:]), weight.dtype)
    for g in range(groups):
        rows = slice(g * outputs, (g + 1) * outputs)
        full[rows, g * inputs : (g + 1) * inputs] = weight[rows]
    return full


def padding_of(conv: nn.Module) -> tuple[int, ...]:
    """Return a convolution's padding along each axis, whatever it pads with."""
    return cast("tuple[int, ...]", conv.padding)


def as_numpy(tensor: Tensor) -> NDArray[Any]:
    """Return a tensor's values, half precision as float32, which NumPy computes with."""
    plain = tensor.detach().cpu()
    if plain.dtype not in (torch.float32, torch.float64):
        plain = plain.float()
    values: NDArray[Any] = plain.numpy()
    return values
