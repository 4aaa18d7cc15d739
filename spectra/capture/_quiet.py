"""Let a model be run without leaving a trace on it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from spectra import _walk as walk


@contextmanager
def quiet(model: nn.Module, *, seed: int | None = None) -> Iterator[nn.Module]:
    """Run a model in evaluation mode, without gradients, on a forked random generator.

    Each module's own training flag and the state of the random generators (the CPU's and
    those of the model's CUDA devices) come back on leaving, whatever happened inside.

    Parameters
    ----------
    model : torch.nn.Module
        Its flags are set one by one, so that no overridden ``train`` or ``eval`` runs.
    seed : int, optional
        Seed of the forked generators; by default they continue from where they are.
    """
    flags = [(m, m.training) for m in walk.modules(model) if hasattr(m, "training")]
    devices = sorted({p.device.index for p in walk.parameters(model) if p.device.type == "cuda"})
    with torch.random.fork_rng(devices), torch.no_grad():
        if seed is not None:
            torch.manual_seed(seed)
        try:
            for module, flag in flags:
                if flag:  # to set an attribute of a module is slow
                    module.training = False
            yield model
        finally:
            for module, flag in flags:
                if module.training != flag:
                    module.training = flag
