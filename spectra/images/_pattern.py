"""The pattern that a picture repeats in its brightness, apart from what it holds by chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

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
    kept where they are clear of chance, whose variance is the largest of three: that of single
    periods, of whole rows of them, and of columns, which long edges join.

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
    inner = local[: rows * period, : columns * period]
    turns = np.exp(-2j * np.pi * np.outer(np.arange(period), np.arange(period)) / period)
    turns = (turns / period).astype(np.complex64)
    across = inner.reshape(-1, period).astype(np.complex64) @ turns
    down = turns.T @ across.reshape(rows, period, columns * period)
    waves = down.reshape(rows, period, columns, period).transpose(0, 2, 1, 3)
    of_rows, of_columns = waves.mean(1), waves.mean(0)
    chance = np.maximum.reduce(
        [
            waves.reshape(-1, period, period).var(0) / (rows * columns),
            of_rows.var(0) / rows,
            of_columns.var(0) / columns,
        ]
    )
    return waves.mean((0, 1)), chance


def _clear(mean: NDArray[np.complex128], chance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the pattern of those waves that chance does not explain."""
    clear = np.abs(mean) ** 2 > CLEAR * np.maximum(chance, 1e-12)
    clear[0, 0] = False
    kept: NDArray[np.float64] = np.fft.ifft2(np.where(clear, mean, 0) * mean.size).real
    return kept
