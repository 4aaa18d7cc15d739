"""How visible the grid of a picture is, where its brightness has a pattern."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spectra.images._pattern import mean_pattern
from spectra.images._points import LONGEST
from spectra.severity import Visibility, picture_visibility

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST = 384  # pixels a side of the part that is judged


@dataclass(frozen=True)
class Sight:
    """How visible a picture's grid is, a pattern of one pixel more as a control, and its size.

    ``grey_levels`` is the root mean square of the pattern, of 255.
    """

    own: Visibility
    control: Visibility
    grey_levels: float


def see_grid(planes: NDArray[np.float32], period: int) -> Sight | None:
    """Return how visible a picture's grid is.

    Parameters
    ----------
    planes : ndarray of float32, shape (channel, y, x)
        In grey levels of 255; one channel or three.
    period : int
        Of the grid, in pixels.

    Returns
    -------
    Sight or None
        None where the brightness has no pattern of that period, or nobody sees such pictures.
    """
    if len(planes) not in (1, 3) or not 2 <= period <= LONGEST:
        return None
    part = planes[:, :LARGEST, :LARGEST]
    pattern = mean_pattern(part, period)
    if pattern.rms == 0:
        return None
    control = mean_pattern(part, period + 1)
    picture = np.clip(part / 255.0, 0, 1)
    seen, wrong = (
        picture_visibility(picture, picture - each.over(part.shape) / 255)
        for each in (pattern, control)
    )
    return Sight(seen, wrong, pattern.rms)
