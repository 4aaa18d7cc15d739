"""Which larger kernel can start as a copy of a step, and why none can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from spectra import _walk as walk
from spectra._walk import unwrap
from spectra.errors import ConversionError, SpectraError
from spectra.remedy._convert import check_fit
from spectra.remedy._remedy import Remedy, parse_remedy
from spectra.remedy._swapper import Swapper, recorded, with_calls

if TYPE_CHECKING:
    from torch import Tensor, nn

    from spectra.capture import Discovery, Step
    from spectra.remedy._functions import FunctionCall
    from spectra.remedy._transposed_form import TransposedForm

SIZES = range(7, 64, 4)  # taps at factor 2; 9 and 13 gain nothing over 7 and 11
SCRIPTED = "torch.jit.script or torch.jit.trace"
EXPORTED = "torch.export.export"


@dataclass(frozen=True)
class LargerKernel:
    """What `swap` can put in the place of a step so that it starts as a copy of it.

    Attributes
    ----------
    remedy : str or None
        Name of the smallest LCTC that has more taps than the step; None with a ``reason``.
    reason : str or None
        Why `swap` refuses the step.
    frozen : str or None
        What froze the model's code, if that is why: ``"torch.export.export"``.
    """

    remedy: str | None
    reason: str | None = None
    frozen: str | None = None


def larger_kernels(model: nn.Module, found: Discovery, example: Tensor) -> tuple[LargerKernel, ...]:
    """Return, for each step, the next larger kernel that `swap` makes of it.

    Parameters
    ----------
    model : Module
        Left as it came; it runs once.
    found : Discovery
        Its steps.
    example : Tensor, shape (1, C, *spatial)
        One input.

    Examples
    --------
    >>> from torch import nn
    >>> from spectra.capture import discover
    >>> net, example = nn.Sequential(nn.Upsample(scale_factor=2)), torch.zeros(1, 3, 8, 8)
    >>> larger_kernels(net, discover(net, example), example)[0].remedy
    'lctc7'
    """
    model = unwrap(model)
    if frozen := frozen_by(model):
        return (LargerKernel(None, f"its code is frozen by {frozen}", frozen),) * len(found.steps)
    swapper = Swapper(
        model, parse_remedy("lctc7"), init="keep", method=found.method, example=example
    )
    try:
        pairs = with_calls(model, found.steps, recorded(model, example, found.method))
    except SpectraError as error:
        return (LargerKernel(None, str(error)),) * len(found.steps)
    return tuple(_larger(swapper, step, call) for step, call in pairs)


def frozen_by(model: nn.Module) -> str | None:
    """Return what has frozen a model's code; None where it is a Python module as it was written."""
    if isinstance(model, torch.jit.ScriptModule):
        return SCRIPTED
    return EXPORTED if _is_exported(model) else None


def _is_exported(model: nn.Module) -> bool:
    """Tell whether a model is a graph of ATen's operators, perhaps one graph for each module."""
    graphs = (getattr(module, "graph", None) for module in walk.modules(model))
    return isinstance(getattr(model, "graph", None), torch.fx.Graph) and any(
        isinstance(node.target, torch._ops.OpOverload)
        for graph in graphs
        if isinstance(graph, torch.fx.Graph)
        for node in graph.nodes
    )


def _larger(swapper: Swapper, step: Step, call: FunctionCall | None) -> LargerKernel:
    try:
        form = swapper.form(step, call)
    except SpectraError as error:
        return LargerKernel(None, str(error))
    for taps in SIZES:
        remedy = parse_remedy(f"lctc{taps}")
        if _is_larger(remedy, form):
            return LargerKernel(remedy.name)
    return LargerKernel(None, "its kernel is larger than any that is worth a trial")


def _is_larger(remedy: Remedy, form: TransposedForm) -> bool:
    """Tell whether a remedy has more taps along each axis, and can hold those of the form."""
    if any(new <= old for new, old in zip(remedy.sizes(form.factor), form.size, strict=True)):
        return False
    try:
        check_fit(form, remedy)
    except ConversionError:
        return False
    return True
