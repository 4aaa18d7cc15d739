"""Tasks for workers, as many at a time as there are workers; what comes of those that die."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from spectra.errors import ClusterError

if TYPE_CHECKING:
    from distributed import Client, Future

POLL = 0.25  # seconds between two looks at whether somebody asked to stop
GONE = 10.0  # seconds without a scheduler, after which it does not come back
LINES = 20  # of each log that is shown
Task = TypeVar("Task")


@dataclass(frozen=True)
class Killed:
    """What comes of a task whose workers died twice."""


class Crew:
    """Workers that do tasks.

    Attributes
    ----------
    name : str
        What they are, in words.
    """

    def __init__(self, client: Client, name: str, log: deque[str]) -> None:
        self._client, self.name, self._log = client, name, log
        self._seen = time.monotonic()  # when the scheduler was last there
        self._workers, self._counted = 0, 0.0

    def each(
        self, work: Callable[[Task], Any], tasks: Iterable[Task], *, tick: Callable[[], None]
    ) -> Iterator[tuple[Task, Any]]:
        """Yield each task and what came of it, in the order in which they end.

        A task that kills two workers comes back as `Killed`; a worker has one task at a time, so
        that no other is blamed for it.

        Parameters
        ----------
        work : callable
            Called with each task, in a worker.
        tasks : iterable
            Taken one by one, when a worker is free.
        tick : callable
            Called several times a second; what it raises ends the work.

        Raises
        ------
        ClusterError
            If the scheduler is gone.
        """
        left, doing = iter(tasks), dict[Any, Task]()
        try:
            while True:
                width = self._width()
                for task in islice(left, max(width - len(doing), 0)):
                    doing[self._client.submit(work, task, pure=False, retries=0)] = task
                if width and not doing:
                    return
                ended = self._ended(doing)
                tick()
                for future in ended:
                    yield doing.pop(future), self._outcome(future)
        finally:
            self._forget(doing)

    def in_order(
        self, work: Callable[[Task], Any], tasks: Iterable[Task], *, tick: Callable[[], None]
    ) -> Iterator[tuple[Task, Any]]:
        """Yield what came of each task, in the order of the tasks; two a worker run ahead."""
        left, doing = iter(tasks), deque[tuple[Task, Any]]()
        try:
            while True:
                width = self._width()
                for task in islice(left, max(2 * width - len(doing), 0)):
                    doing.append((task, self._client.submit(work, task, pure=False, retries=0)))
                if width and not doing:
                    return
                if self._ended([future for _, future in islice(doing, 1)]):
                    task, future = doing.popleft()
                    yield task, self._outcome(future)
                tick()
        finally:
            self._forget(future for _, future in doing)

    def everywhere(self, work: Callable[[], Any]) -> None:
        """Call a function in every worker, as far as they answer; nothing is raised."""
        with suppress(Exception):
            self._client.run(work, on_error="ignore")

    def logs(self) -> list[str]:
        """Return the last lines of the logs of the workers that live, and of what watched them."""
        lines = list(self._log)[-LINES:]
        try:
            held = self._client.get_worker_logs(n=LINES)
        except Exception as error:
            return [*lines, f"logs of workers cannot be had ({type(error).__name__})"]
        for worker, records in held.items():
            lines += [f"{worker}: {text}" for _, text in reversed(records)]
        return lines

    def _width(self) -> int:
        """Return how many workers there are, at least one that is to come; none without a line."""
        if self._client.status != "running":
            return 0
        now = time.monotonic()
        if now - self._counted > 1:
            with suppress(OSError, TimeoutError):  # whether it comes back, `_ended` waits to see
                self._workers = len(self._client.nthreads())
            self._counted = now
        return max(self._workers, 1)

    def _ended(self, futures: Iterable[Future]) -> list[Future]:
        """Return those of some futures that have ended, after a fraction of a second at most."""
        from distributed import wait

        now = time.monotonic()
        if self._client.status == "running":
            self._seen = now
        elif now - self._seen > GONE:
            raise self._gone()
        held = list(futures)
        if not held:
            time.sleep(POLL)
            return []
        try:
            return list(wait(held, timeout=POLL, return_when="FIRST_COMPLETED").done)
        except TimeoutError:
            return []
        except OSError:  # the line is cut; perhaps it is joined again
            time.sleep(POLL)
            return []
        except CancelledError as error:
            raise self._gone() from error

    def _outcome(self, future: Future) -> Any:
        """Return what came of a task; an error of the library is raised as it was."""
        from distributed import KilledWorker

        if future.status == "cancelled":
            raise self._gone()
        if future.status == "error":
            error = future.exception()
            if isinstance(error, KilledWorker):
                return Killed()
            assert error is not None
            raise error.with_traceback(future.traceback())
        try:
            return future.result()
        except (OSError, CancelledError) as error:  # on the way here: those of a task are above
            raise self._gone() from error

    def _gone(self) -> ClusterError:
        return ClusterError(f"the scheduler of {self.name} is gone")

    def _forget(self, futures: Iterable[Future]) -> None:
        """Cancel what nobody waits for."""
        held = list(futures)
        if held and self._client.status == "running":
            self._client.cancel(held, force=True)
