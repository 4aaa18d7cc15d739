"""The outputs that are looked at: pictures between black and white, or one channel of anything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from spectra.probe import LockedPart
from spectra.spectrum import plan_maps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from torch import Tensor

    from spectra.gather import Passed
    from spectra.score import Scores
    from spectra.spectrum import MapPlan

LEAST = 11  # outputs without which no grid-locked part can be told from chance
LARGEST = {1: 16384, 2: 512, 3: 64}  # pixels of a side, in the middle of larger outputs, by axes
MOST_SAMPLES = 1 << 23  # of one channel of what is no picture; fewer outputs are looked at
COLOUR = 3  # channels that are looked at together


@dataclass(frozen=True, eq=False)
class LookedAt:
    """Some outputs of a model, cut so that their first pixel has phase 0.

    Attributes
    ----------
    maps : Tensor, shape (B, C, *spatial)
        On the CPU, float32. Of pictures black is 0 and white is 1.
    start : tuple of int
        Where in an output their first pixel lies.
    plan : MapPlan
        How such maps are scored; its views are the periods that have room in them, and hold no
        points that the inputs already had.
    unit : tuple of float or None
        Black and white of pictures in the unit of the output; None of what is no picture.
    channel : int or None
        Which channel it is, where one of several was chosen.
    inherited : tuple of tuple of float
        The points that the inputs already had, in cycles/pixel.
    """

    maps: Tensor
    start: tuple[int, ...]
    plan: MapPlan
    unit: tuple[float, float] | None = None
    channel: int | None = None
    inherited: tuple[tuple[float, ...], ...] = ()

    @property
    def periods(self) -> tuple[tuple[int, ...], ...]:
        """The periods that are looked for."""
        return tuple(view.period for view in self.plan.views)


def pictures_of(passed: Passed, scores: Scores) -> LookedAt | None:
    """Return the outputs as pictures; None where they are none.

    Parameters
    ----------
    passed : Passed
        What the inputs left on their way through the model.
    scores : Scores
        Tells whether outputs are read as pictures, and their black and white.
    """
    shape, few = passed.found.output_shape, passed.few
    usual = len(shape) == 3 and shape[0] in (1, COLOUR)
    if few is None or few.outputs is None or scores.limits is None or not usual:
        return None
    low, high = scores.limits
    looked_at = _cut(few.outputs, passed.output.plan, scores.inherited)
    return replace(looked_at, maps=(looked_at.maps - low) / (high - low), unit=(low, high))


def anything(passed: Passed, scores: Scores) -> LookedAt | None:
    """Return outputs of any kind: three channels of two axes as they are, else the loudest channel.

    The loudest is the one of most grid-locked energy, of those that are scored; of variables, each
    of which has a unit of its own, of most over its variance.

    Parameters
    ----------
    passed : Passed
        What the inputs left on their way through the model.
    scores : Scores
        Tells which peaks the inputs already had.
    """
    plan, few = passed.output.plan, passed.few
    if few is None or few.outputs is None or not plan.views:
        return None
    looked_at = _cut(few.outputs, plan, scores.inherited)
    each = looked_at.maps[0, 0].numel()
    maps = looked_at.maps[: max(MOST_SAMPLES // each, LEAST)]
    channels = maps.shape[1]
    variables = bool(passed.variables)
    together = channels == COLOUR and maps.ndim == 4 and not variables
    if not looked_at.periods or channels == 1 or together:
        return replace(looked_at, maps=maps)
    scored = maps[:, list(plan.channels)]
    if variables:
        axes = (0, *range(2, maps.ndim))
        scored = scored / scored.std(axes, keepdim=True).clamp_min(torch.finfo().tiny)
    place = int(_energies(locked_part(replace(looked_at, maps=scored), reach=0)).argmax())
    channel = plan.channels[place]
    return replace(looked_at, maps=maps[:, [channel]], channel=channel)


def locked_part(looked_at: LookedAt, *, seed: int = 0, reach: int | None = None) -> Tensor:
    """Return the grid-locked part of each map, found on all others; zero of fewer than 11.

    Parameters
    ----------
    looked_at : LookedAt
        Maps whose first pixel has phase 0.
    seed : int
        Seed of the tests for a grid-locked part.
    reach : int, optional
        As of `spectra.probe.LockedPart`.
    """
    maps = looked_at.maps
    part = LockedPart(
        *looked_at.periods,
        count=len(maps),
        reach=reach,
        seed=seed,
        left_out=looked_at.inherited,
    )
    return part.fitted_to(maps)


def own_points(plan: MapPlan, inherited: Sequence[tuple[float, ...]]) -> MapPlan:
    """Return a plan without some lattice points, and without the periods that have no other."""
    gone = {_key(f) for f in inherited}
    own = [[p for p in view.points if _key(p.frequency) not in gone] for view in plan.views]
    views = [replace(v, points=tuple(p)) for v, p in zip(plan.views, own, strict=True) if p]
    return replace(plan, views=tuple(views))


def _key(frequency: Sequence[Fraction | float]) -> tuple[float, ...]:
    """Return a frequency, the same as its mirror image."""
    turned = [tuple(round(float(s * f) % 1, 9) % 1 for f in frequency) for s in (1, -1)]
    return min(turned)


def _energies(locked: Tensor) -> Tensor:
    """Return the energy of each channel; one map at a time is in double precision."""
    axes = tuple(range(1, locked.ndim - 1))
    return torch.stack([one.double().square().mean(axes) for one in locked]).mean(0)


def _cut(outputs: Tensor, plan: MapPlan, inherited: tuple[tuple[float, ...], ...]) -> LookedAt:
    """Return the middle of outputs in whole periods, with a plan for it."""
    maps = outputs.detach()
    maps = (maps.real if maps.is_complex() else maps).float().cpu()
    if not all(one.isfinite().all() for one in maps):
        maps = maps.nan_to_num(0, 0, 0)
    largest, start = LARGEST[maps.ndim - 2], []
    for axis, step in enumerate(plan.period, start=2):
        side = maps.shape[axis]
        kept = min(side, largest) // step * step
        start.append((side - kept) // 2 // step * step)
        maps = maps.narrow(axis, start[-1], kept)
    periods = [view.period for view in plan.views]
    cut = plan_maps(maps.shape[1:], *periods, count=plan.count)
    fits = replace(cut, views=() if cut.reason else cut.views)
    return LookedAt(maps, tuple(start), own_points(fits, inherited), inherited=inherited)
