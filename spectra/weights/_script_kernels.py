"""The upsampling kernels of a program: what it says of its convolutions, else their weights."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

from torch import Tensor, nn

from spectra import _walk as walk
from spectra.capture import Convolution
from spectra.weights._bare_kernels import kernels_of_weights
from spectra.weights._held import HeldKernels, Strides, UpsamplingKernel
from spectra.weights._taps import call_of, transposed


def kernels_of_script(
    script: nn.Module,
    *,
    strides: Strides | None = None,
    shuffles: Mapping[str, int] | None = None,
) -> HeldKernels:
    """Return the upsampling kernels of a ScriptModule: what its program says, else its weights.

    Scripted convolutions keep their numbers as attributes, traced ones in their graph. Only of
    convolutions that are neither is anything assumed, as of bare weights.
    """
    known: dict[str, UpsamplingKernel | None] = {}
    for name, module in walk.named_modules(script):
        weight = getattr(module, "weight", None)
        call = _call(name, module) if isinstance(weight, Tensor) and weight.ndim > 2 else None
        if call is not None:
            known[name] = _of_program(cast("Tensor", weight), call)
    bare = kernels_of_weights(dict(script.state_dict()), strides=strides, shuffles=shuffles)
    # A shuffle that the user names is no contradiction to a program that has a plain convolution.
    rest = [
        one
        for one in bare.kernels
        if one.name not in known or (one.kind == "pixel_shuffle" and known[one.name] is None)
    ]
    return HeldKernels(
        kernels=(*filter(None, known.values()), *rest),
        ambiguous=tuple(name for name in bare.ambiguous if name not in known),
        notes=bare.notes,
        hints=tuple(filter(None, (_without(hint, known) for hint in bare.hints))),
    )


def _without(hint: str, known: Collection[str]) -> str:
    """Drop the stride from a hint, where the program has it."""
    options = hint.split(" or ")
    asked = [o.removeprefix("--stride ").rpartition("=")[0] for o in options]
    return " or ".join(o for o, name in zip(options, asked, strict=True) if name not in known)


PLAIN = Convolution(
    None, module="", stride=(), padding=(), output_padding=(), dilation=(), groups=1
)
"""The call of a convolution that is not transposed: whatever its numbers, it does not upsample."""


def _call(name: str, module: nn.Module) -> Convolution | None:
    """Return the call of a scripted or traced convolution, None of any other module."""
    kind = str(getattr(module, "original_name", ""))
    if kind.startswith("Conv") and hasattr(module, "stride") and hasattr(module, "output_padding"):
        return call_of(name, module) if kind.startswith("ConvTranspose") else PLAIN
    for node in _nodes(module):
        if node.kind() in ("aten::_convolution", "aten::convolution"):
            # Inputs of the operation: 6 tells whether it is transposed, 7 is its output padding.
            stride, padding, dilation, extra = (
                _numbers(node.inputsAt(index)) for index in (3, 4, 5, 7)
            )
            is_transposed, groups = node.inputsAt(6).toIValue(), node.inputsAt(8).toIValue()
            if not (stride and padding and dilation and extra) or groups is None:
                return None
            if not is_transposed:
                return PLAIN
            return Convolution(
                None,
                module=name,
                stride=stride,
                padding=padding,
                output_padding=extra,
                dilation=dilation,
                groups=groups,
            )
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


def _of_program(weight: Tensor, call: Convolution) -> UpsamplingKernel | None:
    """Return the kernel of a convolution of the program, None where it does not upsample."""
    if max(call.stride, default=1) == 1:
        return None
    evidence = "transposed in the program"
    taps = transposed(weight, call)
    return UpsamplingKernel(
        call.module, kind="transposed_conv", certainty="module", evidence=evidence, kernel=taps
    )
