"""One process's share of all parts, and parts one by one for who hands them out."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spectra.errors import ParameterError
from spectra.gather._parts import inputs_of, summed
from spectra.gather._tree import Stretch

if TYPE_CHECKING:
    from spectra._options import Progress
    from spectra.gather._part_files import PartFiles
    from spectra.gather._parts import Pass, Passes
    from spectra.gather._passed import Passed
    from spectra.gather._sums import Sums

LOOK = 1.0  # seconds from one look at what the others have finished to the next
AUTO = "RANK and WORLD_SIZE, SLURM_PROCID and SLURM_NTASKS, or SLURM_ARRAY_TASK_ID and _COUNT"


@dataclass(frozen=True)
class Share:
    """Which parts a process measures: those that leave a remainder when divided by a count.

    Attributes
    ----------
    index : int
        The remainder, from 0.
    count : int
        Number of processes.
    """

    index: int
    count: int

    @classmethod
    def parse(cls, text: str, environment: Mapping[str, str] = os.environ) -> Share:
        """Return the share that ``i/n`` or ``auto`` stands for.

        Parameters
        ----------
        text : str
            ``0/4`` to ``3/4``; ``auto`` reads what torchrun and SLURM tell their processes. Tasks
            of an array that run several processes each are counted through.
        environment : mapping
            Environment variables.

        Raises
        ------
        ParameterError
            If it is neither, or the environment tells nothing.

        Examples
        --------
        >>> Share.parse("1/4")
        Share(index=1, count=4)
        >>> Share.parse("auto", {"SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_COUNT": "4",
        ...                      "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_STEP": "2"})
        Share(index=3, count=4)
        """
        if text == "auto":
            return cls._of(environment)
        match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
        if match is None or int(match[1]) >= int(match[2]):
            raise ParameterError(
                f"shard={text!r}: expected i/n with i from 0 to n - 1, such as 0/4, or auto"
            )
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def _of(cls, environment: Mapping[str, str]) -> Share:
        task = _array_task(environment)
        pairs = (
            ("RANK", "WORLD_SIZE"),
            ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),
            ("SLURM_PROCID", "SLURM_NTASKS"),
        )
        process = next((p for pair in pairs if (p := _pair(environment, *pair))), None)
        if task is None and process is None:
            raise ParameterError(f"shard='auto': {AUTO} are not set: expected --shard i/n")
        (i, n), (j, m) = task or (0, 1), process or (0, 1)
        share = cls(i * m + j, n * m)
        if not 0 <= share.index < share.count or not 0 <= j < m:
            raise ParameterError(
                f"shard='auto': the environment says {share.index} of {share.count}, from 0: "
                "expected --shard i/n"
            )
        return share

    def parts(self, count: int) -> range:
        """Return its parts among so many."""
        return range(self.index, count, self.count)


def _pair(environment: Mapping[str, str], index: str, count: str) -> tuple[int, int] | None:
    if index not in environment or count not in environment:
        return None
    return _number(environment, index), _number(environment, count)


def _number(environment: Mapping[str, str], name: str, default: str | None = None) -> int:
    text = environment.get(name, default)
    if text is None or not re.fullmatch(r"\d{1,9}", text):
        raise ParameterError(f"shard='auto': {name}={text!r}: expected a number, or --shard i/n")
    return int(text)


def _array_task(environment: Mapping[str, str]) -> tuple[int, int] | None:
    """Return the number of a task among those of an array, which may begin anywhere, with gaps."""
    if "SLURM_ARRAY_TASK_ID" not in environment:
        return None
    task = _number(environment, "SLURM_ARRAY_TASK_ID")
    count = _number(environment, "SLURM_ARRAY_TASK_COUNT")
    first = _number(environment, "SLURM_ARRAY_TASK_MIN", "0")
    index, rest = divmod(task - first, max(_number(environment, "SLURM_ARRAY_TASK_STEP", "1"), 1))
    if rest or not 0 <= index < count:
        raise ParameterError(
            f"shard='auto': task {task} is not one of {count} at even steps from {first}: expected "
            "--shard i/n"
        )
    return index, count


class PartByPart:
    """The passes of a run, whose parts are measured in any order and by any process.

    Each part that `measure` makes is a file when it returns. When all parts of a pass are there,
    `advance` goes on to the next that is needed.

    Attributes
    ----------
    current : Pass or None
        The pass whose parts are wanted: its ``name`` and how many ``parts`` it has. None when all
        are there that `spectra.run.analyze` reads.
    files : PartFiles
        Where the parts are.
    inputs : int
        How many inputs the parts are of.
    trial : callable
        Runs one input by its number, by itself: for who looks which of a part ends its process.
    """

    def __init__(
        self, passes: Passes[Passed], files: PartFiles, *, inputs: int, trial: Callable[[int], Sums]
    ) -> None:
        self._passes, self.files, self.inputs, self.trial = passes, files, inputs, trial
        self.current: Pass | None = next(passes)

    def inputs_of(self, part: int) -> range:
        """Return the numbers of the inputs in a part."""
        return inputs_of(part, self.inputs)

    def missing(self) -> list[int]:
        """Return the parts of the current pass that no file holds."""
        if self.current is None:
            return []
        return sorted(set(range(self.current.parts)) - self.files.covered(self.current.name))

    def measure(self, part: int) -> bool:
        """Measure a part of the current pass and write it; return whether that was to be done."""
        one = self.current
        assert one is not None
        if part in self.files.covered(one.name):
            return False
        self.files.keep(one.name, [Stretch(part, part + 1, one.measure(part))])
        self.files.fold(one.name, part)
        return True

    def advance(self) -> None:
        """Go on to the next pass, once all parts of the current one are there."""
        assert self.current is not None
        try:
            self.current = self._passes.send(summed(self.current, self.files))
        except StopIteration:
            self.current = None

    def reach(self, name: str) -> bool:
        """Go on to the pass of a name; return whether it is needed."""
        while self.current is not None and self.current.name != name:
            self.advance()
        return self.current is not None


def measure_share(
    parts: PartByPart, share: Share, *, wait: float = 0.0, progress: Progress
) -> tuple[int, int]:
    """Measure the parts of one process, pass by pass, as far as the others have come.

    Parameters
    ----------
    parts : PartByPart
    share : Share
        Which of them are its own.
    wait : float
        Seconds to wait for those of the others where the next pass needs them.
    progress : callable
        Called with ("wait for other shards", done, total) once a second while it waits.

    Returns
    -------
    tuple of int
        How many parts were measured here, and how many were there already.
    """
    measured = found = 0
    while parts.current is not None:
        for part in share.parts(parts.current.parts):
            if parts.measure(part):
                measured += 1
            else:
                found += 1
        until = time.monotonic() + wait
        while missing := parts.missing():
            if time.monotonic() >= until:
                return measured, found
            total = parts.current.parts
            progress("wait for other shards", total - len(missing), total)
            time.sleep(min(LOOK, max(until - time.monotonic(), 0)))
        parts.advance()
    return measured, found
