"""The upsampling kernels of a model's modules."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import pairwise
from typing import Any, cast

import numpy as np
from torch import Tensor, nn

from spectra import _walk as walk
from spectra import capture, kernel
from spectra._layers._layer import Layer, as_numpy
from spectra.remedy import effective_weight

TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
MODES: dict[str, kernel.InterpolatorName] = {
    "nearest": "nearest",
    "nearest-exact": "nearest",
    "area": "area",
    "linear": "bilinear",
    "bilinear": "bilinear",
    "trilinear": "bilinear",
    "bicubic": "bicubic",
}


def layers_of_model(
    model: nn.Module, example: Tensor | None = None, *, method: str = "forward"
) -> tuple[Layer, ...]:
    """Return the upsampling kernels of a model's modules, in their order.

    Transposed convolutions always. Pixel shuffles with the convolution before them, and
    interpolations with the one after them, where they stand in one ``Sequential``, or where a
    forward pass of ``example`` shows that one's output is the other's input. Kernels of complex
    numbers are left out.

    Raises
    ------
    ModelError
        If the model fails on the example.
    """
    modules = dict(walk.named_modules(model))
    pairs = find_pairs(model, example, method=method)
    layers = []
    with capture.quiet(model):  # in training mode a spectral norm changes when its weight is read
        for name, module in modules.items():
            partner = modules.get(pairs.get(name, ""))
            if not any(m is not None and _is_complex(m) for m in (module, partner)):
                layers.append(_layer(name, module, partner))
    return tuple(layer for layer in layers if layer is not None)


def find_pairs(
    model: nn.Module, example: Tensor | None = None, *, method: str = "forward"
) -> dict[str, str]:
    """Return the convolution that belongs to each pixel shuffle and interpolation, by names."""
    modules = dict(walk.named_modules(model))
    return {**_pairs_in_sequence(modules), **_pairs_in_motion(model, modules, example, method)}


def measure_steps(
    model: nn.Module, discovery: capture.Discovery, example: Tensor
) -> tuple[kernel.Measures | None, ...]:
    """Return what the kernel of each step says by itself; None where it is not known.

    Known are those of transposed convolutions and of pixel shuffles that directly follow a
    convolution, as modules, and those of interpolations.
    """
    layers: dict[str, Layer] = {}
    if any(step.kind in ("transposed_conv", "pixel_shuffle") for step in discovery.steps):
        found = layers_of_model(model, example, method=discovery.method)
        layers = {layer.name: layer for layer in found}
    return tuple(_of_step(step, layers.get(step.name)) for step in discovery.steps)


def _of_step(step: capture.Step, layer: Layer | None) -> kernel.Measures | None:
    if step.kind in MODES and step.factor:
        fixed = kernel.interpolator(MODES[step.kind], step.factor)
        return kernel.measure(fixed)
    if layer is None or layer.kind != step.kind or layer.kernel.stride != step.factor:
        return None
    return kernel.measure(layer.kernel) if layer.kernel.weight.any() else None


def _layer(name: str, module: nn.Module, partner: nn.Module | None) -> Layer | None:
    """Return the kernel of a module, with the convolution that belongs to it if there is one."""
    if isinstance(module, TRANSPOSED) and max(module.stride) > 1:
        # A transposed convolution has its padding as numbers, not as a word.
        found = kernel.transposed_conv(
            as_numpy(effective_weight(module)),
            stride=module.stride,
            padding=cast("tuple[int, ...]", module.padding),
            output_padding=module.output_padding,
            dilation=module.dilation,
            groups=module.groups,
        )
        return Layer(name, "transposed_conv", "module", type(module).__name__, found)
    if (
        isinstance(module, nn.PixelShuffle)
        and module.upscale_factor > 1
        and isinstance(partner, CONVOLUTIONS)
    ):
        found = kernel.pixel_shuffle(
            _full(partner), factor=module.upscale_factor, padding=_padding(partner)
        )
        return Layer(name, "pixel_shuffle", "module", "Conv2d and PixelShuffle", found)
    if isinstance(module, nn.Upsample) and (factor := _upsample_factor(module)):
        axes = partner.weight.ndim - 2 if isinstance(partner, CONVOLUTIONS) else _axes(module)
        if axes is None or (isinstance(factor, tuple) and len(factor) != axes):
            return None
        fixed = kernel.interpolator(MODES[module.mode], factor, axes=axes)
        if not isinstance(partner, CONVOLUTIONS):
            return Layer(name, module.mode, "module", "Upsample", fixed)
        found = kernel.interpolated_conv(_full(partner), fixed, padding=_padding(partner))
        return Layer(name, f"{module.mode}+conv", "module", "Upsample and convolution", found)
    return None


def _pairs_in_sequence(modules: Mapping[str, nn.Module]) -> dict[str, str]:
    """Return which convolution stands beside a shuffle or interpolation in a Sequential."""
    pairs = {}
    for name, module in modules.items():
        if isinstance(module, nn.Sequential):
            children = [
                (f"{name}.{key}" if name else key, m) for key, m in walk.named_children(module)
            ]
            for (first, one), (second, other) in pairwise(children):
                if _plain(one) and isinstance(other, nn.PixelShuffle):
                    pairs[second] = first
                elif isinstance(one, nn.Upsample) and _plain(other):
                    pairs[first] = second
    return pairs


def _pairs_in_motion(
    model: nn.Module, modules: Mapping[str, nn.Module], example: Tensor | None, method: str
) -> dict[str, str]:
    """Return which convolution's output enters a shuffle, and which takes an interpolation's."""
    kinds = (nn.PixelShuffle, nn.Upsample)
    if example is None or not any(isinstance(m, kinds) for m in modules.values()):
        return {}
    pairs: dict[str, str] = {}
    last: list[tuple[str, nn.Module, Tensor]] = []

    def before(name: str, module: nn.Module, arguments: tuple[Any, ...]) -> None:
        if not last or not arguments or arguments[0] is not last[0][2]:
            return
        source, origin, _ = last[0]
        if isinstance(module, nn.PixelShuffle) and _plain(origin):
            pairs[name] = source
        elif isinstance(origin, nn.Upsample) and _plain(module):
            pairs[source] = name

    def after(name: str, module: nn.Module, _arguments: Any, output: Any) -> None:
        if isinstance(output, Tensor):
            last[:] = [(name, module, output)]

    handles = []
    for name, module in modules.items():
        if isinstance(module, (*kinds, *CONVOLUTIONS)):
            handles.append(module.register_forward_pre_hook(partial(before, name)))
            handles.append(module.register_forward_hook(partial(after, name)))
    try:
        with capture.quiet(model):
            capture.forward(model, example, method=method)
    finally:
        last.clear()
        for handle in handles:
            handle.remove()
    return pairs


def _is_complex(module: nn.Module) -> bool:
    """Tell whether a convolution has a kernel of complex numbers."""
    return isinstance(module, (*CONVOLUTIONS, *TRANSPOSED)) and module.weight.is_complex()


def _plain(module: nn.Module) -> bool:
    """Tell whether a module is a convolution that only filters: stride and dilation 1."""
    return (
        isinstance(module, CONVOLUTIONS)
        and max(*module.stride, *module.dilation) == 1
        and not isinstance(module.padding, str)
    )


def _full(module: nn.Module) -> np.ndarray[Any, Any]:
    """Return a convolution's weight with its groups written out."""
    weight = as_numpy(effective_weight(module))
    groups = cast("int", module.groups)
    if groups == 1:
        return weight
    outputs, inputs = weight.shape[0] // groups, weight.shape[1]
    full = np.zeros((weight.shape[0], inputs * groups, *weight.shape[2:]), weight.dtype)
    for g in range(groups):
        rows = slice(g * outputs, (g + 1) * outputs)
        full[rows, g * inputs : (g + 1) * inputs] = weight[rows]
    return full


def _padding(module: nn.Module) -> tuple[int, ...]:
    return cast("tuple[int, ...]", module.padding)


def _upsample_factor(module: nn.Upsample) -> int | tuple[int, ...] | None:
    """Return the factor of an interpolation that has a kernel, None of any other."""
    if module.align_corners or module.mode not in MODES or module.scale_factor is None:
        return None
    given = module.scale_factor
    values = given if isinstance(given, tuple) else (given,)
    if any(v != int(v) or v < 1 for v in values) or max(values) < 2:
        return None
    whole = tuple(int(v) for v in values)
    return whole if isinstance(given, tuple) else whole[0]


def _axes(module: nn.Upsample) -> int | None:
    """Return the number of axes, where the mode tells it."""
    if isinstance(module.scale_factor, tuple):
        return len(module.scale_factor)
    return {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}.get(module.mode, 2)
