"""Where in a picture a grid is: the amplitude of the local line, against wrong frequencies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from spectra.severity._local_lines import LocalLines, power, reach, wrong_frequency

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from spectra.spectrum import MapPlan

# Power over that at wrong frequencies from which on, and by which, it is taken for a grid. Of the
# pixels of twelve photographs 1.3 % lie above the first, and 2 grey levels at most are shown there.
RATIO = (8.0, 16.0)
TINY = 1e-12  # of the power of a picture, below which it is rounding


@dataclass(frozen=True, eq=False)
class LocalMap:
    """Where one picture shows a grid.

    Attributes
    ----------
    amplitude : Tensor, shape spatial
        RMS amplitude of the local lines, over channels, in the unit of the picture.
    ratio : Tensor, shape spatial
        ``T``: power over that at wrong frequencies beside it, the largest over lattice points.
        Large at some edges too: alone it tells no grid from content.
    shown : Tensor, shape spatial
        The amplitude of those lines alone whose ratio is that of a grid.
    lines : Tensor, shape (C, *spatial)
        These lines themselves: what they add to the picture.
    place : tuple of int
        Where it is shown most.
    worst : float
        What is shown there.
    """

    amplitude: Tensor
    ratio: Tensor
    shown: Tensor
    lines: Tensor
    place: tuple[int, ...]
    worst: float


def local_maps(pictures: Tensor, plan: MapPlan) -> tuple[LocalMap, ...]:
    """Return where each of some pictures shows a grid.

    The local line at a lattice point ``f`` is ``z(n) = Gauss(x(n) exp(-2 pi i f n))``. Its power
    stands over the most at any wrong frequency beside it, two along each axis: an edge has as much
    power there, if only along one axis. Each point is judged by itself, as content at the low ones
    would hide a grid that has its power at others. At a border a line may read half its amplitude.

    Parameters
    ----------
    pictures : Tensor, shape (B, C, *spatial)
        Real, with one to three spatial axes.
    plan : MapPlan
        How such maps are scored: its lattice points are looked at.
    """
    maps = pictures.detach()
    maps = (maps.real if maps.is_complex() else maps).float()
    return tuple(_local_map(picture, plan) for picture in maps)


def _local_map(picture: Tensor, plan: MapPlan) -> LocalMap:
    """Return the map of one picture (C, *spatial)."""
    sides = picture.shape[1:]
    total, shown, ratio = (torch.zeros(sides, device=picture.device) for _ in range(3))
    added = torch.zeros_like(picture)
    for judged in judge_lines(picture, plan):
        total += judged.enlarged(judged.power.sum(0))
        shown += judged.enlarged((judged.power * judged.grid).sum(0))
        ratio = torch.maximum(ratio, judged.enlarged(judged.ratio.amax(0)))
        added += judged.lines()
    shown = shown.sqrt()
    index = int(shown.argmax())
    place = tuple(int(i) for i in np.unravel_index(index, sides))
    return LocalMap(
        total.sqrt(),
        ratio=ratio,
        shown=shown,
        lines=added,
        place=place,
        worst=float(shown.flatten()[index]),
    )


@dataclass(frozen=True, eq=False)
class JudgedLines:
    """The local lines of one picture at the points of one lattice, every few pixels.

    Attributes
    ----------
    power, ratio, grid : Tensor, shape (point, ...)
        What each adds to the mean square over channels, its ratio ``T``, and 0 to 1 as far as that
        is the ratio of a grid.
    """

    power: Tensor
    ratio: Tensor
    grid: Tensor
    _local: LocalLines
    _bins: Sequence[Sequence[int]]
    _lines: Tensor
    _twice: Tensor

    def enlarged(self, values: Tensor) -> Tensor:
        """Return values (..., y, x) of every few pixels at every pixel of the picture."""
        return self._local.enlarged(values)

    def lines(self) -> Tensor:
        """Return what those lines add to the picture that are taken for a grid, (C, *spatial)."""
        parts = self._twice * self.grid.sqrt()
        added = torch.zeros_like(self._local.picture)
        for bins, line, part in zip(self._bins, self._lines, parts, strict=True):
            if part.any():
                added += self._local.turned_back(part * line, bins)
        return added


def judge_lines(picture: Tensor, plan: MapPlan, *, wrong: bool = False) -> Iterator[JudgedLines]:
    """Return the local lines of a picture (C, *spatial) at each lattice of a plan.

    Parameters
    ----------
    picture : Tensor, shape (C, *spatial)
        Real.
    plan : MapPlan
        How such pictures are scored.
    wrong : bool
        At frequencies beside the lattice instead, where no grid is: a control.
    """
    least = TINY * picture.square().mean()
    of_sigma: dict[float, LocalLines] = {}  # short periods share one, and its transform
    for view in plan.views:
        sigma = reach(view.period)
        if sigma not in of_sigma:
            of_sigma[sigma] = LocalLines(picture, plan.period, sigma=sigma)
        local = of_sigma[sigma]
        points = view.points
        bins = [
            local.bins(wrong_frequency(p.frequency, plan.period) if wrong else p.frequency)
            for p in points
        ]
        twice = torch.tensor([2 if wrong else p.multiplicity for p in points])
        twice = twice.to(picture.device).reshape(-1, *[1] * (picture.ndim - 1))
        lines = local.at(bins)
        right = twice * power(lines)
        ratio = right / (local.smoothed(twice * local.beside(bins)) + least)
        grid = smooth_step(ratio, *RATIO)
        yield JudgedLines(right, ratio, grid, _local=local, _bins=bins, _lines=lines, _twice=twice)


def smooth_step(values: Tensor, low: float, high: float) -> Tensor:
    """Return 0 below one value, 1 above another, and a smooth curve between."""
    part = ((values - low) / (high - low)).clamp(0, 1)
    return part**2 * (3 - 2 * part)
