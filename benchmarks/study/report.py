"""The tables of ``docs/results/study.md``: means over seeds, and paired differences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import mean, stdev

from benchmarks.study.run import MEASURES, Result
from benchmarks.study.variants import BASELINE, BLOCK_TWIN, VARIANTS
from spectra.study._paired import Difference, holm, paired_difference

SIGNIFICANT = 0.05
DENSE = ("tc2", "tc3", "lctc7", "lctc11")
# Title, and what is compared with what.
CONTRASTS: dict[str, list[tuple[str, str]]] = {
    "Against pixel shuffle": [
        (name, BASELINE) for name in VARIANTS if name != BASELINE and not name.startswith("block")
    ],
    "Kernel size alone": [
        (f"{name}{grouping}", f"tc3{grouping}")
        for grouping in ("", "g")
        for name in ("tc2", "lctc7", "lctc11")
    ],
    "Grouping alone": [(f"{name}g", name) for name in DENSE],
    "H2: the block behind the upsampler alone": [("block11", BLOCK_TWIN), (BLOCK_TWIN, "tc3")],
}

Runs = dict[tuple[str, int], Result]


def tables(results: Iterable[Result]) -> str:
    """Return all tables as Markdown.

    Dead networks are counted, and left out of means and pairs.
    """
    runs: Runs = {(r.variant, r.seed): r for r in results}
    seeds = sorted({seed for _, seed in runs})
    found = {
        (pair, measure): _difference(runs, *pair, measure, seeds)
        for pairs in CONTRASTS.values()
        for pair in pairs
        for measure in MEASURES
    }
    known = [place for place, value in found.items() if value is not None]
    corrected = dict(zip(known, holm([found[place].p for place in known]), strict=True))  # type: ignore[union-attr]
    parts = [_about(runs, seeds, len(known)), "### Means over seeds\n\n" + _means(runs, seeds)]
    for title, pairs in CONTRASTS.items():
        rows = [
            [
                " − ".join(VARIANTS[name].label for name in pair),
                *(_cell(found[pair, m], corrected.get((pair, m))) for m in MEASURES),
            ]
            for pair in pairs
        ]
        parts.append(f"### {title}\n\n" + _grid(["difference, dB", *MEASURES.values()], rows))
    return "\n\n".join(parts) + "\n"


def _about(runs: Runs, seeds: Sequence[int], comparisons: int) -> str:
    training = {r.training for r in runs.values()}
    assert len(training) == 1, training
    (one,) = training
    start = [r.untrained for r in runs.values()]
    rejections = [r[m] for r in start for m in ("rejection_up1", "rejection_up2")]
    known = [value for value in rejections if value is not None]
    minutes = sum(r.seconds for r in runs.values()) / 60
    dead = sum(r.dead for r in runs.values())
    bounded = sum(bool(r.bounds) for r in runs.values())
    return (
        f"{len(runs)} networks, seeds {seeds[0]} to {seeds[-1]}, {one.steps} updates of batch "
        f"{one.batch}, {minutes:.0f} CPU minutes. Before training the rejections are "
        f"{mean(known):.1f} ± {stdev(known):.1f} dB whatever the kernel. Dead: {dead}. Alias below "
        f"the floor, its upper bound used: {bounded} networks. Differences: first less second on "
        f"the same seed, mean ± half of Student's 95 % interval; bold where it excludes zero, "
        f"† where Holm's p over all {comparisons} differences of these tables is below .05."
    )


def _means(runs: Runs, seeds: Sequence[int]) -> str:
    rows = []
    for name, variant in VARIANTS.items():
        of_it = [runs[name, seed] for seed in seeds if (name, seed) in runs]
        if not of_it:
            continue
        alive = [r for r in of_it if not r.dead]
        cells = [_mean([r.measures[m] for r in alive]) for m in MEASURES]
        rows.append(
            [variant.label, f"{of_it[0].parameters:,}", f"{len(alive)}/{len(of_it)}", *cells]
        )
    return _grid(["upsampler", "parameters", "alive", *MEASURES.values()], rows)


def _difference(
    runs: Runs, first: str, second: str, measure: str, seeds: Sequence[int]
) -> Difference | None:
    def values(name: str) -> list[float | None]:
        chosen = [runs.get((name, seed)) for seed in seeds]
        return [None if r is None or r.dead else r.measures[measure] for r in chosen]

    return paired_difference(values(first), values(second))


def _cell(value: Difference | None, corrected: float | None) -> str:
    if value is None or corrected is None:
        return "-"
    text = f"{value.mean:+.1f} ± {value.half_width:.1f}"
    if value.excludes_zero:
        text = f"**{text}**"
    return text + ("†" if corrected < SIGNIFICANT else "")


def _mean(values: Sequence[float | None]) -> str:
    known = [v for v in values if v is not None]
    if not known:
        return "-"
    spread = f" ± {stdev(known):.1f}" if len(known) > 1 else ""
    return f"{mean(known):.1f}{spread}"


def _grid(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
