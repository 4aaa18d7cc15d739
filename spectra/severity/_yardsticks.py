"""Yardsticks: what plain enlargements of a model's own outputs read at the grid of a period."""

from __future__ import annotations

from dataclasses import replace
from math import lcm, prod
from typing import TYPE_CHECKING

import numpy as np
import scipy
import torch
from torch.nn import functional

from spectra import score, spectrum
from spectra.severity._grades import Yardsticks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import xarray as xr
    from torch import Tensor

    from spectra.spectrum import MapPlan

AT_A_TIME = 8  # inputs whose outputs are enlarged together
LEAST_BASE = 0.05  # of the power: with less in the base band, enlarging it tells nothing
NOTHING = "enlargements of so few outputs show no locked energy above zero"
METHODS = ("nearest", "linear", "cubic")
WORDED = ("nearest", "cubic")  # between which a word is found
TORCH_MODES = {"linear": "bilinear", "cubic": "bicubic"}


def yardsticks(
    outputs: Tensor,
    *periods: Sequence[int],
    plan: MapPlan | None = None,
    inputs: int | None = None,
    methods: Sequence[str] = METHODS,
    measured: xr.Dataset | None = None,
) -> tuple[Yardsticks, ...]:
    """Return what nearest, linear and cubic enlargement of the outputs would read.

    For each period the base band of the outputs, strictly below ``1 / (2 period)``, is decimated
    and enlarged again. The locked energy of that, at the period's own points and by the same code
    as the output's score, stands over the energy of the *outputs*: where they hold much above the
    base band, an enlargement of so little would be a small part of them.

    Parameters
    ----------
    outputs : Tensor, shape (B, C, *spatial)
        Some of the model's outputs, whose first pixel has phase 0; of complex ones the real part.
    *periods : sequence of int
        Periods that the output is scored at, along each axis.
    plan : MapPlan, optional
        How the output itself was cut, for its margins; else an eighth is left out.
    inputs : int, optional
        Of how many inputs the outputs are; of B by default.
    methods : sequence of {"nearest", "linear", "cubic"}
        Which enlargements are made; the numbers of the others are None.
    measured : Dataset, optional
        The sums of these very outputs, if they were cut by ``plan``: they are not measured anew
        where the outputs are cut alike here.

    Returns
    -------
    tuple of Yardsticks
        One for each period, in their order.
    """
    asked = [tuple(period) for period in periods]
    if not asked:
        return ()
    maps = outputs.detach().cpu()
    maps = (maps.real if maps.is_complex() else maps).float()  # as they are measured
    for axis, steps in enumerate(zip(*asked, strict=True), start=2):
        whole = lcm(*steps)
        maps = maps.narrow(axis, 0, maps.shape[axis] // whole * whole)
    if min(maps.shape[2:]) == 0:
        return tuple(Yardsticks(p, reason="outputs hold no period of it") for p in asked)
    inputs = len(maps) if inputs is None else inputs
    cut = _plan(maps, asked, inputs=inputs, like=plan)
    alike = plan is not None and replace(plan, left_out=cut.left_out) == cut
    known = measured if alike else None
    each = max(len(maps) // inputs, 1)
    own = _measured(_some(maps, each), cut, each=each) if known is None else known
    return tuple(
        _of_period(maps, period, cut=cut, own=own, each=each, methods=methods) for period in asked
    )


def base_band(maps: Tensor, period: Sequence[int]) -> tuple[Tensor, float]:
    """Return decimated maps without what a grid of a period can make, and their share of the power.

    Mirrored at the border, low-passed strictly below ``1 / (2 period)`` and sampled in the middle
    of each period: the cosine transform of a side of n pixels has exactly n / period coefficients
    below that frequency, and they are those of the samples.

    Parameters
    ----------
    maps : Tensor, shape (B, C, *spatial)
        Sides are multiples of the period.
    period : sequence of int
        1 along an axis without a grid.
    """
    sides = [side // p for side, p in zip(maps.shape[2:], period, strict=True)]
    bands = maps.new_empty(*maps.shape[:2], *sides)
    # The transform keeps squares, and so the share of the variance.
    inside, total = torch.zeros(2, maps.shape[1], dtype=torch.float64)
    for one, band in zip(maps, bands, strict=True):
        spectrum, centred, level = _low_coefficients(one, sides)
        axes = tuple(range(1, one.ndim))
        small = scipy.fft.idctn(spectrum.numpy(), axes=axes, norm="ortho") / np.sqrt(prod(period))
        torch.add(torch.from_numpy(small).to(level), level, out=band)
        inside += spectrum.square().sum(axes)
        total += centred.square().sum(axes)
    varies = total > 0
    share = float((inside[varies] / total[varies]).mean()) if bool(varies.any()) else 0.0
    return bands, share


def _low_coefficients(one: Tensor, sides: Sequence[int]) -> tuple[Tensor, Tensor, Tensor]:
    """Return the first cosine coefficients of a map (C, *spatial), the map centred, and its level.

    About its level, which may be many times what varies, and would round it away.
    """
    axes = tuple(range(1, one.ndim))
    level = one.mean(axes, keepdim=True)
    centred = one - level
    spectrum = centred.numpy()
    for axis in reversed(axes):  # each next axis has less to transform
        spectrum = scipy.fft.dct(spectrum, axis=axis, norm="ortho")
        spectrum = spectrum[(*[slice(None)] * axis, slice(sides[axis - 1]))]
    return torch.from_numpy(spectrum), centred, level


def enlarge(maps: Tensor, period: Sequence[int], method: str) -> Tensor:
    """Return maps with each axis enlarged by a period, as PyTorch interpolates.

    Parameters
    ----------
    maps : Tensor, shape (B, C, *spatial)
    period : sequence of int
        1 along an axis that stays.
    method : {"nearest", "linear", "cubic"}
        Along each axis in turn, which for two axes is bilinear or bicubic.
    """
    for axis, p in enumerate(period, start=2):
        if p == 1:
            continue
        if method == "nearest":
            maps = maps.repeat_interleave(p, axis)
            continue
        lines = maps.movedim(axis, -1)
        flat = lines.reshape(1, 1, -1, lines.shape[-1])
        large = functional.interpolate(flat, scale_factor=(1, p), mode=TORCH_MODES[method])
        maps = large.reshape(*lines.shape[:-1], -1).movedim(-1, axis)
    return maps


def _of_period(
    maps: Tensor,
    period: tuple[int, ...],
    *,
    cut: MapPlan,
    own: xr.Dataset,
    each: int,
    methods: Sequence[str],
) -> Yardsticks:
    """Return the yardsticks of one period; ``own`` is what was measured of the outputs."""
    place = next((i for i, view in enumerate(cut.views) if view.period == period), None)
    if cut.reason or place is None:
        reason = dict(cut.left_out).get(period) or cut.reason or "no lattice points of its own"
        return Yardsticks(period, reason=reason)
    small, share = base_band(maps, period)
    if share < LEAST_BASE:
        return Yardsticks(
            period,
            base_share=share,
            reason=f"only {share:.1%} of the outputs' power lies in the base band of this period",
        )
    shorter = replace(cut, views=cut.views[: place + 1])  # which are charged before
    read = {
        method: _locked_dbc(
            _measured(
                (enlarge(some, period, method) for some in _some(small, each)), shorter, each=each
            ),
            own,
            period,
        )
        for method in methods
    }
    return Yardsticks(
        period,
        **{f"{method}_dbc": dbc for method, dbc in read.items()},
        base_share=share,
        reason=NOTHING if None in read.values() else None,
    )


def _locked_dbc(data: xr.Dataset, own: xr.Dataset, period: tuple[int, ...]) -> float | None:
    """Return the locked energy at a period's own points, over the energy of the outputs."""
    totals = {name: own[name] for name in (f"total_{i}" for i in range(data.attrs["views"]))}
    lattice = score.Lattice.of(data.assign(totals))
    return None if isinstance(lattice, str) else lattice.locked_dbc(period)


def _plan(
    maps: Tensor, periods: Sequence[tuple[int, ...]], *, inputs: int, like: MapPlan | None
) -> MapPlan:
    """Return how the outputs and their enlargements are cut, with the margins of another plan."""
    margins = {view.period: view.margin for view in like.views} if like else {}
    none = (0,) * (maps.ndim - 2)
    return spectrum.plan_maps(
        maps.shape[1:], *periods, count=inputs, reach=lambda period: margins.get(period, none)
    )


def _some(maps: Tensor, each: int) -> Iterator[Tensor]:
    """Return the maps of a few inputs after the other: enlarged, all would be too many."""
    yield from torch.split(maps, AT_A_TIME * each)


def _measured(outputs: Iterable[Tensor], plan: MapPlan, *, each: int) -> xr.Dataset:
    """Return the sums of energies of outputs, of which an input has so many, as labelled arrays."""
    sums = spectrum.MapStatistics(plan, energy_only=True)
    first = 0
    for maps in outputs:
        inputs = len(maps) // each
        sums.add(maps, first=first, inputs=inputs)
        first += inputs
    return sums.to_dataset()
