"""Let a model be run without leaving a trace on it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import nn

from spectra import _walk as walk
from spectra._process import borrowed_process, seed_all
from spectra.capture._kept import kept


@contextmanager
def quiet(model: nn.Module, *, seed: int | None = None, keep: bool = True) -> Iterator[nn.Module]:
    """Run a model in evaluation mode, without gradients, on forked random generators.

    Each module's own training flag, buffers and attributes, and the states of the random generators
    (of Python, NumPy, torch's CPU and the model's CUDA devices) come back on leaving, whatever
    happened inside. Other threads wait at their own such block meanwhile.

    Parameters
    ----------
    model : torch.nn.Module
        Its flags are set one by one, so that no overridden ``train`` or ``eval`` runs.
    seed : int, optional
        Seed of the forked generators; by default they continue from where they are.
    keep : bool
        Whether buffers and attributes come back; False where the block changes the model itself.
    """
    with borrowed_process(), ExitStack() as stack:
        flags = [(m, m.training) for m in walk.modules(model) if hasattr(m, "training")]
        on_cuda = sorted(
            {p.device.index for p in walk.parameters(model) if p.device.type == "cuda"}
        )
        stack.enter_context(torch.random.fork_rng(on_cuda))
        stack.enter_context(torch.no_grad())
        if keep:
            stack.enter_context(kept(model))
        if seed is not None:
            seed_all(seed)
            for device in on_cuda:
                torch.cuda.default_generators[device].manual_seed(seed)
        try:
            for module, flag in flags:
                if flag:  # to set an attribute of a module is slow
                    module.training = False
            yield model
        finally:
            for module, flag in flags:
                if module.training != flag:
                    module.training = flag
