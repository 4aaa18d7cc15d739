"""Analyses again and again in one process and prints what it leaks: ``soak.py --minutes 60``.

Resident memory, open files and threads are read after each analysis; the slope of the last four
fifths has an interval (Theil and Sen's, 95 %).
"""

from __future__ import annotations

import argparse
import gc
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from scipy.stats import theilslopes

from spectra import Options, analyze, demo
from spectra.gather import PartFiles

WARM = 0.2  # of the analyses that come first and are left out
INPUTS = "random:latent?shape=3,32,32&n=192&seed=0&dist=uniform"  # three parts


def look() -> tuple[float, int, int]:
    """Return resident memory in kB, open files and threads of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    files, threads = (len(os.listdir(f"/proc/self/{what}")) for what in ("fd", "task"))
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e3, files, threads


def main() -> None:
    """Analyse for so many minutes and print the slopes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    minutes = parser.parse_args().minutes
    torch.set_num_threads(1)
    model, seen = demo.small(), []
    until = time.monotonic() + 60 * minutes
    with TemporaryDirectory() as folder:
        while time.monotonic() < until:
            files = PartFiles(Path(folder) / "out.parts", every=0.0)  # written after each part
            analyze(model, INPUTS, options=Options(num=None, blame=False), files=files)
            files.clear()
            gc.collect()
            seen.append(look())
    kept = seen[int(WARM * len(seen)) :]
    print(f"{len(seen)} analyses in {minutes:g} minutes, load {os.getloadavg()[1]:.1f}")
    for name, values in zip(
        ("memory, kB", "files", "threads"), zip(*kept, strict=True), strict=True
    ):
        slope, _, low, high = theilslopes(values, range(len(values)), 0.95)
        print(f"{name}: {values[0]:.0f} to {values[-1]:.0f}; {slope:.3g} ({low:.3g} to {high:.3g})")


if __name__ == "__main__":
    main()
