"""Fields with named dimensions, as files of weather have them."""

import numpy as np
import xarray as xr

DEGREE = 2 * np.pi * 6371.0088 / 360  # km


def weather(
    count=3, *, names=("t2m", "u10"), levels=(), north=60.0, step=0.5, side=(8, 10), values=None
):
    """Return a dataset over time, latitude and longitude; ``z`` has levels as well."""
    y, x = side
    rng = np.random.default_rng(0)
    dims = ("time", "latitude", "longitude")
    held = {
        name: (dims, rng.normal(size=(count, y, x)).astype(np.float32), {"units": "K"})
        for name in names
    }
    if values is not None:
        held = {name: (dims, values[:, i], {"units": "K"}) for i, name in enumerate(names)}
    if levels:
        shape = (count, len(levels), y, x)
        held["z"] = (
            ("time", "level", "latitude", "longitude"),
            rng.normal(size=shape).astype(np.float32),
            {"units": "m2 s-2"},
        )
    coords = {
        "time": ("time", np.arange(count) * 6.0, {"units": "hours since 2020-01-01"}),
        "latitude": ("latitude", north - step * np.arange(y), {"units": "degrees_north"}),
        "longitude": ("longitude", step * np.arange(x), {"units": "degrees_east"}),
    }
    if levels:
        coords["level"] = ("level", np.array(levels, float), {"units": "hPa"})
    return xr.Dataset(held, coords=coords)
