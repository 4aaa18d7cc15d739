"""Sums of whole maps without a window: what the curves and planes of two papers need.

The spectra of a run are taken through a window, of maps of unit variance, without their margins.
Two papers draw maps as they are: their recipes are kept beside, where a user asks for layers.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np
import torch

from spectra.spectrum._periodogram import chunk_length, power
from spectra.spectrum._published import FLOORS, agnihotri2024_plane, park_kim2022_plane
from spectra.spectrum._published_curves import diagonal_curve, ring_curve
from spectra.spectrum._totals import may_lack

if TYPE_CHECKING:
    import xarray as xr
    from torch import Tensor

    from spectra.spectrum._sums import Sums
    from spectra.spectrum._totals import Totals

AXES = 2  # both recipes are defined for images
MOST_BINS = 256 * 256  # of a plane that is kept; of larger maps only the curves are


def empty_whole(shape: tuple[int, ...]) -> dict[str, Sums]:
    """Return the sums of whole maps at zero; none of maps that are no images.

    Parameters
    ----------
    shape : tuple of int
        ``(channel, *spatial)`` of a map.
    """
    sides = shape[1:]
    if len(sides) != AXES:
        return {}
    half = (sides[0], sides[1] // 2 + 1)
    planes = {f"whole_log_{recipe}": np.zeros(half) for recipe in FLOORS}
    return {"whole_maps": np.zeros(()), "whole_power": np.zeros(half), **planes}


def add_whole(totals: Totals, maps: Tensor) -> None:
    """Add power and log amplitude of maps as they are, constant ones too.

    Parameters
    ----------
    totals : Totals
        Those of `empty_whole` among them.
    maps : Tensor, shape (B, C, H, W)
        Maps that are not finite are left out.
    """
    flat = maps.detach().float().flatten(0, 1)
    pixels = flat.shape[1] * flat.shape[2]
    level = flat.mean((1, 2))
    finite = level.isfinite()  # of a map with one value that is not, the mean is not
    if may_lack(finite):
        flat = torch.where(finite[:, None, None], flat, 0.0)
        level = torch.where(finite, level, 0.0)
    length = chunk_length(flat[0])
    for part, mean, used in zip(
        *(torch.split(v, length) for v in (flat, level, finite)), strict=True
    ):
        # centred in single precision, so that a level does not drown what varies
        powers = power(torch.fft.rfft2(part - mean[:, None, None]))
        powers[:, 0, 0] = (mean * pixels).square()
        totals.add("whole_power", powers.sum(0))
        amplitude = powers.sqrt_()
        counted = used.sum()
        for recipe, floor in FLOORS.items():
            logs = (amplitude + floor).log_().sum(0).double()
            # maps that are left out have no amplitude, and the log of the floor
            totals.add(f"whole_log_{recipe}", logs - (len(part) - counted) * log(floor))
        totals.add("whole_maps", counted)


def whole_variables(sums: dict[str, Sums], shape: tuple[int, ...]) -> dict[str, xr.DataArray]:
    """Return the planes and curves of two papers, each with its caption.

    Returns
    -------
    dict of DataArray
        ``relative_log_amplitude`` over ``diagonal_f`` and ``annulus_power`` over ``ring_f``; of
        maps up to 256x256 also ``agnihotri2024`` and ``park_kim2022`` over ``whole_fy, whole_fx``
        in float32. Nothing where no map was added.
    """
    n = int(sums["whole_maps"]) if "whole_maps" in sums else 0
    if n == 0:
        return {}
    sides = (shape[1], shape[2])
    logs = {recipe: torch.from_numpy(sums[f"whole_log_{recipe}"] / n) for recipe in FLOORS}
    plane = park_kim2022_plane(logs["park-kim2022"], sides, n)
    rings = ring_curve(sums["whole_power"] / n, sides, n)
    variables = {
        "relative_log_amplitude": diagonal_curve(plane).rename({"f": "diagonal_f"}),
        "annulus_power": rings.drop_vars("k").rename({"f": "ring_f"}),
    }
    if sides[0] * sides[1] <= MOST_BINS:
        planes = {
            "agnihotri2024": agnihotri2024_plane(logs["agnihotri2024"], sides, n),
            "park_kim2022": plane,
        }
        for name, values in planes.items():
            named = values.rename({"fy": "whole_fy", "fx": "whole_fx"})
            variables[name] = named.astype("float32", keep_attrs=True)
    return variables
