"""The command without a word: train and measure what is missing, and say what the whole shows."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from spectra.errors import ParameterError
from spectra.study._cell import write_json
from spectra.study._checkpoint import write_whole
from spectra.study._hypotheses import CONFIRMATORY, Seed, findings
from spectra.study._page import study_page
from spectra.study._published import CAUTIONS
from spectra.study._saved import read_seeds, saved
from spectra.study._study import Study
from spectra.study._table import Table
from spectra.study._tables import described, hypothesis_tables
from spectra.study._train import Progress
from spectra.study._variants import NETWORKS, network_of

# the network of each task that a study without a name is about
USUAL = {"restoration": "nafnet", "segmentation": "unet", "disparity": "sttr"}
MAIN = "nafnet"  # the network of the main comparison
QUICK_SEEDS = 2
COMPARED = tuple({name: None for c in CONFIRMATORY for name in (c.first, c.second)})


def add_study(parser: argparse.ArgumentParser) -> None:
    """Add the options of a study to a parser."""
    parser.set_defaults(answer=answer)
    add = parser.add_argument
    add("--task", choices=USUAL, default="restoration", help="by default %(default)s")
    add("--network", choices=NETWORKS, help="by default that of the task's main comparison")
    add("--upsampler", nargs="+", metavar="NAME", help="variants of it; by default all")
    add("--seeds", type=int, help="how many; by default 10 of the main comparison, else 3")
    add("--steps", type=int, help="updates of each network, if not its own number")
    add("--jobs", type=int, default=2, help="networks at a time, one thread each [%(default)s]")
    add("--results", type=Path, default=Path("spectra-out/study"), help="[%(default)s]")
    add(
        "--quick",
        action="store_true",
        help="two seeds of what the hypotheses compare: some ten minutes",
    )
    add("--saved", type=Path, metavar="FILE", help="run nothing: tables of FILE")
    add("--report", action="store_true", help="run nothing: tables of what is in --results")
    add("--save", type=Path, metavar="FILE", help="write all numbers to one file")
    add("--out", type=Path, help="write the tables here too: .md or .html")


def answer(arguments: argparse.Namespace, progress: Progress) -> str:
    """Return the tables, after what was missing has run."""
    name = arguments.network or USUAL[arguments.task]
    if arguments.saved:
        seeds = read_seeds(arguments.saved, name)
    else:
        study = _study(arguments, name)
        if not arguments.report:
            study.run(lambda _, done, total: progress("networks", done, total))
        seeds = [study.seed(seed) for seed in study.seeds]
    seeds = [seed for seed in seeds if seed.cells]
    if not seeds:
        raise ParameterError(
            f"{arguments.saved or arguments.results} holds no network of {name} that was trained "
            "so: run the same command without --report, or name another folder"
        )
    if arguments.save:
        write_json(arguments.save, saved(name, seeds))
    tables = _tables(name, seeds)
    cautions = [f"- {text}" for text in CAUTIONS] if _decides(name, seeds) else []
    parts = [about(name, seeds), "\n".join(cautions), *(table.markdown() for table in tables)]
    text = "\n\n".join(part for part in parts if part) + "\n"
    if arguments.out:
        _write(arguments.out, text, tables, name=name, seeds=seeds)
    return text


def _study(arguments: argparse.Namespace, name: str) -> Study:
    of = network_of(name)
    quick = COMPARED if arguments.quick and name == MAIN else of.variants
    variants = arguments.upsampler or list(quick)
    if unknown := [v for v in variants if v not in of.variants]:
        expected = ", ".join(of.variants)
        raise ParameterError(f"--upsampler {unknown[0]} of {name}: expected some of {expected}")
    number = arguments.seeds or (QUICK_SEEDS if arguments.quick else of.seeds)
    if number < 1 or arguments.jobs < 1:
        raise ParameterError(f"--seeds {number} --jobs {arguments.jobs}: expected at least 1")
    return Study(
        name,
        variants,
        range(number),
        arguments.results,
        steps=arguments.steps,
        jobs=arguments.jobs,
    )


def about(name: str, seeds: Sequence[Seed]) -> str:
    """Return what was run, in a sentence."""
    cells = [cell for seed in seeds for cell in seed.cells.values()]
    steps = sorted({cell.training["steps"] for cell in cells})
    dead = sum(cell.dead for cell in cells)
    bounded = sum(bool(cell.bounds) for cell in cells)
    return (
        f"{len(cells)} networks ({name}, {len(seeds)} seeds), {' or '.join(map(str, steps))} "
        f"updates each, {sum(cell.seconds for cell in cells) / 60:.0f} CPU minutes. Dead: {dead}. "
        f"With a locked energy below the floor, its upper bound used: {bounded}."
    )


def _tables(name: str, seeds: Sequence[Seed]) -> list[Table]:
    return (hypothesis_tables(seeds) if _decides(name, seeds) else []) + described(name, seeds)


def _decides(name: str, seeds: Sequence[Seed]) -> bool:
    """Whether these are networks that the hypotheses are about, in pairs."""
    return name == MAIN and sum(set(COMPARED) <= set(seed.cells) for seed in seeds) >= 2


def _write(
    path: Path, text: str, tables: Sequence[Table], *, name: str, seeds: Sequence[Seed]
) -> None:
    if path.suffix not in (".md", ".html"):
        raise ParameterError(f"--out {path}: expected a name that ends with .md or .html")
    found = findings(seeds) if _decides(name, seeds) else ()
    title = "H1 and H2 under attack" if found else f"Upsampling kernels in {name}"
    page = study_page(tables, found, title=title, about=about(name, seeds))
    data = page if path.suffix == ".html" else text.encode()
    write_whole(path, lambda part: part.write_bytes(data))
