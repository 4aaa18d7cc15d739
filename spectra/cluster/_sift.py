"""Which inputs kill the process that they run in: found one by one, in processes of their own."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress

BEGIN, END = "begin", "end"
TWICE = 2  # deaths, after which it is the input: one may be an accident
Trial = Callable[[int], object]
Opening = Callable[[], AbstractContextManager[Trial]]
"""Opens what runs one input, by its number, in a process of its own; it can be pickled."""


def sift(opening: Opening, numbers: Sequence[int]) -> dict[int, str]:
    """Return which inputs kill their process each time, and how.

    A child runs them one after the other and says which it begins. Where it dies, the next child
    begins with that one; where that dies as well, the input is left out.

    Parameters
    ----------
    opening : callable
        Returns a context of a function that runs one input.
    numbers : sequence of int
        Which inputs to run.
    """
    left, deaths, killers = list(numbers), Counter[int](), dict[int, str]()
    while left:
        code, begun, ended = _child(opening, left)
        left = [number for number in left if number not in ended]
        if code == 0:
            break
        if begun is None:  # it dies before the first: no input is to blame
            break
        deaths[begun] += 1
        if deaths[begun] == TWICE:
            killers[begun] = f"ended the process that it ran in, twice ({_how(code)})"
            left.remove(begun)
    return killers


def _child(opening: Opening, numbers: Sequence[int]) -> tuple[int, int | None, set[int]]:
    """Run inputs in a child; return its exit code, the input it died in, and those that it ended.

    It gets this process's search path, and searches no folder that it is started in.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-P", "-c", "from spectra.cluster._sift import child; child()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with suppress(BrokenPipeError):
                pickle.dump((opening, tuple(numbers)), process.stdin)
                process.stdin.close()
            begun, ended = None, set[int]()
            for line in process.stdout:
                word, _, number = line.decode().partition(" ")
                if word == BEGIN:
                    begun = int(number)
                elif word == END:
                    ended.add(int(number))
                    begun = None
        except BaseException:
            process.kill()
            raise
    return process.returncode, begun, ended


def child() -> None:
    """Run the inputs that come on stdin; say on stdout which is begun and which has ended."""
    report = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a model prints is no report
    opening, numbers = pickle.load(sys.stdin.buffer)
    with opening() as trial:
        for number in numbers:
            report.write(f"{BEGIN} {number}\n".encode())
            with suppress(Exception):  # an error is no death: the part itself will raise it
                trial(number)
            report.write(f"{END} {number}\n".encode())


def _how(code: int) -> str:
    """Say how a process ended.

    Examples
    --------
    >>> _how(-9), _how(3)
    ('SIGKILL', 'exit code 3')
    """
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
