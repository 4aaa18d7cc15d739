"""Means, variances and polyphase means of maps, and maps without the first two."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import torch

from spectra.spectrum._sums import to_numpy

if TYPE_CHECKING:
    from torch import Tensor

    from spectra.spectrum._sums import Sums


def standardised(inner: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return maps of zero mean and unit variance, and the means and deviations they had."""
    flat = inner.view(*inner.shape[:2], -1)
    standard, mean, rate = torch.native_layer_norm(flat, flat.shape[2:], None, None, 0.0)
    return standard.view(inner.shape), mean[..., 0], 1 / rate[..., 0]


def add_moments(
    sums: dict[str, Sums], varied: Tensor, finite: Tensor, mean: Tensor, deviation: Tensor
) -> None:
    """Add numbers of maps, values and squares of each channel."""
    sums["images"] += len(varied)
    sums["maps"] += float(varied.sum())
    sums["dropped_non_finite"] += float((~finite).sum())
    sums["dropped_constant"] += float((finite & ~varied).sum())
    sums["value"] += to_numpy(mean).sum(0)
    sums["value_square"] += (to_numpy(mean) ** 2 + to_numpy(deviation) ** 2).sum(0)
    sums["phase_maps"] += to_numpy(finite).sum(0)


def add_phases(
    sums: dict[str, Sums],
    period: tuple[int, ...],
    standard: Tensor,
    mean: Tensor,
    deviation: Tensor,
) -> None:
    """Add the mean of each polyphase component."""
    tiles = tuple(side // p for side, p in zip(standard.shape[2:], period, strict=True))
    if min(tiles, default=0) == 0:
        return
    parts = standard
    for axis, (count, p) in enumerate(zip(tiles, period, strict=True), start=2):
        parts = parts.view(*parts.shape[:axis], count, p, *parts.shape[axis + 1 :]).sum(axis)
    of_map = (*mean.shape, *[1] * len(period))
    phases = parts.double() / prod(tiles) * deviation.view(of_map) + mean.view(of_map)
    sums["phase"] += to_numpy(phases.sum(0))
