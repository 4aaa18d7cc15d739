"""Weights that are computed before each call: weight and spectral normalisation."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

from spectra.errors import ConversionError


def effective_weight(module: nn.Module) -> Tensor:
    """Return the weight that a module uses, whatever computes it."""
    hook = _hook(module)
    if hook is None:
        weight = module.weight
    elif hasattr(hook, "n_power_iterations"):
        weight = hook.compute_weight(module, do_power_iteration=False)
    else:
        weight = hook.compute_weight(module)
    assert isinstance(weight, Tensor)
    return weight


def weight_norm_axis(module: nn.Module) -> int | None:
    """Return the axis of a weight normalisation, None where there is none, -1 for all axes."""
    hook = _hook(module)
    if hook is not None:
        return None if hasattr(hook, "n_power_iterations") else int(hook.dim)
    for normalisation in _parametrizations(module):
        if type(normalisation).__name__ == "_WeightNorm":
            return int(normalisation.dim)  # PyTorch writes None as -1
    return None


def folded_norm(module: nn.Module) -> str | None:
    """Return the name of what computes a weight and cannot be kept, None where all can."""
    if weight_norm_axis(module) is not None:
        return None
    hook = _hook(module)
    if hook is not None:
        return type(hook).__name__
    names = [type(p).__name__.lstrip("_") for p in _parametrizations(module)]
    return ", ".join(names) or None


def with_weight_norm(module: nn.Module, axis: int) -> None:
    """Let a module's weight be a length times a direction, as it was."""
    with torch.no_grad():
        parametrizations.weight_norm(module, dim=None if axis == -1 else axis)  # type: ignore[arg-type]


def is_norm_hook(hook: object) -> bool:
    """Tell whether a forward pre-hook computes a weight."""
    return hasattr(hook, "compute_weight")


def _hook(module: nn.Module) -> Any:
    """Return the forward pre-hook by which older code computes the weight."""
    hooks = module._forward_pre_hooks.values()
    return next((h for h in hooks if is_norm_hook(h) and h.name == "weight"), None)  # type: ignore[attr-defined]


def _parametrizations(module: nn.Module) -> list[Any]:
    if not parametrize.is_parametrized(module, "weight"):
        return []
    return list(module.parametrizations["weight"])  # type: ignore[index]


@torch.no_grad()
def set_weight(module: nn.Module, weight: Tensor) -> None:
    """Let a module use ``weight``, whatever computes it.

    Raises
    ------
    ConversionError
        If what computes it cannot make this weight.
    """
    hook = _hook(module)
    if folded_norm(module) is not None:
        message = f"its weight is computed by {folded_norm(module)}, which cannot make another"
        raise ConversionError(message)
    if hook is None:
        if parametrize.is_parametrized(module, "weight"):
            module.weight = weight
        else:
            module.weight.copy_(weight)  # type: ignore[operator]
        return
    module.weight_v.copy_(weight)  # type: ignore[operator]
    module.weight_g.copy_(torch.norm_except_dim(weight, 2, hook.dim))  # type: ignore[operator]
