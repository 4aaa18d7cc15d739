"""Where in a picture a grid is: the amplitude of the local line, against wrong frequencies."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, lcm, pi
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from torch import Tensor

    from spectra.spectrum import MapPlan

SIGMA = 6.0  # pixels of the Gaussian that a line is local in
PERIODS = 0.75  # of the grid in that Gaussian at least, so that wrong frequencies stay between
BESIDE = 2.2  # standard deviations of its transform from the right frequency to a wrong one
SMOOTH = 9.0  # pixels over which the power at wrong frequencies is smoothed
MARGIN = 4.0  # standard deviations that are mirrored at each border
STEP = 4  # pixels from one value to the next: what passed the Gaussian is no finer
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
    power, shown, ratio = (torch.zeros(sides, device=picture.device) for _ in range(3))
    added = torch.zeros_like(picture)
    for view in plan.views:
        local, own = _Lines(picture, view.period), view.points
        lines = torch.stack([local.line(p.frequency) for p in own])
        twice = torch.tensor([p.multiplicity for p in own], device=picture.device)
        twice = twice.reshape(-1, *[1] * len(sides))
        right = twice * _power(lines, channels=1)
        wrong = twice * torch.stack([local.beside(p.frequency) for p in own])
        over = right / (local.smoothed(wrong) + TINY * picture.square().mean())
        grid = smooth_step(over, *RATIO)
        power += local.enlarged(right.sum(0))
        shown += local.enlarged((right * grid).sum(0))
        ratio = torch.maximum(ratio, local.enlarged(over.amax(0)))
        for point, line, part in zip(own, lines, twice * grid.sqrt(), strict=True):
            added += local.turned_back(part * line, point.frequency)
    shown = shown.sqrt()
    index = shown.argmax()
    place = tuple(int(i) for i in torch.unravel_index(index, sides))
    return LocalMap(
        power.sqrt(),
        ratio=ratio,
        shown=shown,
        lines=added,
        place=place,
        worst=float(shown.flatten()[index]),
    )


def smooth_step(values: Tensor, low: float, high: float) -> Tensor:
    """Return 0 below one value, 1 above another, and a smooth curve between."""
    part = ((values - low) / (high - low)).clamp(0, 1)
    return part**2 * (3 - 2 * part)


class _Lines:
    """Local lines of one picture at any frequency, every few pixels.

    A Gaussian passes so narrow a band that it is read off the picture's spectrum and transformed
    back at a quarter of the size along each axis.
    """

    def __init__(self, picture: Tensor, period: Sequence[int]) -> None:
        self._sides = picture.shape[1:]
        self._sigma = max(SIGMA, PERIODS * max(period))
        self._border = ceil(MARGIN * self._sigma / STEP) * STEP
        units = [lcm(STEP, p) for p in period]  # so that right frequencies are bins
        self._whole = [
            ceil((n + 2 * self._border) / unit) * unit
            for n, unit in zip(self._sides, units, strict=True)
        ]
        self._small = [n // STEP for n in self._whole]
        padded = picture
        for axis, size in enumerate(self._whole, start=1):
            padded = _mirrored(padded, axis, before=self._border, size=size)
        self._axes = tuple(range(1, picture.ndim))
        self._spectrum = torch.fft.fftn(padded, dim=self._axes)
        self._gauss = self._gaussian(self._sigma) / STEP ** len(period)

    def line(self, frequency: Sequence[Fraction]) -> Tensor:
        """Return the local line at a frequency, complex, (C, ...) every few pixels."""
        return self._at(self._bins_of(frequency))

    def turned_back(self, line: Tensor, frequency: Sequence[Fraction]) -> Tensor:
        """Return what a line (C, ...) adds to the picture, at every pixel."""
        added = self.enlarged(line)
        for axis, (f, n) in enumerate(zip(frequency, self._sides, strict=True)):
            # The spectrum starts at the mirrored border, so angles are counted from there.
            place = torch.arange(n, dtype=torch.float64, device=line.device) + self._border
            turns = (place * float(f)) % 1 * 2 * pi
            wave = torch.polar(torch.ones_like(turns), turns).to(line.dtype)
            added = added * wave.reshape([-1 if i == axis + 1 else 1 for i in range(added.ndim)])
        return added.real

    def beside(self, frequency: Sequence[Fraction]) -> Tensor:
        """Return the most power at any wrong frequency beside one, two along each axis."""
        bins = self._bins_of(frequency)
        apart = BESIDE / (2 * pi * self._sigma)
        wrong = []
        for axis, n in enumerate(self._whole):
            for sign in (1, -1):
                moved = list(bins)
                moved[axis] += sign * round(apart * n)
                wrong.append(_power(self._at(moved)))
        return torch.stack(wrong).amax(0)

    def smoothed(self, power: Tensor) -> Tensor:
        """Return powers (point, ...) smoothed over a few pixels."""
        spectrum = torch.fft.fftn(power, dim=self._axes) * self._gaussian(SMOOTH)
        smooth: Tensor = torch.fft.ifftn(spectrum, dim=self._axes).real.clamp(min=0)
        return smooth

    def enlarged(self, values: Tensor) -> Tensor:
        """Return values (..., y, x) of every few pixels at every pixel of the picture."""
        first = values.ndim - len(self._sides)
        for axis, n in enumerate(self._sides, start=first):
            place = (torch.arange(n, device=values.device) + self._border) / STEP
            below = place.floor().long().clamp(max=values.shape[axis] - 2)
            part = (place - below).reshape([-1 if i == axis else 1 for i in range(values.ndim)])
            low, high = (values.index_select(axis, below + i) for i in (0, 1))
            values = low + part * (high - low)
        return values

    def _bins_of(self, frequency: Sequence[Fraction]) -> list[int]:
        return [round(f * n) for f, n in zip(frequency, self._whole, strict=True)]

    def _at(self, bins: Sequence[int]) -> Tensor:
        """Return the local line at one bin of the spectrum, (C, ...) every few pixels."""
        band = self._spectrum
        for axis, (b, n, m) in enumerate(zip(bins, self._whole, self._small, strict=True), start=1):
            index = (_bins(m, band.device) + b) % n
            band = band.index_select(axis, index)
        line: Tensor = torch.fft.ifftn(band * self._gauss, dim=self._axes)
        return line

    def _gaussian(self, sigma: float) -> Tensor:
        """Return the transfer of a Gaussian over the small spectrum, DC first."""
        transfer = torch.ones((), device=self._spectrum.device)
        for n, m in zip(self._whole, self._small, strict=True):
            f = _bins(m, transfer.device) / n
            transfer = transfer[..., None] * torch.exp(-2 * (pi * sigma * f) ** 2)
        return transfer


def _power(line: Tensor, *, channels: int = 0) -> Tensor:
    """Return the power of complex lines, mean over the axis of channels."""
    power: Tensor = torch.view_as_real(line).square().sum(-1).mean(channels)
    return power


def _bins(count: int, device: torch.device) -> Tensor:
    """Return the bins about DC of a transform, DC first and negative ones last."""
    return (torch.arange(count, device=device) + count // 2) % count - count // 2


def _mirrored(maps: Tensor, axis: int, *, before: int, size: int) -> Tensor:
    """Return maps mirrored at both ends of an axis, about the middle of the outermost pixels."""
    n = maps.shape[axis]
    place = torch.arange(size, device=maps.device) - before
    if n > 1:
        place = (place + 2 * (n - 1) * size) % (2 * (n - 1))
        place = torch.where(place < n, place, 2 * (n - 1) - place)
    else:
        place = torch.zeros_like(place)
    return maps.index_select(axis, place)
