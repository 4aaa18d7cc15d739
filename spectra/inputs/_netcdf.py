"""netCDF files, read by another process: a damaged one can hang, crash or feed its libraries."""

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from threading import Timer
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

CHILD = Path(__file__).with_name("_netcdf_child.py")
MOST_CPU_SECONDS = 15  # for the structure of one file, or for one block of samples
MOST_SECONDS = 300  # on a machine that is busy with other things
ROOM = 160 << 20  # bytes that the process may take beyond its libraries and what it reads at once


@dataclass(frozen=True)
class Variable:
    """A variable of a netCDF file; ``chunk`` are the bytes that are unpacked at once."""

    name: str
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: str
    chunk: int


def read_variables(path: Path) -> list[Variable]:
    """Return what the netCDF-3 or netCDF-4 file ``path`` holds.

    Raises
    ------
    OSError
        With the reason, if it cannot be read, or would read other files: external links,
        external storage and virtual datasets are not followed.
    """
    with _child(path, None, 0) as (output, timer):
        text = output.read()
        timer.stop()
    return [
        Variable(**{**entry, "dims": tuple(entry["dims"]), "shape": tuple(entry["shape"])})
        for entry in json.loads(text)
    ]


def read_values(path: Path, variable: Variable, order: list[str], block: int) -> Iterator[Tensor]:
    """Yield the values of ``variable`` along its first axis, ``block`` of them read at once.

    Parameters
    ----------
    path : Path
        The file.
    variable : Variable
        Which of its variables is read.
    order : list of str
        Its dims in the order in which the values are wanted.
    block : int
        How many samples are read at once.

    Yields
    ------
    Tensor, float32, of the shape that the other dims have

    Raises
    ------
    OSError
        See `read_variables`.
    """
    count, *rest = (variable.shape[variable.dims.index(dim)] for dim in order)
    values = int(np.prod(rest))
    how = {"name": variable.name, "order": order, "block": block}
    room = 4 * (variable.chunk + 8 * values * min(block, count))
    with _child(path, how, room) as (output, timer):
        for start in range(0, count, block):
            for _ in range(min(block, count - start)):
                data = output.read(4 * values)
                if len(data) < 4 * values:
                    raise OSError("it ends early")
                row = np.frombuffer(bytearray(data), np.float32)
                yield torch.from_numpy(row.reshape(rest))
            timer.again()


class _Patience:
    """Ends a process that gives nothing for ``MOST_SECONDS``."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.ended = False
        self._start()

    def _start(self) -> None:
        self._timer = Timer(MOST_SECONDS, self._end)
        self._timer.daemon = True
        self._timer.start()

    def _end(self) -> None:
        self.ended = True
        self._process.kill()

    def again(self) -> None:
        """Wait as long again."""
        self._timer.cancel()
        self._start()

    def stop(self) -> None:
        """Wait without end."""
        self._timer.cancel()


@contextmanager
def _child(
    path: Path, read: dict[str, Any] | None, room: int
) -> Iterator[tuple[BufferedReader, _Patience]]:
    """Yield what the child process prints; raise the reason if it fails instead."""
    given = {"cpu_s": MOST_CPU_SECONDS, "room": ROOM + room, "read": read}
    command = [sys.executable, "-P", str(CHILD), str(path), json.dumps(given)]
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # a Ctrl-C in the terminal is for us
        ) as process,
    ):
        patience = _Patience(process)
        complete = False
        try:
            yield cast("BufferedReader", process.stdout), patience
            complete = process.wait() == 0
        except (OSError, ValueError):
            complete = process.wait() == 0
            if complete:
                raise
        finally:
            patience.stop()
            if not complete:
                process.kill()
        if not complete:
            raise OSError(_reason(process.wait(), patience, errors))


def _reason(code: int, patience: _Patience, errors: Any) -> str:
    """Say why the child ended with ``code``."""
    spent = getattr(signal, "SIGXCPU", None)  # unknown to Windows, as the limit is
    if patience.ended:
        return f"it is not read after {MOST_SECONDS} s"
    if spent is not None and code == -spent:
        return f"it is not read after {MOST_CPU_SECONDS} CPU s"
    errors.seek(0)
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines and code > 0 else f"the library ends with {code}"
