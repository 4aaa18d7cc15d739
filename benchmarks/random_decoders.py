"""Run the whole command over random decoders and count what fails, by kind.

    python -m benchmarks.random_decoders [--count 2000] [--seed 0] [--results FILE.jsonl]

Resumable: seeds whose line stands in the results are not run again. Each decoder is a recipe of
its seed (``tests/support/random_decoders.py``); what is run and held stands in
``tests/support/whole.py``. Ends with a table of the kinds of faults, the smallest recipe of each,
and of the reasons for which an output or a step has no number.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.random_decoders import Recipe, build, draw, inputs_of, shrink
from support.whole import Fault, Whole, run_whole, small_flat_fields

THOROUGH_EVERY = 32  # decoders whose netCDF and figures are written and whose swap is analysed


@dataclass(frozen=True)
class Line:
    """What came of one seed: a line of the results."""

    seed: int
    seconds: float
    faults: tuple[tuple[str, str, str], ...]
    output: str
    steps: tuple[str, ...]


def main() -> None:
    """Run the seeds that were not run yet, and print the table of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0, help="the first of --count")
    parser.add_argument("--results", type=Path, default=Path("spectra-out/random-decoders.jsonl"))
    parser.add_argument("--again", action="store_true", help="run those with a fault again")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    seeds = range(arguments.seed, arguments.seed + arguments.count)
    found = _read(arguments.results)
    if arguments.again:
        found = {seed: line for seed, line in found.items() if not line.faults}
    arguments.results.parent.mkdir(parents=True, exist_ok=True)
    with arguments.results.open("a") as results:
        for seed in seeds:
            if seed in found:
                continue
            found[seed] = line = _run(seed)
            results.write(json.dumps(asdict(line)) + "\n")
            results.flush()
            for fault in line.faults:
                print(f"{seed}: {Fault(*fault)}", file=sys.stderr, flush=True)
    print(table([found[seed] for seed in seeds]))


def _run(seed: int) -> Line:
    started = time.perf_counter()
    recipe = draw(seed)
    whole = _whole(recipe, thorough=seed % THOROUGH_EVERY == 0)
    summary = whole.summary
    return Line(
        seed,
        round(time.perf_counter() - started, 1),
        tuple((fault.stage, fault.kind, fault.text) for fault in whole.faults),
        "failed" if summary is None else _told(summary.output.score.reason),
        () if summary is None else tuple(_told(row.score.reason) for row in summary.steps),
    )


def _whole(recipe: Recipe, *, thorough: bool) -> Whole:
    with tempfile.TemporaryDirectory() as folder, small_flat_fields():
        return run_whole(build(recipe), inputs_of(recipe), Path(folder), thorough=thorough)


def _told(reason: str | None) -> str:
    """Return a reason with its numbers taken out, so that alike ones can be counted."""
    return re.sub(r"\d+(\.\d+)?(x\d+)*", "N", reason) if reason else "a number"


def table(lines: Sequence[Line]) -> str:
    """Return the kinds of faults, the most frequent first, with the smallest recipe of each."""
    kinds: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        for stage, kind in {(stage, kind) for stage, kind, _ in line.faults}:
            kinds[stage, kind].append(line)
    clean = sum(not line.faults for line in lines)
    told = [f"{clean} of {len(lines)} random decoders without a fault", ""]
    for (stage, kind), of_kind in sorted(kinds.items(), key=lambda item: -len(item[1])):
        text = next(t for s, k, t in of_kind[0].faults if (s, k) == (stage, kind))
        told += [f"{len(of_kind):5} {stage}: {kind}", f"      {text[:200]}"]
        told += [f"      seeds {', '.join(str(line.seed) for line in of_kind[:8])}"]
        told += [f"      {_least([line.seed for line in of_kind], kind)}"]
    told += ["", "Outputs:", *_counted(line.output for line in lines)]
    told += ["", "Steps:", *_counted(step for line in lines for step in line.steps)]
    return "\n".join(told)


def _least(seeds: Sequence[int], kind: str) -> Recipe:
    """Return a small recipe of one of the seeds that fails in the same way."""

    def fails(recipe: Recipe) -> bool:
        return any(fault.kind == kind for fault in _whole(recipe, thorough=False).faults)

    recipe = min((draw(seed) for seed in seeds), key=lambda recipe: len(repr(recipe)))
    return shrink(recipe, fails)


def _counted(reasons: Iterable[str]) -> list[str]:
    return [f"{count:5} {reason}" for reason, count in Counter(reasons).most_common()]


def _read(path: Path) -> dict[int, Line]:
    """Return what was found before; of a seed that was run again, the last."""
    texts = path.read_text().splitlines() if path.exists() else []
    lines = [Line(**json.loads(text)) for text in texts]
    return {line.seed: line for line in lines}


if __name__ == "__main__":
    main()
