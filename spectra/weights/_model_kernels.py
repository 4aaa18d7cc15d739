"""The upsampling kernels of a model's modules, whether they run or not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from torch import nn

from spectra import _walk as walk
from spectra import capture, kernel
from spectra.kinds import FIXED_TAPS, MODES
from spectra.weights._effective import effective_weight
from spectra.weights._held import UpsamplingKernel
from spectra.weights._taps import (
    call_of,
    is_complex,
    only_filters,
    padding_of,
    shuffled,
    transposed,
    without_groups,
)


def kernels_of_model(
    model: nn.Module, found: capture.Discovery | None = None
) -> tuple[UpsamplingKernel, ...]:
    """Return the upsampling kernels of a model's modules, in their order.

    Transposed convolutions are always listed. A pixel shuffle needs the convolution before it, and
    an interpolation has one with the convolution after it: where they stand in one ``Sequential``,
    or where a step of the model says which it is. Kernels of complex numbers are left out.

    Parameters
    ----------
    model : torch.nn.Module
        Left as it came.
    found : Discovery, optional
        What `spectra.capture.discover` returned for it; without, modules alone are read.
    """
    beside = dict(_beside_in_sequence(model))
    if found is not None:
        beside |= dict(_beside_in_steps(model, found))
    with capture.quiet(model):  # in training mode a spectral norm changes when its weight is read
        named = walk.named_modules(model)
        read = [_read(name, module, beside.get(module)) for name, module in named]
    return tuple(one for one in read if one is not None)


def _read(name: str, module: nn.Module, beside: nn.Module | None) -> UpsamplingKernel | None:
    """Return the kernel of a module, with the convolution that stands beside it."""
    if is_complex(module) or is_complex(beside):
        return None
    if walk.is_transposed(module) and max(module.stride) > 1:
        taps = transposed(effective_weight(module), call_of(name, module))
        return UpsamplingKernel(
            name,
            kind="transposed_conv",
            certainty="module",
            evidence=type(module).__name__,
            kernel=taps,
        )
    if isinstance(module, nn.PixelShuffle) and module.upscale_factor > 1 and beside is not None:
        taps = shuffled(beside, module.upscale_factor)
        return UpsamplingKernel(
            name,
            kind="pixel_shuffle",
            certainty="module",
            evidence="Conv2d and PixelShuffle",
            kernel=taps,
        )
    if isinstance(module, nn.Upsample):
        return _interpolation(name, module, beside)
    return None


def _interpolation(
    name: str, module: nn.Upsample, beside: nn.Module | None
) -> UpsamplingKernel | None:
    """Return the kernel of an interpolation, None where it has none or its axes are not known."""
    factor = _factor(module)
    axes = beside.weight.ndim - 2 if walk.is_convolution(beside) else _axes(module)
    if factor is None or (isinstance(factor, tuple) and len(factor) != axes):
        return None
    fixed = kernel.interpolator(FIXED_TAPS[module.mode], factor, axes=axes)
    if beside is None:
        return UpsamplingKernel(
            name, kind=module.mode, certainty="module", evidence="Upsample", kernel=fixed
        )
    taps = kernel.interpolated_conv(without_groups(beside), fixed, padding=padding_of(beside))
    kind = f"{module.mode}+conv"
    return UpsamplingKernel(
        name, kind=kind, certainty="module", evidence="Upsample and convolution", kernel=taps
    )


def _beside_in_sequence(model: nn.Module) -> Iterator[tuple[nn.Module, nn.Module]]:
    """Yield each shuffle and interpolation with the convolution beside it in a ``Sequential``."""
    for sequence in walk.modules(model):
        if not isinstance(sequence, nn.Sequential):
            continue
        children = [child for _, child in walk.named_children(sequence)]
        for first, second in pairwise(children):
            if only_filters(first) and isinstance(second, nn.PixelShuffle):
                yield second, first
            elif isinstance(first, nn.Upsample) and only_filters(second):
                yield first, second


def _beside_in_steps(
    model: nn.Module, found: capture.Discovery
) -> Iterator[tuple[nn.Module, nn.Module]]:
    """Yield each shuffle and interpolation with the convolution that ran beside it."""
    modules = walk.modules_by_path(model)
    for step in found.steps:
        if step.convolution is None or step.kind == "transposed_conv":
            continue
        conv = modules.get(step.convolution.module)
        if conv is not None and only_filters(conv):
            yield modules[step.name], conv


def _factor(module: nn.Upsample) -> int | tuple[int, ...] | None:
    """Return the factor of an interpolation that has a kernel, None of any other."""
    if module.align_corners or module.mode not in FIXED_TAPS or module.scale_factor is None:
        return None
    given = module.scale_factor
    values = given if isinstance(given, tuple) else (given,)
    if any(v != int(v) or v < 1 for v in values) or max(values) < 2:
        return None
    whole = tuple(int(v) for v in values)
    return whole if isinstance(given, tuple) else whole[0]


def _axes(module: nn.Upsample) -> int:
    """Return the number of axes; where neither factor nor mode tells, a picture's."""
    if isinstance(module.scale_factor, tuple):
        return len(module.scale_factor)
    kind = MODES.get(module.mode)
    return (kind.axes if kind else 0) or 2
