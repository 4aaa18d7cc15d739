"""The pattern that a picture repeats in its brightness, apart from what it holds by chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from spectra.images._votes import luma_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLEAR = 16.0  # times its own variance that a coefficient of the pattern has to have


@dataclass(frozen=True, eq=False)
class Pattern:
    """What a picture repeats with a period, in grey levels of 255.

    Attributes
    ----------
    values : ndarray, shape (channel, period, period)
        One period of it, beginning at the picture's first pixel, of zero mean.
    rms : float
        Its root mean square, over all channels.
    """

    values: NDArray[np.float64]
    rms: float

    @property
    def luma(self) -> float:
        """Root mean square of what it adds to luma: 0 of a pattern of colour alone."""
        return float(np.sqrt((luma_of(self.values.astype(np.float32)) ** 2).mean()))

    def over(self, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Return the pattern repeated over a picture (channel, y, x)."""
        period = self.values.shape[-1]
        y, x = (np.arange(side) % period for side in shape[1:])
        return self.values[:, y[:, None], x]


def mean_pattern(planes: NDArray[np.float32], period: int) -> Pattern:
    """Return the pattern of a period in the brightness of a picture.

    An interpolation has none: it keeps the mean of each of its phases, and its trace is in the
    grain alone. A decoder whose phases differ has one.

    Each period of the picture, less the mean around it, is one draw. Waves of the pattern are
    kept where they are clear of chance, whose variance is the larger of two: that of whole rows
    of periods and that of columns, as long edges join the periods of either.

    Parameters
    ----------
    planes : ndarray of float32, shape (channel, y, x)
        In grey levels of 255.
    period : int
        Pixels.
    """
    rows, columns = (side // period for side in planes.shape[1:])
    if min(rows, columns) < 4:
        return Pattern(np.zeros((len(planes), period, period)), 0.0)
    means, chances = zip(
        *(_plane_pattern(plane, period, rows, columns) for plane in planes), strict=True
    )
    kept = [_clear(mean, chance) for mean, chance in zip(means, chances, strict=True)]
    values = np.stack(kept)
    return Pattern(values, float(np.sqrt((values**2).mean())))


def _plane_pattern(
    plane: NDArray[np.float32], period: int, rows: int, columns: int
) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
    """Return the waves of the mean period of one channel, and the variance of each by chance."""
    # a box of one period has no response at the lattice: what it takes away is not of the grid
    local = plane - ndimage.uniform_filter(plane, period, mode="mirror")
    draws = local[: rows * period, : columns * period].reshape(rows, period, columns, period)
    of_rows = draws.mean(2, dtype=np.float64)
    of_columns = draws.mean(0, dtype=np.float64).transpose(1, 0, 2)
    by_row, by_column = (np.fft.fft2(means) / period**2 for means in (of_rows, of_columns))
    chance = np.maximum(by_row.var(0) / rows, by_column.var(0) / columns)
    return by_row.mean(0), chance


def _clear(mean: NDArray[np.complex128], chance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the pattern of those waves that chance does not explain."""
    clear = np.abs(mean) ** 2 > CLEAR * np.maximum(chance, 1e-12)
    clear[0, 0] = False
    kept: NDArray[np.float64] = np.fft.ifft2(np.where(clear, mean, 0) * mean.size).real
    return kept
