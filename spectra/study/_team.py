"""The processes of one training, each with a part of every batch: one a GPU, begun by torchrun."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.rendezvous import rendezvous

from spectra._text import brief
from spectra.data import Metrics
from spectra.errors import ParameterError, SpectraError

PATIENCE = timedelta(hours=1)  # for the slowest process, which may read pictures from far away
LINGERING = 10.0  # seconds


@dataclass(frozen=True)
class Team:
    """Which of how many processes this one is.

    Attributes
    ----------
    rank, size : int
        Number of this process, from 0, and how many there are.
    """

    rank: int = 0
    size: int = 1

    @staticmethod
    def present() -> Team:
        """Return the process group that this process is in, or itself alone."""
        if dist.is_available() and dist.is_initialized():
            return Team(dist.get_rank(), dist.get_world_size())
        return Team()

    @property
    def writes(self) -> bool:
        """Whether this is the one process that writes files."""
        return self.rank == 0

    def sum(self, value: Tensor) -> Tensor:
        """Return the sum of the processes' values."""
        if self.size > 1:
            value = value.clone()
            dist.all_reduce(value)
        return value

    def part(self, count: int) -> range:
        """Return which of so many samples this process looks at."""
        first, last = (count * end // self.size for end in (self.rank, self.rank + 1))
        return range(first, last)

    def joined(self, metrics: Metrics) -> Metrics:
        """Return metrics of what all processes have seen, in the order of their ranks."""
        if self.size == 1:
            return metrics
        parts: list[Any] = [None] * self.size
        dist.all_gather_object(parts, metrics)
        whole: Metrics = parts[0]
        for part in parts[1:]:
            whole.join(part)
        return whole


ALONE = Team()


def local_rank() -> int:
    """Return the number of this process on its machine, 0 where torchrun did not begin it."""
    return int(os.environ.get("LOCAL_RANK", "0"))


@contextmanager
def gathered(*, cuda: bool) -> Iterator[None]:
    """Join the processes that torchrun began; where there are none, do nothing.

    Where one of them fails all end, and only the first to fail says why: the others, whose
    connection breaks, exit without a word.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    if cuda:
        torch.cuda.set_device(local_rank())
    try:
        store, rank, size = next(iter(rendezvous("env://", timeout=PATIENCE)))
    except ValueError as error:  # a variable of torchrun's is missing
        raise ParameterError(
            f"WORLD_SIZE is set, but {brief(error)}: expected torchrun to begin the processes, or "
            "WORLD_SIZE unset"
        ) from error
    backend = "nccl" if cuda else "gloo"
    dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=PATIENCE)
    try:
        yield
    except BaseException as error:
        if not _is_first_to_fail(store, rank):
            linger()
            sys.exit(SpectraError.exit_code)
        if isinstance(error, dist.DistError | RuntimeError) and not isinstance(error, SpectraError):
            raise SpectraError(
                f"process {rank} of {size} lost another ({brief(error)}): the same command goes on "
                "at the last checkpoint"
            ) from error
        raise
    dist.destroy_process_group()


def linger() -> None:
    """Give another process the time to say why all end; then torchrun ends this one, too.

    It does so as soon as one process has ended, and would cut off the one that speaks.
    """
    time.sleep(LINGERING)


def _is_first_to_fail(store: Any, rank: int) -> bool:
    """Tell whether no other process has failed before; one whose store is gone comes later."""
    try:
        first: bytes = store.compare_set("spectra/failed", "", str(rank))
    except RuntimeError:  # whoever kept the store has ended
        return False
    return first == str(rank).encode()
