"""Give a model back the state that its forward passes change: buffers, caches, counters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.jit import ScriptModule
from torch.nn.parameter import is_lazy

from spectra import _walk as walk

REGISTRIES = frozenset(vars(nn.Module()))
"""Attributes in which torch keeps parameters, modules and hooks."""

_held: set[int] = set()  # ids of modules whose state an outer block gives back


@contextmanager
def kept(model: nn.Module) -> Iterator[None]:
    """Give back what a model's modules held on entering the block, whatever happens inside.

    That is buffers, and attributes that are no parameters: tensors with their values, dictionaries,
    lists and sets with what was in them, all else as the object that it was. Parameters are not
    copied. Of blocks within each other only the outermost gives back, so that what a model
    keeps from pass to pass is the same in all passes of one run.
    """
    modules = [module for module in walk.modules(model) if id(module) not in _held]
    states = [_ModuleState(module) for module in modules if not _is_unmade(module)]
    _held.update(map(id, modules))
    try:
        yield
    finally:
        _held.difference_update(map(id, modules))
        for state in states:
            state.give_back()


def _is_unmade(module: nn.Module) -> bool:
    """Tell whether a module gets its tensors, and another class, in its first forward pass."""
    tensors = (*module._parameters.values(), *module._buffers.values())
    return any(tensor is not None and is_lazy(tensor) for tensor in tensors)


class _ModuleState:
    """What one module holds itself, not through modules within it."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._buffers = dict(module._buffers.items())
        scripted = isinstance(module, ScriptModule)  # keeps its attributes out of Python's reach
        own = {} if scripted else vars(module)
        self._attributes = {key: v for key, v in own.items() if key not in REGISTRIES}
        held = (*self._buffers.values(), *self._attributes.values())
        self._tensors = [_TensorState(value) for value in held if _has_values(value)]
        self._containers = [
            (value, value.copy()) for value in self._attributes.values() if type(value) in _FILL
        ]

    def give_back(self) -> None:
        """Put everything back where it was."""
        for tensor in self._tensors:
            tensor.give_back()
        for container, before in self._containers:
            if not _same(container, before):
                _FILL[type(container)](container, before)
        module = self._module
        for name, buffer in self._buffers.items():
            if module._buffers[name] is not buffer:
                module._buffers[name] = buffer
        if isinstance(module, ScriptModule):
            return
        own = vars(module)
        for key in [key for key in own if key not in REGISTRIES and key not in self._attributes]:
            del own[key]
        own.update(self._attributes)


class _TensorState:
    """One tensor, and a copy of its values."""

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor
        self._values = _distinct(tensor.detach()).clone()

    def give_back(self) -> None:
        """Write the values back, if they are others by now.

        They are compared: torch does not count what a batch norm writes as a new version.
        """
        with torch.no_grad(), torch.inference_mode(self._tensor.is_inference()):
            now, before = _distinct(self._tensor.detach()), self._values
            if now.shape != before.shape or now.dtype != before.dtype:
                self._tensor.data = before
            elif now.layout != torch.strided or not torch.equal(now, before):
                now.copy_(before)


def _distinct(tensor: Tensor) -> Tensor:
    """Return a view without the axes along which one value in memory stands for many."""
    if tensor.layout != torch.strided:
        return tensor
    for axis, stride in enumerate(tensor.stride()):
        if stride == 0 and tensor.shape[axis] > 1:
            tensor = tensor.narrow(axis, 0, 1)
    return tensor


def _has_values(value: object) -> bool:
    if not isinstance(value, Tensor) or isinstance(value, nn.Parameter) or value.is_meta:
        return False
    # FSDP frees what gathered weights are views of: to read such a view ends the process
    plain = type(value) is Tensor and value.layout == torch.strided
    return not (plain and value.numel() and value.untyped_storage().size() == 0)


def _same(now: Any, before: Any) -> bool:
    """Tell whether a container holds the same objects; their values may have no comparison."""
    if len(now) != len(before):
        return False
    if isinstance(now, set):
        return now.issubset(before)
    if isinstance(now, dict):
        return _same([*now, *now.values()], [*before, *before.values()])
    return all(a is b for a, b in zip(now, before, strict=True))


def _fill_list(container: list[Any], before: list[Any]) -> None:
    container[:] = before


def _fill(container: Any, before: Any) -> None:
    container.clear()
    container.update(before)


_FILL: dict[type, Any] = {list: _fill_list, dict: _fill, set: _fill}
