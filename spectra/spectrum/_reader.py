"""From maps to the bins that energy and test compare, differentiable on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from spectra.spectrum._pairs import bin_pairs
from spectra.spectrum._periodogram import cut, tile_spectra, window

if TYPE_CHECKING:
    from torch import Tensor

    from spectra.spectrum._plan import Plan, View


def without_margin(maps: Tensor, plan: Plan) -> Tensor:
    """Return the maps without their margin, a whole number of periods."""
    sides = [
        (side - 2 * m) // p * p
        for side, m, p in zip(plan.shape[1:], plan.margin, plan.period, strict=True)
    ]
    return window(maps, plan.margin, sides)


class PairReader:
    """Reads the bins that one view needs from half-plane spectra of real maps.

    Parameters
    ----------
    plan : Plan
    view : View
        One of the plan's.

    Attributes
    ----------
    pairs : Pairs
    """

    def __init__(self, plan: Plan, view: View) -> None:
        self.plan, self.view, self.pairs = plan, view, bin_pairs(view)
        pairs, tile = self.pairs, np.array(view.tile)
        bins = [pairs.base, pairs.replica, pairs.line, pairs.beside.reshape(-1, len(tile))]
        self._lengths = [len(part) for part in bins]
        self._neighbours = pairs.beside.shape[1]
        wanted = np.concatenate(bins)
        mirrored = wanted[:, -1] > tile[-1] // 2
        stored = np.where(mirrored[:, None], -wanted % tile, wanted)
        half = (*view.tile[:-1], view.tile[-1] // 2 + 1)
        self._place = torch.as_tensor(np.ravel_multi_index(tuple(stored.T), half))
        self._mirrored = torch.as_tensor(mirrored)
        member = (pairs.cell[:, None] == np.arange(len(pairs.cell_point))).astype(np.float32)
        self._member = torch.as_tensor(member)

    def spectra(self, inner: Tensor) -> Tensor:
        """Return half-plane spectra, shape (B * blocks, C, tiles, bins of half a tile).

        Parameters
        ----------
        inner : Tensor, shape (B, C, *spatial)
            What `without_margin` leaves.
        """
        plan, view = self.plan, self.view
        axes = len(plan.period)
        blocks = cut(inner, (0,) * axes, plan.block, plan.blocks).flatten(2, 1 + axes)
        blocks = blocks.transpose(1, 2).flatten(0, 1)
        tiles = cut(blocks, (0,) * axes, view.tile, view.tiles).flatten(2, 1 + axes)
        return tile_spectra(tiles, axes).flatten(3)

    def read(self, spectra: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return base band, replicas, lines and their neighbours, over (block, channel, tile)."""
        device = spectra.device
        values = spectra.index_select(-1, self._place.to(device))
        # A lazy conjugate is lost within a dispatch mode, where taps run.
        values = torch.where(self._mirrored.to(device), torch.conj_physical(values), values)
        base, replica, line, beside = torch.split(values, self._lengths, dim=-1)
        return base, replica, line, beside.reshape(*line.shape, self._neighbours)

    def plane_power(self, power: Tensor) -> Tensor:
        """Return the power of the full plane, shape (block, C, tile)."""
        columns = self.view.tile[-1] // 2 + 1
        half = power.view(*power.shape[:3], -1, columns)
        counts = torch.full((columns,), 2.0, dtype=power.dtype, device=power.device)
        counts[0] = 1.0
        if self.view.tile[-1] % 2 == 0:
            counts[-1] = 1.0
        return (half @ counts).sum(-1)

    def cell_coherence(self, cross: Tensor, base: Tensor, replica: Tensor) -> Tensor:
        """Return the normalised cross-spectrum of each cell; 0 where a cell holds no power."""
        member = self._member.to(cross.device)
        scale = ((base @ member) * (replica @ member)).sqrt()
        scale = torch.where(scale > 0, scale, torch.inf)
        return torch.complex(cross.real @ member / scale, cross.imag @ member / scale)
