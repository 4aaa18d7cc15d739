"""The tables of ``docs/results/calibration.md``, one for each group of cells."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.calibration.cells import Cell
from benchmarks.calibration.faults import COUNTS, LEVELS_DB
from benchmarks.calibration.table import (
    Rate,
    auc,
    bias_db,
    coverage,
    median,
    rank_correlation,
    rate,
)
from benchmarks.calibration.trials import Outcome
from spectra.study._paired import holm

ENOUGH = 0.85  # of trials in which a fault must be seen to count as found
WEAK_DBC = -12.0

Group = list[list[Outcome]]


def tables(
    chosen: dict[str, list[Cell]], outcomes: dict[str, Group], part: str, seconds: float
) -> str:
    """Return all tables as Markdown."""
    parts = [f"Part *{part}*, {sum(len(o) for g in outcomes.values() for o in g)} trials."]
    writers = {
        "clean": _clean,
        "found": _found,
        "energy": _energy,
        "faults": _faults,
        "floors": _floors,
    }
    for group, cells in chosen.items():
        parts.append(writers[group](cells, outcomes[group]))
    if {"clean", "found"} <= set(chosen):
        parts.append(_separation(chosen, outcomes))
    parts.append(f"<!-- {seconds / 60:.0f} minutes -->")
    return "\n\n".join(parts) + "\n"


def _clean(cells: list[Cell], outcomes: Group) -> str:
    suspects = [rate(o, "p < .05") for o in outcomes]
    natural = [i for i, cell in enumerate(cells) if cell.natural]
    corrected = dict(zip(natural, holm([suspects[i].above(0.05) for i in natural]), strict=True))
    rows = [
        [
            cell.name,
            str(len(found)),
            f"{suspects[i]} ({_range(suspects[i])})",
            str(rate(found, "present")),
            str(rate(found, "insufficient")),
            f"{corrected[i]:.2f}" if i in corrected else "a grid of its own",
        ]
        for i, (cell, found) in enumerate(zip(cells, outcomes, strict=True))
    ]
    pooled = [o for i in natural for o in outcomes[i] if o.p is not None]
    total, present = rate(pooled, "p < .05"), rate(pooled, "present")
    closing = (
        f"All natural cells together: p < .05 in {total} ({_range(total)}), *present* in "
        f"{present.value:.4f} ({_range(present, 4)}) of {total.trials}."
    )
    header = ["clean maps", "trials", "p < .05", "present", "insufficient", "Holm p, rate <= .05"]
    return f"### False alarms\n\n{_grid(header, rows)}\n\n{closing}"


def _found(cells: list[Cell], outcomes: Group) -> str:
    rows = [
        [
            cell.name,
            str(len(found)),
            str(rate(found, "p < .05")),
            str(rate(found, "present")),
            str(rate(found, "insufficient")),
            _number(median([o.dbc for o in found])),
            _number(median([o.out_of_band_dbc for o in found])),
        ]
        for cell, found in zip(cells, outcomes, strict=True)
    ]
    header = [
        "feature maps",
        "trials",
        "p < .05",
        "present",
        "insufficient",
        "locked dBc",
        "out of band dBc",
    ]
    every = [o for found in outcomes for o in found]
    rank, count = rank_correlation([o.dbc for o in every], [o.out_of_band_dbc for o in every])
    closing = f"Spearman of locked and out-of-band power: {rank:.2f} ({count} maps)."
    return f"### What is found\n\n{_grid(header, rows)}\n\n{closing}"


def _energy(cells: list[Cell], outcomes: Group) -> str:
    rows = []
    for cell, found in zip(cells, outcomes, strict=True):
        middle, spread = bias_db(found)
        held = coverage(found)
        rows.append(
            [
                cell.name,
                str(len(found)),
                _number(median([o.truth_dbc for o in found])),
                f"{middle:+.2f}",
                f"{spread:.2f}",
                f"{held} ({_range(held)})",
            ]
        )
    every = [o for found in outcomes for o in found]
    rank, count = rank_correlation([o.dbc for o in every], [o.truth_dbc for o in every])
    held = coverage(every)
    closing = (
        f"All together: Spearman of estimate and truth {rank:.3f} ({count} maps), coverage "
        f"{held} ({_range(held)})."
    )
    header = ["step", "trials", "true dBc", "bias dB", "spread dB", "95 % interval covers"]
    return f"### Energy against its population value\n\n{_grid(header, rows)}\n\n{closing}"


def _faults(cells: list[Cell], outcomes: Group) -> str:
    rows = [
        [
            cell.name,
            str(len(found)),
            str(rate(found, "p < .05")),
            str(rate(found, "present")),
            str(rate(found, "insufficient")),
            _number(median([o.upper for o in found])),
        ]
        for cell, found in zip(cells, outcomes, strict=True)
    ]
    header = ["one phase off", "trials", "p < .05", "present", "insufficient", "upper bound dBc"]
    return f"### Restored detail, and one phase of it off\n\n{_grid(header, rows)}"


def _floors(cells: list[Cell], outcomes: Group) -> str:
    """Return the faintest level, down to which all are found, by kind and number of pictures."""
    found = {cell.name: rate(o, "p < .05") for cell, o in zip(cells, outcomes, strict=True)}
    kinds = list(dict.fromkeys(cell.name.split(" -")[0] for cell in cells))
    rows = [[kind, *(_floor(found, kind, count) for count in COUNTS)] for kind in kinds]
    header = ["added to photographs of 128 px", *(f"{count} pictures" for count in COUNTS)]
    return (
        f"### Detection floors\n\nFaintest level, in dB re the pictures' standard deviation, found "
        f"at p < .05 in {ENOUGH:.0%} of 40 trials.\n\n{_grid(header, rows)}"
    )


def _floor(found: dict[str, Rate], kind: str, count: int) -> str:
    floor = None
    for level in LEVELS_DB:
        if found[f"{kind} {level} dB, {count} x 128 px"].value < ENOUGH:
            break
        floor = level
    return "-" if floor is None else str(floor)


def _separation(chosen: dict[str, list[Cell]], outcomes: dict[str, Group]) -> str:
    """Return how well present and absent are told apart at 16 maps of 64 pixels."""
    clean = [
        o
        for cell, found in zip(chosen["clean"], outcomes["clean"], strict=True)
        if cell.natural and cell.name.endswith("16 x 64 px")
        for o in found
        if o.p is not None
    ]
    faulty = [
        o
        for cell, found in zip(chosen["found"], outcomes["found"], strict=True)
        if cell.name.endswith("layers") and not cell.name.startswith("ideal")
        for o in found
        if o.p is not None
    ]
    weak = [o for o in faulty if o.out_of_band_dbc is not None and o.out_of_band_dbc < WEAK_DBC]
    return (
        f"AUC at 16 maps of 64 px: {auc(clean, faulty):.4f} over all ({len(faulty)} maps), "
        f"{auc(clean, weak):.4f} over those with less than {WEAK_DBC:g} dBc out of band "
        f"({len(weak)}), against {len(clean)} clean ones."
    )


def _grid(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _range(value: Rate, digits: int = 3) -> str:
    low, high = value.interval()
    return f"{low:.{digits}f} to {high:.{digits}f}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"
