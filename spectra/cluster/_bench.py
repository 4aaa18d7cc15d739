"""What a worker keeps from task to task: one run that is open, in one thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from spectra.errors import ClusterError

if TYPE_CHECKING:
    from spectra.cluster._job import Job
    from spectra.gather import PartByPart

Found = TypeVar("Found")


class _Bench:
    """The run that is open: its model is loaded once, and not for each part."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._job: Job | None = None
        self._parts: PartByPart | None = None

    def parts(self, job: Job, name: str) -> PartByPart:
        """Return the parts of a job, at the pass of a name."""
        if self._parts is None or job != self._job:
            self.clear()
            self._parts = self._stack.enter_context(job.opened())
            self._job = job
        while self._parts.current is None or self._parts.current.name != name:
            if self._parts.current is None or self._parts.missing():
                self.clear()
                raise ClusterError(
                    f"a worker does not find the sums of all parts before {name!r} in "
                    f"{job.folder}: expected a folder that all workers see"
                )
            self._parts.advance()
        return self._parts

    def clear(self) -> None:
        """Close the run; the process gets back what it borrowed."""
        self._job = self._parts = None
        self._stack.close()


@cache
def _thread() -> ThreadPoolExecutor:
    """Return the thread of this process that all work is done in.

    Random states, the number of threads and hooks belong to the process, and what borrowed them
    gives them back in the thread that did; workers of other clusters may have several.
    """
    return ThreadPoolExecutor(1, thread_name_prefix="spectra")


@cache
def _bench() -> _Bench:
    return _Bench()


def in_turn(work: Callable[[], Found]) -> Found:
    """Return what a function returns, called in the one thread of this process."""
    return _thread().submit(work).result()


def measure(part: int, *, job: Job, name: str) -> None:
    """Measure a part of the pass of a name: its sums are in a file when this returns."""
    in_turn(lambda: _bench().parts(job, name).measure(part))


def clear() -> None:
    """Let go of the run that is open, once the task that is being done has ended."""
    _thread().submit(lambda: _bench().clear())


def settled() -> None:
    """Return when all that was asked for has been done."""
    in_turn(lambda: None)
