"""Which of the tensors that a model returns is its output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from re import sub

from spectra._names import near
from spectra.capture._reading import Reading
from spectra.errors import ParameterError

ALIKE = 1.5  # places of maps of one size over each other, borders apart
PICTURE = 3  # channels of a picture in colour


@dataclass(frozen=True)
class Returned:
    """One tensor that a model returned.

    Attributes
    ----------
    where : str
        Where it stands in what the model returned.
    reading : Reading
        What its axes stand for.
    steps : int
        How many steps it comes through.
    depth : int
        Layers on the longest way to it.
    longest : int
        Side of the maps of the forward pass.
    """

    where: str
    reading: Reading
    steps: int
    depth: int
    longest: int

    @property
    def grown(self) -> bool:
        """Whether it is a map that comes through a step."""
        return self.reading.layout is not None and self.steps > 0

    @property
    def places(self) -> int:
        """How many pixels it has, whatever its channels."""
        shape = self.reading.map_shape
        return prod(self.reading.shape) // shape[0] if shape else 0

    @property
    def is_table(self) -> bool:
        """Whether it is larger than any map: attention, from each place to each other one."""
        sides = self.reading.map_shape[1:]
        return len(sides) > 1 and max(sides) > ALIKE * self.longest

    def is_picture(self, input_channels: int) -> bool:
        """Tell whether it has the channels of a picture, or of what went in."""
        channels, *sides = self.reading.map_shape
        alike = channels == input_channels or (channels == PICTURE and len(sides) == 2)
        return alike and not self.reading.grid


def choose(
    returned: Sequence[Returned], wanted: str | int | None, input_channels: int
) -> tuple[int, str]:
    """Return which tensor is the output, and why: the wanted one, else what users look at.

    That is the largest map that comes through a step. Of several of one size, it is the one
    that comes through the most steps, then a picture rather than features, then the one behind
    the most layers, then the first.

    Raises
    ------
    ParameterError
        If there is none of the wanted name.
    """
    if wanted is not None:
        return _named(str(wanted), [one.where for one in returned]), "as asked for"
    grown = [one for one in returned if one.grown]
    grown = [one for one in grown if not one.is_table] or grown
    if grown:
        largest = max(one.places for one in grown)
        alike = [one for one in grown if one.places * ALIKE > largest]
        chosen = max(alike, key=lambda r: (r.steps, r.is_picture(input_channels), r.depth))
        return returned.index(chosen), "the largest map that comes through a step"
    chosen = max(returned, key=lambda r: (r.reading.layout is not None, r.steps))
    if chosen.reading.layout is None:
        return returned.index(chosen), "none of them is a map"
    return returned.index(chosen), "the first map, since none comes through a step"


def _named(wanted: str, names: Sequence[str]) -> int:
    """Return the number of a tensor by its name, as printed or without brackets, or itself."""
    plain = [_plain(name) for name in names]
    if _plain(wanted) in plain:
        return plain.index(_plain(wanted))
    if wanted.isdecimal() and int(wanted) < len(names):
        return int(wanted)
    close = near(_plain(wanted), plain)
    listed = ", ".join(name or "0" for name in names)
    message = f"output={wanted!r} is not among what the model returns: {listed}"
    if close:
        message += f"; close are {', '.join(close)}"
    raise ParameterError(message)


def _plain(name: str) -> str:
    """Return ``['out'][0].sample`` as ``out.0.sample``."""
    return sub(r"\[(['\"]?)(.*?)\1\]", r".\2", name.strip()).strip(".")
