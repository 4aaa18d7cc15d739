"""How severe a grid is, as a scale: the four words, and the energy beside plain enlargements."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spectra._names import db_text, period

if TYPE_CHECKING:
    from spectra.severity import Graded

WORDS = ("none", "faint", "visible", "strong")
WIDTH, EDGE = 640, 24  # of the drawing, and of what is left free on both sides
ROOM_DB = 4.0  # beside the outermost mark


@dataclass(frozen=True)
class Mark:
    """A place on the scale, in units of the drawing, and what it is."""

    x: float
    text: str

    @property
    def anchor(self) -> str:
        """Which end of the text stands at the place, so that it stays within the drawing."""
        if self.x < WIDTH / 4:
            return "start"
        return "end" if self.x > 3 * WIDTH / 4 else "middle"


@dataclass(frozen=True)
class Scale:
    """What is drawn.

    Attributes
    ----------
    word : str
        The severity.
    title : str
        All of it in words.
    own : Mark or None
        The output's energy; None without yardsticks.
    yardsticks : tuple of Mark
        What plain enlargements of the same outputs read.
    words : tuple of str
        All words, the mildest first.
    """

    word: str
    title: str
    own: Mark | None = None
    yardsticks: tuple[Mark, ...] = ()
    words: tuple[str, ...] = WORDS


def severity_scale(graded: Graded) -> Scale | None:
    """Return the scale of an output; None where its severity is not known."""
    if graded.word not in WORDS:
        return None
    row = graded.beside
    title = f"Severity: {graded.word}, of none, faint, visible and strong"
    if row is None:
        return Scale(graded.word, title=title)
    own, cubic, nearest = row.own_dbc, row.cubic_dbc, row.nearest_dbc
    assert own is not None
    assert cubic is not None
    assert nearest is not None
    low, high = min(own, cubic, nearest) - ROOM_DB, max(own, cubic, nearest) + ROOM_DB

    def mark(name: str, dbc: float) -> Mark:
        place = EDGE + (WIDTH - 2 * EDGE) * (dbc - low) / (high - low)
        return Mark(round(place, 1), f"{name} {db_text(dbc)} dBc")

    at = f"at period {period(row.period)}"
    this = mark("this model", own)
    this = replace(this, text=f"{this.text} {at}")
    marks = mark("cubic", cubic), mark("nearest", nearest)
    beside = ", ".join(each.text for each in marks)
    title = f"{title}. Energy: {this.text}; the same outputs enlarged by {beside}"
    return Scale(graded.word, title=title, own=this, yardsticks=marks)
