"""Workers: as many processes as wanted on this machine, or those of a cluster that is there."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from spectra.cluster._crew import Crew
from spectra.errors import ClusterError, ParameterError

if TYPE_CHECKING:
    from distributed import Client, SpecCluster

PATIENCE = 15  # seconds until a scheduler has to answer
GOODBYE = 5  # seconds that workers get to end by themselves
LOGGERS = ("distributed", "tornado")
KEPT = 200  # lines of the log
FAILURES = 1  # deaths of workers that a task is forgiven
CONFIG = {
    "distributed.scheduler.allowed-failures": FAILURES,
    # Dask would give each worker one thread of OpenMP; how many is a matter of our plan
    "distributed.nanny.pre-spawn-environ": {},
    "distributed.admin.tick.limit": "1h",  # a long forward pass is no failure to be told
    "distributed.scheduler.http.routes": [],  # pages that nobody asked for
    "distributed.worker.http.routes": [],
}
LOCAL = {"host": "127.0.0.1", "dashboard": False, "dashboard_address": "127.0.0.1:0"}
"""What nobody outside of this machine can reach."""


def check_cluster(*, workers: int | None, scheduler: str | None) -> None:
    """Raise unless workers can be had as asked, as far as that can be told without asking them.

    Parameters
    ----------
    workers : int or None
        Processes on this machine.
    scheduler : str or None
        Address or scheduler file of a Dask cluster.

    Raises
    ------
    ParameterError
        If both are given, or the scheduler is neither an address nor a file.
    ClusterError
        If Dask is not installed.
    """
    if workers is not None and scheduler is not None:
        raise ParameterError(
            f"workers={workers} and scheduler={scheduler!r}: expected one of them; a cluster that "
            "is there has its own workers"
        )
    if find_spec("distributed") is None:
        raise ClusterError(
            "--workers and --scheduler need Dask, which is not installed: "
            "pip install 'spectra-artifacts[dask]'"
        )
    if scheduler is not None and not _is_address(scheduler) and not Path(scheduler).is_file():
        raise ParameterError(
            f"scheduler={scheduler!r} is neither an address such as tcp://node1:8786 nor the file "
            "that dask scheduler --scheduler-file writes"
        )


@contextmanager
def hire(*, workers: int | None = None, scheduler: str | None = None) -> Iterator[Crew]:
    """Have workers inside the block; those started here end with it, whatever happens.

    Parameters
    ----------
    workers, scheduler
        See `check_cluster`.

    Raises
    ------
    ClusterError
        If no workers can be started, or the scheduler does not answer.
    """
    check_cluster(workers=workers, scheduler=scheduler)
    import dask
    import distributed  # noqa: F401  # which sets up its logs where it is first imported

    joined = _local(workers or 1) if scheduler is None else _remote(scheduler)
    with _log() as log, dask.config.set(CONFIG), joined as client:
        yield Crew(client, scheduler or f"{workers} workers on this machine", log)


@contextmanager
def _local(workers: int) -> Iterator[Client]:
    """Start workers on this machine, which nobody outside of it can reach."""
    from dask import config
    from distributed import Client, Nanny, Scheduler, SpecCluster

    room = TemporaryDirectory(prefix="spectra-workers-", ignore_cleanup_errors=True)
    with room as scratch, config.set(temporary_directory=scratch):
        alike = {
            "nthreads": 1,
            "memory_limit": 0,
            "local_directory": scratch,
            **LOCAL,
            "silence_logs": logging.CRITICAL,
        }
        try:
            cluster = SpecCluster(
                scheduler={
                    "cls": Scheduler,
                    "options": {"port": 0, **LOCAL},
                },
                workers={
                    number: {"cls": Nanny, "options": {**alike, "env": device_of(number)}}
                    for number in range(workers)
                },
                silence_logs=False,
            )
            client = Client(cluster, timeout=PATIENCE)
        except (OSError, RuntimeError, TimeoutError) as error:
            raise ClusterError(f"workers={workers}: cannot be started ({error})") from error
        try:
            yield client
        finally:
            _end(client, cluster)


def _end(client: Client, cluster: SpecCluster) -> None:
    """End a cluster of our own."""
    for end in (client.close, cluster.close):
        with suppress(Exception):
            end(timeout=GOODBYE)


@contextmanager
def _remote(scheduler: str) -> Iterator[Client]:
    """Join a cluster that is there, which stays."""
    from distributed import Client

    where = {"address": scheduler} if _is_address(scheduler) else {"scheduler_file": scheduler}
    try:
        client = Client(**where, timeout=PATIENCE)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(
            f"scheduler={scheduler!r} does not answer within {PATIENCE} s "
            f"({type(error).__name__}): expected a Dask scheduler that runs"
        ) from error
    try:
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=GOODBYE)


def device_of(number: int, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment in which a worker sees one GPU: the next of those seen here.

    Parameters
    ----------
    number : int
        Of the worker.
    environment : mapping
        Whose ``CUDA_VISIBLE_DEVICES`` counts where it is set.

    Examples
    --------
    >>> device_of(3, {"CUDA_VISIBLE_DEVICES": "4,5"}), device_of(0, {"CUDA_VISIBLE_DEVICES": ""})
    ({'CUDA_VISIBLE_DEVICES': '5'}, {})
    """
    said = environment.get("CUDA_VISIBLE_DEVICES")
    seen = _devices() if said is None else [each for each in said.split(",") if each.strip()]
    return {"CUDA_VISIBLE_DEVICES": seen[number % len(seen)]} if seen else {}


def _devices() -> list[str]:
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]


def _is_address(text: str) -> bool:
    return "://" in text or (":" in text and not Path(text).exists())


@contextmanager
def _log() -> Iterator[deque[str]]:
    """Keep the last lines that Dask logs in this process, instead of printing them."""
    lines: deque[str] = deque(maxlen=KEPT)

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.name}: {record.getMessage()}")

    names = [name for name in logging.root.manager.loggerDict if name.startswith(LOGGERS)]
    loggers = [logging.getLogger(name) for name in names]  # some have handlers of their own
    before = [(each, each.handlers, each.propagate) for each in loggers]
    for each in loggers:
        each.handlers, each.propagate = [Keep()], False
    try:
        yield lines
    finally:
        for each, handlers, propagate in before:
            each.handlers, each.propagate = handlers, propagate
