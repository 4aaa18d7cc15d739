"""Prints how time, memory and open files of an analysis grow with the number of pictures.

``python benchmarks/scale.py pictures``   a thousand, ten and a hundred thousand small pictures
``python benchmarks/scale.py names``      opening a folder of a million names
``python benchmarks/scale.py workers``    pictures a second with none, one and two workers
``python benchmarks/scale.py tasks``      what a part costs beside measuring it
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

SIDE = 32  # pixels
BASES = 512  # different scenes; a picture is one of them, shifted and brightened
NET = """
import torch
from torch import nn

def build():
    torch.manual_seed(0)
    up = nn.ConvTranspose2d(8, 3, 3, stride=2, padding=1, output_padding=1)
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), up)
"""
OPEN = """
import resource, sys, time
import spectra.inputs, torch
from spectra.inputs import open_inputs
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
inputs = open_inputs(sys.argv[1], num=None if sys.argv[2] == "all" else int(sys.argv[2]), lazy=True)
took = time.perf_counter() - start
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(len(inputs), round(took, 2), round((after - before) / 1024, 1))
"""


@dataclass(frozen=True)
class Watched:
    """What a process took."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    files: int


def make_pictures(folder: Path, count: int) -> Path:
    """Write so many different small pictures, unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    white = rng.normal(size=(BASES, SIDE, SIDE, 3))
    smooth = np.stack([gaussian_filter(each, (1.5, 1.5, 0), mode="wrap") for each in white])
    bases = (128 + 90 * smooth / np.abs(smooth).max()).astype(np.int16)

    def write(number: int) -> None:
        path = folder / f"{number:07d}.png"
        if not path.exists():
            turn, shift = divmod(number // BASES, SIDE)
            pixels = np.roll(bases[number % BASES], (shift, 3 * turn), (0, 1)) + turn % 20
            Image.fromarray(pixels.astype(np.uint8)).save(path, compress_level=1)

    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(write, range(count), chunksize=256):
            pass
    return folder


def watch(command: list[str]) -> Watched:
    """Run a command; look at its memory and files twice a second, those of its children too."""
    start, peak, files = time.perf_counter(), 0.0, 0
    before = os.times()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        held = [_look(pid) for pid in _family(process.pid)]
        peak = max(peak, sum(memory for memory, _ in held))
        files = max(files, max((n for _, n in held), default=0))
        time.sleep(0.5)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user
    return Watched(time.perf_counter() - start, cpu - before.children_system, peak, files)


def _family(pid: int) -> list[int]:
    children = [pid]
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                children += _family(int(child))
    return children


def _look(pid: int) -> tuple[float, int]:
    """Return the resident memory of a process in MB, and how many files it has open."""
    with suppress(OSError, IndexError, ValueError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6, len(os.listdir(f"/proc/{pid}/fd"))
    return 0.0, 0


def analyze(place: Path, folder: Path, count: int, *more: str) -> Watched:
    """Analyse so many pictures of a folder."""
    (place / "net.py").write_text(NET)
    command = [sys.executable, "-m", "spectra_cli", "-q", "analyze", f"{place}/net.py:build"]
    fixed = ["--threads", "1", "--batch", "64", "--formats", "json", "--no-blame", "--force"]
    out = ["--out", str(place / "out")]
    return watch([*command, str(folder), "--num", str(count), *fixed, *out, *more])


def line(xs: list[int], ys: list[float]) -> str:
    """Return the straight line through some points by least squares."""
    slope, begin = np.polyfit(xs, ys, 1)
    return f"{begin:.1f} + {slope:.3g} n"


def pictures(place: Path, counts: list[int]) -> None:
    """Print a row for each number of pictures, and the lines through them."""
    rows = []
    for count in counts:
        folder = make_pictures(place / f"in{count}", count)
        row = analyze(place, folder, count)
        rows.append(row)
        print(
            f"| {count} | {row.seconds:.0f} | {row.cpu_seconds:.0f} | {row.peak_mb:.0f} "
            f"| {row.files} |",
            flush=True,
        )
    if len(counts) > 1:
        print("wall s:", line(counts, [row.seconds for row in rows]))
        print("CPU s:", line(counts, [row.cpu_seconds for row in rows]))
        print("peak MB:", line(counts, [row.peak_mb for row in rows]))
        print("files:", line(counts, [row.files for row in rows]))


def names(place: Path, counts: list[int]) -> None:
    """Print how long opening a folder takes of which 1024 files are pictures, and what it holds."""
    folder = make_pictures(place / "names", 1024)
    there = 1024
    for count in counts:
        for number in range(there, count):
            os.close(os.open(folder / f"{number:07d}.png", os.O_CREAT | os.O_WRONLY))
        there = count
        for wanted in ("64", "all"):
            command = [sys.executable, "-c", OPEN, str(folder), wanted]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            used, seconds, memory = done.stdout.split()
            print(f"| {count} | {used} | {seconds} | {memory} |", flush=True)


def workers(place: Path, count: int) -> None:
    """Print pictures a second of the same run with none, one and two workers."""
    folder = make_pictures(place / f"in{count}", count)
    for more in ([], ["--workers", "1"], ["--workers", "2"]):
        row = analyze(place, folder, count, *more)
        print(
            f"| {' '.join(more) or 'alone'} | {row.seconds:.1f} | {row.cpu_seconds:.1f} "
            f"| {count / row.seconds:.0f} | {row.peak_mb:.0f} |",
            flush=True,
        )


def tasks(place: Path, count: int) -> None:
    """Print what one part costs: measuring it, writing it, reading and adding it, its task."""
    import torch

    from spectra import Options
    from spectra.cluster import hire
    from spectra.gather import PartFiles
    from spectra.gather._sums import Sums
    from spectra.load import load_model
    from spectra.run import part_by_part

    torch.set_num_threads(1)
    folder = make_pictures(place / f"in{count}", count)
    (place / "net.py").write_text(NET)
    files = PartFiles(place / "tasks.parts")
    files.clear()
    options = Options(num=count, batch=64, threads=1)
    with part_by_part(
        load_model(f"{place}/net.py:build"), str(folder), files=files, options=options
    ) as parts:
        one = parts.current
        assert one is not None
        one.measure(0)
        start = time.process_time()
        measured = [one.measure(part) for part in range(one.parts)]
        print(f"measure a part: {1e3 * (time.process_time() - start) / one.parts:.1f} ms of CPU")
    start = time.process_time()
    for number, sums in enumerate(measured):
        sums.write(place / f"part{number}.npz", {})
    print(f"write a part: {1e3 * (time.process_time() - start) / len(measured):.2f} ms of CPU")
    size = (place / "part0.npz").stat().st_size
    start = time.process_time()
    total = measured[0]
    for number in range(1, len(measured)):
        total.add(Sums.read(place / f"part{number}.npz")[0])
        (place / f"part{number}.npz").unlink()
    print(f"read and add a part: {1e3 * (time.process_time() - start) / len(measured):.2f} ms")
    print(f"a part has {size / 1e3:.0f} kB")
    files.clear()
    with hire(workers=1) as crew:
        work = range(1000)
        list(crew.each(abs, range(10), tick=lambda: None))
        start, cpu = time.perf_counter(), time.process_time()
        list(crew.in_order(abs, work, tick=lambda: None))
        took, cpu = time.perf_counter() - start, time.process_time() - cpu
        print(f"a task of nothing: {took:.1f} ms on the wall, {cpu:.2f} ms of CPU in the client")


def main() -> None:
    """Parse and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["pictures", "names", "workers", "tasks"])
    parser.add_argument("--counts", type=lambda text: [int(n) for n in text.split(",")])
    parser.add_argument("--place", type=Path, help="Keep the pictures there.")
    given = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    with TemporaryDirectory() as temporary:
        place = given.place or Path(temporary)
        if given.what == "pictures":
            pictures(place, given.counts or [1000, 10_000, 100_000])
        elif given.what == "names":
            names(place, given.counts or [10_000, 100_000, 1_000_000])
        elif given.what == "workers":
            workers(place, (given.counts or [10_000])[0])
        else:
            tasks(place, (given.counts or [2048])[0])


if __name__ == "__main__":
    main()
