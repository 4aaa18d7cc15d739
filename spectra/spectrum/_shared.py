"""Fixed content: what all maps of a place have in common, and which part of it is a grid.

Faces in one pose, a position table, bars that never move: what stands in the same place in every
map has a phase on the grid, though no grid made it. The mean over maps shows it. It is split: what
stands exactly at a lattice point, above all that lies beside it and alike in all tiles, is a line,
a grid of constant amplitude; the rest is content.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import scipy
import torch
from torch.nn import functional

from spectra.errors import ParameterError
from spectra.spectrum._alike import HANN_BINS
from spectra.spectrum._periodogram import hann, windowed_spectra
from spectra.spectrum._reader import PairReader
from spectra.spectrum._sums import to_numpy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from spectra.spectrum._lattice import LatticePoint
    from spectra.spectrum._map_plan import MapPlan
    from spectra.spectrum._sums import Sums
    from spectra.spectrum._view import View

CHANCE = 1e-4  # that any of the lines of fixed content is taken for a grid
NEAREST, FARTHEST = 2, 8  # bins beside a line that give its background
SMOOTH = {1: 17, 2: 9, 3: 3}  # bins along each axis over which the power of a tile is averaged
CONSTANT = 1e-12  # power of a tile over its squared level, up to which it counts as constant
ROUNDING = 1e-7  # of a tile's level, in single precision
MEAN = ("spectra", "weight", "level", "maps")  # the sums of a weighted mean


@dataclass(frozen=True)
class Content:
    """The fixed content of one view: a spectrum and a level for each tile of a map.

    Attributes
    ----------
    spectra : Tensor, complex, shape (block, channel, tile, bin)
        Half-plane spectra through the window.
    level : Tensor, shape (block, channel, tile)
    """

    spectra: Tensor
    level: Tensor

    def out_of(self, spectra: Tensor, level: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
        """Return spectra and levels of some maps' tiles without it.

        Parameters
        ----------
        spectra : Tensor, shape (map * block, channel, tile, bin)
        level : Tensor, shape (map * block, channel, tile)
        kept : Tensor of bool, shape (map * block, channel)
            Which maps count; the others stay as they are.
        """
        maps = len(spectra) // len(self.spectra)
        counts = kept[:, :, None]
        apart = self.spectra.to(spectra).repeat(maps, 1, 1, 1) * counts[..., None]
        return spectra - apart, level - self.level.to(level).repeat(maps, 1, 1) * counts


class MeanSpectra:
    """The mean spectrum of each tile over all maps of a place, and what of it is content.

    Each map counts by one over its own power about a bin. Content adds up to itself whatever the
    weights are; with these, what is left of the maps in their mean is less than of any map alone. A
    plain mean would be that of the few maps that are strongest, and taking it out would put their
    content into all the others.

    Parameters
    ----------
    plan : MapPlan
        How the maps are cut.
    near : MeanSpectra, optional
        The mean of an earlier round. A map's own power is what differs from it; without one it is
        all of the map's, which overstates that of maps that hold little else than the content.
    """

    def __init__(self, plan: MapPlan, *, near: MeanSpectra | None = None) -> None:
        self.plan = plan
        self._views: list[_WeightedMean] = [
            _WeightedMean(plan, view, near=None if near is None else near._views[i].mean)
            for i, view in enumerate(plan.views)
        ]

    def add(self, maps: Tensor, *, first: int, inputs: int) -> None:
        """Add maps; those that are not finite are left out.

        Parameters
        ----------
        maps : Tensor, shape (B, C, *spatial)
        first, inputs : int
            Index of the first input and their number: any order gives the same mean.
        """
        scored = maps.detach()[:, list(self.plan.channels)]
        scored = (scored if scored.is_floating_point() else scored.real).float()
        finite = scored.flatten(2).isfinite().all(2)
        scored = torch.where(finite.view(*finite.shape, *[1] * (scored.ndim - 2)), scored, 0.0)
        for mean in self._views:
            mean.add(scored, finite)

    def taken(self) -> dict[str, Sums]:
        """Return the sums so far, by name, and begin again from zero."""
        return {
            f"{name}_{number}": to_numpy(value)
            for number, mean in enumerate(self._views)
            for name, value in mean.taken().items()
        }

    def put(self, sums: Mapping[str, Sums]) -> None:
        """Take over the sums of all parts: what `taken` returned, added up.

        Raises
        ------
        ParameterError
            If they are of another plan.
        """
        for number, mean in enumerate(self._views):
            try:
                mean.put({name: torch.from_numpy(sums[f"{name}_{number}"]) for name in MEAN})
            except KeyError as error:
                raise ParameterError(f"sums of another plan: {error} is missing") from error

    def content(self) -> tuple[Content, ...]:
        """Return the fixed content as each view sees it, lines that stand out of it left out."""
        return tuple(mean.content() for mean in self._views)


class _WeightedMean:
    """The weighted mean of one view."""

    def __init__(self, plan: MapPlan, view: View, *, near: Tensor | None) -> None:
        self._view, self._points, self._near = view, len(plan.points), near
        self._reader = PairReader(plan, view)
        self._blocks = int(np.prod(view.blocks))
        self._sums: dict[str, Tensor] = {}

    def add(self, scored: Tensor, finite: Tensor) -> None:
        tiles = self._reader.tiles(scored)
        spectra, level = tiles.spectra, tiles.level
        of_map = (len(scored), self._blocks)
        apart = spectra
        if self._near is not None:
            apart = spectra - self._near.to(spectra).repeat(len(scored), 1, 1, 1)
        power = _smooth(apart.abs().square(), self._view.tile)
        rounding = (ROUNDING * level.abs()).square()[..., None] / power.shape[-1]
        varies = spectra.abs().square().sum(-1, keepdim=True) > CONSTANT * level.square()[..., None]
        weight = torch.where(varies, 1 / (power + rounding).clamp_min(torch.finfo().tiny), 0.0)

        def summed(values: Tensor) -> Tensor:
            double = torch.complex128 if values.is_complex() else torch.float64
            return values.reshape(*of_map, *values.shape[1:]).sum(0, dtype=double)

        added = {
            "spectra": summed(weight * spectra),
            "weight": summed(weight),
            "level": summed(level),
            "maps": finite.sum(0, dtype=torch.float64)[:, None],
        }
        for name, value in added.items():
            self._sums[name] = self._sums[name] + value if name in self._sums else value

    def taken(self) -> dict[str, Tensor]:
        sums, self._sums = self._sums, {}
        return sums

    def put(self, sums: dict[str, Tensor]) -> None:
        self._sums = sums

    @property
    def mean(self) -> Tensor:
        """The mean spectra, shape (block, channel, tile, bin)."""
        weight = torch.where(self._sums["weight"] > 0, self._sums["weight"], torch.inf)
        return self._sums["spectra"] / weight

    def content(self) -> Content:
        spectra = self.mean
        spectra = spectra - lines_of(spectra, self._view, points=self._points)
        return Content(spectra, self._sums["level"] / self._sums["maps"].clamp_min(1))


def _smooth(power: Tensor, tile: tuple[int, ...]) -> Tensor:
    """Return the power of half-plane spectra averaged over neighbouring bins."""
    width, axes = SMOOTH[len(tile)], len(tile)
    half = (*tile[:-1], tile[-1] // 2 + 1)
    plane = functional.pad(power.reshape(-1, 1, *half), [width // 2] * (2 * axes), mode="replicate")
    pool = (functional.avg_pool1d, functional.avg_pool2d, functional.avg_pool3d)[axes - 1]
    return pool(plane, width, stride=1).reshape(power.shape)


def lines_of(spectra: Tensor, view: View, *, points: int) -> Tensor:
    """Return the lines that stand out of mean spectra, as half-plane spectra.

    A line counts where the mean over tiles has more power than chance gives, by an F test against
    the bins beside it. One bar has as much power at a lattice point as beside it, and another phase
    in another tile; a grid that fills the map has next to nothing beside, and one phase.

    Parameters
    ----------
    spectra : Tensor, complex, shape (block, channel, tile, bin)
        Mean spectra of tiles of one view.
    view : View
    points : int
        Number of lattice points of all views: as many lines may be chance.

    Returns
    -------
    Tensor, complex, shape (1, channel, 1, bin)
        The same in all tiles.
    """
    tile, axes = view.tile, len(view.tile)
    half = (*tile[:-1], tile[-1] // 2 + 1)
    dims = tuple(range(-axes, 0))
    planes = spectra.reshape(*spectra.shape[:-1], *half)
    seen = torch.fft.irfftn(planes, s=tile, dim=dims, norm="forward")
    full = torch.fft.fftn(seen, dim=dims, norm="forward").transpose(1, 2).flatten(0, 1)
    whole = full.numpy(force=True)
    window = hann(tile, torch.float64, torch.device("cpu")).mean().item()
    lines = torch.zeros(spectra.shape[1], *half, dtype=torch.complex128)
    grid = np.indices(tile).reshape(axes, -1)
    for point in view.points:
        amplitude = _amplitude(whole, point, view=view, points=points) / window
        frequency = np.array([float(f) for f in point.frequency])
        wave = np.exp(2j * np.pi * frequency @ grid).reshape(tile)
        line = torch.from_numpy(np.multiply.outer(point.multiplicity * amplitude, wave).real)
        lines += windowed_spectra(line, axes, norm="forward")
    return lines.flatten(1)[None, :, None].to(spectra.device)


def _amplitude(
    spectra: NDArray[np.complex128], point: LatticePoint, *, view: View, points: int
) -> NDArray[np.complex128]:
    """Return what each channel has at a lattice point in the mean of its tiles; 0 for chance.

    Parameters
    ----------
    spectra : ndarray, shape (tile, channel, *side)
        Full-plane spectra.
    """
    sides = np.array(view.tile)
    place = np.array([int(f * int(t)) for f, t in zip(point.frequency, sides, strict=True)])
    steps = _beside(point, view)
    at = spectra[(slice(None), slice(None), *(place % sides))]
    beside = spectra[(slice(None), slice(None), *((place + steps) % sides).T)]
    power = len(at) * np.abs(at.mean(axis=0)) ** 2
    background = (np.abs(beside) ** 2).mean(axis=(0, 2))
    degrees = 1 if point.is_self_conjugate else 2  # a bin that is its own mirror image is real
    ratio = np.divide(power, background, out=np.full_like(power, np.inf), where=background > 0)
    freedom = degrees * len(at) * len(steps) / HANN_BINS
    chance = scipy.special.fdtrc(degrees, freedom, ratio)
    stands_out = (power > 0) & (chance * len(power) * points <= CHANCE)
    # What lies beside a line lies under it as well.
    share = np.sqrt(np.clip(1 - 1 / np.maximum(ratio, 1), 0, None)) * stands_out
    amplitude: NDArray[np.complex128] = at.mean(axis=0) * share
    return amplitude


def _beside(point: LatticePoint, view: View) -> NDArray[np.int64]:
    """Return the bins beside a line, as steps from it: along the axis for a point on an axis."""
    axes = []
    for f, side, period in zip(point.frequency, view.tile, view.period, strict=True):
        reach = min(FARTHEST, side // period - NEAREST) if f else 0
        axes.append(range(-reach, reach + 1))
    return np.array([s for s in product(*axes) if max(map(abs, s)) >= NEAREST])
