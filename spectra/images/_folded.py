"""What is kept of a residual: its averages along each axis, and over one period of each tile."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spectra.images._points import FOLD

if TYPE_CHECKING:
    from numpy.typing import NDArray

TILE = 32  # pixels a side of a tile for points off the axes: four of its longest periods


class Folded(NamedTuple):
    """A residual that was averaged in three ways, which hold all of its waves.

    Attributes
    ----------
    along_x, along_y : ndarray of float32
        Over whole columns, and over whole rows.
    tiles : ndarray of float32, shape (row, 8, column, 8)
        Each windowed tile summed onto one period.
    """

    along_x: NDArray[np.float32]
    along_y: NDArray[np.float32]
    tiles: NDArray[np.float32]


def fold(residual: NDArray[np.float32]) -> Folded:
    """Return the averages of a residual, shape (y, x)."""
    height, width = residual.shape
    return Folded(
        (np.ones(height, np.float32) / height) @ residual,
        residual @ (np.ones(width, np.float32) / width),
        _fold_tiles(residual, height // TILE, width // TILE),
    )


@cache
def _window() -> NDArray[np.float32]:
    """Return the window of a tile that also sums it onto one period, shape (32, 8)."""
    at = np.arange(TILE)
    window = np.sin(np.pi * (at + 0.5) / TILE) ** 2
    onto_period = np.zeros((TILE, FOLD), np.float32)
    onto_period[at, at % FOLD] = window / window.sum()
    return onto_period


def _fold_tiles(residual: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    """Return each windowed tile summed onto one period, shape (row, 8, column, 8)."""
    inner = np.ascontiguousarray(residual[: rows * TILE, : columns * TILE])
    across = inner.reshape(-1, TILE) @ _window()
    down = _window().T @ across.reshape(rows, TILE, columns * FOLD)
    return down.reshape(rows, FOLD, columns, FOLD)
