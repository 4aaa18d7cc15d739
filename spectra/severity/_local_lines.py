"""Local lines: what of a picture lies at one frequency, around each place."""

from __future__ import annotations

from math import ceil, lcm, pi
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from torch import Tensor

SIGMA = 6.0  # pixels of the Gaussian that a line is local in
PERIODS = 0.75  # of the grid in that Gaussian at least, so that wrong frequencies stay between
BESIDE = 2.2  # standard deviations of its transform from the right frequency to a wrong one
SMOOTH = 9.0  # pixels over which the power at wrong frequencies is smoothed
MARGIN = 4.0  # standard deviations that are mirrored at each border
STEP = 4  # pixels from one value to the next: what passed the Gaussian is no finer


def reach(period: Sequence[int]) -> float:
    """Return the standard deviation in pixels of the Gaussian that makes a place."""
    return max(SIGMA, PERIODS * max(period))


def wrong_frequency(
    frequency: Sequence[Fraction | float], period: Sequence[int]
) -> tuple[float, ...]:
    """Return a frequency nearer to DC, where a grid has no line and content has more power.

    It is twice as far away as the wrong frequencies beside a line, or half-way to the next lattice
    point.

    Parameters
    ----------
    frequency : sequence of Fraction
        The right one; what is 0 stays 0.
    period : sequence of int
        The longest of the grids.

    Examples
    --------
    >>> [round(f, 3) for f in wrong_frequency((0.0, 0.5), (8, 8))]
    [0.0, 0.438]
    """
    most = 2 * BESIDE / (2 * pi * reach(period))
    return tuple(
        float(f) + ((f < 0) - (f > 0)) * min(most, 0.5 / p)
        for f, p in zip(frequency, period, strict=True)
    )


class LocalLines:
    """Local lines of one picture at any frequency, every few pixels.

    A Gaussian passes so narrow a band that it is read off the picture's spectrum and transformed
    back at a quarter of the size along each axis. Frequencies are bins of that spectrum.

    Parameters
    ----------
    picture : Tensor, shape (C, *spatial)
    period : sequence of int
        The longest that is looked for.
    sigma : float
        Pixels of the Gaussian.
    """

    def __init__(self, picture: Tensor, period: Sequence[int], *, sigma: float) -> None:
        self.picture = picture
        self._sides = picture.shape[1:]
        self._sigma = sigma
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
        self._near = [_near(m, picture.device) for m in self._small]
        self._spectrum = torch.fft.fftn(padded, dim=self._axes)
        self._gauss = self._gaussian(self._sigma) / STEP ** len(period)

    def bins(self, frequency: Sequence[Fraction | float]) -> tuple[int, ...]:
        """Return the bin of a frequency along each axis."""
        return tuple(round(f * n) for f, n in zip(frequency, self._whole, strict=True))

    def at(self, bins: Sequence[Sequence[int]]) -> Tensor:
        """Return the local lines at some bins, complex, (line, C, ...) every few pixels."""
        bands = torch.stack([self._band(each) for each in bins]) * self._gauss
        lines: Tensor = torch.fft.ifftn(bands, dim=tuple(axis + 1 for axis in self._axes))
        return lines

    def beside(self, bins: Sequence[Sequence[int]]) -> Tensor:
        """Return the most power at any wrong frequency beside some bins, two along each axis."""
        apart = BESIDE / (2 * pi * self._sigma)
        wrong = []
        for axis, n in enumerate(self._whole):
            for step in (round(apart * n), -round(apart * n)):
                moved = [[b + step * (i == axis) for i, b in enumerate(each)] for each in bins]
                wrong.append(power(self.at(moved)))
        return torch.stack(wrong).amax(0)

    def turned_back(self, line: Tensor, bins: Sequence[int]) -> Tensor:
        """Return what a line (C, ...) at a bin adds to the picture, at every pixel."""
        added = self.enlarged(line)
        for axis, (b, whole, n) in enumerate(zip(bins, self._whole, self._sides, strict=True)):
            # The spectrum starts at the mirrored border, so angles are counted from there.
            place = torch.arange(n, dtype=torch.float64, device=line.device) + self._border
            turns = (place * b / whole) % 1 * 2 * pi
            wave = torch.polar(torch.ones_like(turns), turns).to(line.dtype)
            added = added * wave.reshape([-1 if i == axis + 1 else 1 for i in range(added.ndim)])
        return added.real

    def smoothed(self, powers: Tensor) -> Tensor:
        """Return powers (point, ...) smoothed over a few pixels."""
        spectrum = torch.fft.fftn(powers, dim=self._axes) * self._gaussian(SMOOTH)
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

    def _band(self, bins: Sequence[int]) -> Tensor:
        """Return the spectrum around one bin, which comes first along each axis."""
        band: Tensor = self._spectrum
        for axis, (b, n, near) in enumerate(
            zip(bins, self._whole, self._near, strict=True), start=1
        ):
            band = band.index_select(axis, (near + b) % n)
        return band

    def _gaussian(self, sigma: float) -> Tensor:
        """Return the transfer of a Gaussian over the small spectrum, DC first."""
        transfer = torch.ones((), device=self._spectrum.device)
        for n, near in zip(self._whole, self._near, strict=True):
            f = near / n
            transfer = transfer[..., None] * torch.exp(-2 * (pi * sigma * f) ** 2)
        return transfer


def power(lines: Tensor) -> Tensor:
    """Return the power of complex lines (line, C, ...), mean over channels."""
    powers: Tensor = (lines.real.square() + lines.imag.square()).mean(1)
    return powers


def _near(count: int, device: torch.device) -> Tensor:
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
