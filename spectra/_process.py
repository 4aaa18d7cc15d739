"""What belongs to the whole process and not to a run: borrowed by one at a time, and given back.

Generators of random numbers, warning filters, hooks on all modules and the number of threads
exist once in a process. Two threads that set and restored them in turn would each restore what the
other had set.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import RLock
from typing import Any

import numpy as np
import torch

AUTOCAST_DEVICES = ("cpu", "cuda")

_turn = RLock()
_blocks: list[None] = []  # one for each block of the thread whose turn it is, within each other


@contextmanager
def borrowed_process() -> Iterator[None]:
    """Run a block while no other thread runs one; leave the process as it was, whatever happens.

    Random states of torch's CPU generator, NumPy and Python, warning filters and NumPy's handling
    of errors come back. Within the block `torch.autocast` is off: a model is measured in the
    precision that it has.
    """
    with _turn, ExitStack() as stack:
        if not _blocks:
            # Once only: each time filters come back, warnings that were shown are shown again.
            stack.enter_context(warnings.catch_warnings())
            stack.enter_context(np.errstate())
        stack.enter_context(random_states_kept())
        for device in AUTOCAST_DEVICES:
            if torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        _blocks.append(None)
        stack.callback(_blocks.pop)
        yield


@contextmanager
def random_states_kept() -> Iterator[None]:
    """Give back the random states that the caller had."""
    before = random_states()
    try:
        yield
    finally:
        set_random_states(before)


def have_drawn(before: tuple[Any, ...]) -> bool:
    """Tell whether anyone has drawn random numbers since the states were these."""
    (of_torch, of_numpy, of_python), now = before, random_states()
    same_numpy = all(map(np.array_equal, of_numpy, now[1]))
    return not (torch.equal(of_torch, now[0]) and same_numpy and of_python == now[2])


def random_states() -> tuple[Any, ...]:
    """Return the states of torch's generator on the CPU, of NumPy's and of Python's."""
    return torch.get_rng_state(), np.random.get_state(), random.getstate()  # noqa: NPY002


def set_random_states(states: tuple[Any, ...]) -> None:
    """Continue from states that `random_states` returned."""
    torch.set_rng_state(states[0])
    np.random.set_state(states[1])  # noqa: NPY002
    random.setstate(states[2])


def seed_all(seed: int) -> None:
    """Start torch's generator on the CPU, NumPy's and Python's from a seed."""
    torch.default_generator.manual_seed(seed)  # `torch.manual_seed` seeds every CUDA device too
    np.random.seed(seed % 2**32)  # noqa: NPY002
    random.seed(seed)
