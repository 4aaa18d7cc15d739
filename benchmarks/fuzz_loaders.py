"""Damage valid files of every format and open them: a model, inputs, or one clear line.

    python benchmarks/fuzz_loaders.py --minutes 5

Every input is made from its number, so that ``--only NUMBER`` repeats one. Inputs are opened in
child processes, which may use 4 GiB more than at their start; a crash, an input that takes
longer than 20 s, any error that is not spectra's own, and any code that runs counts as a failure.
"""

import argparse
import json
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import time
import warnings
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

ROUND = 2000  # inputs a child opens before the next one takes over
MOST_SECONDS = 20
MORE_BYTES = 4 << 30
FORBIDDEN = {"os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "os.mkdir"}


def open_all(number: int, folder: Path, files: dict[str, bytes]) -> tuple[str, str]:
    """Open input ``number`` in every way; return its kind and how it ended."""
    from spectra.errors import SpectraError
    from spectra.load import load_model, open_inputs
    from support.files import damaged, damaged_folder, make

    chance = random.Random(number)
    kind = chance.choice((*sorted(files), "folder"))
    if kind == "folder":
        place = folder / "model"
        damaged_folder(place, chance)
    else:
        place = folder / "file"
        place.write_bytes(damaged(files[kind], chance))
    ended = "refused"
    for run in (
        lambda: load_model(place, arch=make),
        lambda: load_model(place),
        lambda: list(open_inputs(place).batches(2)),
    ):
        try:
            run()
            ended = "opened"
        except SpectraError as error:
            if "\n" in str(error):
                return kind, f"several lines: {error}"
    return kind, ended


def child(numbers: range, pipe, crater: str) -> None:
    """Open the inputs of ``numbers`` and report each, before and after."""
    import spectra.load
    from support.files import make, valid_files

    warnings.simplefilter("ignore")
    ran: list[str] = []
    sys.unraisablehook = lambda broken: ran.append(f"printed {broken.exc_value!r}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "model").mkdir()
        files = valid_files(folder, Path(crater))
        spectra.load.load_model(_valid(folder, files), arch=make)  # imports what it needs
        used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (used + MORE_BYTES, used + MORE_BYTES))
        sys.addaudithook(lambda event, _: ran.append(event) if event in FORBIDDEN else None)
        for number in numbers:
            pipe.send((number, "begins", ""))
            try:
                kind, ended = open_all(number, folder, files)
            except BaseException as error:
                kind, ended = "?", f"{type(error).__name__}: {str(error)[:200]}"
            if ran or Path(crater).exists():
                ended = f"code ran, or a traceback was printed: {ran}"
                ran.clear()
            pipe.send((number, kind, ended))


def _valid(folder: Path, files: dict[str, bytes]) -> Path:
    (folder / "file").write_bytes(files["zip"])
    return folder / "file"


@dataclass
class Tally:
    """What became of the inputs so far."""

    end: float
    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    failures: list[tuple[int, str]] = field(default_factory=list)

    def follow(self, process, pipe, numbers: range) -> int:
        """Collect what the child reports of ``numbers``; return the number of the next input."""
        number, patience = numbers.start, MOST_SECONDS + 60  # it imports first
        while number < numbers.stop and time.monotonic() < self.end:
            try:
                if not pipe.poll(patience):
                    self.failures.append((number, f"takes longer than {MOST_SECONDS} s"))
                    return number + 1
                seen, kind, ended = pipe.recv()
            except EOFError:
                process.join()
                self.failures.append((number, f"the process died with code {process.exitcode}"))
                return number + 1
            patience = MOST_SECONDS
            if kind == "begins":
                continue
            number = seen + 1
            good = ended in ("opened", "refused")
            self.counts[kind][ended if good else "failed"] += 1
            if not good:
                self.failures.append((seen, ended))
        return number


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--only", type=int, help="open this input alone")
    given = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    tally = Tally(time.monotonic() + 60 * given.minutes)
    first, count = (given.first, ROUND) if given.only is None else (given.only, 1)
    with tempfile.TemporaryDirectory() as name:
        crater = str(Path(name) / "crater")
        while time.monotonic() < tally.end:
            ours, theirs = context.Pipe(duplex=False)
            numbers = range(first, first + count)
            process = context.Process(target=child, args=(numbers, theirs, crater))
            process.start()
            theirs.close()
            first = tally.follow(process, ours, numbers)
            process.kill()
            process.join()
            if given.only is not None:
                break
    return report(tally)


def report(tally: Tally) -> int:
    """Print what was tried as a table and the failures as JSON lines; return the exit code."""
    counts, failures = tally.counts, tally.failures
    total = sum(sum(counter.values()) for counter in counts.values())
    print(f"{total} inputs, {len(failures)} failures")
    for kind in sorted(counts):
        print(f"  {kind:24} " + "  ".join(f"{k} {v:6}" for k, v in sorted(counts[kind].items())))
    for number, text in failures[:50]:
        print(json.dumps({"only": number, "failure": text}))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
