"""The mean spectrum and the profile of all maps: what a figure shows."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from spectra.spectrum._azimuthal import annuli
from spectra.spectrum._periodogram import chunk_length, cut, power, sum_of_logs, windowed_spectra
from spectra.spectrum._sums import Sums, to_numpy

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from spectra.spectrum._map_plan import MapPlan

LOG_FLOOR = 1e-12


def add_figure(sums: dict[str, Sums], plan: MapPlan, standard: Tensor, varied: Tensor) -> None:
    """Add power and log power of the standardised maps, of all channels alike."""
    per_map = prod(plan.figure_tiles)
    if per_map == 0:
        return
    axes = len(plan.period)
    rings = annuli(plan.figure_tile)
    tiles = cut(standard, (0,) * axes, plan.figure_tile, plan.figure_tiles)
    images = tiles.flatten(1, 1 + axes)
    for image, used in zip(images, varied, strict=True):
        if not bool(used.any()):
            continue
        kept = image if bool(used.all()) else image[used.repeat_interleave(per_map)]
        powers, logs = _sums_of_power(kept, axes, whole=per_map == 1)
        profile = rings.mean(powers) / len(kept)
        sums["figure_power"] += powers
        sums["figure_log"] += logs * (10 / np.log(10))
        sums["figure_maps"] += len(kept)
        sums["azimuthal_images"] += 1
        sums["azimuthal"] += profile
        sums["azimuthal_square"] += profile**2


def _sums_of_power(
    tiles: Tensor, axes: int, *, whole: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the sums over tiles of power and of ln power; a whole map has lost its mean."""
    half = (*tiles.shape[1:-1], tiles.shape[-1] // 2 + 1)
    powers, logs = np.zeros(half), np.zeros(half)
    chunk = chunk_length(tiles[0])
    for start in range(0, len(tiles), chunk):
        part = tiles[start : start + chunk]
        if not whole:
            part = part - part.mean(tuple(range(-axes, 0)), keepdim=True)
        observed = power(windowed_spectra(part, axes, norm="ortho"))
        powers += to_numpy(observed.sum(0))
        logs += to_numpy(sum_of_logs(observed.add_(LOG_FLOOR)))
    return powers, logs
