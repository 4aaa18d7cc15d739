"""All parts of a run measured by workers: their sums go to files, and nothing through the wires."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import torch

from spectra.cluster import _bench as bench
from spectra.cluster._crew import Killed
from spectra.cluster._sift import sift
from spectra.errors import ClusterError, ModelError

if TYPE_CHECKING:
    from spectra._options import Progress
    from spectra.cluster._crew import Crew
    from spectra.cluster._job import Job
    from spectra.gather import PartByPart, PartFiles

FIRST = "pass"
Say = Callable[[str], None]


def measure_parts(
    hire: Callable[[], AbstractContextManager[Crew]],
    job: Job,
    files: PartFiles,
    *,
    progress: Progress,
    say: Say,
) -> None:
    """Have every part of a run measured; `spectra.run.analyze` with the same files adds them up.

    Parts that files hold are not measured again. A part whose workers die twice is tried input by
    input; those that end their process each time are left out, see `PartFiles.leave_out`.

    Parameters
    ----------
    hire : callable
        Returns a context of who measures. Every worker sees the files, the model and the inputs
        under the same names. Nobody is hired for a single part.
    job : Job
        What is measured.
    files : PartFiles
        Where the sums go.
    progress : callable
        Called with (what, parts done, parts).
    say : callable
        Is told, in a sentence, what else is to be known.

    Raises
    ------
    ClusterError
        If the scheduler is gone, or a part ends its workers though none of its inputs does.
    SpectraError
        Whatever a worker raises.
    """
    threads = job.options.threads or torch.get_num_threads()
    options = replace(job.options, threads=threads)
    job = replace(job, options=options, folder=files.folder.absolute())
    with job.opened(files) as parts:
        assert parts.current is not None
        if parts.current.parts == 1:
            say(f"{parts.inputs} inputs are one part, measured here: --num takes more of them")
            return
        files.take_over(parts.current.name, parts.current.parts)
        with hire() as crew:
            _Round(crew, job, parts, progress=progress, say=say).all_passes()


class _Round:
    """All passes of one run, given to workers."""

    def __init__(
        self, crew: Crew, job: Job, parts: PartByPart, *, progress: Progress, say: Say
    ) -> None:
        self._crew, self._job, self._parts = crew, job, parts
        self._progress, self._say = progress, say
        self._left = 0  # parts that are still to come

    def all_passes(self) -> None:
        """Have the parts of every pass measured that is needed."""
        try:
            while self._parts.current is not None:
                self._one_pass(self._parts.current.name)
                self._parts.advance()
            self._crew.everywhere(bench.clear)
            self._crew.everywhere(bench.settled)
        except ModelError:
            if self._parts.current is not None and self._parts.current.name == FIRST:
                raise  # a model that does not run again is for `analyze` to do without
        finally:
            self._crew.everywhere(bench.clear)

    def _one_pass(self, name: str) -> None:
        """Have the missing parts of a pass measured, until none is missing."""
        sifted: set[int] = set()
        while missing := self._parts.missing():
            self._left = len(missing)
            for part in self._measure(name, missing):
                if part in sifted:
                    raise ClusterError(
                        f"part {part} ends each worker that measures it, and none of its inputs "
                        "does so alone: try fewer at a time, such as --batch 1"
                    )
                sifted.add(part)
                self._sift(part)

    def _measure(self, name: str, missing: list[int]) -> list[int]:
        """Have parts measured; return those whose workers died twice."""
        work = partial(bench.measure, job=self._job, name=name)
        killed = []
        for part, outcome in self._crew.each(work, missing, tick=self._tick):
            self._left -= 1
            if isinstance(outcome, Killed):
                killed.append(part)
        self._tick()
        return killed

    def _sift(self, part: int) -> None:
        """Leave out the inputs of a part that end their process."""
        numbers = self._parts.inputs_of(part)
        self._say(f"part {part} ended two workers: its inputs are tried one by one")
        work = partial(sift, self._job.trial)
        for _, found in self._crew.each(work, [tuple(numbers)], tick=self._tick):
            killers = found if isinstance(found, dict) else {}
            if killers:
                self._parts.files.leave_out(killers)
                self._job = replace(self._job, left_out=len(self._parts.files.left_out()))
                for number, reason in killers.items():
                    self._say(f"input {number} is left out: it {reason}")

    def _tick(self) -> None:
        """Say how far this pass has come."""
        one = self._parts.current
        assert one is not None
        what = "measure" if one.name == FIRST else f"fixed content, {one.name}"
        self._progress(what, one.parts - self._left, one.parts)
