"""Running sums as labelled arrays: what later stages read and files keep."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from spectra.spectrum._alike import agreement
from spectra.spectrum._azimuthal import DIMS, frequencies
from spectra.spectrum._sums import STATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spectra.spectrum._running import MapStatistics

# The mean of a logarithm lies below the logarithm of the mean: by 10 / ln 10 * psi(1) for a bin
# with two degrees of freedom, and further for a bin that is real because it is its own mirror.
LOG_BIAS_DB = 10 / np.log(10) * np.euler_gamma
SELF_CONJUGATE_LOG_BIAS_DB = 10 / np.log(10) * (np.euler_gamma + np.log(2))
SHARED = ("group", "slot", "channel")


def to_dataset(statistics: MapStatistics) -> xr.Dataset:
    """Return everything measured at one place of a model; see `MapStatistics.to_dataset`."""
    plan = statistics.plan
    variables = _figure(statistics) | _moments(statistics) | _content(statistics)
    for number in range(len(plan.views)):
        variables |= _lattice(statistics, number)
    attributes = {
        "maps": int(statistics.sums["maps"]),
        "images": int(statistics.sums["images"]),
        "dropped_non_finite": int(statistics.sums["dropped_non_finite"]),
        "dropped_constant": int(statistics.sums["dropped_constant"]),
        "replicates": plan.replicates,
        "images_seen": int((statistics.sums["seen"] > 0).sum()) if plan.views else 0,
        "block_kind": plan.block_kind,
        "views": len(plan.views),
        "period": json.dumps(plan.period),
        "reason": plan.reason or "",
        "window": "periodic Hann",
        "figure_tile": json.dumps(plan.figure_tile),
        "plan": json.dumps(plan.describe()),
    }
    return xr.Dataset(variables, attrs=attributes)


def _figure(statistics: MapStatistics) -> dict[str, xr.DataArray]:
    """Return the mean spectra of the full plane and the azimuthal profile."""
    sums, plan = statistics.sums, statistics.plan
    tile = plan.figure_tile
    names = DIMS[len(tile)]
    maps = sums["figure_maps"]
    with np.errstate(invalid="ignore"):
        mean_log = full_plane(sums["figure_log"] / maps, tile[-1]) + log_bias_db(tile)
        mean = full_plane(sums["figure_power"] / maps, tile[-1])
        profile = sums["azimuthal"] / sums["azimuthal_images"]
        mean_square = sums["azimuthal_square"] / sums["azimuthal_images"]
        spread = np.sqrt(np.maximum(mean_square - profile**2, 0))
    coordinates = {
        name: xr.Variable(name, frequencies(n), {"units": "cycles/pixel"})
        for name, n in zip(names, tile, strict=True)
    }
    radius = np.arange(len(profile)) / min(tile)
    f = {"f": xr.Variable("f", radius, {"units": "cycles/pixel"})}
    decibel = {"units": "dB", "reference": "white noise of the map's variance"}
    relative = {"units": "1", "reference": "white noise of the map's variance"}
    return {
        "mean_log_spectrum": xr.DataArray(
            np.fft.fftshift(mean_log), coordinates, names, attrs=decibel
        ),
        "mean_power": xr.DataArray(np.fft.fftshift(mean), coordinates, names, attrs=relative),
        "azimuthal_power": xr.DataArray(profile, f, ("f",), attrs=relative),
        "azimuthal_sd": xr.DataArray(spread, f, ("f",), attrs=relative),
    }


def _moments(statistics: MapStatistics) -> dict[str, xr.DataArray]:
    """Return mean, variance and polyphase means of each channel."""
    sums = statistics.sums
    count = sums["phase_maps"]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums["value"] / count
        variance = sums["value_square"] / count - mean**2
        phase = sums["phase"] / count.reshape(-1, *[1] * len(statistics.plan.period))
    phases = tuple(f"phase_{name[1:]}" for name in DIMS[len(statistics.plan.period)])
    return {
        "mean": xr.DataArray(mean, dims="map_channel"),
        "variance": xr.DataArray(variance, dims="map_channel"),
        "phase_mean": xr.DataArray(phase, dims=("map_channel", *phases)),
    }


def _content(statistics: MapStatistics) -> dict[str, xr.DataArray]:
    """Return the mean map of each tested channel, its own mean taken out; and images seen."""
    sums, axes = statistics.sums, DIMS[len(statistics.plan.period)]
    if "content" not in sums:
        return {}
    count = sums["content_maps"].reshape(-1, *[1] * len(axes))
    mean = np.divide(sums["content"], count, out=np.zeros_like(sums["content"]), where=count > 0)
    return {
        "mean_map": xr.DataArray(mean, dims=("channel", *[name[1:] for name in axes])),
        "mean_map_count": xr.DataArray(sums["content_maps"], dims="channel"),
    }


def _lattice(statistics: MapStatistics, number: int) -> dict[str, xr.DataArray]:
    """Return the running sums of one view and the tables that index them."""
    view, pairs = statistics.plan.views[number], statistics.pairs[number]

    def own(dims: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(d if d in SHARED else f"{d}_{number}" for d in dims)

    arrays: dict[str, xr.DataArray] = {}
    for name, dims in STATE.items():
        values = statistics.sums[f"{name}_{number}"]
        arrays[f"{name}_{number}"] = xr.DataArray(values, dims=own(dims))
    alike = agreement(
        statistics.sums[f"alike_{number}"],
        statistics.sums[f"alike_maps_{number}"],
        view=view,
        pairs=pairs,
    )
    arrays[f"alike_{number}"] = xr.DataArray(alike, dims=own(("band",)))
    point, pair, cell = own(("point",))[0], own(("pair",))[0], own(("cell",))[0]
    frequency = np.array([[float(f) for f in p.frequency] for p in view.points])
    multiplicity = np.array([p.multiplicity for p in view.points])
    return arrays | {
        f"frequency_{number}": xr.DataArray(
            frequency, dims=(point, "axis"), attrs={"units": "cycles/pixel"}
        ),
        f"multiplicity_{number}": xr.DataArray(multiplicity, dims=point),
        f"period_{number}": xr.DataArray(np.array(view.period), dims="axis"),
        f"tile_{number}": xr.DataArray(np.array(view.tile), dims="axis"),
        f"last_bin_{number}": xr.DataArray(np.array(view.last_bins), dims="axis"),
        f"positions_{number}": xr.DataArray(view.positions),
        f"base_bin_{number}": xr.DataArray(pairs.base, dims=(*own(("bin",)), "axis")),
        f"near_bin_{number}": xr.DataArray(pairs.near_bin, dims=own(("near_bin",))),
        f"near_pair_{number}": xr.DataArray(pairs.near_pair, dims=own(("near_pair",))),
        f"pair_bin_{number}": xr.DataArray(pairs.bin, dims=pair),
        f"pair_point_{number}": xr.DataArray(pairs.point, dims=pair),
        f"pair_mirrored_{number}": xr.DataArray(pairs.mirrored, dims=pair),
        f"pair_weight_{number}": xr.DataArray(pairs.weight, dims=pair),
        f"cell_point_{number}": xr.DataArray(pairs.cell_point, dims=cell),
    }


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
