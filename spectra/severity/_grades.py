"""How severe a grid is, in a word: none, faint, visible, strong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log10
from typing import TYPE_CHECKING, Literal

from spectra.severity._spot import Spot
from spectra.severity._words import (
    BELOW_CUBIC,
    WORDS,
    PictureWords,
    Severity,
    worst_word,
    yardstick_word,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.score import Verdict
    from spectra.severity._visibility import Visibility

Seen = Literal["locked part", "local lines"]
NO_PICTURES = "no picture was judged"
NO_YARDSTICK = "no yardstick stands beside it"


@dataclass(frozen=True)
class Yardsticks:
    """What plain enlargements of the model's own outputs would read at the grid of one period.

    Attributes
    ----------
    period : tuple of int
        Pixels along each axis.
    own_dbc : float or None
        Locked energy of the output itself at this period's points; None where there is none.
    nearest_dbc, linear_dbc, cubic_dbc : float or None
        Locked energy of the base band enlarged again by each method, over the output's energy.
        None with a ``reason``.
    base_share : float or None
        Share of the output's power in that base band.
    reason : str or None
        Why there is no number, or not each.
    """

    period: tuple[int, ...]
    own_dbc: float | None = None
    nearest_dbc: float | None = None
    linear_dbc: float | None = None
    cubic_dbc: float | None = None
    base_share: float | None = None
    reason: str | None = None

    @property
    def word(self) -> Severity | None:
        """The word for the output's own energy; None where a number is missing that it needs."""
        if self.own_dbc is None:
            return None
        return yardstick_word(self.own_dbc, cubic_dbc=self.cubic_dbc, nearest_dbc=self.nearest_dbc)


@dataclass(frozen=True)
class Graded:
    """The severity of an output, with all that it rests on.

    Attributes
    ----------
    word : {"none", "faint", "visible", "strong", "insufficient"}
        The largest over pictures, or over periods.
    by : {"visibility", "yardstick"}
        Which definition of the words it is.
    visibility : tuple of float, or None
        V(1), V(2), V(4) of the locked part, each the largest over pictures.
    floor : tuple of float, or None
        The same of the controls: a word needs more.
    pictures, holding : int
        How many pictures were judged, and in how many a word by visibility holds.
    picture : int or None
        Index of the picture that shows the grid most, at the zoom that the word stands for.
    place : tuple of int or None
        (y, x) in that picture.
    detectable, chromatic : int
        How many show what is just detected in a smooth place, and how many have a grid of more
        colour than luma, which is not judged.
    detectable_zoom : int or None
        The least zoom at which one of them does, and no control; None at none.
    yardsticks : tuple of Yardsticks
        One for each scored period.
    reason : str or None
        Why there is no word.
    where : Spot or None
        Where a grid is most, be it in one place of one output; None where the test finds none.
    seen : {"locked part", "local lines"} or None
        What of the grid a word by visibility rests on; None where no grid is seen.
    unjudged : str or None
        Why pictures were not judged by what is seen of them; None of what is no picture, too.
    lines_visibility, lines_floor : tuple of float, or None
        As ``visibility`` and ``floor``, of local lines; None where they stand in fewer than two
        pictures.
    """

    word: Severity
    by: Literal["visibility", "yardstick"]
    visibility: tuple[float, ...] | None = None
    floor: tuple[float, ...] | None = None
    pictures: int = 0
    holding: int = 0
    picture: int | None = None
    place: tuple[int, int] | None = None
    detectable: int = 0
    chromatic: int = 0
    yardsticks: tuple[Yardsticks, ...] = ()
    reason: str | None = None
    where: Spot | None = None
    detectable_zoom: int | None = None
    seen: Seen | None = None
    unjudged: str | None = None
    lines_visibility: tuple[float, ...] | None = None
    lines_floor: tuple[float, ...] | None = None

    @property
    def beside(self) -> Yardsticks | None:
        """The period at which the output's energy lies farthest above its cubic yardstick."""
        known = [
            (row.own_dbc - row.cubic_dbc, row)
            for row in self.yardsticks
            if row.own_dbc is not None and row.cubic_dbc is not None and row.nearest_dbc is not None
        ]
        found = max(known, key=lambda each: each[0], default=(0.0, None))[1]
        return None if self.above is not None else found

    @property
    def above(self) -> Yardsticks | None:
        """The period whose grid is strong though a yardstick is missing; None where others are."""
        if self.by != "yardstick" or self.word != "strong":
            return None
        strong = [row for row in self.yardsticks if row.word == "strong"]
        missing = [row for row in strong if None in (row.cubic_dbc, row.nearest_dbc)]
        return None if len(missing) < len(strong) else max(missing, key=_own, default=None)

    @property
    def floor_dbc(self) -> float | None:
        """Locked energy of the output so far below its cubic yardsticks that no step is named."""
        cubic = [row.cubic_dbc for row in self.yardsticks if row.cubic_dbc is not None]
        if not cubic:
            return None
        return 10 * log10(sum(10 ** (dbc / 10) for dbc in cubic)) - BELOW_CUBIC


def _own(row: Yardsticks) -> float:
    return float("-inf") if row.own_dbc is None else row.own_dbc


def grade_pictures(
    pictures: Sequence[Visibility],
    controls: Sequence[Visibility] = (),
    *,
    lines: Sequence[Visibility] = (),
    line_controls: Sequence[Visibility] = (),
    yardsticks: Sequence[Yardsticks] = (),
) -> Graded:
    """Return the severity of some pictures by what is seen of their grid.

    *strong* is V(1) >= 1, *visible* V(2) >= 1, *faint* V(4) >= 1, else *none*; each only where V is
    above that of every control at the same zoom. The word of a picture is the severer of that of
    its locked part and that of its local lines.

    Parameters
    ----------
    pictures : sequence of Visibility
        Of the locked part of each picture.
    controls : sequence of Visibility
        Of pictures whose grid was looked for at a wrong phase: what is seen there is no grid.
    lines : sequence of Visibility
        Of the local lines of each of the pictures, if there are any.
    line_controls : sequence of Visibility
        Of local lines at wrong frequencies.
    yardsticks : sequence of Yardsticks
        Kept beside the word; they do not change it.

    Examples
    --------
    >>> from spectra.severity._visibility import Visibility
    >>> seen = Visibility(v1=0.4, v2=1.2, v4=2.0)
    >>> grade_pictures([seen, Visibility(v1=0.1, v2=0.3, v4=0.5)]).word
    'visible'
    >>> grade_pictures([seen], controls=[Visibility(v1=0.3, v2=1.3, v4=1.9)]).word
    'faint'
    >>> unseen = Visibility(v1=0.0, v2=0.0, v4=0.0)
    >>> grade_pictures([unseen] * 3, lines=[seen, seen, unseen]).seen
    'local lines'
    """
    judged = [i for i, each in enumerate(pictures) if each.values is not None]
    if not judged:
        reason = next((each.reason for each in pictures if each.reason), NO_PICTURES)
        return Graded("insufficient", "visibility", yardsticks=tuple(yardsticks), reason=reason)
    of_kind: dict[Seen, PictureWords] = {"locked part": PictureWords(pictures, controls, judged)}
    if lines:
        of_kind["local lines"] = PictureWords(lines, line_controls, judged)
    seen = max(of_kind, key=lambda kind: WORDS.index(of_kind[kind].word))  # the first of equals
    kind, word = of_kind[seen], of_kind[seen].word
    shown = kind.most()
    by_picture = map(worst_word, zip(*(k.words for k in of_kind.values()), strict=True))
    each = [[k.pictures[i] for k in of_kind.values()] for i in judged]
    beside = of_kind.get("local lines")
    return Graded(
        word,
        "visibility",
        visibility=of_kind["locked part"].largest,
        floor=of_kind["locked part"].floor,
        pictures=len(judged),
        holding=list(by_picture).count(word),
        picture=shown,
        place=kind.pictures[shown].place,
        detectable=sum(any(v.detectable_zoom is not None for v in both) for both in each),
        chromatic=sum(any(v.chromatic for v in both) for both in each),
        yardsticks=tuple(yardsticks),
        detectable_zoom=_detectable_zoom(
            [one for both in each for one in both], [*controls, *line_controls]
        ),
        seen=None if word == "none" else seen,
        lines_visibility=beside.largest if beside else None,
        lines_floor=beside.floor if beside else None,
    )


def _detectable_zoom(pictures: Sequence[Visibility], controls: Sequence[Visibility]) -> int | None:
    """Return the least zoom at which smooth places show a grid, and those of controls nothing."""
    seen, found = (
        min((p.detectable_zoom for p in each if p.detectable_zoom is not None), default=None)
        for each in (pictures, controls)
    )
    return seen if seen is not None and (found is None or seen < found) else None


def grade_periods(
    verdict: Verdict, rows: Sequence[Yardsticks], *, reason: str | None = None
) -> Graded:
    """Return the severity of outputs that are no pictures, beside plain enlargements of them.

    *none* where the test finds nothing, or less than the cubic yardstick minus 10 dB; *faint* below
    cubic; *visible* below nearest; *strong* above. The largest over periods counts.

    Parameters
    ----------
    verdict : {"none", "suspect", "present", "insufficient"}
        What the test says of the output.
    rows : sequence of Yardsticks
        One for each scored period.
    reason : str or None
        Why the test says nothing, if so.
    """
    graded = Graded("insufficient", "yardstick", yardsticks=tuple(rows), reason=reason)
    if verdict == "insufficient":
        return graded
    if verdict == "none":
        return replace(graded, word="none")
    words = [word for row in rows if (word := row.word) is not None]
    if words:
        return replace(graded, word=worst_word(words), reason=None)
    return replace(graded, reason=next((r.reason for r in rows if r.reason), NO_YARDSTICK))


def or_by_yardstick(graded: Graded) -> Graded:
    """Return the severity of pictures, by yardstick where colour hides more than was judged.

    What is seen of a grid of more colour than luma is only its luma: a lower bound. So the word of
    the yardsticks stands where it is severer and some picture has such a grid.

    Parameters
    ----------
    graded : Graded
        The severity of pictures in which the test finds a grid.

    Examples
    --------
    >>> row = Yardsticks((2, 2), own_dbc=-20, cubic_dbc=-30, nearest_dbc=-14)
    >>> unseen = Graded("none", "visibility", pictures=8, holding=8, yardsticks=(row,))
    >>> or_by_yardstick(unseen).word, or_by_yardstick(replace(unseen, chromatic=1)).word
    ('none', 'visible')
    """
    beside = grade_periods("present", graded.yardsticks)
    words = (graded.word, beside.word)
    if not graded.chromatic or "insufficient" in words or worst_word(words) == graded.word:
        return graded
    return replace(graded, word=beside.word, by="yardstick", holding=0, seen=None)
