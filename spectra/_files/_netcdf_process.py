"""A process of its own that reads netCDF: a damaged file can hang, crash or feed its libraries."""

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from threading import Timer
from typing import Any, cast

CHILD = Path(__file__).with_name("_netcdf_child.py")
MOST_CPU_SECONDS = 15  # for the structure of one file, or for one block of values
MOST_SECONDS = 300  # on a machine that is busy with other things
ROOM = 160 << 20  # bytes that the process may take beyond its libraries and what it reads at once


class Patience:
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
def netcdf_process(
    path: Path, task: str, arguments: dict[str, Any] | None = None, *, room: int = 0
) -> Iterator[tuple[BufferedReader, Patience]]:
    """Yield what a process prints that reads a netCDF file, and the patience with it.

    Parameters
    ----------
    path : Path
    task : str
        What it does with the file, one of ``TASKS`` in `_netcdf_child`.
    arguments : dict, optional
        Of that task, as JSON holds them.
    room : int
        Bytes that the values take which it reads at once.

    Raises
    ------
    OSError
        With the reason, if the file cannot be read, or would read other files: external links,
        external storage and virtual datasets are not followed.
    """
    given = {
        "cpu_s": MOST_CPU_SECONDS,
        "room": ROOM + room,
        "task": task,
        "arguments": arguments or {},
    }
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
        patience = Patience(process)
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


def _reason(code: int, patience: Patience, errors: Any) -> str:
    """Say why the child ended with ``code``."""
    spent = getattr(signal, "SIGXCPU", None)  # unknown to Windows, as the limit is
    if patience.ended:
        return f"it is not read after {MOST_SECONDS} s"
    if spent is not None and code == -spent:
        return f"it is not read after {MOST_CPU_SECONDS} CPU s"
    errors.seek(0)
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines and code > 0 else f"the library ends with {code}"
