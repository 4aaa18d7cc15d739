"""Checkpoints analysed side by side, one a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from spectra.cluster._bench import in_turn
from spectra.cluster._crew import Killed
from spectra.cluster._home import at_home
from spectra.errors import ClusterError

if TYPE_CHECKING:
    from spectra._options import Progress
    from spectra.cluster._crew import Crew


@dataclass(frozen=True)
class _Call:
    """One call of a function, in the folder that relative names start from."""

    work: Callable[..., Any]
    home: Path
    threads: int

    def __call__(self, arguments: tuple[Any, ...]) -> Any:
        return in_turn(lambda: self._at_home(arguments))

    def _at_home(self, arguments: tuple[Any, ...]) -> Any:
        torch.set_num_threads(self.threads)  # sums depend on it, in their last bits
        with at_home(self.home):
            return self.work(*arguments)


def map_in(crew: Crew, *, progress: Progress) -> Callable[..., Iterator[Any]]:
    """Return what does as `map` does, in several processes: for `spectra.run.compare`.

    Parameters
    ----------
    crew : Crew
        Who does the work; every worker sees models and inputs under the same names.
    progress : callable
        Called with ("models", done, total).

    Raises
    ------
    ClusterError
        In the iteration, if a model ends its workers.
    """

    def each(work: Callable[..., Any], *columns: Any) -> Iterator[Any]:
        calls, done = list(zip(*columns, strict=True)), 0

        def tick() -> None:
            progress("models", done, len(calls))

        for arguments, found in crew.in_order(
            _Call(work, Path.cwd(), torch.get_num_threads()), calls, tick=tick
        ):
            if isinstance(found, Killed):
                raise ClusterError(f"{arguments[0]} ended each worker that analysed it")
            done += 1
            yield found

    return each
