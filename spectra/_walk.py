"""What a model holds, told without calling any method of it.

Published models keep lists and numbers under the names of methods (``self.modules = [...]``,
``self.parameters = {...}``): torch runs them, but ``model.modules()`` fails. So everything here
reads the dictionaries in which ``nn.Module`` keeps what was assigned.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TypeGuard

import torch
from torch import Tensor, nn

CONVOLUTIONS: dict[int, type[nn.Conv1d | nn.Conv2d | nn.Conv3d]] = {
    1: nn.Conv1d,
    2: nn.Conv2d,
    3: nn.Conv3d,
}
TRANSPOSED: dict[int, type[nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d]] = {
    1: nn.ConvTranspose1d,
    2: nn.ConvTranspose2d,
    3: nn.ConvTranspose3d,
}


def named_modules(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield path and module of a model and all within, each once, as torch orders them."""
    seen: set[nn.Module] = set()
    waiting = [("", model)]
    while waiting:
        path, module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        yield path, module
        inner = [(f"{path}.{name}" if path else name, m) for name, m in named_children(module)]
        waiting += reversed(inner)


def named_children(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield name and module of those directly within a module, under every name."""
    for name, child in module._modules.items():
        if child is not None:
            yield name, child


def modules(model: nn.Module) -> Iterator[nn.Module]:
    """Yield a model and all modules within, each once."""
    for _, module in named_modules(model):
        yield module


def submodule(model: nn.Module, path: str) -> nn.Module:
    """Return a module by its path."""
    for name in filter(None, path.split(".")):
        inner = model._modules[name]
        assert inner is not None
        model = inner
    return model


def named_parameters(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Yield dotted name and parameter, a shared one once for each module that has it."""
    for path, module in named_modules(model):
        for name, parameter in module._parameters.items():
            if parameter is not None:
                yield f"{path}.{name}" if path else name, parameter


def parameters(model: nn.Module) -> Iterator[nn.Parameter]:
    """Yield the parameters of a model, each once."""
    seen: set[int] = set()
    for _, parameter in named_parameters(model):
        if id(parameter) not in seen:
            seen.add(id(parameter))
            yield parameter


def buffers(model: nn.Module) -> Iterator[Tensor]:
    """Yield the buffers of a model."""
    for module in modules(model):
        for buffer in module._buffers.values():
            if buffer is not None:
                yield buffer


def device(model: nn.Module) -> torch.device:
    """Return where the first parameter of a model lives; the CPU without any."""
    return next((parameter.device for parameter in parameters(model)), torch.device("cpu"))


def modules_by_path(model: nn.Module) -> dict[str, nn.Module]:
    """Return the modules of a model by the paths that steps have, those of wrappers left out."""
    return {readable(name): module for name, module in named_modules(unwrap(model))}


def readable(name: str) -> str:
    """Return a module path without the wrappers that ``torch.compile`` adds."""
    return ".".join(part for part in name.split(".") if part != "_orig_mod")


def unwrap(model: nn.Module) -> nn.Module:
    """Return the module inside ``torch.compile``, ``DataParallel`` and averaging wrappers."""
    while True:
        if isinstance(inner := getattr(model, "_orig_mod", None), nn.Module):
            model = inner
        elif isinstance(model, _wrappers()) and isinstance(model.module, nn.Module):
            model = model.module
        else:
            return model


def _wrappers() -> tuple[type[nn.Module], ...]:
    averaged = sys.modules.get("torch.optim.swa_utils")
    parallel = (nn.DataParallel, nn.parallel.DistributedDataParallel)
    return (*parallel, averaged.AveragedModel) if averaged else parallel


def is_convolution(module: object) -> TypeGuard[nn.Conv1d | nn.Conv2d | nn.Conv3d]:
    """Tell whether a module is a plain convolution of one to three axes."""
    return isinstance(module, tuple(CONVOLUTIONS.values()))


def is_transposed(
    module: object,
) -> TypeGuard[nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d]:
    """Tell whether a module is a transposed convolution of one to three axes."""
    return isinstance(module, tuple(TRANSPOSED.values()))
