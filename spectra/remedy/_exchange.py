"""A copy of a model, and other modules in the place of some of its own."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from spectra import _walk as walk
from spectra.errors import ConversionError, ParameterError
from spectra.weights import is_norm_hook

_HOOKS = (
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
)


def copy_of(model: nn.Module) -> nn.Module:
    """Return a deep copy, also of models whose weights are computed by hooks.

    What a module holds beside tensors and modules and cannot be copied, such as a lock or the
    handle of an operator, is shared with the copy.

    Raises
    ------
    ConversionError
        If the model cannot be copied all the same.
    """
    for module in walk.modules(model):
        for hook in module._forward_pre_hooks.values():
            if is_norm_hook(hook):  # its weight is computed anew before each call
                name = hook.name  # type: ignore[attr-defined]
                setattr(module, name, getattr(module, name).detach())
    try:
        return deepcopy(model)
    except Exception:
        shared = {id(value): value for value in _uncopied(model)}
    try:
        return deepcopy(model, shared)
    except Exception as error:
        raise ConversionError(
            f"{type(model).__name__} cannot be copied ({error}), and only a copy is swapped: make "
            "what it holds beside its layers fit for copy.deepcopy"
        ) from error


def _uncopied(model: nn.Module) -> Iterator[object]:
    """Yield what modules hold and cannot be copied, but for what may hold tensors or modules."""
    for module in walk.modules(model):
        for value in vars(module).values():
            if isinstance(value, Tensor | nn.Module | dict | list | tuple | set):
                continue
            try:
                deepcopy(value)
            except Exception:
                yield value


def module_at(model: nn.Module, path: str) -> nn.Module:
    """Return a module by its path, or the ScriptModule in which the path goes on."""
    module = model
    for name in filter(None, path.split(".")):
        if isinstance(module, torch.jit.ScriptModule):
            return module
        inner = getattr(module, name, None)
        if not isinstance(inner, nn.Module):
            message = f"the model has no module {path!r}: is it built by the code of the plan?"
            raise ParameterError(message)
        module = inner
    return module


def put(root: nn.Module, old: nn.Module, new: nn.Module) -> nn.Module:
    """Put a module wherever another one is; return the root, which may be the new one.

    Also into plain lists, tuples and dicts that a module keeps beside its modules.
    """
    for parent in list(walk.modules(root)):
        for name, child in parent._modules.items():
            if child is old:
                parent._modules[name] = new
        for name, value in vars(parent).items():
            if not name.startswith("_"):
                vars(parent)[name] = _with_put(value, old, new)
    return new if root is old else root


def _with_put(value: Any, old: nn.Module, new: nn.Module) -> Any:
    """Return an attribute with one module for another, where it is or holds that."""
    if value is old:
        return new
    if type(value) in (list, tuple) and any(item is old for item in value):
        return type(value)(new if item is old else item for item in value)
    if type(value) is dict and any(item is old for item in value.values()):
        return {key: new if item is old else item for key, item in value.items()}
    return value


def move_hooks(old: nn.Module, new: nn.Module) -> None:
    """Let the hooks of a module's users go on; those that compute its weight are done."""
    for attribute in _HOOKS:
        hooks = getattr(old, attribute, {})
        kept = {key: hook for key, hook in hooks.items() if not is_norm_hook(hook)}
        getattr(new, attribute).update(kept)
