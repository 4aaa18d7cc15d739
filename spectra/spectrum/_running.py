"""Running sums of streamed maps: constant memory, exact merging."""

from __future__ import annotations

import json
from math import prod
from typing import TYPE_CHECKING

import numpy as np
import torch

from spectra.errors import ParameterError
from spectra.spectrum._azimuthal import annuli
from spectra.spectrum._periodogram import (
    chunk_length,
    cut,
    power,
    sum_of_logs,
    windowed_spectra,
)
from spectra.spectrum._reader import PairReader, without_margin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from spectra.spectrum._plan import Plan

GROUPS = 16  # of blocks: energy compares different ones, and the jackknife leaves one out
IMAGES_FOR_GROUPS = 4  # from which on a group is made of images; of tiles if there are fewer
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
        self.readers = tuple(PairReader(plan, view) for view in plan.views)
        self.pairs = tuple(reader.pairs for reader in self.readers)
        self.sums = self._empty()

    def _empty(self) -> dict[str, NDArray[np.float64]]:
        """Return all sums at zero."""
        plan = self.plan
        channels, scored = plan.shape[0], len(plan.channels)
        half = (*plan.figure_tile[:-1], plan.figure_tile[-1] // 2 + 1)
        rings = annuli(plan.figure_tile, layout="rfft").f.size
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
            "azimuthal_images": (),
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
        inner = without_margin(maps.detach(), self.plan).to(torch.float32).contiguous()
        standard, mean, deviation = _standardised(inner)
        finite = torch.isfinite(mean) & torch.isfinite(deviation)
        varied = finite & (deviation > CONSTANT * mean.abs())
        if not bool(varied.all()):
            standard[~varied] = 0.0
            mean, deviation = (torch.where(finite, v, 0.0) for v in (mean, deviation))
        self._count(varied, finite, mean, deviation)
        self._add_phases(standard, mean, deviation)
        self._add_figure(standard, varied)
        for number in range(len(self.plan.views)):
            self._add_view(number, standard, deviation, varied, first)

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

    def _count(self, varied: Tensor, finite: Tensor, mean: Tensor, deviation: Tensor) -> None:
        """Add numbers of maps, values and squares of each channel."""
        sums = self.sums
        sums["images"] += len(varied)
        sums["maps"] += float(varied.sum())
        sums["dropped_non_finite"] += float((~finite).sum())
        sums["dropped_constant"] += float((finite & ~varied).sum())
        sums["value"] += _numpy(mean).sum(0)
        sums["value_square"] += (_numpy(mean) ** 2 + _numpy(deviation) ** 2).sum(0)
        sums["phase_maps"] += _numpy(finite).sum(0)

    def _add_phases(self, standard: Tensor, mean: Tensor, deviation: Tensor) -> None:
        """Add the mean of each polyphase component."""
        period = self.plan.period
        tiles = tuple(side // p for side, p in zip(standard.shape[2:], period, strict=True))
        if min(tiles, default=0) == 0:
            return
        sums = standard
        for axis, (count, p) in enumerate(zip(tiles, period, strict=True), start=2):
            sums = sums.view(*sums.shape[:axis], count, p, *sums.shape[axis + 1 :]).sum(axis)
        of_map = (*mean.shape, *[1] * len(period))
        phases = sums.double() / prod(tiles) * deviation.view(of_map) + mean.view(of_map)
        self.sums["phase"] += _numpy(phases.sum(0))

    def _add_figure(self, standard: Tensor, varied: Tensor) -> None:
        """Add power and log power of the standardised maps, of all channels alike."""
        plan, sums = self.plan, self.sums
        per_map = prod(plan.figure_tiles)
        if per_map == 0:
            return
        axes = len(plan.period)
        rings = annuli(plan.figure_tile, layout="rfft")
        tiles = cut(standard, (0,) * axes, plan.figure_tile, plan.figure_tiles)
        images = tiles.flatten(1, 1 + axes)
        for image, used in zip(images, varied, strict=True):
            if not bool(used.any()):
                continue
            kept = image if bool(used.all()) else image[used.repeat_interleave(per_map)]
            powers, logs = _sums_of_power(kept, axes, whole=per_map == 1)
            profile = rings.mean(powers) / len(kept)
            sums["figure_power"] += powers
            sums["figure_log"] += logs * (10 / np.log(10))
            sums["figure_maps"] += len(kept)
            sums["azimuthal_images"] += 1
            sums["azimuthal"] += profile
            sums["azimuthal_square"] += profile**2

    def _add_view(
        self, number: int, standard: Tensor, deviation: Tensor, varied: Tensor, first: int
    ) -> None:
        """Add what energy and test need of one period: pairs, lines and cells of each block."""
        plan, reader = self.plan, self.readers[number]
        scored = list(plan.channels)
        kept = varied[:, scored]
        of_map = (-1, len(scored), *[1] * len(plan.period))
        spectra = reader.spectra(standard[:, scored] * deviation[:, scored].view(of_map))
        base, replica, line, beside = reader.read(spectra)
        cross = base * torch.conj_physical(replica)
        marks = _line_contrast(line, power(beside))
        line_power, total = power(line.clone()), _tile_mean(reader.plane_power(power(spectra)))
        base_power, replica_power = power(base), power(replica)
        cells = reader.cell_coherence(cross, base_power, replica_power)

        blocks = _numpy(kept).repeat(prod(plan.blocks), 0)
        order = first * prod(plan.blocks) + np.arange(len(blocks))
        image = first + np.arange(len(blocks)) // prod(plan.blocks)
        group = (image if plan.count >= IMAGES_FOR_GROUPS else order) % GROUPS
        slot = order % SLOTS
        self._add(f"blocks_{number}", group, blocks)
        self._add(f"total_{number}", group, _numpy(total))
        self._add(f"base_{number}", group, _numpy(_tile_mean(base_power)))
        self.sums[f"replica_{number}"] += _numpy(_tile_mean(replica_power)).sum(0)
        self._add_complex("cross", number, group, _tile_mean(cross))
        self._add_complex("line", number, group, _tile_mean(line))
        self.sums[f"line_power_{number}"] += _numpy(_tile_mean(line_power)).sum(0)
        self._add_complex("cell", number, slot, cells.sum(2))
        self._add_complex("mark", number, slot, marks.sum(2))

    def _add(self, name: str, place: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        if len(np.unique(place)) == len(place):
            self.sums[name][place] += values
        else:
            np.add.at(self.sums[name], place, values)

    def _add_complex(
        self, name: str, number: int, place: NDArray[np.int64], values: Tensor
    ) -> None:
        self._add(f"{name}_re_{number}", place, _numpy(values.real))
        self._add(f"{name}_im_{number}", place, _numpy(values.imag))


def _line_contrast(line: Tensor, beside_power: Tensor) -> Tensor:
    """Return lines over the local background, their amplitude clipped."""
    background = beside_power.mean(-1).sqrt()
    contrast = line / torch.where(background > 0, background, torch.inf)
    amplitude = contrast.abs()
    return torch.where(amplitude > CLIP, contrast * (CLIP / amplitude), contrast)


def _tile_mean(values: Tensor) -> Tensor:
    """Return the mean over the tiles of a block, in float64."""
    return values.to(torch.complex128 if values.is_complex() else torch.float64).mean(2)


def _standardised(inner: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return maps of zero mean and unit variance, and the means and deviations they had."""
    flat = inner.view(*inner.shape[:2], -1)
    standard, mean, rate = torch.native_layer_norm(flat, flat.shape[2:], None, None, 0.0)
    return standard.view(inner.shape), mean[..., 0], 1 / rate[..., 0]


def _sums_of_power(
    tiles: Tensor, axes: int, *, whole: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the sums over tiles of power and of ln power; a whole map has lost its mean."""
    half = (*tiles.shape[1:-1], tiles.shape[-1] // 2 + 1)
    powers, logs = np.zeros(half), np.zeros(half)
    chunk = chunk_length(tiles[0])
    for start in range(0, len(tiles), chunk):
        part = tiles[start : start + chunk]
        if not whole:
            part = part - part.mean(tuple(range(-axes, 0)), keepdim=True)
        observed = power(windowed_spectra(part, axes, norm="ortho"))
        powers += _numpy(observed.sum(0))
        logs += _numpy(sum_of_logs(observed.add_(LOG_FLOOR)))
    return powers, logs


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
