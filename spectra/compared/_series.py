"""A series of checkpoints: the output's grid over training."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spectra._sentence import Sentence, part, said

if TYPE_CHECKING:
    from spectra.compared._side import Side
    from spectra.score import Score
    from spectra.severity import Severity

LEAST = 3  # results that make a series; two are before and after
PREFERRED = ("step", "iter", "epoch")  # of several numbers in a name, the finest count of training
FACTOR = "x"  # x2, x3, x4 are models of different sizes, not of different ages
SEEN = ("visible", "strong")


@dataclass(frozen=True)
class Point:
    """One checkpoint: when, what it is called, and what its output shows."""

    number: int
    name: str
    output: Score
    severity: Severity | None


@dataclass(frozen=True)
class Series:
    """The output's grid over training.

    Attributes
    ----------
    unit : str
        What the numbers count: ``"epoch"``.
    points : tuple of Point
        In the order of training.
    first_present : int or None
        Number of the first checkpoint whose output shows a grid by the test.
    first_visible : int or None
        Number of the first one whose grid is visible or strong.
    answer : str
        Both in words.
    """

    unit: str
    points: tuple[Point, ...]
    first_present: int | None
    first_visible: int | None
    answer: str = ""


def numbered(names: Sequence[str]) -> tuple[str, tuple[int, ...]] | None:
    """Return the numbers in which names differ, and the word before them; None if that is not all.

    Examples
    --------
    >>> numbered(["epoch2", "epoch10", "epoch1"])
    ('epoch', (2, 10, 1))
    >>> numbered(["epoch=1-step=500", "epoch=2-step=1000"])
    ('step', (500, 1000))
    >>> numbered(["small", "lctc"]) is None
    True
    """
    parts = [re.split(r"(\d{1,18})", name) for name in names]
    if len({tuple(text[::2]) for text in parts}) != 1:
        return None
    numbers = [map(int, text[1::2]) for text in parts]
    columns = list(zip(*numbers, strict=True))
    words = [_word(text) for text in parts[0][::2]]
    differing = [k for k, column in enumerate(columns) if len(set(column)) == len(names) > 1]
    others = [column for k, column in enumerate(columns) if k not in differing]
    if not differing or any(len(set(column)) > 1 for column in others):
        return None
    named = [k for word in PREFERRED for k in differing if word in words[k].lower()]
    chosen = (named or differing[-1:])[0]
    if words[chosen] == FACTOR:
        return None
    return words[chosen] or "number", columns[chosen]


def series(sides: Sequence[Side], unit: str, numbers: Sequence[int]) -> Series:
    """Return the output's grid over training.

    Parameters
    ----------
    sides : sequence of Side
        One for each checkpoint.
    unit : str
        What is counted.
    numbers : sequence of int
        The count of each checkpoint.
    """
    points = tuple(
        Point(number, side.name, side.summary.output.score, _word_of(side))
        for number, side in sorted(zip(numbers, sides, strict=True), key=lambda pair: pair[0])
    )
    return of_points(unit, points)


def of_points(unit: str, points: tuple[Point, ...]) -> Series:
    """Return a series of points in the order of training, with what it says in words."""
    present = next((p.number for p in points if p.output.verdict == "present"), None)
    visible = next((p.number for p in points if p.severity in SEEN), None)
    told = Series(unit, points, first_present=present, first_visible=visible)
    return replace(told, answer=said(TRAINING, told, brief=False))


def _word(text: str) -> str:
    """Return the last word of a text."""
    words: list[str] = re.findall(r"[^\W\d_]+", text)
    return words[-1] if words else ""


def _word_of(side: Side) -> Severity | None:
    return side.summary.severity.word if side.summary.severity else None


Said = Sentence[Series]
PRESENT: tuple[Said, ...] = (
    Said(
        "series.present",
        "the test finds a grid at some checkpoint",
        lambda s: s.first_present is not None,
        "a grid is first PRESENT at {unit} {first_present}",
    ),
    Said(
        "series.untested",
        "no output was tested",
        lambda s: all(p.output.verdict == "insufficient" for p in s.points),
        "no output was tested",
    ),
    Said("series.absent", "otherwise", lambda _: True, "a grid is present at no checkpoint tested"),
)
VISIBLE: tuple[Said, ...] = (
    Said(
        "series.visible",
        "the grid of some checkpoint is visible or strong",
        lambda s: s.first_visible is not None,
        "first visible at {unit} {first_visible}",
    ),
    Said(
        "series.unseen",
        "how severe it is is known at every checkpoint, and nowhere more than faint",
        lambda s: all(p.severity in ("none", "faint") for p in s.points),
        "visible at none",
    ),
)
TRAINING = (part(*PRESENT), part(*VISIBLE))
