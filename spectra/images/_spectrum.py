"""The mean spectrum of pictures of any sizes, from tiles of one size."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 128  # pixels a side of a tile; smaller pictures have no part in the spectrum
MOST = 64  # tiles of one picture


def tile_spectrum(luma: NDArray[np.float32]) -> tuple[NDArray[np.float64], int]:
    """Return the power of a picture's tiles, summed, and their number.

    Each tile of 128 pixels loses its mean and gets a Hann window; its power is over that of white
    noise of variance 1. Of a large picture at most 64 tiles are taken, from its middle.

    Parameters
    ----------
    luma : ndarray, shape (y, x)

    Returns
    -------
    power : ndarray of float64, shape (128, 65)
        Over fy and the half of fx that says all.
    tiles : int
    """
    rows, columns = (min(side // SIDE, 8) for side in luma.shape)
    if not rows or not columns:
        return np.zeros((SIDE, SIDE // 2 + 1)), 0
    top, left = (
        (side - SIDE * n) // 2 for side, n in zip(luma.shape, (rows, columns), strict=True)
    )
    inner = luma[top : top + SIDE * rows, left : left + SIDE * columns]
    tiles = inner.reshape(rows, SIDE, columns, SIDE).transpose(0, 2, 1, 3)
    tiles = (tiles - tiles.mean((2, 3), keepdims=True)) * _window()
    power = np.abs(fft.rfft2(tiles.reshape(-1, SIDE, SIDE))) ** 2
    return power.sum(0, dtype=np.float64), rows * columns


@cache
def _window() -> NDArray[np.float32]:
    """Return a Hann window along both axes whose squares sum to 1."""
    along = np.sin(np.pi * (np.arange(SIDE) + 0.5) / SIDE) ** 2
    window: NDArray[np.float32] = np.outer(along, along).astype(np.float32)
    window /= np.sqrt((window**2).sum())
    return window


def contrast_db(power: NDArray[np.float64], fy: float, fx: float) -> float:
    """Return the power at a frequency over the median of the bins around it, in dB.

    Parameters
    ----------
    power : ndarray, shape (128, 65)
        A mean or sum of spectra, as of `tile_spectrum`.
    fy, fx : float
        Cycles per pixel; the nearest bin is taken.

    Examples
    --------
    >>> round(contrast_db(np.ones((128, 65)) + 9 * (np.arange(65) == 32), 0, 0.25), 1)
    10.0
    """
    if fx < 0 or (fx == 0 and fy < 0):
        fy, fx = -fy, -fx
    y, x = round(fy * SIDE), round(fx * SIDE)
    offsets = [(dy, dx) for dy in range(-6, 7) for dx in range(-6, 7) if max(abs(dy), abs(dx)) > 2]
    around = [
        power[(y + dy) % SIDE, abs(SIDE // 2 - abs(SIDE // 2 - abs(x + dx)))] for dy, dx in offsets
    ]
    return float(10 * np.log10(power[y % SIDE, x] / np.median(around)))
