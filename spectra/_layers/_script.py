"""The upsampling kernels of a program: what it says of its convolutions, else their weights."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from torch import Tensor, nn

from spectra import _walk as walk
from spectra import kernel
from spectra._layers._layer import Layer, Reading, Strides, as_numpy
from spectra._layers._weights import layers_of_weights


def layers_of_script(
    script: nn.Module,
    *,
    strides: Strides | None = None,
    shuffles: Mapping[str, int] | None = None,
) -> Reading:
    """Return the upsampling kernels of a ScriptModule: what its program says, else its weights.

    Scripted convolutions keep their numbers as attributes, traced ones in their graph. Only of
    convolutions that are neither is anything assumed, as of bare weights.
    """
    known: dict[str, Layer | None] = {}
    for name, module in walk.named_modules(script):
        weight = getattr(module, "weight", None)
        settings = _settings(module) if isinstance(weight, Tensor) and weight.ndim > 2 else None
        if settings is not None:
            known[name] = _of_program(name, cast("Tensor", weight), settings)
    bare = layers_of_weights(dict(script.state_dict()), strides=strides, shuffles=shuffles)
    rest = [
        layer for layer in bare.layers
        if layer.name not in known or (layer.kind == "pixel_shuffle" and known[layer.name] is None)
    ]  # fmt: skip
    return Reading(
        (*(layer for layer in known.values() if layer is not None), *rest),
        tuple(name for name in bare.ambiguous if name not in known),
        bare.notes,
        tuple(filter(None, (_without(hint, known) for hint in bare.hints))),
    )


def _without(hint: str, known: Collection[str]) -> str:
    """Drop the stride from a hint, where the program has it."""
    options = hint.split(" or ")
    asked = [o.removeprefix("--stride ").rpartition("=")[0] for o in options]
    return " or ".join(o for o, name in zip(options, asked, strict=True) if name not in known)


@dataclass(frozen=True)
class _Settings:
    """The numbers of one convolution of a program."""

    transposed: bool
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    output_padding: tuple[int, ...]
    groups: int


def _settings(module: nn.Module) -> _Settings | None:
    """Return the numbers of a scripted or traced convolution, None of any other module."""
    kind = str(getattr(module, "original_name", ""))
    if kind.startswith("Conv") and hasattr(module, "stride") and hasattr(module, "output_padding"):
        if kind.startswith("ConvTranspose"):
            given: Any = module
            return _Settings(
                *(True, tuple(given.stride), tuple(given.padding), tuple(given.dilation)),
                *(tuple(given.output_padding), int(given.groups)),
            )
        return _Settings(False, (), (), (), (), 1)
    for node in _nodes(module):
        if node.kind() in ("aten::_convolution", "aten::convolution"):
            stride, padding, dilation, extra = (
                _numbers(node.inputsAt(index)) for index in (3, 4, 5, 7)
            )
            transposed, groups = node.inputsAt(6).toIValue(), node.inputsAt(8).toIValue()
            if not (stride and padding and dilation and extra) or groups is None:
                return None
            return _Settings(bool(transposed), stride, padding, dilation, extra, groups)
    return None


def _nodes(module: nn.Module) -> Iterator[Any]:
    compiled: Any = getattr(module, "_c", None)
    if compiled is not None and compiled._has_method("forward"):
        yield from compiled._get_method("forward").graph.nodes()


def _numbers(value: Any) -> tuple[int, ...]:
    """Return the constant list that a graph passes; nothing where it is computed."""
    if (constant := value.toIValue()) is not None:
        return tuple(constant)
    parts = [part.toIValue() for part in value.node().inputs()]
    return () if None in parts else tuple(parts)


def _of_program(name: str, weight: Tensor, settings: _Settings) -> Layer | None:
    if not settings.transposed or max(settings.stride) == 1:
        return None
    found = kernel.transposed_conv(
        as_numpy(weight),
        stride=settings.stride,
        padding=settings.padding,
        output_padding=settings.output_padding,
        dilation=settings.dilation,
        groups=settings.groups,
    )
    return Layer(name, "transposed_conv", "module", "transposed in the program", found)
