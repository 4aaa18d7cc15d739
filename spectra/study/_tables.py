"""The tables of a study: verdicts, the differences that they follow from, and all means."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import mean, stdev

from spectra.study._cell import SIGNS, Cell
from spectra.study._hypotheses import OUTCOMES, SIGNIFICANT, Finding, Seed, findings, h1, h2
from spectra.study._paired import Difference, paired_difference
from spectra.study._published import TOPICS
from spectra.study._table import Table
from spectra.study._trivial import PRIMARY
from spectra.study._variants import BASELINE, network_of

FINE = 0.05  # half an interval, below which four digits are told
LEAST_P = 0.001  # below it a p is only said to be below
Value = Callable[[Seed, str], float | None]
DIFFERENCES = ("difference", "mean ± 95 %", "pairs", "p", "Holm's p", "p of signs", "told")


def hypothesis_tables(seeds: Sequence[Seed]) -> list[Table]:
    """Return verdicts, and the differences that they follow from."""
    found = findings(seeds)
    verdicts = [
        [name, f"**{h1(found, outcome)}**", f"**{h2(found, outcome)}**"]
        for outcome, (name, _) in OUTCOMES.items()
    ]
    differences = [
        Table(
            f"{name}: first less second, same seed; {'more' if sign > 0 else 'less'} is better",
            DIFFERENCES,
            [[contrast_label(f), *_told(f)] for f in found if f.outcome == outcome],
        )
        for outcome, (name, sign) in OUTCOMES.items()
    ]
    return [Table("Verdicts", ["outcome", "H1", "H2"], verdicts), *differences, TOPICS]


def described(network: str, seeds: Sequence[Seed]) -> list[Table]:
    """Return means over seeds of everything measured, and paired differences from the baseline."""
    variants = network_of(network).variants
    values = measures(network, seeds)
    present = [name for name in variants if any(name in seed.cells for seed in seeds)]
    counts = [
        ["networks alive", *(_alive(seeds, name) for name in present)],
        ["parameters", *(_parameters(seeds, name) for name in present)],
    ]
    means = [
        [title, *(_mean([value(seed, name) for seed in seeds]) for name in present)]
        for title, value in values.items()
    ]
    tables = [
        Table(
            f"{network}: means over seeds, ± standard deviation",
            ["", *(variants[name].label for name in present)],
            counts + means,
        )
    ]
    others = [name for name in present if name != BASELINE]
    if BASELINE in present and others:
        against = [
            [title, *(_difference(seeds, value, name) for name in others)]
            for title, value in values.items()
        ]
        tables.append(
            Table(
                f"{network}: differences from {variants[BASELINE].label}, seed by seed, ± 95 %",
                ["", *(variants[name].label for name in others)],
                against,
            )
        )
    return tables


def measures(network: str, seeds: Sequence[Seed]) -> Mapping[str, Value]:
    """Return everything that is told of a network, by title."""
    quality = PRIMARY[network_of(network).task().name]
    cells = [cell for seed in seeds for cell in seed.cells.values()]
    values: dict[str, Value] = {}
    for name in cells[0].clean:
        values[f"{name}, clean"] = _of(partial(_clean, name=name))
    for attack in cells[0].attacked:
        short, kept = short_name(attack), "allacc" if quality == "miou" else quality
        under = partial(_attacked, attack=attack)
        values[f"{quality}, {short}"] = _of(partial(under, against="quality", name=quality))
        values[f"{quality} lost, {short}"] = _of(partial(_lost, attack=attack, name=quality))
        values[f"{kept} against the clean output, {short}"] = _of(
            partial(under, against="kept", name=kept)
        )
    values[f"{quality}, pgd-20, at matched clean {quality}"] = _matched_attacked
    values[f"{quality} matched"] = _matched_clean
    for place in cells[0].alias:
        values[_place(place)] = _of(partial(_alias, place=place))
    values["locked share of the attack's change, %"] = _of(_locked_share)
    for number in range(len(cells[0].rejection)):
        values[f"rejection of kernel {number + 1}, dB"] = _of(partial(_rejection, number=number))
    return values


def _clean(cell: Cell, name: str) -> float | None:
    return cell.clean[name]


def _attacked(cell: Cell, attack: str, against: str, name: str) -> float | None:
    return cell.attacked[attack][against][name]


def _lost(cell: Cell, attack: str, name: str) -> float | None:
    """Return how much worse the attack makes the network: above 0, whichever way is better."""
    return SIGNS[name] * (cell.clean[name] - cell.attacked[attack]["quality"][name])


def _alias(cell: Cell, place: str) -> float | None:
    return cell.alias.get(place)


def _locked_share(cell: Cell) -> float | None:
    return share(cell.alias["change"])


def _rejection(cell: Cell, number: int) -> float | None:
    known = list(cell.rejection.values())
    return known[number] if number < len(known) else None


def _matched_attacked(seed: Seed, variant: str) -> float | None:
    return seed.matched[variant].attacked if variant in seed.matched else None


def _matched_clean(seed: Seed, variant: str) -> float | None:
    return seed.matched[variant].clean if variant in seed.matched else None


PLACES = {
    "output": "grid of the output, clean, dBc",
    "output_attacked": "grid of the output, PGD-10, dBc",
    "change": "grid of the attack's change of the output, dBc",
    "line": "of it the same at all places, clean, dBc",
    "line_attacked": "of it the same at all places, PGD-10, dBc",
    "grid_dependence": "grid dependence of the output, dBc",
    "correction": "grid of output less input, clean, dBc",
    "correction_power": "power of output less input over the picture's, dB",
}


def _place(name: str) -> str:
    if name in PLACES:
        return PLACES[name]
    step, _, attacked = name.removeprefix("step").partition("_")
    return f"grid of step {int(step) + 1}, {'PGD-10' if attacked else 'clean'}, dBc"


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


def _of(value: Callable[[Cell], float | None]) -> Value:
    """Return what is told of a network of a seed; None where it is missing or dead."""

    def told(seed: Seed, variant: str) -> float | None:
        cell = seed.cells.get(variant)
        return None if cell is None or cell.dead else value(cell)

    return told


def contrast_label(found: Finding) -> str:
    """Return what is compared with what."""
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
        _p(one.p),
        _p(found.corrected),
        f"{_p(one.p_signs)}{'' if alike else ' !'}",
        found.told,
    ]


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= LEAST_P else f"< {LEAST_P}"


def _difference(seeds: Sequence[Seed], value: Value, variant: str) -> str:
    one = paired_difference(
        [value(seed, variant) for seed in seeds], [value(seed, BASELINE) for seed in seeds]
    )
    return "-" if one is None else _signed(one)


def _signed(one: Difference) -> str:
    digits = 2 if one.half_width >= FINE else 4
    text = f"{one.mean:+.{digits}f} ± {one.half_width:.{digits}f}"
    return f"**{text}**" if one.excludes_zero else text


def _mean(values: Sequence[float | None]) -> str:
    known = [v for v in values if v is not None]
    if not known:
        return "-"
    digits = 2 if max(map(abs, known)) > 1 else 4  # SSIM, mIoU
    spread = f" ± {stdev(known):.{digits}f}" if len(known) > 1 else ""
    return f"{mean(known):.{digits}f}{spread}"


def _alive(seeds: Sequence[Seed], variant: str) -> str:
    cells = [seed.cells[variant] for seed in seeds if variant in seed.cells]
    return f"{sum(not cell.dead for cell in cells)}/{len(cells)}"


def _parameters(seeds: Sequence[Seed], variant: str) -> str:
    return f"{next(s.cells[variant] for s in seeds if variant in s.cells).parameters:,}"
