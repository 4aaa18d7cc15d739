"""Whether an HDF5 file can be opened at all, tried in a process of its own."""

import signal
import subprocess
import sys
from pathlib import Path

MOST_CPU_SECONDS = 15  # in the library, for the structure of one file
MOST_SECONDS = 300  # on a machine that is busy with other things
_LIMIT = """
import sys
try:
    import resource
except ImportError:
    pass
else:
    limit = int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
"""
_TRY = """
import h5py
def look(_, item):
    for name in item.attrs:
        if name in ("DIMENSION_LIST", "REFERENCE_LIST"):
            item.attrs[name]
with h5py.File(sys.argv[1], "r") as file:
    list(file.attrs)
    file.visititems(look)
"""


def check_hdf5(path: Path) -> None:
    """Raise if the structure of the HDF5 file ``path`` cannot be read.

    A damaged file can keep the C library in a loop that nothing interrupts, or crash it, and
    makes h5netcdf print a traceback; another process can be given up.

    Raises
    ------
    OSError
        With the reason.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", _LIMIT + _TRY, str(path), str(MOST_CPU_SECONDS)],
            capture_output=True, check=False, stdin=subprocess.DEVNULL, text=True,
            timeout=MOST_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise OSError(f"its structure is not read after {MOST_SECONDS} s") from error
    spent = getattr(signal, "SIGXCPU", None)  # unknown to Windows, as the limit is
    if spent is not None and done.returncode == -spent:
        raise OSError(f"its structure is not read after {MOST_CPU_SECONDS} CPU s")
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise OSError(lines[-1] if lines else f"the HDF5 library ends with {done.returncode}")
