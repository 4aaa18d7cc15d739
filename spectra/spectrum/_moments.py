"""Means, variances and polyphase means of maps, and maps without the first."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import prod, sqrt
from typing import TYPE_CHECKING

import torch

from spectra.spectrum._totals import may_lack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from spectra.spectrum._totals import Totals

CONSTANT = 1e-6  # standard deviation over mean, up to which a map counts as constant


@dataclass(frozen=True)
class Centred:
    """Some channels of some images, their means taken out.

    Attributes
    ----------
    values : Tensor of float32, shape (image, channel, *spatial)
        Maps without their means; those that are not finite are zero.
    mean, deviation : Tensor, shape (image, channel)
        Zero for maps that are not finite.
    finite, varied : Tensor of bool, shape (image, channel)
        Which maps hold numbers, and which of them are not constant: these count.
    """

    values: Tensor
    mean: Tensor
    deviation: Tensor
    finite: Tensor
    varied: Tensor

    @classmethod
    def of(cls, maps: Tensor) -> Centred:
        """Take the means out of maps of any floating dtype; they are left as they are."""
        maps = maps if maps.dtype in (torch.float32, torch.float64) else maps.float()
        axes = tuple(range(2, maps.ndim))
        mean = maps.mean(axes, keepdim=True)
        values = torch.empty(maps.shape, dtype=torch.float32, device=maps.device)
        torch.sub(maps, mean, out=values)
        mean = mean.flatten(1).float()
        deviation = torch.linalg.vector_norm(values.flatten(2), dim=2) / sqrt(prod(maps.shape[2:]))
        finite = torch.isfinite(mean) & torch.isfinite(deviation)
        varied = finite & (deviation > CONSTANT * mean.abs())
        if may_lack(finite):
            values = torch.where(finite.view(*finite.shape, *[1] * len(axes)), values, 0.0)
            mean, deviation = (torch.where(finite, each, 0.0) for each in (mean, deviation))
        return cls(values, mean, deviation, finite=finite, varied=varied)

    @property
    def rate(self) -> Tensor:
        """One over the deviation of each map that counts, 0 for the others."""
        return torch.where(self.varied, 1 / self.deviation, 0.0)


@dataclass(frozen=True)
class Moments:
    """What single maps have: shape (image, channel) each.

    Attributes
    ----------
    mean, deviation, finite, varied : Tensor
        See `Centred`.
    phases : Tensor of float64, shape (image, channel, *period)
        Means of the polyphase components; without an entry where the maps hold no whole period.
    """

    mean: Tensor
    deviation: Tensor
    finite: Tensor
    varied: Tensor
    phases: Tensor

    @classmethod
    def of(cls, maps: Centred, period: tuple[int, ...]) -> Moments:
        """Return those of some channels of some images."""
        return cls(maps.mean, maps.deviation, maps.finite, maps.varied, _phases(maps, period))

    @classmethod
    def joined(cls, parts: Sequence[Moments], dim: int) -> Moments:
        """Return those of further images (0) or channels (1)."""
        if len(parts) == 1:
            return parts[0]
        columns = ([getattr(part, f.name) for part in parts] for f in fields(cls))
        return cls(*(torch.cat(column, dim) for column in columns))

    def put_into(self, totals: Totals) -> None:
        """Add numbers of maps, values, squares and phases of each channel."""
        mean, deviation = self.mean.double(), self.deviation.double()
        for name, value in (
            ("maps", self.varied.sum()),
            ("dropped_non_finite", (~self.finite).sum()),
            ("dropped_constant", (self.finite & ~self.varied).sum()),
            ("value", mean.sum(0)),
            ("value_square", (mean.square() + deviation.square()).sum(0)),
            ("phase_maps", self.finite.sum(0)),
        ):
            totals.add(name, value)
        if self.phases.shape[1]:
            totals.add("phase", self.phases.sum(0))


def _phases(maps: Centred, period: tuple[int, ...]) -> Tensor:
    """Return the mean of each polyphase component of each map."""
    sides = maps.values.shape[2:]
    tiles = tuple(side // p for side, p in zip(sides, period, strict=True))
    if min(tiles, default=0) == 0:
        return torch.zeros(len(maps.mean), 0, *period, dtype=torch.float64)
    of_map = (*maps.mean.shape, *[1] * len(period))
    phases = maps.mean.double().view(of_map)
    if prod(period) == 1:  # one component, whose mean has been taken out
        return phases
    parts = maps.values
    for axis, (count, p) in enumerate(zip(tiles, period, strict=True), start=2):
        parts = parts.view(*parts.shape[:axis], count, p, *parts.shape[axis + 1 :]).sum(axis)
    return parts.double() / prod(tiles) + phases
