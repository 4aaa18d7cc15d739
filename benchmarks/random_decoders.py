"""Run the whole command over random decoders and count what fails, by kind.

    python -m benchmarks.random_decoders [--count 2000] [--seed 0] [--results FILE.jsonl]

Resumable: seeds whose line stands in the results are not run again. Each decoder is a recipe of
its seed (``tests/support/random_decoders.py``); what is run and held stands in
``tests/support/whole.py``. Ends with a table of the kinds of faults, the smallest recipe of each.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import astuple
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.random_decoders import Recipe, build, draw, inputs_of, shrink
from support.whole import Fault, run_whole

THOROUGH_EVERY = 4  # decoders whose netCDF and figures are written and whose swap is analysed


def main() -> None:
    """Run the seeds that were not run yet, and print the table of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0, help="the first of --count")
    parser.add_argument("--results", type=Path, default=Path("spectra-out/random-decoders.jsonl"))
    parser.add_argument("--again", nargs="*", help="kinds (parts of their names) to run again")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    seeds = range(arguments.seed, arguments.seed + arguments.count)
    found = _read(arguments.results, again=arguments.again)
    arguments.results.parent.mkdir(parents=True, exist_ok=True)
    with arguments.results.open("a") as results:
        for seed in seeds:
            if seed not in found:
                started = time.perf_counter()
                found[seed] = faults(draw(seed), thorough=seed % THOROUGH_EVERY == 0)
                line = {
                    "seed": seed,
                    "seconds": round(time.perf_counter() - started, 1),
                    "faults": [astuple(fault) for fault in found[seed]],
                }
                results.write(json.dumps(line) + "\n")
                results.flush()
                for fault in found[seed]:
                    print(f"{seed}: {fault}", file=sys.stderr, flush=True)
    print(table({seed: found[seed] for seed in seeds}))


def faults(recipe: Recipe, *, thorough: bool) -> list[Fault]:
    """Return what does not hold for a decoder."""
    with tempfile.TemporaryDirectory() as folder:
        whole = run_whole(build(recipe), inputs_of(recipe), Path(folder), thorough=thorough)
    return whole.faults


def table(found: dict[int, list[Fault]]) -> str:
    """Return the kinds of faults, the most frequent first, with the smallest recipe of each."""
    kinds: dict[tuple[str, str], list[int]] = defaultdict(list)
    for seed, of_one in found.items():
        for key in {(fault.stage, fault.kind) for fault in of_one}:
            kinds[key].append(seed)
    clean = sum(not of_one for of_one in found.values())
    lines = [f"{clean} of {len(found)} random decoders without a fault", ""]
    for (stage, kind), seeds in sorted(kinds.items(), key=lambda item: -len(item[1])):
        text = next(f.text for f in found[seeds[0]] if (f.stage, f.kind) == (stage, kind))
        lines += [f"{len(seeds):5} {stage}: {kind}", f"      {text[:200]}"]
        lines += [f"      seeds {', '.join(map(str, seeds[:8]))}", f"      {_least(seeds, kind)}"]
    return "\n".join(lines)


def _least(seeds: list[int], kind: str) -> Recipe:
    """Return a small recipe of one of the seeds that fails in the same way."""

    def fails(recipe: Recipe) -> bool:
        return any(fault.kind == kind for fault in faults(recipe, thorough=False))

    recipe = min((draw(seed) for seed in seeds), key=lambda recipe: len(repr(recipe)))
    return shrink(recipe, fails)


def _read(path: Path, *, again: list[str] | None) -> dict[int, list[Fault]]:
    """Return what was found before, but for the kinds that are to be run again."""
    found: dict[int, list[Fault]] = {}
    if path.exists():
        for text in path.read_text().splitlines():
            line = json.loads(text)
            found[line["seed"]] = [Fault(*fault) for fault in line["faults"]]
    if again is None:
        return found
    return {
        seed: of_one
        for seed, of_one in found.items()
        if not any(part in str(fault) for fault in of_one for part in again or [""])
    }


if __name__ == "__main__":
    main()
