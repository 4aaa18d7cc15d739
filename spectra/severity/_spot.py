"""The place where an output shows its grid most, in numbers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Spot:
    """Where an output shows its grid most.

    Attributes
    ----------
    picture : int
        Index of the output among those of the inputs that were used, counted from 0.
    place : tuple of int
        Pixel along each axis of the output, counted from 0: row and column of a picture.
    amplitude : float
        Root mean square of the grid around there, over channels, as far as it stands out of what
        else is there; in the unit of the output.
    share : float
        The same over the range of the output: white less black of pictures, else of what is shown
        as such, see `spectra.severity._range.shown_range`.
    levels : float or None
        The same in grey levels of 255; None of what is no picture.
    channel : int or None
        The channel that was looked at, where it is one of several.
    period : tuple of int or None
        Of the grid there, along each axis: the shortest of those looked for at whose frequencies
        nearly all of it lies. Not that of the output's score, where another grid is elsewhere.
    """

    picture: int
    place: tuple[int, ...]
    amplitude: float
    share: float
    levels: float | None = None
    channel: int | None = None
    period: tuple[int, ...] | None = None
