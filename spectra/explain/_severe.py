"""How severe the output's grid is, in the first words of an answer."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from spectra._names import db_text, pixel, two_digits
from spectra._sentence import Sentence, part
from spectra._words import counted
from spectra.explain._facts import Facts

if TYPE_CHECKING:
    from spectra.severity import Graded

ZOOM = {"strong": 1, "visible": 2, "faint": 4}
SEEN = ("faint", "visible", "strong")
STANDS_OUT = 0.01  # of the range, 2.5 grey levels: clean photographs show up to 2 at some edges


class Severe(Facts):
    """The severity of the output, and what it rests on."""

    @property
    def graded(self) -> Graded | None:
        return self.summary.severity

    @property
    def word(self) -> str | None:
        return self.graded.word if self.graded else None

    @property
    def by_sight(self) -> bool:
        """Whether pictures were looked at."""
        return self.graded is not None and self.graded.by == "visibility"

    @property
    def zoom(self) -> str | None:
        zoom = ZOOM.get(self.word or "")
        return None if zoom is None else f"{zoom}00 %"

    @property
    def smooth(self) -> str | None:
        """The least zoom at which smooth places show it, where that is below the word's."""
        least = self.graded.detectable_zoom if self.graded else None
        if not self.by_sight or least is None or least >= ZOOM.get(self.word or "", inf):
            return None
        return f"{least}00 %"

    @property
    def share(self) -> str | None:
        """In how many of the pictures looked at the word holds."""
        graded = self.graded
        if graded is None or not graded.pictures:
            return None
        return f"{graded.holding} of {counted(graded.pictures, 'picture')} judged"

    @property
    def pictures(self) -> str | None:
        return f"{counted(self.graded.pictures, 'picture')} judged" if self.graded else None

    @property
    def looked_at(self) -> str | None:
        return counted(self.graded.pictures, "picture") if self.graded else None

    @property
    def unjudged(self) -> str:
        """Why no word by sight stands."""
        return (self.graded and self.graded.unjudged) or "no picture was judged"

    @property
    def chromatic(self) -> int:
        return self.graded.chromatic if self.graded else 0

    @property
    def coloured(self) -> bool:
        """Whether the word is by energy because of grids of colour."""
        by_energy = self.word not in (None, "insufficient") and not self.by_sight
        return by_energy and self.chromatic > 0 and self.found and self.beside is not None

    @property
    def beside(self) -> str | None:
        """The output's energy and its yardsticks, at the period that stands out most."""
        if self.graded is None:
            return None
        row = self.graded.beside
        if row is None:
            return self._above
        own, cubic, nearest = (
            "-" if value is None else db_text(value)
            for value in (row.own_dbc, row.cubic_dbc, row.nearest_dbc)
        )
        return (
            f"{own} dBc at period {self.spoken(row.period)}, where enlarging the same outputs by "
            f"cubic gives {cubic}, by nearest {nearest}"
        )

    @property
    def _above(self) -> str | None:
        """The energy of a grid that is strong though a yardstick is missing."""
        row = self.graded.above if self.graded else None
        if row is None or row.own_dbc is None:
            return None
        held = f"{db_text(row.own_dbc)} dBc at period {self.spoken(row.period)}"
        if row.nearest_dbc is None:
            return f"{held}, more than all else in the outputs"
        return (
            f"{held}, where enlarging the same outputs by nearest gives {db_text(row.nearest_dbc)}"
        )

    @property
    def most(self) -> str | None:
        """Where the grid stands out most, and by how much, if it does."""
        spot = self.graded.where if self.graded else None
        if spot is None or spot.share < STANDS_OUT:
            return None
        size = f"{two_digits(100 * spot.share)} % of the range"
        if spot.levels is not None:
            size = f"{two_digits(spot.levels)} grey levels RMS"
        told = f"{pixel(spot.place)} of output {spot.picture} (counted from 0): {size}"
        if spot.period is None or spot.period == self.summary.output.score.period:
            return told
        # another grid than the one that is named
        return f"{told}, of period {self.spoken(spot.period)}"

    @property
    def why_not(self) -> str | None:
        return self.graded.reason if self.graded else None


Said = Sentence[Severe]
_WORD: tuple[Said, ...] = (
    Said(
        "severity.seen",
        "pictures were looked at, and the grid of some is visible at up to 400 %",
        lambda f: f.by_sight and f.word in SEEN,
        "{word}: a model of the eye sees the grid at {zoom} zoom in {share}",
    ),
    Said(
        "severity.unseen",
        "pictures were looked at, and the grid of none is visible at up to 400 %",
        lambda f: f.by_sight and f.word == "none",
        "none: a model of the eye sees no grid that disturbs at up to 400 % zoom in {pictures}",
    ),
    Said(
        "severity.coloured",
        "the output is pictures of which some have a grid of colour; the test finds a grid, and "
        "yardsticks stand beside it",
        lambda f: f.coloured,
        "{word} by energy: {chromatic} of {looked_at} have a grid of colour, and how visible those "
        "are is not tested; {beside}",
    ),
    Said(
        "severity.beside",
        "the output is no picture; the test finds a grid, and yardsticks stand beside it",
        lambda f: f.word not in (None, "insufficient") and f.found and f.beside is not None,
        "{word} by energy, as {unjudged}: {beside}",
    ),
    Said(
        "severity.nothing",
        "the output is no picture, and the test finds no grid",
        lambda f: f.word == "none",
        "none: the test finds no grid",
    ),
    Said(
        "severity.unknown",
        "there were inputs, and how severe the output's grid is is not known, for a reason",
        lambda f: f.used > 0 and f.word == "insufficient" and f.why_not is not None,
        "insufficient: how severe a grid is is not known: {why_not}",
    ),
)
_MOST: tuple[Said, ...] = (
    Said(
        "severity.most",
        "a grid is faint or more, and at some place of some output stands out by 1 % of the range",
        lambda f: f.most is not None and f.word in SEEN,
        "most at {most}",
    ),
)
_SMOOTH: tuple[Said, ...] = (
    Said(
        "severity.detectable",
        "a smooth place of a picture shows what is just detected, at a zoom below the word's",
        lambda f: f.smooth is not None,
        "at {smooth} a grid is just detectable in smooth places, below what disturbs",
    ),
)
_COLOUR: tuple[Said, ...] = (
    Said(
        "severity.chromatic",
        "the grid of some pictures has more power in colour than in luma, and the word is by sight",
        lambda f: f.chromatic > 0 and not f.coloured,
        "grids of colour, which are not judged by sight, in {chromatic} of {pictures}",
    ),
)
_BESIDE: tuple[Said, ...] = (
    Said(
        "severity.yardsticks",
        "pictures were looked at; the test finds a grid, and yardsticks stand beside it",
        lambda f: f.by_sight and f.found and f.beside is not None,
        "{beside}",
    ),
)
SEVERITY = (
    part(*_WORD),
    part(*_MOST),
    part(*_SMOOTH),
    part(*_COLOUR),
    part(*_BESIDE, shown="explained"),
)
