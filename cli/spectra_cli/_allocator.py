"""The memory allocator of this program's own process."""

import ctypes
import os
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
KEPT = 1 << 30  # bytes of free memory that are not given back, and of a block with pages of its own
OWN = ("GLIBC_TUNABLES", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_MMAP_MAX_")


def keep_freed_memory() -> bool:
    """Let the allocator keep what is freed, where it is glibc's; tell whether it does.

    By default each large map of a model comes in pages of its own and goes back with them: the
    next batch waits for the kernel to clear hundreds of MB again, up to a third of a forward pass.
    What the user's environment says about it stands.
    """
    if not sys.platform.startswith("linux") or any(name in os.environ for name in OWN):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return bool(mallopt(MMAP_THRESHOLD, KEPT)) and bool(mallopt(TRIM_THRESHOLD, KEPT))
