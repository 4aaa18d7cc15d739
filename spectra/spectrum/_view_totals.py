"""What energy and test need of one period: pairs, lines and cells of each block."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import torch

from spectra.spectrum._line_sums import add_lines
from spectra.spectrum._pair_sums import Rows, add_pairs
from spectra.spectrum._reader import PairReader
from spectra.spectrum._reductions import map_mean, tile_mean
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
        """
        reader, blocks = self.reader, prod(self.reader.view.blocks)
        counted = kept.repeat_interleave(blocks, 0)
        if tested:
            for name, each in zip(("alike", "alike_maps"), tiles.alike, strict=True):
                totals.add(self._named(name), each)
        if self._without is not None:
            tiles = tiles.without(self._without, counted)
        rows = self._rows(kept, first=first, again=again, tested=tested)
        totals.add_rows(self._named("blocks"), rows.group, counted)
        add_pairs(totals, tiles, reader, rows)
        constant = add_lines(totals, tiles, reader, rows)
        level = tiles.level.double()
        apart = level - map_mean(level, blocks)
        # The tiles lost their own means. What differs between the means of one map is put back
        # into the total, with the product that the window's leakage makes of it and the content.
        for name, each in {
            "total": tiles.plane_power + apart * (apart + 2 * constant),
            "level": level,
            "level_square": level.square(),
        }.items():
            totals.add_rows(self._named(name), rows.group, tile_mean(each))

    def _named(self, name: str) -> str:
        return f"{name}_{self._number}"

    def _rows(self, images: Tensor, *, first: int, again: int, tested: bool) -> Rows:
        """Return the groups and the slots of all blocks of images.

        Whole images make the groups where there are enough, so that tiles of one image never sit
        on both sides of a jackknife; tiles of a stitched picture come again with the same index.
        """
        blocks = int(prod(self.reader.view.blocks))
        of_images = self._plan.count >= IMAGES_FOR_GROUPS
        if blocks == 1 and (of_images or not again):
            group, slot = (_turning(first, images, size) for size in (GROUPS, SLOTS))
            return Rows(self._number, group, slot if tested else None)
        block = torch.arange(len(images) * blocks, device=images.device)
        image = first + block // blocks
        order = (image + again) * blocks + block % blocks
        group, slot = (image if of_images else order), (image if blocks == 1 else order)
        return Rows(self._number, group % GROUPS, slot % SLOTS if tested else None)


def _turning(first: int, images: Tensor, size: int) -> slice | Tensor:
    """Return the place of each image among ``size`` that are taken in turn.

    A slice where the last is not passed: it is added to in place, without an index.
    """
    start, count = first % size, len(images)
    if start + count <= size:
        return slice(start, start + count)
    return torch.arange(first, first + count, device=images.device) % size
