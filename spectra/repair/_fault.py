"""The step whose levelling takes a local grid away, and by that where this grid stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import scipy
import torch
from torch import Tensor, nn

from spectra import _walk as walk
from spectra.capture import forward, quiet
from spectra.remedy import copy_of
from spectra.repair._fine import filtered, near_lattice
from spectra.repair._level import entering, level
from spectra.repair._trainable import Layers, names_of
from spectra.spectrum import plan_maps

if TYPE_CHECKING:
    from spectra.capture import Discovery

LEVELLED = 0.5  # of the power near the lattice, in places, that has to go
AMPLITUDE = (6 / 255, 12 / 255)  # of the range, from which on, and by which, a place counts
SIGMA = 4.0  # pixels of the Gaussian that makes a place
SOFT = 1.0
BATCH = 8

Run = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Fault:
    """A step that makes a grid in places, and the model with that step levelled.

    Attributes
    ----------
    step : str
        Path of the layer.
    left : float
        Share of the power near the lattice, in the places that were seen, that is left without it.
    model : Module
        A copy in which the phases of the step are equally loud for what enters it there.
    """

    step: str
    left: float
    model: nn.Module = field(repr=False)
    run: Run = field(repr=False)
    near: Tensor = field(repr=False)
    whole: float

    def places(self, old: Tensor, x: Tensor) -> Tensor:
        """Return where the step makes a grid, (B, *spatial): 1 there, 0 elsewhere.

        That is where the outputs change near the lattice when it is levelled: nothing else in the
        pictures, no edge and no texture, changes with it.

        Parameters
        ----------
        old, x : Tensor, shape (B, C, *spatial)
            Outputs of the model, and its inputs.
        """
        change = old - _matched(self.run(x), old)
        power = filtered(change, self.near).square().mean(1)
        smooth = scipy.ndimage.gaussian_filter(power.numpy(force=True), _sigmas(power, SIGMA))
        part = (torch.from_numpy(smooth).clamp_min(0).sqrt() / self.whole - AMPLITUDE[0]) / (
            AMPLITUDE[1] - AMPLITUDE[0]
        )
        part = part.clamp(0, 1)
        step = (part.square() * (3 - 2 * part)).numpy()
        return torch.from_numpy(scipy.ndimage.gaussian_filter(step, _sigmas(power, SOFT)))


def find_fault(
    model: nn.Module,
    found: Discovery,
    layers: Layers,
    *,
    x: Tensor,
    old: Tensor,
    places: Tensor,
    periods: Sequence[tuple[int, ...]],
    span: tuple[float, float],
    seed: int = 0,
) -> Fault | None:
    """Return the step whose levelling takes most of a local grid away; None where none does.

    Parameters
    ----------
    model : Module
        Left as it is; swapped, if it is to be.
    found : Discovery
        Its steps.
    layers : Layers
        Those that make its steps.
    x, old : Tensor, shape (B, C, *spatial)
        Inputs and outputs.
    places : Tensor, shape (B, *spatial)
        Where a grid was seen.
    periods : sequence of tuple of int
        Periods of the grids.
    span : tuple of float
        Black and white.
    seed : int
        Seed for networks that draw random numbers.
    """
    near = near_lattice(old.shape[2:], plan_maps(old.shape[1:], *periods, count=len(old)))
    before = _power(old, near, places)
    if not before > 0:
        return None
    count = -(-len(x) // BATCH)
    batches = list(zip(x.tensor_split(count), places.tensor_split(count), strict=True))
    with quiet(model, seed=seed):
        moments = entering(model, found, batches, layers.steps)
    best: Fault | None = None
    for layer, path in zip(layers.steps, names_of(model, list(layers.steps)), strict=True):
        if layer not in moments:
            continue
        new = copy_of(model)
        if not level(walk.submodule(new, path), moments[layer]):
            continue
        run = _runner(new, found, seed)
        left = _power(_matched(run(x), old), near, places) / before
        if left < (LEVELLED if best is None else best.left):
            best = Fault(path, left, model=new, run=run, near=near, whole=span[1] - span[0])
    return best


def _runner(model: nn.Module, found: Discovery, seed: int) -> Run:
    def run(x: Tensor) -> Tensor:
        with quiet(model, seed=seed):
            batches = torch.split(x, BATCH)
            return torch.cat([forward(model, b, found=found).cpu() for b in batches])

    return run


def _power(maps: Tensor, near: Tensor, places: Tensor) -> float:
    return float((filtered(maps, near).square().mean(1) * places).sum())


def _matched(new: Tensor, old: Tensor) -> Tensor:
    """Return outputs with the level and contrast of others, each channel by itself.

    A normalisation behind the step measures less than before: contrast changes everywhere.
    """
    axes = tuple(range(2, old.ndim))
    a, b = (maps - maps.mean(axes, keepdim=True) for maps in (new, old))
    power = a.square().mean(axes, keepdim=True)
    gain = (a * b).mean(axes, keepdim=True) / power.clamp_min(1e-20)
    return a * gain + old.mean(axes, keepdim=True)


def _sigmas(maps: Tensor, sigma: float) -> list[float]:
    return [0.0, *[sigma] * (maps.ndim - 1)]
