"""The words of severity, and what each needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spectra.severity._visibility import Visibility

ZOOMS = (1, 2, 4)

Severity = Literal["none", "faint", "visible", "strong", "insufficient"]
WORDS: tuple[Severity, ...] = ("none", "faint", "visible", "strong")
OF_ZOOM: tuple[Severity, ...] = ("strong", "visible", "faint")  # seen at 100, 200, 400 %
BELOW_CUBIC = 10.0  # dB: so far below the cubic yardstick a grid is none


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


def yardstick_word(
    own_dbc: float, *, cubic_dbc: float | None, nearest_dbc: float | None
) -> Severity | None:
    """Return the word for a locked energy between two yardsticks, all in dBc.

    What lies above nearest is strong whatever cubic reads, and so is what has more energy than all
    else. None where a yardstick is missing that the word needs.

    Examples
    --------
    >>> [yardstick_word(own, cubic_dbc=-26, nearest_dbc=-14) for own in (-37, -30, -20, -12)]
    ['none', 'faint', 'visible', 'strong']
    >>> yardstick_word(-20, cubic_dbc=None, nearest_dbc=-30)
    'strong'
    """
    if own_dbc >= 0 or (nearest_dbc is not None and own_dbc >= nearest_dbc):
        return "strong"
    if cubic_dbc is None or nearest_dbc is None:
        return None
    limits = (cubic_dbc - BELOW_CUBIC, cubic_dbc, nearest_dbc)
    return WORDS[sum(own_dbc >= limit for limit in limits)]


def worst_word(words: Iterable[Severity]) -> Severity:
    """Return the severest of some words, none of them "insufficient"."""
    return max(words, key=WORDS.index)


class PictureWords:
    """The words of pictures by one part of their grid: the locked part, or local lines."""

    def __init__(
        self,
        pictures: Sequence[Visibility],
        controls: Sequence[Visibility],
        judged: Sequence[int],
    ) -> None:
        self.pictures = pictures
        self._values = {i: values for i in judged if (values := pictures[i].values)}
        floors = [each.values for each in controls if each.values is not None]
        self.floor = tuple(map(max, zip(*floors, strict=True))) if floors else None
        self.words = [picture_word(values, self.floor) for values in self._values.values()]
        self.word = worst_word(self.words)

    @property
    def largest(self) -> tuple[float, ...]:
        return tuple(map(max, zip(*self._values.values(), strict=True)))

    def most(self) -> int:
        """Return the picture that shows most, at the zoom that the word stands for."""
        zoom = OF_ZOOM.index(OF_ZOOM[-1] if self.word == "none" else self.word)
        return max(self._values, key=lambda i: self._values[i][zoom])
