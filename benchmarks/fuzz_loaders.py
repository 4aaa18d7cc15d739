"""Damage valid files of every format and open them: a model, inputs, or one clear line.

    python benchmarks/fuzz_loaders.py --minutes 5

Every input is made from its number, so that ``--only NUMBER`` repeats one. Three of four are
well formed outside and wrong inside, to get past the first check. Inputs are opened in child
processes, one a core. A crash of a child, an input that takes longer than 30 s or 250 MB (or
twice its size), any error that is not spectra's own, any code that runs and any file that is
written elsewhere counts as a failure. What was done is kept in ``--state``: the next sitting goes
on from there, and the figures add up. Formats that an extra reads are left out where it is not
installed.
"""

import argparse
import json
import multiprocessing
import os
import random
import re
import resource
import sys
import tempfile
import time
import warnings
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

ROUND = 200  # inputs a child opens before the next one takes over
MOST_SECONDS = 30
MORE_BYTES = 4 << 30
MOST_BYTES = 250_000_000
SLOW = {"hdf5", "netcdf3", "zarr store"}  # three processes for each input: one of forty is of these
EXTRAS = ("wav", "flac", "nifti", "nifti packed", "onnx graph")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
FORBIDDEN = {"os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "os.mkdir"}


def put(number: int, folder: Path, files: dict[str, bytes]) -> tuple[str, Path]:
    """Write input ``number``; return its kind and where it lies."""
    from support.extra_files import zarr_damaged
    from support.files import damaged_folder

    chance = random.Random(number)
    fast = sorted({*files, "folder"} - SLOW)
    kind = chance.choice(sorted(SLOW) if chance.random() < 1 / 40 else fast)
    place = folder / {"folder": "model", "zarr store": "store"}.get(kind, "file")
    if kind == "folder":
        damaged_folder(place, chance)
    elif kind == "zarr store":
        zarr_damaged(place, chance)
    else:
        place.write_bytes(changed(kind, files[kind], chance, folder / "made"))
    return kind, place


def open_all(place: Path) -> str:
    """Open an input in every way; return how it ended."""
    from spectra._printable import printable
    from spectra.errors import SpectraError
    from spectra.inputs import check_inputs, open_inputs
    from spectra.load import check_source, load_model, load_weights
    from support.files import make

    ended = "refused at sight"
    for run, better in (
        (lambda: check_source(place, trust=False), "refused inside"),
        (lambda: check_inputs(place), "refused inside"),
        (lambda: load_model(place, arch=make), "opened"),
        (lambda: load_model(place), "opened"),
        (lambda: load_weights(place), "opened"),
        (lambda: list(open_inputs(place).batches(2)), "opened"),
        (lambda: list(open_inputs(f"{place}?volume").batches(2)), "opened"),
    ):
        try:
            run()
            ended = better if ended != "opened" else ended
        except SpectraError as error:
            if printable(str(error)) != str(error):
                return f"no plain line: {error!r}"
    return ended


def changed(kind: str, data: bytes, chance: random.Random, place: Path) -> bytes:
    """Return ``data`` changed inside three times of four, otherwise anywhere."""
    from support.extra_files import extra_mutant
    from support.files import damaged
    from support.mutants import mutant

    if chance.random() >= 0.75:
        return damaged(data, chance)
    if kind in EXTRAS:
        return extra_mutant(kind, data, chance)
    return mutant(kind, data, chance, place)


def watch(ran: list[str], reader: str, inside: tuple[str, ...], event: str, given: tuple) -> None:
    """Note what no loader does, apart from letting its own program read a netCDF file."""
    if event in FORBIDDEN and not (event == "subprocess.Popen" and reader in map(str, given[1])):
        ran.append(f"{event} {given!r:.100}")
    opened = event == "open" and isinstance(given[0], str) and isinstance(given[2], int)
    if opened and given[2] & WRITES and not given[0].startswith(inside):
        ran.append(f"writes {given[0]}")


def memory(name: str) -> int:
    """Return a number of bytes from ``/proc/self/status``; 0 where there is none."""
    try:
        found = re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())
    except OSError:
        found = None
    return 1024 * int(found[1]) if found else 0


def forget_peak() -> int:
    """Let the peak of memory begin anew; return where."""
    if Path("/proc/self/clear_refs").exists():
        Path("/proc/self/clear_refs").write_text("5")
    return memory("VmRSS")


def child(numbers: range, pipe, crater: str) -> None:
    """Open the inputs of ``numbers`` and report each, before and after."""
    from spectra._files._netcdf_process import CHILD
    from spectra.errors import SpectraError
    from spectra.inputs import open_inputs
    from spectra.load import load_model
    from support.extra_files import extra_files
    from support.files import make, valid_files

    warnings.simplefilter("ignore")
    ran: list[str] = []
    sys.unraisablehook = lambda broken: ran.append(f"printed {broken.exc_value!r}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "model").mkdir()
        extras = extra_files(folder)
        files = valid_files(folder, Path(crater)) | extras
        for kind in ("zip", "png", "tiff", "npz", "safetensors", *extras):  # imports what it needs
            (folder / "file").write_bytes(files[kind])
            for run in (
                lambda: load_model(folder / "file", arch=make),
                lambda: open_inputs(folder / "file"),
            ):
                with suppress(SpectraError):
                    run()
        used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (used + MORE_BYTES, used + MORE_BYTES))
        allowed = (name, tempfile.gettempdir(), "/dev/null", "/proc/self/clear_refs")
        sys.addaudithook(partial(watch, ran, str(CHILD), allowed))
        for number in numbers:
            pipe.send((number, "begins", ""))
            kind, place = put(number, folder, files)
            ran.clear()
            start = forget_peak()
            try:
                ended = open_all(place)
            except BaseException as error:
                ended = f"{type(error).__name__}: {str(error)[:200]}"
            size = place.stat().st_size if kind in files else 0
            grown = memory("VmHWM") - start
            if grown > max(MOST_BYTES, 2 * size):
                ended = f"took {grown} bytes for {size}"
            if ran or Path(crater).exists():
                ended = f"code ran, wrote, or printed a traceback: {ran}"
                ran.clear()
            pipe.send((number, kind, ended))


@dataclass
class Tally:
    """What became of the inputs of all sittings, by round; written after each round."""

    file: Path
    done: set[int] = field(default_factory=set)
    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    failures: list[tuple[int, str]] = field(default_factory=list)

    @classmethod
    def resumed(cls, file: Path) -> "Tally":
        """Return the tally of earlier sittings, if there were any."""
        tally = cls(file)
        if file.exists():
            held = json.loads(file.read_text())
            tally.done = set(held["done"])
            tally.failures = [tuple(failure) for failure in held["failures"]]
            for kind, counts in held["counts"].items():
                tally.counts[kind] = Counter(counts)
        return tally

    def add(self, number: int, counts: dict[str, Counter[str]], failures: list) -> None:
        """Take in the round ``number``, and write everything."""
        self.done.add(number)
        self.failures += failures
        for kind, counter in counts.items():
            self.counts[kind] += counter
        held = {"done": sorted(self.done), "failures": self.failures, "counts": self.counts}
        self.file.parent.mkdir(parents=True, exist_ok=True)
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(held))
        new.replace(self.file)


class Worker:
    """One child at a time, until the inputs of one round are done."""

    def __init__(self, context, numbers: range, crater: str) -> None:
        self._context, self._crater, self._numbers = context, crater, numbers
        self.next = numbers.start
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.failures: list[tuple[int, str]] = []
        self._start()

    def _start(self) -> None:
        self.pipe, theirs = self._context.Pipe(duplex=False)
        rest = range(self.next, self._numbers.stop)
        self._process = self._context.Process(target=child, args=(rest, theirs, self._crater))
        self._process.start()
        theirs.close()
        self._patience = time.monotonic() + MOST_SECONDS + 120  # it imports first
        self._begun = False

    @property
    def done(self) -> bool:
        return self.next >= self._numbers.stop

    def stop(self) -> None:
        self._process.kill()
        self._process.join()
        self.pipe.close()

    def hear(self) -> None:
        """Take what the child reports; where it died, note that and start another."""
        try:
            number, kind, ended = self.pipe.recv()
        except (EOFError, OSError):
            self._process.join()
            if not self._begun:
                sys.exit("a child ended before its first input: see above")
            self._give_up(f"the process died with code {self._process.exitcode}")
            return
        self._patience, self._begun = time.monotonic() + MOST_SECONDS, True
        if kind == "begins":
            return
        self.next = number + 1
        good = ended in ("opened", "refused inside", "refused at sight")
        self.counts[kind][ended if good else "failed"] += 1
        if not good:
            self.failures.append((number, ended))

    def look(self) -> None:
        """Give up an input that takes too long."""
        if time.monotonic() > self._patience and not self.done:
            self._give_up(f"takes longer than {MOST_SECONDS} s")

    def _give_up(self, why: str) -> None:
        self.failures.append((self.next, why))
        self.counts["?"]["failed"] += 1
        self.next += 1
        self.stop()
        if not self.done:
            self._start()


def fuzz(tally: Tally, jobs: int, end: float, crater: str) -> None:
    """Do rounds that no sitting did, ``jobs`` at a time, until ``end``."""
    context = multiprocessing.get_context("spawn")
    workers: dict[int, Worker] = {}
    try:
        while time.monotonic() < end:
            following = (n for n in range(1 << 40) if n not in tally.done and n not in workers)
            while len(workers) < jobs:
                number = next(following)
                numbers = range(number * ROUND, (number + 1) * ROUND)
                workers[number] = Worker(context, numbers, f"{crater}-{number}")
            ready = wait([worker.pipe for worker in workers.values()], timeout=1)
            for number, worker in list(workers.items()):
                if worker.pipe in ready:
                    worker.hear()
                worker.look()
                if worker.done:
                    worker.stop()
                    tally.add(number, worker.counts, worker.failures)
                    del workers[number]
    finally:
        for worker in workers.values():
            worker.stop()


def repeat(number: int, crater: str) -> int:
    """Open one input alone and print how it ended."""
    worker = Worker(multiprocessing.get_context("spawn"), range(number, number + 1), crater)
    while not worker.done:
        if wait([worker.pipe], timeout=1):
            worker.hear()
        worker.look()
    worker.stop()
    print({kind: dict(counts) for kind, counts in worker.counts.items()}, worker.failures)
    return 1 if worker.failures else 0


def report(tally: Tally) -> int:
    """Print what was tried as a table and the failures as JSON lines; return the exit code."""
    counts, failures = tally.counts, tally.failures
    total = sum(sum(counter.values()) for counter in counts.values())
    past = sum(counter["opened"] + counter["refused inside"] for counter in counts.values())
    share = f", {past / total:.0%} of them past the first check" if total else ""
    print(f"{total} inputs in all sittings{share}, {len(failures)} failures")
    for kind in sorted(counts):
        print(f"  {kind:24} " + "  ".join(f"{k} {v:6}" for k, v in sorted(counts[kind].items())))
    for number, text in failures[:50]:
        print(json.dumps({"only": number, "failure": text}))
    return 1 if failures else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="child processes")
    parser.add_argument("--state", type=Path, default=Path("spectra-out/fuzz.json"))
    parser.add_argument("--only", type=int, help="open this input alone")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        crater = str(Path(name) / "crater")
        if given.only is not None:
            return repeat(given.only, crater)
        tally = Tally.resumed(given.state)
        fuzz(tally, given.jobs, time.monotonic() + 60 * given.minutes, crater)
    return report(tally)


if __name__ == "__main__":
    sys.exit(main())
