"""Count the upsampling steps of published decoders and hold them against those found.

    python -m census [--part developed|held|all] [--cost] [--whole] [--out TABLE.md] [NAME ...]

Weights are random, nothing is fetched. ``--part held`` prints totals only.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from pathlib import Path
from typing import get_args

os.environ["HF_HUB_OFFLINE"] = "1"  # read when the libraries are first imported

import torch

from census import table
from census.catalogue import Decoder, Part, everything, part
from census.compare import Comparison, compare
from census.cost import Cost, cost
from census.whole import Analysed, analyse
from spectra.errors import SpectraError

INTRODUCTION = """\
# Census: are all upsampling steps of published decoders found?

Look a decoder of a library up here to know whether all its steps are found, and what that costs.
Written by `make census`; how it counts stands in `benchmarks/README.md`. Weights are random.

A step is *counted* if a call of torch's Python interface gives a map more positions than it got
and what it got changes with the model's input; rearrangements (view and permute, einsum, zero
insertion) are added by hand from the source of the model. It is *found* if `spectra.capture`
reports a step of the same kind in the same module. *Other kind*: right module, another kind.
*Constant*: calls that do not depend on the input, such as resized position tables: no step.
*Spread*: one sample copied over a map after global pooling: no step.
*Analyze*: the verdict of the whole command over 16 random inputs, with what is said of the output,
and how many of the steps have a number of their own; or what failed.

Every third decoder, in alphabetical order, was held apart while the search for steps was
developed.
"""


def main() -> None:
    """Compare the named decoders, or a part of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="library:name; all of the part by default")
    parser.add_argument("--part", choices=get_args(Part), default="developed")
    parser.add_argument("--cost", action="store_true", help="time discovery and streaming too")
    parser.add_argument("--whole", action="store_true", help="run the whole command over each")
    parser.add_argument("--rounds", type=int, default=5, help="of each timing")
    parser.add_argument("--out", type=Path, help="write both parts with their tables")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # the libraries' own
    written = [INTRODUCTION, f"{table.versions()}.\n"]
    wanted: list[Part] = ["developed", "held"] if arguments.part == "all" else [arguments.part]
    for which in wanted:
        decoders = [
            d for d in part(everything(), which) if not arguments.names or d.name in arguments.names
        ]
        rows = [_compared(decoder) for decoder in decoders]
        costs = _costs(decoders, rows, arguments.rounds) if arguments.cost else {}
        analysed = {d.name: _analysed(d) for d in decoders} if arguments.whole else {}
        print(f"## {table.TITLES[which]}: {len(rows)}\n")
        print("\n".join(table.totals(rows, costs, analysed, rounds=arguments.rounds)))
        if which != "held":
            print(f"\n{table.misses(rows)}\n")
        if analysed:
            print(f"{table.faults(analysed)}\n")
        detailed = table.detailed(which, rows, costs, analysed, rounds=arguments.rounds)
        written.append(detailed + "\n")
        if which != "held":
            written.append(f"### Not as expected\n\n{table.misses(rows)}\n")
        if analysed:
            written.append(f"### What failed in analyze\n\n{table.faults(analysed)}\n")
    if arguments.out:
        arguments.out.write_text("\n".join(written))


def _compared(decoder: Decoder) -> Comparison:
    print(f"{decoder.name} ...", file=sys.stderr, flush=True)
    return compare(decoder)


def _analysed(decoder: Decoder) -> Analysed:
    print(f"{decoder.name}: analyze ...", file=sys.stderr, flush=True)
    found = analyse(decoder)
    for fault in found.faults:
        print(f"    {fault}", file=sys.stderr, flush=True)
    return found


def _costs(decoders: list[Decoder], rows: list[Comparison], rounds: int) -> dict[str, Cost]:
    """Time the decoders, encoders apart."""
    steady = {row.name for row in rows if row.error is None and not row.encoder}
    costs = {}
    for decoder in decoders:
        if decoder.name in steady:
            print(f"{decoder.name}: time ...", file=sys.stderr, flush=True)
            try:
                costs[decoder.name] = cost(decoder, rounds=rounds)
            except SpectraError as error:
                print(f"{decoder.name}: no time taken, {error}", file=sys.stderr)
    return costs


if __name__ == "__main__":
    main()
