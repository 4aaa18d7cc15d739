"""Products of the bins that a replica ties together: by torch's passes, or in one compiled loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from spectra.spectrum._reductions import bins_last, squared, tile_mean

if TYPE_CHECKING:
    from torch import Tensor

    from spectra.spectrum._reader import BinValues, PairReader


class Products(NamedTuple):
    """What the pairs of one view leave of the blocks of some images.

    Attributes
    ----------
    cross : Tensor, complex, shape (block, channel, pair)
        Mean over tiles of ``conj Y(e) Y(e + k/s)``, in double precision.
    replica : Tensor, complex, shape (block, channel, pair)
        Mean over tiles of ``Y(e + k/s)``.
    replica_power : Tensor, shape (channel, pair)
        Sum over blocks of the mean over tiles of its power.
    cells : Tensor, complex, shape (block, channel, cell), or None
        Sum over tiles of the coherence of each cell; None where no test follows.
    """

    cross: Tensor
    replica: Tensor
    replica_power: Tensor
    cells: Tensor | None


def products(values: BinValues, reader: PairReader, *, tested: bool, compiled: Any) -> Products:
    """Return the products of all pairs.

    Parameters
    ----------
    values : BinValues
        What the reader read.
    reader : PairReader
    tested : bool
        Whether a test follows, which needs the cells.
    compiled : module or None
        `spectra.spectrum._loops`, which does it in one loop.
    """
    if compiled is None:
        return _by_passes(values, reader, tested)
    return _by_loop(values, reader, tested, compiled)


def _by_passes(values: BinValues, reader: PairReader, tested: bool) -> Products:
    base, replica = values.base, values.replica
    of_pair = reader.tables(base.device).of_pair
    cross = torch.conj_physical(base).index_select(0, of_pair).to(torch.complex128)
    cross.mul_(replica)
    power = squared(replica)
    cells = reader.cell_coherence(cross, squared(base), power).sum(-1) if tested else None
    return Products(
        cross=bins_last(tile_mean(cross)),
        replica=bins_last(tile_mean(replica)),
        replica_power=tile_mean(power).sum(-2, dtype=torch.float64).movedim(-1, 0),
        cells=None if cells is None else bins_last(cells),
    )


def _by_loop(values: BinValues, reader: PairReader, tested: bool, compiled: Any) -> Products:
    tables = reader.tables(values.base.device)
    pairs, blocks, channels, tiles = values.replica.shape
    base, replica = (
        torch.view_as_real(each.contiguous()).flatten(2).numpy()
        for each in (values.base, values.replica)
    )
    cross, mean = (np.empty((blocks, pairs, 2 * channels)) for _ in range(2))
    power = np.zeros((pairs, channels))
    cells = np.zeros((blocks, len(reader.pairs.cell_point) if tested else 0, 2 * channels))
    compiled.add_products(
        (base, replica),
        (tables.of_pair.numpy(), tables.cell.numpy(), tables.turned[:, 1].contiguous().numpy()),
        tiles,
        (cross, mean, power, cells),
    )
    return Products(
        cross=_complex(cross),
        replica=_complex(mean),
        replica_power=torch.from_numpy(power).T,
        cells=_complex(cells) if tested else None,
    )


def _complex(parts: Any) -> Tensor:
    """Return parts (block, bin, 2 * channel) as numbers (block, channel, bin)."""
    blocks, bins, twice = parts.shape
    pairs = torch.from_numpy(parts).view(blocks, bins, twice // 2, 2)
    return torch.view_as_complex(pairs).movedim(-1, 1)
