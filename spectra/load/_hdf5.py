"""Whether an HDF5 file can be opened at all, tried in a process of its own."""

import subprocess
import sys
from pathlib import Path

MOST_SECONDS = 15
_TRY = """
import sys, h5py
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
            [sys.executable, "-P", "-c", _TRY, str(path)],
            capture_output=True, check=False, stdin=subprocess.DEVNULL, text=True,
            timeout=MOST_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise OSError(f"its structure is not read after {MOST_SECONDS} s") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise OSError(lines[-1] if lines else f"the HDF5 library ends with {done.returncode}")
