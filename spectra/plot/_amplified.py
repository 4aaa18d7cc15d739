"""How pictures are shown: between which values, and by how much a grid is amplified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spectra._names import two_digits
from spectra.severity import shown_range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

FACTORS = tuple(m * 10.0**e for e in range(7) for m in (1, 2, 5))
STRONG = 99  # percentile of a grid's pixels: a few beside an edge shall not make all others faint
VISIBLE = 0.4  # of the display range: what a grid is amplified to
LEVELS = 255


@dataclass(frozen=True)
class Display:
    """Black and white of a picture, and how a grid is amplified in it.

    Attributes
    ----------
    low, high : float
        Black and white.
    factor : float
        By which the grid is multiplied: 1, 2 or 5 times a power of ten that brings the strongest
        hundredth of its pixels near 40 % of the range.
    peak : float
        Its strongest pixel as it is.
    levels : bool
        Whether black and white are known, so that a grid has a size in grey levels.
    """

    low: float
    high: float
    factor: float
    peak: float
    levels: bool = False

    def shown(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return values with black at 0 and white at 1."""
        scaled: NDArray[np.float64] = np.clip(
            (np.asarray(values, float) - self.low) / (self.high - self.low), 0, 1
        )
        return scaled

    @property
    def amplified(self) -> str:
        """By how much the grid is amplified, in letters that nobody overlooks."""
        if self.factor == 1:
            return "not amplified"
        return f"AMPLIFIED ×{self.factor:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")

    @property
    def really(self) -> str:
        """How strong the strongest pixel is, as it is."""
        return self.size(self.peak)

    @property
    def unit(self) -> str:
        """In what amplitudes are told."""
        return "grey levels of 255" if self.levels else "% of the output's range"

    @property
    def whole(self) -> int:
        """How much of that unit white is more than black."""
        return LEVELS if self.levels else 100

    @property
    def per_unit(self) -> float:
        """How much of it one unit of the output is."""
        return self.whole / (self.high - self.low)

    def size(self, amplitude: float) -> str:
        """Return an amplitude in grey levels where those are known, and over the range."""
        told = two_digits(amplitude * self.per_unit)
        return f"{told} of 255 grey levels" if self.levels else f"{told} % of the range"


def display(
    values: ArrayLike,
    grid: ArrayLike,
    *,
    limits: Sequence[float] | None = None,
    shown: Sequence[float] | None = None,
) -> Display:
    """Return how a picture and its grid are shown.

    Parameters
    ----------
    values, grid : array_like
        What is drawn.
    limits : (float, float), optional
        Black and white, where they are known: a picture is shown as a viewer sees it.
    shown : (float, float), optional
        What is shown as black and as white where they are not known, of the whole output that a
        crop is of, so that a crop of few values is not stretched; that of ``values`` by default.
    """
    known = next((v for v in (limits, shown) if v is not None), None)
    low, high = map(float, shown_range(values) if known is None else known)
    strengths = np.abs(np.asarray(grid, float))
    peak, strong = float(strengths.max()), float(np.percentile(strengths, STRONG))
    most = VISIBLE * (high - low) / (strong or peak or 1.0)
    factor = max((f for f in FACTORS if f <= most), default=1.0)
    return Display(low, high, factor, peak=peak, levels=limits is not None)
