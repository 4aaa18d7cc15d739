"""Running sums as labelled arrays: what later stages read and files keep."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from spectra._names import place
from spectra.spectrum._alike import agreement
from spectra.spectrum._azimuthal import DIMS, frequencies
from spectra.spectrum._sums import STATE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from spectra.spectrum._map_plan import MapPlan
    from spectra.spectrum._pairs import Pairs
    from spectra.spectrum._sums import Sums
    from spectra.spectrum._view import View

# The mean of a logarithm lies below the logarithm of the mean: by 10 / ln 10 * psi(1) for a bin
# with two degrees of freedom, and further for a bin that is real because it is its own mirror.
LOG_BIAS_DB = 10 / np.log(10) * np.euler_gamma
SELF_CONJUGATE_LOG_BIAS_DB = 10 / np.log(10) * (np.euler_gamma + np.log(2))
SHARED = ("group", "slot", "channel", "axis")


def to_dataset(sums: Mapping[str, Sums], plan: MapPlan, pairs: Sequence[Pairs]) -> xr.Dataset:
    """Return everything measured at one place of a model; see `MapStatistics.to_dataset`.

    Parameters
    ----------
    sums : dict of ndarray
        Those of `empty_sums`, with what was added.
    plan : MapPlan
    pairs : sequence of Pairs
        Those of each view of the plan.
    """
    variables = _figure(sums, plan) | _moments(sums, plan) | _content(sums, plan)
    for number, (view, own) in enumerate(zip(plan.views, pairs, strict=True)):
        variables |= _lattice(sums, view, own, number=number)
    attributes = {
        "maps": int(sums["maps"]),
        "images": int(sums["images"]),
        "dropped_non_finite": int(sums["dropped_non_finite"]),
        "dropped_constant": int(sums["dropped_constant"]),
        "replicates": plan.replicates,
        "images_seen": int(sums["images_seen"]) if plan.views else 0,
        "block_kind": plan.block_kind,
        "views": len(plan.views),
        "period": json.dumps(plan.period),
        "reason": plan.reason or "",
        "window": "periodic Hann",
        "figure_tile": json.dumps(plan.figure_tile),
        "plan": json.dumps(plan.describe()),
    }
    # Variables, not DataArrays: these would each be aligned with all others
    coordinates = _coordinates(plan.figure_tile, len(sums["azimuthal"]))
    return xr.Dataset(variables, coordinates, attributes)


def _coordinates(tile: tuple[int, ...], rings: int) -> dict[str, xr.Variable]:
    """Return the frequencies of the full plane and of the azimuthal profile."""
    frequency = {name: frequencies(n) for name, n in zip(DIMS[len(tile)], tile, strict=True)}
    frequency["f"] = np.arange(rings) / min(tile)
    return {
        name: xr.Variable(name, values, {"units": f"cycles/{place(len(tile))}"})
        for name, values in frequency.items()
    }


def _figure(sums: Mapping[str, Sums], plan: MapPlan) -> dict[str, xr.Variable]:
    """Return the mean spectra of the full plane and the azimuthal profile."""
    tile = plan.figure_tile
    names = DIMS[len(tile)]
    maps = sums["figure_maps"]
    with np.errstate(invalid="ignore"):
        mean_log = full_plane(sums["figure_log"] / maps, tile[-1]) + log_bias_db(tile)
        mean = full_plane(sums["figure_power"] / maps, tile[-1])
        profile = sums["azimuthal"] / sums["azimuthal_images"]
        mean_square = sums["azimuthal_square"] / sums["azimuthal_images"]
        spread = np.sqrt(np.maximum(mean_square - profile**2, 0))
    decibel = {"units": "dB", "reference": "white noise of the map's variance"}
    relative = {"units": "1", "reference": "white noise of the map's variance"}
    return {
        "mean_log_spectrum": xr.Variable(names, np.fft.fftshift(mean_log), decibel),
        "mean_power": xr.Variable(names, np.fft.fftshift(mean), relative),
        "azimuthal_power": xr.Variable("f", profile, relative),
        "azimuthal_sd": xr.Variable("f", spread, relative),
    }


def _moments(sums: Mapping[str, Sums], plan: MapPlan) -> dict[str, xr.Variable]:
    """Return mean, variance and polyphase means of each channel."""
    count = sums["phase_maps"]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums["value"] / count
        variance = sums["value_square"] / count - mean**2
        phase = sums["phase"] / count.reshape(-1, *[1] * len(plan.period))
    phases = tuple(f"phase_{name[1:]}" for name in DIMS[len(plan.period)])
    return {
        "mean": xr.Variable("map_channel", mean),
        "variance": xr.Variable("map_channel", variance),
        "phase_mean": xr.Variable(("map_channel", *phases), phase),
    }


def _content(sums: Mapping[str, Sums], plan: MapPlan) -> dict[str, xr.Variable]:
    """Return the mean map of each tested channel, its own mean taken out; and images seen."""
    axes = DIMS[len(plan.period)]
    if "content" not in sums:
        return {}
    count = sums["content_maps"].reshape(-1, *[1] * len(axes))
    mean = np.divide(sums["content"], count, out=np.zeros_like(sums["content"]), where=count > 0)
    return {
        "mean_map": xr.Variable(("channel", *[name[1:] for name in axes]), mean),
        "mean_map_count": xr.Variable("channel", sums["content_maps"]),
    }


def _lattice(
    all_sums: Mapping[str, Sums], view: View, pairs: Pairs, *, number: int
) -> dict[str, xr.Variable]:
    """Return the running sums of one view and the tables that index them."""

    def own(dims: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(d if d in SHARED else f"{d}_{number}" for d in dims)

    sums = {name: all_sums[f"{name}_{number}"] for name in (*STATE, "alike", "alike_maps")}
    alike = agreement(sums["alike"], sums["alike_maps"], view=view, pairs=pairs)
    frequency = np.array([[float(f) for f in p.frequency] for p in view.points])
    multiplicity = np.array([p.multiplicity for p in view.points])
    unit = f"cycles/{place(len(view.period))}"
    variables = {name: xr.Variable(own(dims), sums[name]) for name, dims in STATE.items()} | {
        "alike": xr.Variable(own(("band",)), alike),
        "frequency": xr.Variable(own(("point", "axis")), frequency, {"units": unit}),
        "multiplicity": xr.Variable(own(("point",)), multiplicity),
        "period": xr.Variable("axis", np.array(view.period)),
        "tile": xr.Variable("axis", np.array(view.tile)),
        "last_bin": xr.Variable("axis", np.array(view.last_bins)),
        "positions": xr.Variable((), view.positions),
        "base_bin": xr.Variable(own(("bin", "axis")), pairs.base),
        "near_bin": xr.Variable(own(("near_bin",)), pairs.near_bin),
        "near_pair": xr.Variable(own(("near_pair",)), pairs.near_pair),
        "pair_bin": xr.Variable(own(("pair",)), pairs.bin),
        "pair_point": xr.Variable(own(("pair",)), pairs.point),
        "pair_mirrored": xr.Variable(own(("pair",)), pairs.mirrored),
        "pair_weight": xr.Variable(own(("pair",)), pairs.weight),
        "cell_point": xr.Variable(own(("cell",)), pairs.cell_point),
    }
    return {f"{name}_{number}": variable for name, variable in variables.items()}


def full_plane(half: NDArray[np.float64], last: int) -> NDArray[np.float64]:
    """Return the full plane of a spectrum that is symmetric through the origin.

    Parameters
    ----------
    half : ndarray, shape (..., last // 2 + 1)
        Half plane as `numpy.fft.rfftn` lays it out.
    last : int
        Length of the last axis of the full plane.
    """
    mirrored = half[..., 1 : (last + 1) // 2]
    for axis in range(half.ndim):
        mirrored = np.flip(mirrored, axis)
        if axis < half.ndim - 1:
            mirrored = np.roll(mirrored, 1, axis)
    return np.concatenate([half, mirrored], axis=-1)


def log_bias_db(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return what a mean of dB lacks in each bin of the full plane, in dB."""
    bias = np.full(shape, LOG_BIAS_DB)
    own_mirror = [(0, n // 2) if n % 2 == 0 else (0,) for n in shape]
    bias[np.ix_(*own_mirror)] = SELF_CONJUGATE_LOG_BIAS_DB
    return bias
