"""``make calibrate``: how often the score is wrong, in a world where the truth is known.

::

    python -m benchmarks.calibration                  # the whole table
    python -m benchmarks.calibration --quick          # every cell with a twentieth of the trials
    python -m benchmarks.calibration --part tuning    # the pictures and seeds for making choices
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from zlib import crc32

import numpy as np
import torch
from rich.progress import Progress

from benchmarks.calibration import report
from benchmarks.calibration.cells import Cell
from benchmarks.calibration.clean import clean_cells
from benchmarks.calibration.faults import fault_cells, floor_cells
from benchmarks.calibration.trials import Outcome, trial
from benchmarks.calibration.upsampled import energy_cells, found_cells

CHUNK, QUICK = 10, 20
GROUPS = {
    "clean": clean_cells,
    "found": found_cells,
    "energy": energy_cells,
    "faults": fault_cells,
    "floors": floor_cells,
}


def main() -> None:
    """Run the chosen groups of cells and print their tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("groups", nargs="*", help=f"of {', '.join(GROUPS)}; all by default")
    parser.add_argument("--part", choices=("tuning", "reporting"), default="reporting")
    parser.add_argument("--quick", action="store_true", help="a twentieth of the trials")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, help="write the tables here too")
    arguments = parser.parse_args()
    if unknown := set(arguments.groups) - set(GROUPS):
        parser.error(f"groups {sorted(unknown)} are none of {', '.join(GROUPS)}")

    started = time.perf_counter()
    chosen = {name: GROUPS[name]() for name in arguments.groups or GROUPS}
    outcomes = {}
    pool = ProcessPoolExecutor(arguments.jobs, initializer=torch.set_num_threads, initargs=(1,))
    with pool, Progress(transient=True) as bar:
        for group, cells in chosen.items():
            outcomes[group] = _run(group, cells, arguments.part, arguments.quick, pool, bar)
    text = report.tables(chosen, outcomes, arguments.part, time.perf_counter() - started)
    print(text)
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")


def _run(
    group: str, cells: list[Cell], part: str, quick: bool, pool: ProcessPoolExecutor, bar: Progress
) -> list[list[Outcome]]:
    """Return the outcomes of every cell of a group."""
    counts = [max(cell.trials // QUICK, 2) if quick else cell.trials for cell in cells]
    chunks = [
        (index, range(first, min(first + CHUNK, count)))
        for index, count in enumerate(counts)
        for first in range(0, count, CHUNK)
    ]
    task = bar.add_task(group, total=sum(counts))
    outcomes: list[list[Outcome]] = [[] for _ in cells]
    run = partial(_chunk, group, part)
    for (index, numbers), found in zip(
        chunks, pool.map(run, *zip(*chunks, strict=True)), strict=True
    ):
        outcomes[index] += found
        bar.advance(task, len(numbers))
    return outcomes


def _chunk(group: str, part: str, index: int, numbers: range) -> list[Outcome]:
    """Return the outcomes of some trials of one cell; its name and their numbers are the seed."""
    cell = GROUPS[group]()[index]
    found = []
    for number in numbers:
        rng = np.random.default_rng([crc32(part.encode()), crc32(cell.name.encode()), number])
        drawn = cell.draw(rng, part)
        maps, truth = drawn if isinstance(drawn, tuple) else (drawn, None)
        found.append(trial(maps, cell.periods, number, truth, cell.reach))
    return found


if __name__ == "__main__":
    main()
