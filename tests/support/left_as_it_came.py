"""What of a model and of the process a run must leave as it came."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import rich.style  # noqa: F401  draws a random number when it is first imported
import torch
from torch import Tensor, nn

HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_state_dict_hooks",
    "_load_state_dict_pre_hooks",
)
GLOBAL_HOOKS = ("_global_forward_hooks", "_global_forward_pre_hooks", "_global_backward_hooks")


class State:
    """A copy of everything that could be left changed.

    Attributes
    ----------
    weights : dict of Tensor
        A copy of the state dict.
    """

    def __init__(self, model: nn.Module) -> None:
        self.again(model)

    def again(self, model: nn.Module) -> None:
        """Take the state that a model is in now."""
        self.weights = {name: t.detach().clone() for name, t in _weights(model).items()}
        self._facts = _facts(model)
        self._generators = _generators()
        self._modes = {name: m.training for name, m in _modules(model).items()}

    @property
    def dtype(self) -> torch.dtype | None:
        """Precision of the first floating-point weight, if there is one."""
        return next((t.dtype for t in self.weights.values() if t.is_floating_point()), None)

    def restore_mode(self, model: nn.Module) -> None:
        """Set each module to training or evaluation as it was."""
        for name, module in _modules(model).items():
            module.training = self._modes[name]

    def differences(self, model: nn.Module) -> Iterator[str]:
        """Yield what differs by now."""
        now = _weights(model)
        if now.keys() != self.weights.keys():
            yield f"weights: {sorted(now.keys() ^ self.weights.keys())}"
        for name in now.keys() & self.weights.keys():
            before, after = self.weights[name], now[name].detach()
            same_kind = before.dtype == after.dtype and before.device == after.device
            if not same_kind or not torch.equal(_bits(before), _bits(after)):
                yield f"weight {name}"
        facts = _facts(model)
        for name in facts.keys() | self._facts.keys():
            if facts.get(name) != self._facts.get(name):
                yield f"{name}: {self._facts.get(name)} before, {facts.get(name)} now"
        if _generators() != self._generators:
            yield "state of a random generator"


def _modules(model: nn.Module) -> dict[str, nn.Module]:
    """Return the modules by path, also of a model that keeps something under ``modules``."""
    return dict(nn.Module.named_modules(model))


def _weights(model: nn.Module) -> dict[str, Tensor]:
    held = nn.Module.state_dict(model)
    return {name: value for name, value in held.items() if isinstance(value, Tensor)}


def _facts(model: nn.Module) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "gradients on": torch.is_grad_enabled(),
        "inference mode": torch.is_inference_mode_enabled(),
        "threads": torch.get_num_threads(),
        "default dtype": torch.get_default_dtype(),
        "NumPy errors": np.geterr(),
        **{name: len(getattr(nn.modules.module, name)) for name in GLOBAL_HOOKS},
    }
    for path, module in _modules(model).items():
        facts[f"{path} mode"] = module.training
        facts[f"{path} attributes"] = sorted(vars(module))
        facts[f"{path} class"] = type(module)
        for name in HOOKS:
            facts[f"{path} {name}"] = len(getattr(module, name, ()))
        for name, parameter in module._parameters.items():
            if parameter is not None:
                facts[f"{path}.{name} needs a gradient"] = parameter.requires_grad
                facts[f"{path}.{name} gradient"] = parameter.grad is None
                facts[f"{path}.{name} object"] = id(parameter)
    return facts


def _generators() -> tuple[bytes, ...]:
    kept = np.random.get_state()[1]  # noqa: NPY002
    assert isinstance(kept, np.ndarray)
    torchs = torch.get_rng_state().numpy().tobytes()
    return torchs, kept.tobytes(), repr(random.getstate()).encode()


def _bits(tensor: Tensor) -> Tensor:
    """Return the values so that NaN equals itself."""
    tensor = tensor.to_dense() if tensor.is_sparse else tensor
    return tensor.nan_to_num() if tensor.is_floating_point() else tensor
