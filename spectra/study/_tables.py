"""The tables of a study as Markdown: verdicts, differences, means, and what each network cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import mean, stdev

from spectra.study._cell import Cell
from spectra.study._hypotheses import OUTCOMES, SIGNIFICANT, Finding, Seed, findings, h1, h2
from spectra.study._paired import Difference, paired_difference
from spectra.study._trivial import PRIMARY
from spectra.study._variants import BASELINE, network_of

Value = Callable[[Seed, str], float | None]
DIFFERENCES = (
    *("difference", "outcome", "mean ± 95 %", "pairs"),
    *("p", "Holm's p", "p of signs", "told"),
)
Rows = Sequence[Sequence[str]]


def hypothesis_tables(seeds: Sequence[Seed]) -> str:
    """Return verdicts, and the differences that they follow from."""
    found = findings(seeds)
    verdicts = [
        [name, f"**{h1(found, outcome)}**", f"**{h2(found, outcome)}**"]
        for outcome, (name, _) in OUTCOMES.items()
    ]
    rows = [[_contrast(f), OUTCOMES[f.outcome][0], *_told(f)] for f in found]
    return "\n\n".join(
        [
            "### Verdicts",
            grid(["outcome", "H1", "H2"], verdicts),
            "### Differences, first less second on the same seed",
            grid(DIFFERENCES, rows),
        ]
    )


def described(network: str, seeds: Sequence[Seed]) -> str:
    """Return means over seeds of everything measured, and paired differences from the baseline."""
    variants = network_of(network).variants
    values = measures(network, seeds)
    present = [name for name in variants if any(name in seed.cells for seed in seeds)]
    means = [
        [title, *(_mean([value(seed, name) for seed in seeds]) for name in present)]
        for title, value in values.items()
    ]
    others = [name for name in present if name != BASELINE]
    against = [
        [title, *(_difference(seeds, value, name) for name in others)]
        for title, value in values.items()
    ]
    counts = [
        ["networks alive", *(_alive(seeds, name) for name in present)],
        ["parameters", *(_parameters(seeds, name) for name in present)],
    ]
    labels = [variants[name].label for name in present]
    return "\n\n".join(
        [
            "### Means over seeds, ± standard deviation",
            grid(["", *labels], counts + means),
            f"### Differences from {variants[BASELINE].label}, seed by seed, ± 95 %",
            grid(["", *(variants[name].label for name in others)], against),
        ]
    )


def measures(network: str, seeds: Sequence[Seed]) -> Mapping[str, Value]:
    """Return everything that is told of a network, by title."""
    quality = PRIMARY[network_of(network).task().name]
    cells = [cell for seed in seeds for cell in seed.cells.values()]
    values: dict[str, Value] = {}
    for name in cells[0].clean:
        values[f"{name}, clean"] = _of(lambda c, name=name: c.clean[name])
    for attack in cells[0].attacked:
        short = short_name(attack)
        values[f"{quality}, {short}"] = _of(lambda c, a=attack: c.attacked[a]["quality"][quality])
        values[f"{quality} lost, {short}"] = _of(
            lambda c, a=attack: c.clean[quality] - c.attacked[a]["quality"][quality]
        )
        kept = "allacc" if quality == "miou" else quality
        values[f"{kept} against the clean output, {short}"] = _of(
            lambda c, a=attack, k=kept: c.attacked[a]["kept"][k]
        )
    values[f"{quality}, pgd-20, at matched clean {quality}"] = lambda s, v: (
        s.matched[v].attacked if v in s.matched else None
    )
    values[f"{quality} matched"] = lambda s, v: s.matched[v].clean if v in s.matched else None
    for place in cells[0].alias:
        values[f"{PLACES.get(place, place)}, dBc"] = _of(lambda c, p=place: c.alias.get(p))
    values["locked share of the attack's change, %"] = _of(lambda c: share(c.alias["change"]))
    for number in range(len(cells[0].rejection)):
        values[f"rejection of kernel {number + 1}, dB"] = _of(
            lambda c, n=number: list(c.rejection.values())[n] if len(c.rejection) > n else None
        )
    return values


PLACES = {
    "output": "grid of the output, clean",
    "output_attacked": "grid of the output, PGD-10",
    "change": "grid of the attack's change of the output",
    "grid_dependence": "grid dependence of the output",
}


def share(ratio_db: float | None) -> float | None:
    """Return the percentage that a part has of the whole, from its ratio to the rest in dB.

    Examples
    --------
    >>> share(0.0)
    50.0
    """
    if ratio_db is None:
        return None
    ratio = float(10 ** (ratio_db / 10))
    return 100 * ratio / (1 + ratio)


def short_name(attack: str) -> str:
    """Return an attack's name and number of steps.

    Examples
    --------
    >>> short_name("pgd:eps=8/255,alpha=0.01,steps=20")
    'pgd-20'
    """
    method, _, rest = attack.partition(":")
    steps = rest.partition("steps=")[2]
    return f"{method}-{steps}" if steps else method


def grid(header: Sequence[str], rows: Rows) -> str:
    """Return a table of Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _of(value: Callable[[Cell], float | None]) -> Value:
    """Return what is told of a network of a seed; None where it is missing or dead."""

    def told(seed: Seed, variant: str) -> float | None:
        cell = seed.cells.get(variant)
        return None if cell is None or cell.dead else value(cell)

    return told


def _contrast(found: Finding) -> str:
    variants = network_of("nafnet").variants
    return f"{variants[found.contrast.first].label} − {variants[found.contrast.second].label}"


def _told(found: Finding) -> list[str]:
    one = found.difference
    if one is None or found.corrected is None:
        return ["-", "0", "-", "-", "-", found.told]
    alike = (one.p_signs < SIGNIFICANT) == (one.p < SIGNIFICANT)
    return [
        _signed(one),
        str(one.pairs),
        f"{one.p:.2g}",
        f"{found.corrected:.2g}",
        f"{one.p_signs:.2g}{'' if alike else ' !'}",
        found.told,
    ]


def _difference(seeds: Sequence[Seed], value: Value, variant: str) -> str:
    one = paired_difference(
        [value(seed, variant) for seed in seeds], [value(seed, BASELINE) for seed in seeds]
    )
    return "-" if one is None else _signed(one)


def _signed(one: Difference) -> str:
    text = f"{one.mean:+.2f} ± {one.half_width:.2f}"
    return f"**{text}**" if one.excludes_zero else text


def _mean(values: Sequence[float | None]) -> str:
    known = [v for v in values if v is not None]
    if not known:
        return "-"
    return f"{mean(known):.2f}" + (f" ± {stdev(known):.2f}" if len(known) > 1 else "")


def _alive(seeds: Sequence[Seed], variant: str) -> str:
    cells = [seed.cells[variant] for seed in seeds if variant in seed.cells]
    return f"{sum(not cell.dead for cell in cells)}/{len(cells)}"


def _parameters(seeds: Sequence[Seed], variant: str) -> str:
    return f"{next(s.cells[variant] for s in seeds if variant in s.cells).parameters:,}"
