"""From maps to the bins that energy and test compare, differentiable on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from spectra.spectrum._pairs import bin_pairs
from spectra.spectrum._periodogram import window, windowed_spectra

if TYPE_CHECKING:
    from torch import Tensor

    from spectra.spectrum._map_plan import MapPlan
    from spectra.spectrum._pairs import Pairs
    from spectra.spectrum._view import View


class BinValues(NamedTuple):
    """What is read of the spectra of tiles; the first dimensions are (block, channel, tile).

    Attributes
    ----------
    base : Tensor, shape (..., bin)
        Base band.
    replica : Tensor, shape (..., pair)
        Replicas.
    around : Tensor, shape (..., point, 3^d)
        Lines with the bins next to them; the line itself in the middle.
    beside : Tensor, shape (..., point, neighbour)
        What lies farther beside them.
    """

    base: Tensor
    replica: Tensor
    around: Tensor
    beside: Tensor

    @property
    def line(self) -> Tensor:
        """The lines themselves, shape (..., point)."""
        return self.around[..., self.around.shape[-1] // 2]


def without_margin(maps: Tensor, plan: MapPlan) -> Tensor:
    """Return the maps without their margin, a whole number of periods."""
    return window(maps, plan.margin, plan.inner)


class PairReader:
    """Reads the bins that one view needs from half-plane spectra of real maps.

    Parameters
    ----------
    plan : MapPlan
    view : View
        One of the plan's.

    Attributes
    ----------
    pairs : Pairs
    """

    def __init__(self, plan: MapPlan, view: View) -> None:
        self.view, self.pairs = view, bin_pairs(view, points=plan.points)
        pairs, tile = self.pairs, np.array(view.tile)
        axes = len(tile)
        half = (*view.tile[:-1], view.tile[-1] // 2 + 1)
        self._replica = torch.as_tensor(np.ravel_multi_index(tuple(pairs.replica.T), half))
        bins = [pairs.base % tile, pairs.around.reshape(-1, axes), pairs.beside.reshape(-1, axes)]
        self._lengths = [len(part) for part in bins]
        wanted = np.concatenate(bins)
        mirrored = wanted[:, -1] > tile[-1] // 2
        stored = np.where(mirrored[:, None], -wanted % tile, wanted)
        self._place = torch.as_tensor(np.ravel_multi_index(tuple(stored.T), half))
        sign = np.stack([np.ones(len(wanted)), np.where(mirrored, -1, 1)], axis=1)
        self._sign = torch.as_tensor(sign, dtype=torch.float32)
        self._cells = [_Cells(pairs, index) for index in range(len(view.points))]

    def spectra(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Return half-plane spectra of all tiles, and their means.

        Parameters
        ----------
        maps : Tensor, shape (B, C, *spatial)
            Whole maps.

        Returns
        -------
        spectra : Tensor, complex, shape (B * blocks, C, tiles, bins of half a tile)
            Spectra of the tiles without their means; the squared magnitudes of the full plane sum
            to the mean square of the windowed tile.
        level : Tensor, shape (B * blocks, C, tiles)
            Means of the tiles.
        """
        view, axes = self.view, len(self.view.tile)
        inner = [block * blocks for block, blocks in zip(view.block, view.blocks, strict=True)]
        tiles = window(maps, view.margin, inner)
        for axis, side in enumerate(view.block, start=2):
            tiles = tiles.unfold(axis, side, side)
        for axis, (side, count) in enumerate(
            zip(view.tile, view.tiles, strict=True), start=2 + axes
        ):
            tiles = tiles.narrow(axis, 0, side * count).unfold(axis, side, side)
        of_block, of_tile = range(2, 2 + axes), range(2 + axes, 2 + 3 * axes)
        tiles = tiles.permute(0, *of_block, 1, *of_tile)
        level = tiles.mean(tuple(range(-axes, 0)), keepdim=True)
        spectra = windowed_spectra(tiles - level, axes, norm="forward")
        of_each = (-1, maps.shape[1], view.positions // int(np.prod(view.blocks)))
        return spectra.reshape(*of_each, spectra[(0,) * (2 + 2 * axes)].numel()), level.reshape(
            of_each
        )

    def read(self, spectra: Tensor) -> BinValues:
        """Return base band, replicas, lines and their neighbours of half-plane spectra."""
        values = spectra.index_select(-1, self._place.to(spectra.device))
        # The other half plane is the conjugate. A lazy conjugate would be lost within a dispatch
        # mode, where taps run.
        sign = self._sign.to(values.device, values.real.dtype)
        values = torch.view_as_complex(torch.view_as_real(values) * sign)
        base, around, beside = torch.split(values, self._lengths, dim=-1)
        of_point = (*spectra.shape[:3], len(self.view.points), -1)
        return BinValues(
            base=base,
            replica=spectra.index_select(-1, self._replica.to(spectra.device)),
            around=around.reshape(of_point),
            beside=beside.reshape(of_point),
        )

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
        """Return the normalised cross-spectrum of each cell; 0 where a cell holds no power.

        Parameters
        ----------
        cross : Tensor, complex, shape (..., pair)
            Products ``conj Y(e) Y(e + k/s)``.
        base : Tensor, shape (..., bin)
            Power in the base band.
        replica : Tensor, shape (..., pair)
            Power of the replicas.
        """
        return torch.cat([cell.coherence(cross, base, replica) for cell in self._cells], dim=-1)


class _Cells:
    """The cells of one lattice point: sums over pairs, as products with matrices of 0 and 1."""

    def __init__(self, pairs: Pairs, point: int) -> None:
        own = pairs.point == point
        self._own = slice(int(own.argmax()), int(own.argmax() + own.sum()))
        numbers = np.unique(pairs.cell[own & (pairs.cell >= 0)])
        member = (pairs.cell[own][:, None] == numbers).astype(np.float64)
        of_bin = np.zeros((len(pairs.base), len(numbers)))
        of_bin[pairs.bin[own]] = member
        # Real and imaginary part in turn, as a complex array stores them; what is summed is the
        # conjugate, ``Y(e) conj Y(e + k/s)``, mirrored pairs turned back.
        turned = np.where(pairs.mirrored[own], 1.0, -1.0)[:, None] * member
        both = np.zeros((len(member), 2, len(numbers), 2))
        both[:, 0, :, 0], both[:, 1, :, 1] = member, turned
        self._pairs, self._bins = torch.as_tensor(member), torch.as_tensor(of_bin)
        self._both = torch.as_tensor(both.reshape(2 * len(member), -1))

    def coherence(self, cross: Tensor, base: Tensor, replica: Tensor) -> Tensor:
        parts = torch.view_as_real(cross).flatten(-2)
        inside = parts[..., 2 * self._own.start : 2 * self._own.stop] @ self._both.to(parts)
        replica = replica[..., self._own] @ self._pairs.to(replica)
        scale = (base @ self._bins.to(base) * replica).sqrt()
        scale = torch.where(scale > 0, scale, torch.inf)
        return torch.view_as_complex(inside.reshape(*scale.shape, 2) / scale[..., None])
