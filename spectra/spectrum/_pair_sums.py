"""Sums over the pairs of bins of one view: by torch's passes, or in one compiled loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from spectra.spectrum._reductions import bins_last, squared, tile_mean
from spectra.spectrum._sums import SLOTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from spectra.spectrum._reader import PairReader, Tiles
    from spectra.spectrum._totals import Totals

IN_LOOP = (  # in the order of the loop
    "base_power",
    "base",
    "replica",
    "cross",
    "base_level",
    "replica_level",
    "replica_power",
)


class Rows(NamedTuple):
    """Which sums, and which of their rows, blocks are added to.

    Attributes
    ----------
    number : int
        Of the view; the names of its sums end in it.
    group, slot : slice or Tensor of int, shape (block,)
        Of energies and of the test; None where no test follows.
    """

    number: int
    group: slice | Tensor
    slot: slice | Tensor | None

    def in_loop(self, blocks: int) -> tuple[NDArray[np.int64], ...]:
        """Return group and slot of each of some blocks; the first slot where no test follows."""
        return _numbers(self.group, blocks), _numbers(self.slot, blocks)


def add_pairs(totals: Totals, tiles: Tiles, reader: PairReader, rows: Rows) -> None:
    """Add base band, replicas and their products, and the coherence of the cells.

    Parameters
    ----------
    totals : Totals
    tiles : Tiles
        Which a loop reads where loops can be used.
    reader : PairReader
    rows : Rows
    """
    if tiles.compiled is None:
        _by_passes(totals, tiles, reader, rows)
    else:
        _by_loop(totals, tiles, reader, rows)


def _by_passes(totals: Totals, tiles: Tiles, reader: PairReader, rows: Rows) -> None:
    base, replica = reader.read(tiles)
    tables, level = reader.tables(base.device), tiles.level.double()
    cross = torch.conj_physical(base).index_select(0, tables.of_pair).to(torch.complex128)
    cross.mul_(replica)
    own, other = squared(base), squared(replica)
    for name, each in {
        "base_power": own,
        "base": base,
        "replica": replica,
        "cross": cross,
        "base_level": base.index_select(0, tables.near_bin) * level,
        "replica_level": replica.index_select(0, tables.near_pair) * level,
    }.items():
        totals.add_rows(f"{name}_{rows.number}", rows.group, bins_last(tile_mean(each)))
    power = tile_mean(other).sum(-2, dtype=torch.float64)
    totals.add(f"replica_power_{rows.number}", power.movedim(-1, 0))
    if rows.slot is not None:
        cells = reader.cell_coherence(cross, own, other).sum(-1)
        totals.add_rows(f"cell_{rows.number}", rows.slot, bins_last(cells))


def _by_loop(totals: Totals, tiles: Tiles, reader: PairReader, rows: Rows) -> None:
    tiles.compiled.add_pairs(
        tiles.parts,
        tiles.level.double().numpy(),
        rows.in_loop(len(tiles.parts)),
        reader.pair_tables,
        sums=in_loop(totals, IN_LOOP, "cell", rows),
    )


def in_loop(
    totals: Totals, names: Sequence[str], tested: str, rows: Rows
) -> tuple[NDArray[np.float64], ...]:
    """Return sums that a loop adds to; the one for the test is empty where none follows."""
    sums = [totals.parts(f"{name}_{rows.number}") for name in names]
    if rows.slot is None:
        return (*sums, np.empty((SLOTS, sums[0].shape[1], 0)))
    return (*sums, totals.parts(f"{tested}_{rows.number}"))


def _numbers(rows: slice | Tensor | None, count: int) -> NDArray[np.int64]:
    """Return the row of each block, the first one of none."""
    if rows is None:
        return np.zeros(count, np.int64)
    if isinstance(rows, slice):
        return np.arange(rows.start, rows.start + count, dtype=np.int64)
    return rows.numpy()
