"""Processes that work for a command: met in the middle, and ended."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

HANGS = 400  # seconds after which a process is given up, on however busy a machine


def ended(process):
    """Return the exit code of a process that ends by itself, and what it said."""
    stdout, stderr = process.communicate(timeout=HANGS)
    return process.returncode, stdout, stderr


def finished_parts(out):
    """Return the files of finished parts of the first pass of a run under way."""
    return sorted(Path(f"{out}.parts").glob("pass-*.npz"))


def until(true, process=None):
    """Wait until something is true; a process must not end before."""
    start = time.monotonic()
    while not (found := true()):
        assert time.monotonic() - start < HANGS
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.05)
    return found


def workers_of(process):
    """Return the numbers of the processes that a process started to work for it."""
    import psutil

    with suppress(psutil.NoSuchProcess):
        children = psutil.Process(process.pid).children(recursive=True)
        return [child.pid for child in children if is_worker(child)]
    return []


def is_worker(process):
    """Tell whether a process does tasks, and is no helper of the interpreter."""
    import psutil

    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return "spawn_main" in " ".join(process.cmdline())
    return False


def lives(pid):
    """Tell whether a process runs."""
    import psutil

    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


@contextmanager
def a_cluster(folder, workers=1):
    """A Dask cluster in processes of its own; yields the scheduler's process and its file."""
    file = folder / "scheduler.json"
    options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    both = f"--scheduler-file {file} --no-dashboard --dashboard-address 127.0.0.1:0".split()
    python = [sys.executable, "-m"]
    scheduler = subprocess.Popen(
        [*python, "distributed.cli.dask_scheduler", *both, *["--host", "127.0.0.1", "--port", "0"]],
        **options,
    )
    until(file.exists, scheduler)
    own = f"--nthreads 1 --nworkers {workers} --local-directory {folder}".split()
    crew = subprocess.Popen(
        [*python, "distributed.cli.dask_worker", *both, *own],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        start_new_session=True,
        **options,
    )
    try:
        yield scheduler, file
    finally:
        scheduler.kill()
        with suppress(ProcessLookupError):
            os.killpg(crew.pid, signal.SIGKILL)
        for each in (scheduler, crew):
            each.wait()
