"""What a JPEG file says of itself: its quality, and how it stores colour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Luma table of ITU-T T.81, annex K.1, row by row: quality 50 of the Independent JPEG Group.
STANDARD = (
    *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
)


@dataclass(frozen=True)
class JpegFile:
    """What the tables of a JPEG file say.

    Attributes
    ----------
    quality : int
        That of the Independent JPEG Group whose luma table is nearest, 1 to 100.
    exact : bool
        Whether the table is that one, or another program's.
    luma : tuple of int
        The luma table itself, row by row.
    """

    quality: int
    exact: bool
    luma: tuple[int, ...] = field(repr=False)


def standard_table(quality: int) -> tuple[int, ...]:
    """Return the luma table of a quality from 1 to 100, row by row.

    Examples
    --------
    >>> standard_table(50)[:4], standard_table(90)[:4], set(standard_table(100))
    ((16, 11, 10, 16), (3, 2, 2, 3), {1})
    """
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return tuple(min(max((scale * step + 50) // 100, 1), 255) for step in STANDARD)


def read_tables(tables: Mapping[int, Sequence[int]]) -> JpegFile | None:
    """Return what the quantisation tables of a file say; None without a luma table.

    Parameters
    ----------
    tables : mapping of int to sequence of int
        The tables by number, row by row; number 0 is luma's.

    Examples
    --------
    >>> read_tables({0: standard_table(85)})
    JpegFile(quality=85, exact=True)
    """
    table = tables.get(0)
    if table is None or len(table) != len(STANDARD):
        return None
    own = np.asarray(table, float)
    distance = [float(np.abs(np.array(standard_table(q)) - own).sum()) for q in range(1, 101)]
    best = int(np.argmin(distance))
    return JpegFile(best + 1, exact=distance[best] == 0, luma=tuple(table))
