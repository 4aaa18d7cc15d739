"""How severe the grid of some pictures is, from those that show it most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spectra.images._seen import see_grid
from spectra.images._summary import SeenRow
from spectra.severity import picture_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.images._album import Together
    from spectra.images._gathered import Shown

NO_PATTERN = "the brightness has no pattern of that period: the trace is in the grain alone"
NOT_FIXED = "blocks and seams differ from place to place, and are not judged by eye"
ORDER = ("none", "faint", "visible", "strong")


def judge(together: Together, shown: Sequence[Shown]) -> SeenRow:
    """Return how visible the grid is.

    Parameters
    ----------
    together : Together
        What the pictures show together.
    shown : sequence of Shown
        Those whose brightness has the strongest pattern.
    """
    if together.verdict == "none":
        return SeenRow("none")
    if together.verdict == "suspect":
        return SeenRow("none", reason="what repeats may be the scene's, and is not judged")
    if together.grid is None or {cause.id for cause in together.causes} & {"jpeg", "double_jpeg"}:
        return SeenRow("insufficient", reason=NOT_FIXED)
    rows = [row for each in shown if (row := _row(each)) is not None]
    if not rows:
        return SeenRow("none", reason=NO_PATTERN)
    worst = max(rows, key=lambda row: (ORDER.index(row.word), row.grey_levels))
    values = vars(worst) | {"judged": len(rows)}
    return SeenRow(**values)


def _row(each: Shown) -> SeenRow | None:
    """Return how visible the grid of one picture is; None where there is none to see."""
    found = see_grid(each.planes, each.period)
    if found is None or (values := found.own.values) is None:
        return None
    of_colour = "most of it is of colour, of which only the luminance is judged"
    return SeenRow(
        picture_word(values, found.control.values),
        *values,
        source=each.source,
        grey_levels=found.grey_levels,
        judged=1,
        reason=of_colour if found.own.chromatic else None,
    )
