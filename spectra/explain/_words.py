"""Energies, steps, counts and frequencies in words, the same wherever they stand."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from spectra._names import db_text, size
from spectra._sentence import Sentence, first
from spectra.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.explain._summary import StepRow
    from spectra.score import Score

ENERGY: tuple[Sentence[Score], ...] = (
    Sentence(
        "energy.at_least",
        "the interval reaches all of the power, so that it has a lower end only",
        lambda score: score.asr_ci95_dbc is None and score.asr_lower_dbc is not None,
        "locked energy at least {asr_lower_dbc:.1f} dBc",
    ),
    Sentence(
        "energy.interval",
        "estimate and interval are known",
        lambda score: score.asr_dbc is not None and score.asr_ci95_dbc is not None,
        "locked energy {asr_dbc:.1f} dBc ({asr_ci95_dbc[0]:.1f} to {asr_ci95_dbc[1]:.1f})",
    ),
    Sentence(
        "energy.at_most",
        "the interval begins at zero energy",
        lambda score: score.asr_dbc is not None and score.asr_upper_dbc is not None,
        "locked energy {asr_dbc:.1f} dBc (at most {asr_upper_dbc:.1f})",
    ),
    Sentence(
        "energy.estimate",
        "only the estimate is known",
        lambda score: score.asr_dbc is not None,
        "locked energy {asr_dbc:.1f} dBc",
    ),
    Sentence(
        "energy.bound",
        "the estimate is not above zero",
        lambda score: score.asr_upper_dbc is not None,
        "locked energy at most {asr_upper_dbc:.1f} dBc",
    ),
    Sentence("energy.none", "no number", lambda _: True, "no number for its energy"),
)


def describe_energy(score: Score) -> str:
    """Return the locked energy with its interval, or what is known instead."""
    sentence = first(ENERGY, score)
    assert sentence is not None
    return sentence.of(score)


def describe_dbc(score: Score) -> str:
    """Return the locked energy alone, or its least."""
    if score.told_dbc is None:
        return "no number"
    return f"{'at least ' if score.at_least else ''}{db_text(score.told_dbc)} dBc"


def describe_step(row: StepRow) -> str:
    """Return kind, kernel and factor of a step in words."""
    kernel = f" {'x'.join(map(str, row.kernel_size))}" if row.kernel_size else ""
    factor = f", x{size(row.factor)}" if row.factor else ""
    return f"{KINDS[row.kind].words}{kernel}{factor}"


def direction(period: Sequence[int]) -> str:
    """Return along which axes of a picture a period runs."""
    if len(period) != 2:
        return ""
    down, across = (p > 1 for p in period)
    if down and across:
        return " (both directions)"
    return " (horizontal stripes)" if down else " (vertical stripes)"


def fractions(frequency: Sequence[float]) -> str:
    """Return a frequency as fractions.

    Examples
    --------
    >>> fractions((0.5, 0.25))
    '(1/2, 1/4)'
    """
    return "(" + ", ".join(str(Fraction(f).limit_denominator(64)) for f in frequency) + ")"
