"""What energy and test need of one period: pairs, lines and cells of each block."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import torch

from spectra.spectrum._alike import phases
from spectra.spectrum._periodogram import power
from spectra.spectrum._reader import PairReader
from spectra.spectrum._reductions import line_contrast, map_mean, squared, tile_mean
from spectra.spectrum._sums import GROUPS, SLOTS

if TYPE_CHECKING:
    from torch import Tensor

    from spectra.spectrum._map_plan import MapPlan
    from spectra.spectrum._shared import Content
    from spectra.spectrum._totals import Totals

IMAGES_FOR_GROUPS = 6  # from which on a group is made of images; of tiles if there are fewer


class ViewTotals:
    """The sums of one view of the maps of a place.

    Parameters
    ----------
    plan : MapPlan
        How maps are cut.
    number : int
        Which of its views; the names of the sums end in it.
    without : Content, optional
        What all maps share, as this view sees it: taken out before.
    """

    def __init__(self, plan: MapPlan, number: int, *, without: Content | None = None) -> None:
        self._plan, self._number, self._without = plan, number, without
        self.reader = PairReader(plan, plan.views[number])
        self.pairs = self.reader.pairs

    def add(
        self,
        totals: Totals,
        scored: Tensor,
        kept: Tensor,
        *,
        first: int,
        again: int,
        tested: bool,
    ) -> None:
        """Add the tested channels of some images.

        Powers are in single precision, as the transform left the bins. Products of bins, lines,
        levels and all sums are in double: what all maps share may be a thousand times what differs
        between them.

        Parameters
        ----------
        totals : Totals
        scored : Tensor, shape (image, channel, *spatial)
            Whole maps; zero where they do not count.
        kept : Tensor of bool, shape (image, channel)
            Which of them count.
        first, again : int
            Index of the first image, and how often the same images have come before.
        tested : bool
            Whether a test follows, which needs cells, marks, and what the maps share.
        """
        reader, pairs = self.reader, self.pairs
        blocks = int(prod(reader.view.blocks))
        spectra, level = reader.spectra(scored)
        counted = kept.repeat_interleave(blocks, 0)
        if tested:
            alike = phases(spectra, reader.view)
            for name, each in zip(("alike", "alike_maps"), alike, strict=True):
                totals.add(self._named(name), each)
        if self._without is not None:
            spectra, level = self._without.out_of(spectra, level, counted)
        values = reader.read(spectra)
        base, replica = values.base, values.replica
        line, beside = (part.to(torch.complex128) for part in (values.line, values.beside))
        tables = reader.tables(base.device)
        cross = torch.conj_physical(base).index_select(0, tables.of_pair).to(torch.complex128)
        cross.mul_(replica)
        leaked = _weighted(values.around.movedim(1, 0), tables.leakage)
        constant = _weighted(base.index_select(0, tables.middle), tables.leakage).real
        base_power, replica_power = squared(base), squared(replica)
        level = level.double()
        apart = level - map_mean(level, blocks)
        group, slot = self._places(scored, blocks, first=first, again=again)
        totals.add_rows(self._named("blocks"), group, counted)
        # The tiles lost their own means. What differs between the means of one map is put back
        # into the total, with the product that the window's leakage makes of it and the content.
        for name, each in {
            "total": reader.plane_power(power(spectra)) + apart * (apart + 2 * constant),
            "level": level,
            "level_square": level.square(),
        }.items():
            totals.add_rows(self._named(name), group, tile_mean(each))
        for name, each in {
            "base_power": base_power,
            "base": base,
            "replica": replica,
            "cross": cross,
            "base_level": base.index_select(0, tables.near_bin) * level,
            "replica_level": replica.index_select(0, tables.near_pair) * level,
            "line": leaked,
            "line_level": leaked * level,
            "beside": beside[:, : pairs.steady],
        }.items():
            totals.add_rows(self._named(name), group, _bins_last(tile_mean(each)))
        for name, each in (("replica_power", replica_power), ("line_power", squared(line))):
            over_blocks = tile_mean(each).sum(-2, dtype=torch.float64)
            totals.add(self._named(name), over_blocks.movedim(-1, 0))
        if tested:
            cells = reader.cell_coherence(cross, base_power, replica_power)
            marks = line_contrast(line, squared(beside))
            totals.add_rows(self._named("cell"), slot, _bins_last(cells.sum(-1)))
            totals.add_rows(self._named("mark"), slot, _bins_last(marks.sum(-1)))

    def _named(self, name: str) -> str:
        return f"{name}_{self._number}"

    def _places(
        self, images: Tensor, blocks: int, *, first: int, again: int
    ) -> tuple[slice | Tensor, slice | Tensor]:
        """Return the groups and the slots of all blocks.

        Whole images make the groups where there are enough, so that tiles of one image never sit
        on both sides of a jackknife; tiles of a stitched picture come again with the same index.
        """
        of_images = self._plan.count >= IMAGES_FOR_GROUPS
        if blocks == 1 and (of_images or not again):
            group, slot = (_turning(first, images, size) for size in (GROUPS, SLOTS))
            return group, slot
        block = torch.arange(len(images) * blocks, device=images.device)
        image = first + block // blocks
        order = (image + again) * blocks + block % blocks
        return (image if of_images else order) % GROUPS, (image if blocks == 1 else order) % SLOTS


def _weighted(values: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted sum over the first dimension."""
    return (values * weights.view(-1, *[1] * (values.ndim - 1))).sum(0)


def _bins_last(values: Tensor) -> Tensor:
    """Return values (bin, ..., block, channel) as the sums have them: bins last."""
    return values.movedim((-2, -1), (0, 1))


def _turning(first: int, images: Tensor, size: int) -> slice | Tensor:
    """Return the place of each image among ``size`` that are taken in turn.

    A slice where the last is not passed: it is added to in place, without an index.
    """
    start, count = first % size, len(images)
    if start + count <= size:
        return slice(start, start + count)
    return torch.arange(first, first + count, device=images.device) % size
