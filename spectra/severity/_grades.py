"""How severe a grid is, in a word: none, faint, visible, strong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log10
from typing import TYPE_CHECKING, Literal

from spectra.severity._spot import Spot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spectra.score import Verdict
    from spectra.severity._visibility import Visibility

ZOOMS = (1, 2, 4)

Severity = Literal["none", "faint", "visible", "strong", "insufficient"]
WORDS: tuple[Severity, ...] = ("none", "faint", "visible", "strong")
OF_ZOOM: tuple[Severity, ...] = ("strong", "visible", "faint")  # seen at 100, 200, 400 %
BELOW_CUBIC = 10.0  # dB: so far below the cubic yardstick a grid is none
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
        V(1), V(2), V(4), each the largest over pictures.
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

    @property
    def floor_dbc(self) -> float | None:
        """Locked energy of the output so far below its cubic yardsticks that no step is named."""
        cubic = [row.cubic_dbc for row in self.yardsticks if row.cubic_dbc is not None]
        if not cubic:
            return None
        return 10 * log10(sum(10 ** (dbc / 10) for dbc in cubic)) - BELOW_CUBIC


def grade_pictures(
    pictures: Sequence[Visibility],
    controls: Sequence[Visibility] = (),
    *,
    yardsticks: Sequence[Yardsticks] = (),
) -> Graded:
    """Return the severity of some pictures by what is seen of their grid.

    *strong* is V(1) >= 1, *visible* V(2) >= 1, *faint* V(4) >= 1, else *none*; each only where V is
    above that of every control at the same zoom.

    Parameters
    ----------
    pictures : sequence of Visibility
        One for each picture.
    controls : sequence of Visibility
        Of pictures whose grid was looked for at a wrong phase: what is seen there is no grid.
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
    """
    judged = {i: each.values for i, each in enumerate(pictures) if each.values is not None}
    if not judged:
        reason = next((each.reason for each in pictures if each.reason), NO_PICTURES)
        return Graded("insufficient", "visibility", yardsticks=tuple(yardsticks), reason=reason)
    floors = [each.values for each in controls if each.values is not None]
    floor = tuple(map(max, zip(*floors, strict=True))) if floors else None
    words = [picture_word(values, floor) for values in judged.values()]
    word = worst_word(words)
    zoom = OF_ZOOM.index(OF_ZOOM[-1] if word == "none" else word)
    shown = max(judged, key=lambda i: judged[i][zoom])
    return Graded(
        word,
        "visibility",
        visibility=tuple(map(max, zip(*judged.values(), strict=True))),
        floor=floor,
        pictures=len(judged),
        holding=words.count(word),
        picture=shown,
        place=pictures[shown].place,
        detectable=sum(pictures[i].detectable_zoom is not None for i in judged),
        chromatic=sum(pictures[i].chromatic for i in judged),
        yardsticks=tuple(yardsticks),
        detectable_zoom=_detectable_zoom([pictures[i] for i in judged], controls),
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
    words = [
        yardstick_word(row.own_dbc, cubic_dbc=row.cubic_dbc, nearest_dbc=row.nearest_dbc)
        for row in rows
        if row.own_dbc is not None and row.cubic_dbc is not None and row.nearest_dbc is not None
    ]
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
    return replace(graded, word=beside.word, by="yardstick", holding=0)


def picture_word(values: Sequence[float], floor: Sequence[float] | None = None) -> Severity:
    """Return the word for V(1), V(2), V(4), where those of the controls are a floor.

    Examples
    --------
    >>> picture_word((0.2, 0.7, 1.0))
    'faint'
    """
    floor = floor or (0.0,) * len(ZOOMS)
    for word, value, least in zip(OF_ZOOM, values, floor, strict=True):
        if value >= 1 and value > least:
            return word
    return "none"


def yardstick_word(own_dbc: float, *, cubic_dbc: float, nearest_dbc: float) -> Severity:
    """Return the word for a locked energy between two yardsticks, all in dBc.

    Examples
    --------
    >>> [yardstick_word(own, cubic_dbc=-26, nearest_dbc=-14) for own in (-37, -30, -20, -12)]
    ['none', 'faint', 'visible', 'strong']
    """
    limits = (cubic_dbc - BELOW_CUBIC, cubic_dbc, nearest_dbc)
    return WORDS[sum(own_dbc >= limit for limit in limits)]


def worst_word(words: Iterable[Severity]) -> Severity:
    """Return the severest of some words, none of them "insufficient"."""
    return max(words, key=WORDS.index)
