"""Freed memory is used again without asking the kernel for pages, in a process of the command."""

import os
import subprocess
import sys

import pytest

from spectra_cli._allocator import OWN, keep_freed_memory

PAGES = """
import ctypes, resource, sys
if "keep" in sys.argv:
    from spectra_cli._allocator import OWN, keep_freed_memory
    if not keep_freed_memory():
        sys.exit("not glibc")
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
for round in range(21):
    if round == 1:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    blocks = [libc.malloc(ctypes.c_size_t(48 << 20)) for _ in range(2)]
    for block in blocks:
        ctypes.memset(block, 1, 48 << 20)
    for block in blocks:
        libc.free(ctypes.c_void_p(block))
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(*arguments):
    command = [sys.executable, "-c", PAGES, *arguments]
    own = {name: value for name, value in os.environ.items() if name not in OWN}
    done = subprocess.run(command, capture_output=True, text=True, env=own, check=False)
    if "not glibc" in done.stderr:
        pytest.skip("another C library than glibc")
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="of Linux")
def test_large_blocks_come_from_what_was_freed():
    kept, plain = faults("keep"), faults()
    assert kept < 2000  # of 480,000 pages of 4 kB; a huge page is one fault
    assert plain > 5 * kept


def test_what_the_user_says_about_the_allocator_stands(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "131072")
    assert not keep_freed_memory()
