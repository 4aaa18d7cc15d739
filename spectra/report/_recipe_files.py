"""The files of recipes: numbers as papers give them, with how they were made."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from spectra._printable import printable
from spectra.images import Recorded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spectra.images import PictureRow

ABOUT = (
    "residual: the picture less its median over 3x3 pixels (the paper denoises with a trained "
    "network); middle 256 px, mean removed, over its deviation; mean over channels and pictures"
)


def write_recipe(name: str, recorded: Recorded, rows: Sequence[PictureRow], folder: Path) -> None:
    """Write what a recipe recorded: ``synthbuster2023.csv`` or ``corvi2023.nc``.

    Parameters
    ----------
    name : str
        Of the recipe.
    recorded : Recorded
    rows : sequence of PictureRow
        The pictures, in order.
    folder : Path
        Where to.
    """
    if recorded.keeps_rows:
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("source", *recorded.names))
            for row, values in zip(rows, recorded.rows, strict=True):
                writer.writerow((printable(row.source), *(f"{value:.9g}" for value in values)))
        return
    power = recorded.mean_power
    if power is None:
        return
    import xarray as xr

    from spectra.report._netcdf import write_tree

    side = len(power)
    frequency = np.fft.fftshift(np.fft.fftfreq(side))
    shift = np.arange(side) - side // 2
    data = xr.Dataset(
        {
            "mean_power": (("fy", "fx"), power, {"units": "1"}),
            "autocorrelation": (("y", "x"), recorded.autocorrelation, {"units": "1"}),
        },
        coords={
            "fy": ("fy", frequency, {"units": "cycles/pixel"}),
            "fx": ("fx", frequency, {"units": "cycles/pixel"}),
            "y": ("y", shift, {"units": "pixel"}),
            "x": ("x", shift, {"units": "pixel"}),
        },
        attrs={"recipe": name, "about": ABOUT, "pictures": recorded.count},
    )
    write_tree(xr.DataTree.from_dict({"/": data}), folder / f"{name}.nc")
