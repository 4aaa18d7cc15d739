"""Several processes that train one model: who measures, and who has to run with them.

Where each process holds the whole model (one process, DDP) the first one measures and the others go
on; they meet it again at their next gradients. Where parameters are sharded (FSDP, DeepSpeed) no
process can run a forward pass alone: the first one *leads*, and tells the others each input before
it runs; they *follow* until it says that it is done, whatever happened to it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from spectra import _walk as walk
from spectra import capture

DONE = "done"


def rank() -> int:
    """Return the number of this process among those that train together; 0 where it is alone."""
    distributed = torch.distributed
    if not (distributed.is_available() and distributed.is_initialized()):
        return 0
    return int(distributed.get_rank())


def is_sharded(model: nn.Module) -> bool:
    """Tell whether no process holds all parameters of a model."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return False
    kinds = _sharding_modules()
    if any(isinstance(module, kinds) for module in walk.modules(model)):
        return True
    return any(type(p).__name__ == "DTensor" or _is_deepspeed(p) for p in walk.parameters(model))


@contextmanager
def leading(model: nn.Module) -> Iterator[None]:
    """Let the other processes run each forward pass of ``model`` too, within the block."""
    inner = walk.unwrap(model)

    def tell(_module: nn.Module, args: tuple[Any, ...]) -> None:
        _send([arg.cpu() if isinstance(arg, torch.Tensor) else arg for arg in args])

    # First of all hooks: that of FSDP waits for parameters of processes that wait for this.
    hook = inner.register_forward_pre_hook(tell, prepend=True)
    try:
        yield
    finally:
        hook.remove()
        _send(DONE)
        _reshard(inner)


def follow(model: nn.Module, *, seed: int) -> None:
    """Run what the leading process runs, until it is done; what comes out is nobody's."""
    inner = walk.unwrap(model)
    device = walk.device(inner)
    failed: Exception | None = None
    with capture.quiet(model, seed=seed):
        while (args := _received()) != DONE:
            try:
                inner(*(a.to(device) if isinstance(a, torch.Tensor) else a for a in args))
            except Exception as error:  # the leader's failed too, and says when it is done
                failed = failed or error
    _reshard(inner)
    if failed is not None:
        raise failed


def _send(what: object) -> None:
    torch.distributed.broadcast_object_list([what], src=0)


def _received() -> Any:
    box: list[Any] = [None]
    torch.distributed.broadcast_object_list(box, src=0)
    return box[0]


def _sharding_modules() -> tuple[type, ...]:
    """Return the classes of sharded modules, of libraries that are imported."""
    fsdp = sys.modules.get("torch.distributed.fsdp")
    names = ("FSDPModule", "FullyShardedDataParallel")
    return tuple(getattr(fsdp, name) for name in names if hasattr(fsdp, name))


def _is_deepspeed(parameter: nn.Parameter) -> bool:
    return hasattr(parameter, "ds_id")


def _reshard(model: nn.Module) -> None:
    """Let go of gathered parameters: the next optimizer step would not reach those."""
    for module in walk.modules(model):
        if isinstance(module, _sharding_modules()) and callable(
            reshard := getattr(module, "reshard", None)
        ):
            reshard()
        _end_forward(module)


def _end_forward(module: nn.Module) -> None:
    """End a forward pass of the first FSDP that failed: it would refuse all that comes after."""
    handle, state = getattr(module, "_handle", None), getattr(module, "training_state", None)
    own = getattr(handle, "_training_state", None)
    if isinstance(module, _sharding_modules()) and handle is not None and own is not None:
        if own.name != "IDLE":
            handle._training_state = type(own).IDLE
            handle.reshard(True)
        if state is not None and state.name != "IDLE":
            module.training_state = type(state).IDLE
