"""Sums of the lines at the lattice points of one view: by torch's passes, or in one loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from spectra.spectrum._pair_sums import in_loop
from spectra.spectrum._reductions import bins_last, line_contrast, squared, tile_mean

if TYPE_CHECKING:
    from torch import Tensor

    from spectra.spectrum._pair_sums import Rows
    from spectra.spectrum._reader import PairReader, Tiles
    from spectra.spectrum._totals import Totals

IN_LOOP = ("line", "line_level", "beside", "line_power")  # in the order of the loop


def add_lines(totals: Totals, tiles: Tiles, reader: PairReader, rows: Rows) -> Tensor:
    """Add lines, their background and their marks; return what a constant leaks to.

    Parameters
    ----------
    totals : Totals
    tiles : Tiles
        Which a loop reads where loops can be used.
    reader : PairReader
    rows : Rows

    Returns
    -------
    Tensor of float64, shape (block, channel, tile)
        The line at DC, real: the product of a window's leakage and of the content about it.
    """
    if tiles.compiled is None:
        return _by_passes(totals, tiles, reader, rows)
    return _by_loop(totals, tiles, reader, rows)


def _by_passes(totals: Totals, tiles: Tiles, reader: PairReader, rows: Rows) -> Tensor:
    around, beside, middle = reader.lines(tiles)
    leakage, level = reader.tables(middle.device).leakage, tiles.level.double()
    line = around[:, around.shape[1] // 2].to(torch.complex128)
    beside = beside.to(torch.complex128)
    leaked = _weighted(around.movedim(1, 0), leakage)
    for name, each in {
        "line": leaked,
        "line_level": leaked * level,
        "beside": beside[:, : reader.pairs.steady],
    }.items():
        totals.add_rows(f"{name}_{rows.number}", rows.group, bins_last(tile_mean(each)))
    power = tile_mean(squared(line)).sum(-2, dtype=torch.float64)
    totals.add(f"line_power_{rows.number}", power.movedim(-1, 0))
    if rows.slot is not None:
        marks = line_contrast(line, squared(beside))
        totals.add_rows(f"mark_{rows.number}", rows.slot, bins_last(marks.sum(-1)))
    return _weighted(middle, leakage).real


def _by_loop(totals: Totals, tiles: Tiles, reader: PairReader, rows: Rows) -> Tensor:
    constant = torch.empty(tiles.level.shape, dtype=torch.float64)
    sums = in_loop(totals, IN_LOOP, "mark", rows)
    tiles.compiled.add_lines(
        tiles.parts,
        tiles.level.double().numpy(),
        rows.in_loop(len(tiles.parts)),
        reader.line_tables,
        sums=(*sums, constant.numpy()),
    )
    return constant


def _weighted(values: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted sum over the first dimension."""
    return (values * weights.view(-1, *[1] * (values.ndim - 1))).sum(0)
