"""The tested channels of some images, and how they are cut: by torch, or by compiled loops."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from spectra.spectrum._compiled import AXES
from spectra.spectrum._periodogram import hann, window
from spectra.spectrum._reader import Tiles
from spectra.spectrum._totals import may_lack

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from spectra.spectrum._map_plan import MapPlan
    from spectra.spectrum._reader import PairReader
    from spectra.spectrum._totals import Totals


@dataclass(frozen=True)
class Tested:
    """The tested channels of some images.

    Parameters
    ----------
    plan : MapPlan
    maps : Tensor, shape (image, channel, *spatial)
        Whole maps of all channels.
    varied : Tensor of bool, shape (image, channel)
        Which maps count.
    compiled : module, optional
        `spectra.spectrum._loops`, where loops can be used.
    """

    plan: MapPlan
    maps: Tensor
    varied: Tensor
    compiled: Any = None

    @cached_property
    def kept(self) -> Tensor:
        """Which maps of tested channels count, shape (image, tested channel)."""
        return _taken(self.varied, self.plan.channels)

    def add_content(self, totals: Totals) -> None:
        """Add the maps that count, without their margin, to their sum."""
        plan = self.plan
        totals.add("content_maps", self.kept.sum(0))
        if self._cut_by_loops:
            start, content = (plan.margin[0], plan.margin[1]), totals.parts("content")
            self.compiled.add_content(*self._for_loops, start, content)
            return
        for content in window(self._scored, plan.margin, plan.content):
            totals.add("content", content)

    def tiles(self, reader: PairReader) -> Tiles:
        """Return the spectra of the tiles that a reader reads."""
        view = reader.view
        if not self._cut_by_loops:
            return reader.tiles(self._scored, self.compiled)
        blocks, each = prod(view.blocks), prod(view.tiles)
        of_each = (len(self.maps) * blocks, len(self.plan.channels), each)
        windows = (hann((n,), torch.float32, torch.device("cpu"), "forward") for n in view.tile)
        seen, level = torch.empty(*of_each, *view.tile), np.empty(of_each)
        made = (tuple(w.numpy() for w in windows), seen.numpy(), level)
        self.compiled.cut_tiles(*self._for_loops, view.cut, made)
        return Tiles(view, torch.fft.rfft2(seen).flatten(3), torch.from_numpy(level), self.compiled)

    @property
    def _cut_by_loops(self) -> bool:
        return self.compiled is not None and len(self.plan.period) == AXES

    @cached_property
    def _for_loops(self) -> tuple[NDArray[Any], ...]:
        """Maps, numbers of the tested channels, and which of their maps count."""
        kept = self.kept.contiguous().numpy()
        return self.maps.contiguous().numpy(), np.array(self.plan.channels, np.int64), kept

    @cached_property
    def _scored(self) -> Tensor:
        """The tested channels; maps that do not count become zero."""
        scored = _taken(self.maps, self.plan.channels).to(torch.float32)
        if not may_lack(self.kept):
            return scored
        of_map = (*self.kept.shape, *[1] * len(self.plan.period))
        return torch.where(self.kept.view(of_map), scored, 0.0)


def _taken(values: Tensor, channels: tuple[int, ...]) -> Tensor:
    """Return some channels: those at equal distances without a copy."""
    step = channels[1] - channels[0] if len(channels) > 1 else 1
    if channels == tuple(range(channels[0], channels[0] + step * len(channels), step)):
        return values[:, channels[0] : channels[-1] + 1 : step]
    return values[:, list(channels)]
