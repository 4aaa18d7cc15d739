"""A finished analysis without running one."""

from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from spectra.explain import Summary
from spectra.report import Result
from support.summaries import summary


def spectrum(rng: np.random.Generator, n: int = 32) -> xr.Dataset:
    """Return the spectra of one place of a model, n by n."""
    frequency = np.fft.fftshift(np.fft.fftfreq(n))
    grid = {"units": "cycles/pixel"}
    plane = rng.normal(size=(n, n))
    radius = np.arange(n // 2) / n
    return xr.Dataset(
        {
            "mean_log_spectrum": (("fy", "fx"), plane, {"units": "dB"}),
            "mean_power": (("fy", "fx"), 10 ** (plane / 10), {"units": "1"}),
            "azimuthal_power": (("f",), rng.uniform(1, 2, n // 2), {"units": "1"}),
            "azimuthal_sd": (("f",), rng.uniform(0, 1, n // 2), {"units": "1"}),
            "total_0": (("group", "channel"), np.ones((16, 3))),
        },
        coords={
            "fy": ("fy", frequency, grid),
            "fx": ("fx", frequency, grid),
            "f": ("f", radius, grid),
        },
        attrs={"window": "periodic Hann", "maps": 64, "name": "up"},
    )


def tree(groups: tuple[str, ...] = ("input", "steps/0", "steps/1", "output")) -> xr.DataTree:
    """Return a tree with the spectra of each of ``groups``."""
    rng = np.random.default_rng(0)
    return xr.DataTree.from_dict({group: spectrum(rng) for group in groups})


def crop(output: np.ndarray, grid: np.ndarray) -> xr.DataTree:
    """Return a tree with the middle of an output and its grid, each of shape (y, x, channel)."""
    shown = np.percentile(output, (0.5, 99.5)).tolist()
    dims = ("y", "x", "channel")
    data = xr.Dataset({"output": (dims, output), "grid": (dims, grid)}, attrs={"shown": shown})
    return xr.DataTree.from_dict({"crop": data.transpose("channel", "y", "x")})


@dataclass(frozen=True, repr=False)
class Finished(Result):
    """What `spectra.analyze` returns, of no model."""

    summary: Summary = field(default_factory=summary)
    data: xr.DataTree = field(default_factory=tree)
