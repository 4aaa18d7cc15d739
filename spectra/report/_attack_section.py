"""What the report says of an attack: each place clean and attacked, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spectra._names import db_text
from spectra.report import _cells as cells

if TYPE_CHECKING:
    from spectra.explain import AttackRow, Summary
    from spectra.score import Score

PICTURE_LEVELS = 255


@dataclass(frozen=True)
class AttackedPlace:
    """One place: its locked energy and verdict clean and attacked, as texts."""

    name: str
    clean: str
    clean_verdict: str
    attacked: str
    attacked_verdict: str


@dataclass(frozen=True)
class AttackSection:
    """What the report says of an attack."""

    spec: str
    answer: str
    places: tuple[AttackedPlace, ...]
    facts: list[tuple[str, str]]


def attack_section(summary: Summary) -> AttackSection | None:
    """Return the section of an attack; None where none was asked for."""
    row = summary.attack
    if row is None:
        return None
    attacked = {(step.name, step.call): step.score for step in row.steps}
    places = [
        _place(cells.step(step), step.score, attacked[step.name, step.call])
        for step in summary.steps
        if (step.name, step.call) in attacked
    ]
    places.append(_place("output", summary.output.score, row.output))
    return AttackSection(
        row.spec, summary.answer.get("attack", ""), tuple(places), [*_facts(summary, row)]
    )


def _place(name: str, clean: Score, attacked: Score) -> AttackedPlace:
    before, after = (_energy(score) for score in (clean, attacked))
    return AttackedPlace(
        name,
        clean=before,
        clean_verdict=clean.verdict,
        attacked=after,
        attacked_verdict=attacked.verdict,
    )


def _energy(score: Score) -> str:
    alias, interval = cells.alias(score)
    return interval if alias == "-" else f"{alias} ({interval})" if interval else alias


def _facts(summary: Summary, row: AttackRow) -> list[tuple[str, str]]:
    """Return the numbers of an attack that are known, in words."""
    word = summary.severity.word if summary.severity else "not known"
    away = row.targets or "the model's own clean output"
    unit = "of the inputs' range" if row.bounded else "in the inputs' unit"
    change = f"{row.input_rms:.2g} RMS, {row.input_largest:.2g} at most, {unit}"
    if row.bounded:
        levels = (PICTURE_LEVELS * value for value in (row.input_rms, row.input_largest))
        change += " ({:.2g} and {:.2g} of 255 grey levels)".format(*levels)
    shares = {
        "pixels that keep their class": row.same_class,
        "labelled pixels that are right, clean": row.right_clean,
        "labelled pixels that are right, attacked": row.right_attacked,
    }
    decibels = {
        "PSNR of attacked against clean outputs": row.psnr_to_clean_db,
        "PSNR of clean outputs against the targets": row.psnr_clean_db,
        "PSNR of attacked outputs against the targets": row.psnr_attacked_db,
    }
    facts = {
        "drawn towards" if row.targeted else "driven away from": away,
        "change of the inputs": change,
        "severity": f"{word} clean, {row.severity.word} attacked",
        "power of the output's change over the clean output's": ""
        if row.change_dbc is None
        else f"{db_text(row.change_dbc)} dB",
        "locked energy of that change": _energy(row.change),
        **{name: "" if v is None else f"{db_text(v, '.2f')} dB" for name, v in decibels.items()},
        **{name: "" if v is None else f"{100 * v:.1f} %" for name, v in shares.items()},
    }
    return [(name, text) for name, text in facts.items() if text not in ("", "-")]
