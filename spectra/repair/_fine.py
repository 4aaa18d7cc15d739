"""What of outputs is finer than a grid's base band, and how much of it is no grid."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10, pi

import scipy
import torch
from torch import Tensor

from spectra.errors import ParameterError
from spectra.probe import LockedPart
from spectra.spectrum import MapPlan, plan_maps

NEAR, NEAR_PERIODS = 2.5, 0.625  # pixels, and periods if that is more, of what lies near a lattice
LEAST_ERROR = 1.0  # garrote: what is to go is wanted whole, and the test has said that it is there
SMOOTH_PERIODS = 0.55  # standard deviation of a Gaussian that passes .25 % at the lattice


def near_lattice(sides: Sequence[int], plan: MapPlan) -> Tensor:
    """Return the transfer of what lies near the lattice, as of ``torch.fft.rfftn``.

    A Gaussian about each lattice point: a small patch of a grid has its power beside it, too.
    """
    sigma = 1 / (2 * pi * max(NEAR, NEAR_PERIODS * max(plan.period)))
    axes = [torch.fft.fftfreq(n) for n in sides[:-1]] + [torch.fft.rfftfreq(sides[-1])]
    passed = torch.zeros([len(f) for f in axes])
    for point in (point for view in plan.views for point in view.points):
        for sign in (1, -1):  # a lattice point stands for its opposite as well
            transfer = torch.ones(())
            for f, at in zip(axes, point.frequency, strict=True):
                apart = (f - sign * float(at) + 0.5) % 1 - 0.5
                transfer = transfer[..., None] * torch.exp(-apart.square() / (2 * sigma**2))
            passed = torch.maximum(passed, transfer)
    return passed


def filtered(maps: Tensor, transfer: Tensor) -> Tensor:
    """Return maps (B, C, *spatial) through a transfer, differentiably."""
    axes, sides = tuple(range(2, maps.ndim)), maps.shape[2:]
    through: Tensor = torch.fft.irfftn(
        torch.fft.rfftn(maps, dim=axes) * transfer.to(maps.device), s=sides, dim=axes
    )
    return through


def smoothed(maps: Tensor, period: Sequence[int]) -> Tensor:
    """Return maps without what is as fine as a grid of a period: a Gaussian, mirrored."""
    sigma = [0.0, 0.0, *(SMOOTH_PERIODS * p if p > 1 else 0.0 for p in period)]
    smooth = scipy.ndimage.gaussian_filter(maps.numpy(force=True), sigma, mode="mirror")
    return torch.from_numpy(smooth).to(maps)


def without_locked(maps: Tensor, periods: Sequence[tuple[int, ...]], *, seed: int = 0) -> Tensor:
    """Return maps without their grid-locked part, found for each on all others."""
    part = shared_part(maps, periods, seed=seed)
    return maps if part is None else part.without(maps, range(len(maps)))


def shared_part(
    maps: Tensor,
    periods: Sequence[tuple[int, ...]],
    *,
    turned: Tensor | None = None,
    seed: int = 0,
) -> LockedPart | None:
    """Return the locked part that all maps share; None where no lattice point has one.

    Parameters
    ----------
    maps : Tensor, shape (B, C, *spatial)
    periods : sequence of tuple of int
    turned : Tensor, shape (B, turn, C, *spatial), optional
        Maps of the same inputs turned and mirrored: their content has other phases, their grid
        has not, so that less of the one is taken for the other.
    seed : int
        Seed of the test of each lattice point.
    """
    part = LockedPart(*periods, count=len(maps), seed=seed, garrote=LEAST_ERROR)
    try:
        for _ in part.periods:
            part.add(maps)
            for index, more in enumerate(() if turned is None else turned):
                part.add(more, first=index, inputs=1)
            part.fit()
    except ParameterError:  # too small for one of the periods
        return None
    return part if part.found else None


def fine_power(maps: Tensor, period: Sequence[int], weight: Tensor) -> float:
    """Return the power above the base band ``1 / (2 period)`` of maps, where a weight is large.

    Parameters
    ----------
    maps : Tensor, shape (B, C, *spatial)
    period : sequence of int
        The longest that is scored.
    weight : Tensor, shape (B, *spatial)
    """
    axes = tuple(range(2, maps.ndim))
    spectrum = scipy.fft.dctn(maps.double().numpy(force=True), axes=axes)
    below = (slice(0, -(-n // p)) for n, p in zip(maps.shape[2:], period, strict=True))
    spectrum[(slice(None), slice(None), *below)] = 0
    fine = torch.from_numpy(scipy.fft.idctn(spectrum, axes=axes)).square().mean(1)
    return float((fine * weight).sum() / weight.sum().clamp_min(1e-12))


def sharpness_db(new: Tensor, old: Tensor, periods: Sequence[tuple[int, ...]]) -> float | None:
    """Return how much of what is fine and no grid is there after, over before, in dB.

    Each is taken without its own locked part, if it is calmer so: a grid in few places spoils that.
    In these places detail counts as well, but nothing near the lattice, where the lines of the grid
    lie: so a grid that goes is no lost detail, and a blur that hides one is.

    Parameters
    ----------
    new, old : Tensor, shape (B, C, *spatial)
    periods : sequence of tuple of int
        Periods of the grids.

    Returns
    -------
    float or None
        None where nothing fine was there before.
    """
    longest = _longest(periods)
    plan = plan_maps(old.shape[1:], *periods, count=len(old))
    beside = 1 - near_lattice(old.shape[2:], plan)
    everywhere = torch.ones_like(old[:, 0])

    def power(maps: Tensor) -> float:
        ways = (maps, without_locked(maps, periods))
        return min(fine_power(filtered(each, beside), longest, everywhere) for each in ways)

    return _ratio_db(power(new), power(old))


def _longest(periods: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(max(axis) for axis in zip(*periods, strict=True))


def _ratio_db(new: float, old: float) -> float | None:
    return None if old <= 0 else 10 * log10(max(new, 1e-300) / old)
