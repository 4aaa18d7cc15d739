"""Running sums of streamed maps: constant memory, exact merging."""

from __future__ import annotations

import json
from math import prod
from typing import TYPE_CHECKING

import numpy as np
import torch

from spectra.errors import ParameterError
from spectra.spectrum._azimuthal import Annuli, annuli
from spectra.spectrum._pairs import Pairs, bin_pairs
from spectra.spectrum._periodogram import chunk_length, cut, power, tile_spectra, window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from spectra.spectrum._plan import Plan, View

GROUPS = 16  # of blocks: energy compares different ones, and the jackknife leaves one out
SLOTS = 32  # of blocks, for the randomisation test
CLIP = 3.0  # of a line's amplitude over its background, so that no block dominates
CONSTANT = 1e-6  # standard deviation over mean, up to which a map counts as constant
LOG_FLOOR = 1e-12


class MapStatistics:
    """Sums over the maps of one place in a model, kept in float64.

    ``update`` adds maps, ``merge`` adds the sums of another shard of the same plan: in any
    order, to rounding. What the numbers mean is decided in `spectra.score`.

    Parameters
    ----------
    plan : Plan
        Fixed before the first map.

    Attributes
    ----------
    sums : dict of ndarray
        Named running sums; see ``_empty`` for their shapes.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.pairs = tuple(bin_pairs(view) for view in plan.views)
        self.readers = tuple(map(_Reader, plan.views, self.pairs))
        self.sums = self._empty()

    def _empty(self) -> dict[str, NDArray[np.float64]]:
        """Return all sums at zero."""
        plan = self.plan
        channels, scored = plan.shape[0], len(plan.channels)
        half = (*plan.figure_tile[:-1], plan.figure_tile[-1] // 2 + 1)
        rings = _rings(plan).f.size
        shapes: dict[str, tuple[int, ...]] = {
            "images": (),
            "maps": (),
            "dropped_non_finite": (),
            "dropped_constant": (),
            "value": (channels,),
            "value_square": (channels,),
            "phase_maps": (channels,),
            "phase": (channels, *plan.period),
            "figure_power": half,
            "figure_log": half,
            "figure_maps": (),
            "azimuthal": (rings,),
            "azimuthal_square": (rings,),
        }
        for number, (view, pairs) in enumerate(zip(plan.views, self.pairs, strict=True)):
            tied, points = len(pairs.point), len(view.points)
            group = (GROUPS, scored)
            shapes |= {
                f"blocks_{number}": group,
                f"total_{number}": group,
                f"base_{number}": (*group, tied),
                f"replica_{number}": (scored, tied),
                f"cross_re_{number}": (*group, tied),
                f"cross_im_{number}": (*group, tied),
                f"line_re_{number}": (*group, points),
                f"line_im_{number}": (*group, points),
                f"line_power_{number}": (scored, points),
                f"cell_re_{number}": (SLOTS, scored, len(pairs.cell_point)),
                f"cell_im_{number}": (SLOTS, scored, len(pairs.cell_point)),
                f"mark_re_{number}": (SLOTS, scored, points),
                f"mark_im_{number}": (SLOTS, scored, points),
            }
        return {name: np.zeros(shape) for name, shape in shapes.items()}

    def update(self, maps: Tensor, *, first: int) -> None:
        """Add maps.

        Parameters
        ----------
        maps : Tensor, shape (B, C, *spatial)
            Real; any device and floating dtype.
        first : int
            Index of the first of them among all inputs of the run; decides the block, so a
            shard gets the same sums whoever computes it.

        Raises
        ------
        ParameterError
            If the maps do not have the planned shape.
        """
        if tuple(maps.shape[1:]) != self.plan.shape or not maps.is_floating_point():
            message = (
                f"maps of shape {tuple(maps.shape[1:])} and {maps.dtype} do not fit the plan: "
                f"expected real maps of shape {self.plan.shape}"
            )
            raise ParameterError(message)
        inner = self._inner(maps.detach()).to(torch.float32, copy=True).contiguous()
        flat = inner.view(*inner.shape[:2], -1)
        mean = flat.mean(2)
        finite = torch.isfinite(mean)
        if not bool(finite.all()):
            flat[~finite] = 0.0
        flat -= torch.where(finite, mean, 0.0)[..., None]
        variance = torch.linalg.vecdot(flat, flat) / flat.shape[2]
        varied = finite & (variance.sqrt() > CONSTANT * mean.abs())
        if not bool(varied.all()):
            flat[~varied] = 0.0
        self._count(varied, finite, mean, variance)
        self._add_phases(inner, mean, finite)
        self._add_figure(inner, varied, variance)
        for number in range(len(self.plan.views)):
            self._add_view(number, inner, varied, first)

    def merge(self, other: MapStatistics) -> None:
        """Add the sums of another part of the same run.

        Raises
        ------
        ParameterError
            If the plans differ.
        """
        if self.plan != other.plan:
            raise ParameterError(
                "other was measured by another plan (crop, tiles, channels or count differ): "
                "only shards of one run can be merged"
            )
        for name, value in other.sums.items():
            self.sums[name] = self.sums[name] + value

    def describe(self) -> str:
        """Return the plan as JSON, for a file."""
        return json.dumps(self.plan.describe())

    def _inner(self, maps: Tensor) -> Tensor:
        """Return the maps without their margin, a whole number of periods."""
        plan = self.plan
        sides = [
            (side - 2 * m) // p * p
            for side, m, p in zip(plan.shape[1:], plan.margin, plan.period, strict=True)
        ]
        return window(maps, plan.margin, sides)

    def _count(self, varied: Tensor, finite: Tensor, mean: Tensor, variance: Tensor) -> None:
        sums = self.sums
        sums["images"] += len(varied)
        sums["maps"] += float(varied.sum())
        sums["dropped_non_finite"] += float((~finite).sum())
        sums["dropped_constant"] += float((finite & ~varied).sum())
        kept = torch.where(finite, mean, 0.0).double()
        square = torch.where(finite, mean.double().square() + variance.double(), 0.0)
        sums["value"] += _numpy(kept.sum(0))
        sums["value_square"] += _numpy(square.sum(0))
        sums["phase_maps"] += _numpy(finite.double().sum(0))

    def _add_phases(self, inner: Tensor, mean: Tensor, finite: Tensor) -> None:
        """Add the mean of each polyphase component; the maps come without their own mean."""
        period = self.plan.period
        tiles = tuple(side // p for side, p in zip(inner.shape[2:], period, strict=True))
        if min(tiles, default=0) == 0:
            return
        axes = len(period)
        sums = inner
        for axis, (count, p) in enumerate(zip(tiles, period, strict=True), start=2):
            sums = sums.view(*sums.shape[:axis], count, p, *sums.shape[axis + 1 :]).sum(axis)
        phases = sums.double() / prod(tiles)
        kept = torch.where(finite, mean, 0.0).double().sum(0).view(-1, *[1] * axes)
        self.sums["phase"] += _numpy(phases.sum(0) + kept)

    def _add_figure(self, inner: Tensor, varied: Tensor, variance: Tensor) -> None:
        """Add power and log power over the map's variance, of all channels alike."""
        plan = self.plan
        if prod(plan.figure_tiles) == 0:
            return
        axes = len(plan.period)
        rings = _rings(plan)
        half = self.sums["figure_power"].shape
        size = prod(plan.figure_tile)
        per_map = prod(plan.figure_tiles)
        tiles = cut(inner, (0,) * axes, plan.figure_tile, plan.figure_tiles)
        scale = torch.where(varied, size / variance, 0.0)
        images = tiles.flatten(1, 1 + axes)
        weights = scale.repeat_interleave(per_map, 1)
        chunk = chunk_length(images[0, 0])
        power_sum = log_sum = None
        for image, weight_row in zip(images, weights, strict=True):
            image_power: Tensor | None = None
            for start in range(0, len(image), chunk):
                part = slice(start, start + chunk)
                used = weight_row[part] > 0
                observed = power(tile_spectra(image[part], axes)).flatten(1)
                observed = observed[used] * weight_row[part][used, None]
                added = observed.sum(0).double()
                logs = observed.add_(LOG_FLOOR).log_().sum(0).double()
                image_power = added if image_power is None else image_power + added
                log_sum = logs if log_sum is None else log_sum + logs
            assert image_power is not None
            power_sum = image_power if power_sum is None else power_sum + image_power
            used_maps = float((weight_row > 0).sum())
            if used_maps:
                profile = rings.mean(_numpy(image_power).reshape(half)) / used_maps
                self.sums["azimuthal"] += profile
                self.sums["azimuthal_square"] += profile**2
        if power_sum is None or log_sum is None:
            return
        self.sums["figure_power"] += _numpy(power_sum).reshape(half)
        self.sums["figure_log"] += _numpy(log_sum).reshape(half) * (10 / np.log(10))
        self.sums["figure_maps"] += float(varied.sum()) * per_map

    def _add_view(self, number: int, inner: Tensor, varied: Tensor, first: int) -> None:
        """Add what energy and test need of one period: pairs, lines and cells of each block."""
        plan, view, reader = self.plan, self.plan.views[number], self.readers[number]
        scored = list(plan.channels)
        kept = varied[:, scored]
        spectra = self._block_spectra(view, inner[:, scored])
        base, replica, line, beside = reader.read(spectra)
        cross = base * torch.conj_physical(replica)
        base_power, replica_power = power(base), power(replica)
        cells = reader.cell_coherence(cross, base_power, replica_power)
        marks = _line_contrast(line, beside)

        blocks = _numpy(kept).repeat(prod(plan.blocks), 0)
        order = first * prod(plan.blocks) + np.arange(len(blocks))
        group, slot = order % GROUPS, order % SLOTS
        self._add(f"blocks_{number}", group, blocks)
        self._add(f"total_{number}", group, _numpy(_plane_power(spectra, view)))
        self._add(f"base_{number}", group, _numpy(_tile_mean(base_power)))
        self.sums[f"replica_{number}"] += _numpy(_tile_mean(replica_power)).sum(0)
        self._add_complex("cross", number, group, _tile_mean(cross))
        self._add_complex("line", number, group, _tile_mean(line))
        self.sums[f"line_power_{number}"] += _numpy(_tile_mean(power(line))).sum(0)
        self._add_complex("cell", number, slot, cells.sum(2))
        self._add_complex("mark", number, slot, marks.sum(2))

    def _block_spectra(self, view: View, inner: Tensor) -> Tensor:
        """Return half-plane spectra, shape (B * blocks, C, tiles, bins of half a tile)."""
        plan = self.plan
        axes = len(plan.period)
        blocks = cut(inner, (0,) * axes, plan.block, plan.blocks).flatten(2, 1 + axes)
        blocks = blocks.transpose(1, 2).flatten(0, 1)
        tiles = cut(blocks, (0,) * axes, view.tile, view.tiles).flatten(2, 1 + axes)
        return tile_spectra(tiles, axes).flatten(3)

    def _add(self, name: str, place: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        np.add.at(self.sums[name], place, values)

    def _add_complex(
        self, name: str, number: int, place: NDArray[np.int64], values: Tensor
    ) -> None:
        self._add(f"{name}_re_{number}", place, _numpy(values.real))
        self._add(f"{name}_im_{number}", place, _numpy(values.imag))


class _Reader:
    """Reads the bins that one view needs from half-plane spectra of real maps."""

    def __init__(self, view: View, pairs: Pairs) -> None:
        tile = np.array(view.tile)
        bins = [pairs.base, pairs.replica, pairs.line, pairs.beside.reshape(-1, len(tile))]
        self.lengths = [len(part) for part in bins]
        self.neighbours = pairs.beside.shape[1]
        wanted = np.concatenate(bins)
        mirrored = wanted[:, -1] > tile[-1] // 2
        stored = np.where(mirrored[:, None], -wanted % tile, wanted)
        half = (*view.tile[:-1], view.tile[-1] // 2 + 1)
        self.place = torch.as_tensor(np.ravel_multi_index(tuple(stored.T), half))
        self.mirrored = torch.as_tensor(mirrored)
        member = (pairs.cell[:, None] == np.arange(len(pairs.cell_point))).astype(np.float32)
        self.member = torch.as_tensor(member)

    def read(self, spectra: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return base band, replicas, lines and their neighbours, over (block, channel, tile)."""
        device = spectra.device
        values = spectra.index_select(-1, self.place.to(device))
        # A lazy conjugate is lost within a dispatch mode, where taps run.
        values = torch.where(self.mirrored.to(device), torch.conj_physical(values), values)
        base, replica, line, beside = torch.split(values, self.lengths, dim=-1)
        return base, replica, line, beside.reshape(*line.shape, self.neighbours)

    def cell_coherence(self, cross: Tensor, base: Tensor, replica: Tensor) -> Tensor:
        """Return the normalised cross-spectrum of each cell; 0 where a cell holds no power."""
        member = self.member.to(cross.device)
        scale = ((base @ member) * (replica @ member)).sqrt()
        scale = torch.where(scale > 0, scale, torch.inf)
        return torch.complex(cross.real @ member / scale, cross.imag @ member / scale)


def _line_contrast(line: Tensor, beside: Tensor) -> Tensor:
    """Return lines over the local background, their amplitude clipped."""
    background = power(beside).mean(-1).sqrt()
    contrast = line / torch.where(background > 0, background, torch.inf)
    amplitude = contrast.abs()
    return torch.where(amplitude > CLIP, contrast * (CLIP / amplitude), contrast)


def _tile_mean(values: Tensor) -> Tensor:
    """Return the mean over the tiles of a block, in float64."""
    return values.to(torch.complex128 if values.is_complex() else torch.float64).mean(2)


def _plane_power(spectra: Tensor, view: View) -> Tensor:
    """Return the power of the full plane, mean over the tiles of a block."""
    columns = view.tile[-1] // 2 + 1
    half = power(spectra).view(*spectra.shape[:3], -1, columns)
    counts = torch.full((columns,), 2.0, device=spectra.device)
    counts[0] = 1.0
    if view.tile[-1] % 2 == 0:
        counts[-1] = 1.0
    return _tile_mean((half @ counts).sum(-1))


def _rings(plan: Plan) -> Annuli:
    """Return the rings of the mean spectrum."""
    return annuli(plan.figure_tile, layout="rfft")


def _numpy(values: Tensor) -> NDArray[np.float64]:
    """Return a tensor as float64 on the host."""
    array: NDArray[np.float64] = values.detach().to("cpu", torch.float64).numpy()
    return array


def merge_statistics(parts: Sequence[MapStatistics]) -> MapStatistics:
    """Return the sums of all parts of one run.

    Raises
    ------
    ParameterError
        If there is none, or the plans differ.
    """
    if not parts:
        raise ParameterError("parts=() holds nothing to merge: expected at least one")
    total = MapStatistics(parts[0].plan)
    for part in parts:
        total.merge(part)
    return total
