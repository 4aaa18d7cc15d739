"""How much of a map is measured, and how much of it a score needs."""

from __future__ import annotations

LEAST_PERIODS = 6  # of a grid in a map, or in a tile of it
BLOCKS_ENOUGH = 16  # independent blocks that the test needs, be they images or tiles
ALIKE = 7 / 8  # sides that differ by less belong to one grid, from which borders took pixels


def usual_margin(side: int, period: int = 1) -> int:
    """Return how many pixels are left out at each border of a side: an eighth, in whole periods.

    Examples
    --------
    >>> usual_margin(100), usual_margin(100, 8)
    (12, 8)
    """
    return side // 8 // period * period


def too_few(blocks: int) -> str:
    """Say that there are too few independent blocks for the test."""
    return f"too few: {blocks} independent blocks, {BLOCKS_ENOUGH} needed"
