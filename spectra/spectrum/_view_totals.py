"""What energy and test need of one period: pairs, lines and cells of each block."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import torch

from spectra.spectrum._products import products
from spectra.spectrum._reader import PairReader
from spectra.spectrum._reductions import bins_last, line_contrast, map_mean, squared, tile_mean
from spectra.spectrum._sums import GROUPS, SLOTS

if TYPE_CHECKING:
    from torch import Tensor

    from spectra.spectrum._map_plan import MapPlan
    from spectra.spectrum._reader import Tiles
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
        tiles: Tiles,
        kept: Tensor,
        *,
        first: int,
        again: int,
        tested: bool,
        compiled: Any = None,
    ) -> None:
        """Add the tested channels of some images.

        Powers are in single precision, as the transform left the bins. Products of bins, lines,
        levels and all sums are in double: what all maps share may be a thousand times what differs
        between them.

        Parameters
        ----------
        totals : Totals
        tiles : Tiles
            Those of whole maps, as its reader cuts them; zero where maps do not count.
        kept : Tensor of bool, shape (image, channel)
            Which of them count.
        first, again : int
            Index of the first image, and how often the same images have come before.
        tested : bool
            Whether a test follows, which needs cells, marks, and what the maps share.
        compiled : module, optional
            `spectra.spectrum._loops`, where products are taken by it.
        """
        reader, pairs = self.reader, self.pairs
        blocks = int(prod(reader.view.blocks))
        counted = kept.repeat_interleave(blocks, 0)
        if tested:
            for name, each in zip(("alike", "alike_maps"), tiles.alike, strict=True):
                totals.add(self._named(name), each)
        if self._without is not None:
            tiles = tiles.without(self._without, counted)
        values = reader.read(tiles)
        base, replica = values.base, values.replica
        paired = products(values, reader, tested=tested, compiled=compiled)
        line, beside = (part.to(torch.complex128) for part in (values.line, values.beside))
        tables = reader.tables(base.device)
        leaked = _weighted(values.around.movedim(1, 0), tables.leakage)
        constant = _weighted(base.index_select(0, tables.middle), tables.leakage).real
        level = tiles.level.double()
        apart = level - map_mean(level, blocks)
        group, slot = self._places(kept, blocks, first=first, again=again)
        totals.add_rows(self._named("blocks"), group, counted)
        # The tiles lost their own means. What differs between the means of one map is put back
        # into the total, with the product that the window's leakage makes of it and the content.
        for name, each in {
            "total": tiles.plane_power + apart * (apart + 2 * constant),
            "level": level,
            "level_square": level.square(),
        }.items():
            totals.add_rows(self._named(name), group, tile_mean(each))
        for name, each in {
            "base_power": squared(base),
            "base": base,
            "base_level": base.index_select(0, tables.near_bin) * level,
            "replica_level": replica.index_select(0, tables.near_pair) * level,
            "line": leaked,
            "line_level": leaked * level,
            "beside": beside[:, : pairs.steady],
        }.items():
            totals.add_rows(self._named(name), group, bins_last(tile_mean(each)))
        for name, each in (("replica", paired.replica), ("cross", paired.cross)):
            totals.add_rows(self._named(name), group, each)
        line_power = tile_mean(squared(line)).sum(-2, dtype=torch.float64)
        totals.add(self._named("line_power"), line_power.movedim(-1, 0))
        totals.add(self._named("replica_power"), paired.replica_power)
        if paired.cells is not None:
            marks = line_contrast(line, squared(beside))
            totals.add_rows(self._named("cell"), slot, paired.cells)
            totals.add_rows(self._named("mark"), slot, bins_last(marks.sum(-1)))

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


def _turning(first: int, images: Tensor, size: int) -> slice | Tensor:
    """Return the place of each image among ``size`` that are taken in turn.

    A slice where the last is not passed: it is added to in place, without an index.
    """
    start, count = first % size, len(images)
    if start + count <= size:
        return slice(start, start + count)
    return torch.arange(first, first + count, device=images.device) % size
