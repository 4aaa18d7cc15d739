"""The period of the grid at one place of a picture."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from spectra.severity._local_lines import reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from spectra.spectrum import MapPlan

NEARLY_ALL = 0.9  # of the power of a grid, that lies at the frequencies of its period
WIDE = 4.0  # standard deviations on each side of a place that are looked at


def period_at(grid: Tensor, place: Sequence[int], plan: MapPlan) -> tuple[int, ...] | None:
    """Return the shortest period at whose frequencies nearly all of a grid lies, around a place.

    Each frequency of the grid in a Gaussian about the place belongs to the nearest multiple of
    ``1 / P``, P the common multiple of all periods; a period p holds those that are multiples of
    ``1 / p``.

    Parameters
    ----------
    grid : Tensor, shape (C, *spatial)
        What of a picture is grid; its first pixel has phase 0.
    place : sequence of int
        Pixel along each axis.
    plan : MapPlan
        How such pictures are scored: its periods are looked for.

    Returns
    -------
    tuple of int or None
        None where there is no grid.
    """
    sigma = reach(plan.period)
    wide = round(WIDE * sigma)
    around = [slice(max(p - wide, 0), p + wide) for p in place]
    values = grid[(slice(None), *around)].double().numpy()
    axes = tuple(range(1, values.ndim))
    multiples = []
    for axis, p, window, longest in zip(axes, place, around, plan.period, strict=True):
        count = values.shape[axis]
        gauss = np.exp(-np.square((window.start + np.arange(count) - p) / sigma) / 2)
        values = values * _along(gauss, axis, axes)
        nearest = np.rint(np.fft.fftfreq(count) * longest).astype(np.int64)
        multiples.append(_along(nearest, axis, axes) % longest)
    power = np.square(np.abs(np.fft.fftn(values, axes=axes))).sum(0, keepdims=True)
    power = np.where(np.sum([m != 0 for m in np.broadcast_arrays(*multiples)], axis=0), power, 0)
    total = power.sum()
    if not total > 0:
        return None
    for period in sorted((view.period for view in plan.views), key=prod):
        held = np.ones_like(power, bool)
        for multiple, own, longest in zip(multiples, period, plan.period, strict=True):
            held = held & (multiple * own % longest == 0)
        if power[held].sum() >= NEARLY_ALL * total:
            return period
    return plan.period


def _along(values: NDArray[Any], axis: int, axes: Sequence[int]) -> NDArray[Any]:
    """Return values along one of several axes, behind the channel."""
    return values.reshape([1, *(-1 if each == axis else 1 for each in axes)])
