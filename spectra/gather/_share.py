"""One process's share of all parts, as it is told or as its environment tells."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from spectra.errors import ParameterError

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
