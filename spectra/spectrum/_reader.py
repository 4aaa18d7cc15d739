"""From maps to the bins that energy and test compare, differentiable on the way."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from spectra.spectrum._alike import phases
from spectra.spectrum._pairs import bin_pairs
from spectra.spectrum._periodogram import window, windowed_spectra

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from spectra.spectrum._map_plan import MapPlan
    from spectra.spectrum._pairs import Bins, Pairs
    from spectra.spectrum._shared import Content
    from spectra.spectrum._view import View


class BinValues(NamedTuple):
    """What is read of the spectra of tiles.

    The last dimensions are (block, channel, tile): bins come first, so that a bin of all tiles is
    read, multiplied and summed as one stretch of memory.

    Attributes
    ----------
    base : Tensor, shape (bin, ...)
        Base band.
    replica : Tensor, shape (pair, ...)
        Replicas.
    """

    base: Tensor
    replica: Tensor


class LineValues(NamedTuple):
    """The bins beside lines, in the same order of dimensions.

    Attributes
    ----------
    around : Tensor, shape (point, 3^d, ...)
        Lines with the bins next to them; the line itself in the middle.
    beside : Tensor, shape (point, neighbour, ...)
        What lies farther beside them.
    middle : Tensor, shape (3^d, ...)
        DC with the bins next to it, into which a constant leaks.
    """

    around: Tensor
    beside: Tensor
    middle: Tensor

    @property
    def line(self) -> Tensor:
        """The lines themselves, shape (point, ...)."""
        return self.around[:, self.around.shape[1] // 2]


class Tiles:
    """Spectra of the tiles of some maps, the same for all views that cut maps alike.

    Parameters
    ----------
    view : View
        One of those views.
    spectra : Tensor, complex, shape (block, channel, tile, bin of half a plane)
        Of the tiles without their means; the squared magnitudes of the full plane sum to the mean
        square of the windowed tile.
    level : Tensor, shape (block, channel, tile)
        Means of the tiles.
    compiled : module, optional
        `spectra.spectrum._loops`, where loops read them.
    """

    def __init__(self, view: View, spectra: Tensor, level: Tensor, compiled: Any = None) -> None:
        self._view, self.spectra, self.level, self.compiled = view, spectra, level, compiled

    @cached_property
    def of_bin(self) -> Tensor:
        """The spectra, bins first: a bin of all tiles is one stretch of memory."""
        return self.spectra.movedim(-1, 0).contiguous()

    @cached_property
    def plane_power(self) -> Tensor:
        """Power of the full plane, shape (block, channel, tile)."""
        columns, even = self._view.tile[-1] // 2 + 1, self._view.tile[-1] % 2 == 0
        if self.compiled is not None:
            powers = torch.empty(self.level.shape, dtype=torch.float64)
            self.compiled.plane_powers(self.parts, columns, even, powers.numpy())
            return powers
        real, imaginary = self.spectra.real, self.spectra.imag
        power = torch.addcmul(real.square(), imaginary, imaginary)  # with one copy, not three
        counts = torch.full((columns,), 2.0, dtype=power.dtype, device=power.device)
        counts[0] = 1.0
        if even:
            counts[-1] = 1.0
        return (power.view(*power.shape[:3], -1, columns) @ counts).sum(-1)

    @cached_property
    def alike(self) -> tuple[Tensor, Tensor]:
        """How far phases agree, see `spectra.spectrum._alike.phases`."""
        return phases(self.spectra, self._view, self.compiled)

    @cached_property
    def parts(self) -> NDArray[np.float32]:
        """Real and imaginary parts in turn, shape (block, channel, tile, 2 * bin)."""
        return self.spectra.contiguous().numpy().view(np.float32)

    def without(self, content: Content, kept: Tensor) -> Tiles:
        """Return the tiles without what all maps share, see `Content.out_of`."""
        return Tiles(self._view, *content.out_of(self.spectra, self.level, kept), self.compiled)


@dataclass(frozen=True)
class Tables:
    """Where the bins of one view stand in half-plane spectra, and what belongs together.

    Attributes
    ----------
    base, replica, line : Tensor of int
        Bins of base band and replicas, and of lines, their neighbours and DC one after the other.
    lengths : list of int
        How many of ``line`` each of the three has.
    base_sign, line_sign : Tensor, shape (bin, 2)
        By which real and imaginary part are multiplied: bins of the other half are conjugate.
    of_pair, near_bin, near_pair : Tensor of int
        See `Pairs`.
    leakage : Tensor of complex128
        See `Pairs`.
    turned : Tensor of float64, shape (pair, 2)
        What turns the product of a pair into that of its cell.
    cell : Tensor of int, shape (pair,)
        The cell of each pair; one more than there are for those of none.
    edges : Tensor of int, shape (cell, 2)
        Where the pairs of each cell begin and end.
    """

    base: Tensor
    replica: Tensor
    line: Tensor
    lengths: list[int]
    base_sign: Tensor
    line_sign: Tensor
    of_pair: Tensor
    near_bin: Tensor
    near_pair: Tensor
    leakage: Tensor
    turned: Tensor
    cell: Tensor
    edges: Tensor

    @classmethod
    def of(cls, pairs: Pairs, sides: tuple[int, ...]) -> Tables:
        """Return the tables of pairs in tiles of some sides."""
        axes = len(sides)
        of_lines = [pairs.around, pairs.beside, pairs.base[pairs.middle]]
        lines = [part.reshape(-1, axes) for part in of_lines]
        base, base_sign = _stored(pairs.base, sides)
        line, line_sign = _stored(np.concatenate(lines), sides)
        cells = np.arange(len(pairs.cell_point))
        first = np.array([np.flatnonzero(pairs.cell == cell)[0] for cell in cells], np.int64)
        made = {
            "base": base,
            "replica": _stored(pairs.replica, sides)[0],
            "line": line,
            "base_sign": base_sign,
            "line_sign": line_sign,
            "of_pair": pairs.bin,
            "near_bin": pairs.near_bin,
            "near_pair": pairs.near_pair,
            "leakage": pairs.leakage.astype(complex),
            "turned": np.stack(
                [np.ones(len(pairs.bin)), np.where(pairs.mirrored, 1.0, -1.0)], axis=1
            ),
            "cell": np.where(pairs.cell < 0, len(cells), pairs.cell),
            "edges": np.stack([first, first + np.bincount(pairs.cell + 1)[1:]], axis=1),
        }
        tensors = {name: torch.from_numpy(np.ascontiguousarray(v)) for name, v in made.items()}
        return cls(lengths=[len(part) for part in lines], **tensors)

    def to(self, device: torch.device) -> Tables:
        """Return the same on a device."""
        held: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        moved = {n: v.to(device) for n, v in held.items() if isinstance(v, torch.Tensor)}
        return Tables(**held | moved)


def _stored(bins: Bins, sides: tuple[int, ...]) -> tuple[Bins, NDArray[np.float64]]:
    """Return where bins stand in half a plane, and the signs of both parts of what stands there."""
    tile, half = np.array(sides), (*sides[:-1], sides[-1] // 2 + 1)
    wanted = bins % tile
    mirrored = wanted[:, -1] > tile[-1] // 2
    stored = np.where(mirrored[:, None], -wanted % tile, wanted)
    signs = np.stack([np.ones(len(bins)), np.where(mirrored, -1.0, 1.0)], axis=1)
    return np.ravel_multi_index(tuple(stored.T), half), signs


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
        self._host = Tables.of(self.pairs, view.tile)
        self._on = {torch.device("cpu"): self._host}

    def tables(self, device: torch.device) -> Tables:
        """Return what is read where, on a device."""
        if device not in self._on:
            self._on[device] = self._host.to(device)
        return self._on[device]

    @cached_property
    def line_tables(self) -> tuple[Any, ...]:
        """The tables that `spectra.spectrum._pair_loops.add_lines` reads."""
        tables = self._host
        sign = tables.line_sign[:, 1].float().contiguous().numpy()
        neighbours = self.pairs.beside.shape[1]
        return tables.line.numpy(), sign, self.pairs.leakage, neighbours, self.pairs.steady

    @cached_property
    def pair_tables(self) -> tuple[NDArray[Any], ...]:
        """The tables that `spectra.spectrum._pair_loops.add_pairs` reads."""
        tables = self._host
        columns = (
            tables.base,
            tables.base_sign[:, 1].float(),
            tables.of_pair,
            tables.replica,
            tables.turned[:, 1],
            tables.edges.flatten(),
            tables.near_bin,
            tables.near_pair,
        )
        return tuple(column.contiguous().numpy() for column in columns)

    def tiles(self, maps: Tensor, compiled: Any = None) -> Tiles:
        """Return the spectra of all tiles of whole maps, shape (B, C, *spatial)."""
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
        bins = spectra[(0,) * (2 + 2 * axes)].numel()
        return Tiles(view, spectra.reshape(*of_each, bins), level.reshape(of_each), compiled)

    def read(self, tiles: Tiles) -> BinValues:
        """Return base band and replicas."""
        tables = self.tables(tiles.spectra.device)
        base = tiles.of_bin.index_select(0, tables.base)
        return BinValues(
            base=_signed(base, tables.base_sign),
            replica=tiles.of_bin.index_select(0, tables.replica),
        )

    def lines(self, tiles: Tiles) -> LineValues:
        """Return lines and their neighbours, and DC with its own."""
        tables = self.tables(tiles.spectra.device)
        values = tiles.spectra.index_select(-1, tables.line).movedim(-1, 0)
        around, beside, middle = torch.split(_signed(values, tables.line_sign), tables.lengths)
        of_point = (len(self.view.points), -1, *values.shape[1:])
        return LineValues(around.reshape(of_point), beside.reshape(of_point), middle)

    def cell_coherence(self, cross: Tensor, base: Tensor, replica: Tensor) -> Tensor:
        """Return the normalised cross-spectrum of each cell; 0 where a cell holds no power.

        Parameters
        ----------
        cross : Tensor, complex, shape (pair, ...)
            Products ``conj Y(e) Y(e + k/s)``.
        base : Tensor, shape (bin, ...)
            Power in the base band.
        replica : Tensor, shape (pair, ...)
            Power of the replicas.

        Returns
        -------
        Tensor, complex, shape (cell, ...)
        """
        tables = self.tables(cross.device)
        # What is summed is the conjugate, ``Y(e) conj Y(e + k/s)``, mirrored pairs turned back.
        parts = torch.view_as_real(cross)
        turned = parts * tables.turned.to(parts.dtype).view(-1, *[1] * (cross.ndim - 1), 2)
        inside = torch.view_as_complex(self._over_cells(turned, tables))
        ours = self._over_cells(base.index_select(0, tables.of_pair), tables).sqrt()
        scale = ours * self._over_cells(replica, tables).sqrt()
        return inside / torch.where(scale > 0, scale, torch.inf)

    def _over_cells(self, values: Tensor, tables: Tables) -> Tensor:
        """Return the sums over the pairs of each cell; one more cell holds those of none."""
        cells = len(self.pairs.cell_point)
        rows = values.flatten(1)  # an index over more dimensions is added an element at a time
        sums = rows.new_zeros((cells + 1, rows.shape[1])).index_add_(0, tables.cell, rows)
        return sums[:cells].view(cells, *values.shape[1:])


def _signed(values: Tensor, sign: Tensor) -> Tensor:
    """Return bins, of which those of the other half plane become conjugate.

    A lazy conjugate would be lost within a dispatch mode, where taps run.
    """
    parts = torch.view_as_real(values)
    return torch.view_as_complex(parts * sign.to(parts.dtype).view(-1, *[1] * (values.ndim - 1), 2))
