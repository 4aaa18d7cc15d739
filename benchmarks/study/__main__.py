"""``make study-remedies``: does a larger upsampling kernel learn a better filter?

::

    python -m benchmarks.study                      # 12 networks x 5 seeds; stops and goes on
    python -m benchmarks.study --seeds 2 --steps 50 --results DIR
    python -m benchmarks.study --report             # only the tables of what is there

Networks that differ in the upsampler alone are trained on the demonstration's task, from the
same start and on the same patches for each seed. Every finished run is a file in the results
folder; what is there is not run again.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import torch
from rich.progress import Progress

from benchmarks.study.report import tables
from benchmarks.study.run import Result, Training, read, run, write
from benchmarks.study.variants import VARIANTS


def main() -> None:
    """Run what is missing and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("variants", nargs="*", help=f"of {', '.join(VARIANTS)}; all by default")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=Training.steps, help="updates of each network")
    parser.add_argument("--jobs", type=int, default=2, help="networks trained at a time")
    parser.add_argument("--results", type=Path, default=Path("spectra-out/study"))
    parser.add_argument("--report", action="store_true", help="run nothing")
    parser.add_argument("--out", type=Path, help="write the tables here too")
    arguments = parser.parse_args()
    if unknown := set(arguments.variants) - set(VARIANTS):
        parser.error(f"variants {sorted(unknown)} are none of {', '.join(VARIANTS)}")

    training = Training(steps=arguments.steps)
    folder: Path = arguments.results
    folder.mkdir(parents=True, exist_ok=True)
    # Seed by seed, so that what there is when it stops is whole pairs.
    wanted = [(v, s) for s in range(arguments.seeds) for v in arguments.variants or VARIANTS]
    if not arguments.report:
        missing = [place for place in wanted if read(folder, *place, training) is None]
        run_all(missing, training, folder, arguments.jobs)
    found = [result for place in wanted if (result := read(folder, *place, training))]
    if not found:
        parser.error(f"{folder} holds no run of {training}")
    text = tables(found)
    print(text)
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")


def run_all(places: list[tuple[str, int]], training: Training, folder: Path, jobs: int) -> None:
    """Run variants and seeds in processes of one thread each, and keep every result at once."""
    pool = ProcessPoolExecutor(jobs, initializer=torch.set_num_threads, initargs=(1,))
    with pool, Progress(transient=True) as bar:
        task = bar.add_task("networks", total=len(places))
        for done in as_completed(pool.submit(_run, *place, training, folder) for place in places):
            result = done.result()
            bar.console.print(f"{result.variant}, seed {result.seed}: {result.seconds:.0f} CPU s")
            bar.advance(task)


def _run(variant: str, seed: int, training: Training, folder: Path) -> Result:
    result = run(variant, seed, training)
    write(result, folder)
    return result


if __name__ == "__main__":
    main()
