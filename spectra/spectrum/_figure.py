"""The mean spectrum and the profile of all maps: what a figure shows."""

from __future__ import annotations

from functools import lru_cache
from math import log, prod
from typing import TYPE_CHECKING

import torch

from spectra.spectrum._azimuthal import annuli
from spectra.spectrum._periodogram import cut, standardised_power, sum_of_logs

if TYPE_CHECKING:
    from torch import Tensor

    from spectra.spectrum._map_plan import MapPlan
    from spectra.spectrum._moments import Centred
    from spectra.spectrum._totals import Totals

LOG_FLOOR = 1e-12
DB = 10 / log(10)


class Figure:
    """Sums of power and log power over the maps of some images, channels a few at a time.

    Parameters
    ----------
    plan : MapPlan
        How maps are cut.
    """

    def __init__(self, plan: MapPlan) -> None:
        self._plan, self._per_map = plan, prod(plan.figure_tiles)
        self._powers: Tensor | None = None  # of each image, summed over its maps
        self._logs: Tensor | None = None
        self._maps: Tensor | None = None

    def add(self, maps: Centred) -> None:
        """Add more channels of the images; the maps are overwritten."""
        if self._per_map == 0:
            return
        plan, axes = self._plan, len(self._plan.period)
        tiles = cut(maps.values, (0,) * axes, plan.figure_tile, plan.figure_tiles)
        observed = standardised_power(tiles, maps.rate, axes)  # (image, channel * tile, *half)
        powers = observed.sum(1).double()
        # A map that does not count has no power, and the log of the floor.
        missing = (~maps.varied).sum(1).view(-1, *[1] * axes) * self._per_map
        logs = sum_of_logs(observed.add_(LOG_FLOOR)).double() - missing * log(LOG_FLOOR)
        counted = maps.varied.sum(1) * self._per_map
        if self._powers is None or self._logs is None or self._maps is None:
            self._powers, self._logs, self._maps = powers, logs, counted
        else:
            self._powers, self._logs = self._powers + powers, self._logs + logs
            self._maps = self._maps + counted

    def put_into(self, totals: Totals) -> None:
        """Add what all channels of the images have."""
        if self._powers is None or self._logs is None or self._maps is None:
            return
        profile = ring_means(self._powers, self._plan.figure_tile)
        profile = profile / self._maps.clamp_min(1)[:, None]
        for name, value in (
            ("figure_power", self._powers),
            ("figure_log", self._logs * DB),
            ("figure_maps", self._maps),
            ("azimuthal_images", self._maps > 0),
            ("azimuthal", profile),
            ("azimuthal_square", profile.square()),
        ):
            totals.add(name, value.sum(0))


def ring_means(powers: Tensor, tile: tuple[int, ...]) -> Tensor:
    """Return the means of half planes over rings, as `Annuli.mean` does, on their device.

    Parameters
    ----------
    powers : Tensor of float64, shape (image, *half of a tile)

    Returns
    -------
    Tensor of float64, shape (image, ring)
    """
    images, rings = len(powers), annuli(tile).f.size
    place, share = _rings(tile, images, powers.device)
    sums = powers.new_zeros(images * (rings + 1))
    sums.index_add_(0, place, (_folded(powers).flatten(1) * share).flatten())
    return sums.view(images, -1)[:, :rings]


def _folded(powers: Tensor) -> Tensor:
    """Return half planes whose rows at ``-fy`` are added to those at ``fy``: rings hold both."""
    rows = folded_rows(powers.shape[1:])
    if rows == powers.shape[1]:
        return powers
    folded, mirrored = powers[:, :rows].clone(), powers[:, rows:]
    folded[:, 1 : mirrored.shape[1] + 1] += mirrored.flip(1)
    return folded


def folded_rows(half: tuple[int, ...]) -> int:
    """Return how many rows a half plane has once it is folded; a line is not folded."""
    return half[0] // 2 + 1 if len(half) > 1 else half[0]


@lru_cache(maxsize=64)
def _rings(tile: tuple[int, ...], images: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the ring of each bin of some folded planes, numbered on from image to image.

    And the share of each bin of one folded plane in the mean of its ring.
    """
    rings = annuli(tile)
    bins = folded_rows(rings.shape) * prod(rings.shape[1:])
    of_bin, share = (torch.from_numpy(each[:bins]) for each in (rings.place, rings.share))
    place = of_bin + torch.arange(images)[:, None] * (rings.f.size + 1)
    return place.flatten().to(device), share.to(device)
