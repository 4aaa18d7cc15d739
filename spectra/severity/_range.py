"""Between which values an output is shown, and over which its grid is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

PERCENTILES = (0.5, 99.5)
USUAL = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))
SLACK = 0.05  # of a usual range, by which values may leave it


def shown_range(values: ArrayLike) -> tuple[float, float]:
    """Return what is shown as black and as white of values whose own are not known.

    A usual range where all but a hundredth of the values fit into it and fill half of it, else
    their 0.5th and 99.5th percentile.

    Examples
    --------
    >>> shown_range([0.1, 0.2, 0.9]), shown_range([3.0, 3.0])
    ((0.0, 1.0), (2.0, 4.0))
    """
    low, high = (float(v) for v in np.percentile(np.asarray(values, float), PERCENTILES))
    for a, b in USUAL:
        slack = SLACK * (b - a)
        if a - slack <= low and high <= b + slack and high - low >= (b - a) / 2:
            return a, b
    return (low, high) if high > low else (low - 1, high + 1)
