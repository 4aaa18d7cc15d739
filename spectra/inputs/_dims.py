"""What a dimension stands for: samples, channels, or an axis of the maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from spectra.inputs._held import Coordinate

Role = Literal["samples", "channels", "space"]

SAMPLES = frozenset(
    [
        "n",
        "sample",
        "samples",
        "batch",
        "time",
        "valid_time",
        "init_time",
        "initial_time",
        "forecast_time",
        "reference_time",
        "forecast_reference_time",
        "forecast_period",
        "step",
        "lead_time",
        "leadtime",
        "prediction_timedelta",
        "member",
        "members",
        "number",
        "realization",
        "realisation",
        "ensemble",
        "ens",
        "ensemble_member",
    ]
)
CHANNELS = frozenset(
    [
        "channel",
        "channels",
        "c",
        "band",
        "bands",
        "variable",
        "variables",
        "feature",
        "features",
        "level",
        "levels",
        "lev",
        "plev",
        "pressure",
        "pressure_level",
        "isobaricinhpa",
        "isobaric",
        "model_level",
        "hybrid",
        "bottom_top",
    ]
)
LATITUDES = frozenset(["latitude", "lat", "nav_lat", "rlat", "grid_latitude", "nlat"])
LONGITUDES = frozenset(["longitude", "lon", "nav_lon", "rlon", "grid_longitude", "nlon"])
SPACE = frozenset(
    [
        "plane",
        "y",
        "x",
        "yc",
        "xc",
        "easting",
        "northing",
        "south_north",
        "west_east",
        "projection_x_coordinate",
        "projection_y_coordinate",
    ]
)
VERTICAL = frozenset(["z", "depth", "height", "altitude", "deptht", "nav_lev"])
"""Levels, which are channels, or an axis of a volume: only the user knows."""

_AXES: dict[str, Role] = {"T": "samples", "Y": "space", "X": "space"}


def role_of(dim: str, coordinate: Coordinate | None) -> Role | None:
    """Return what a dimension stands for, by its name and what CF says of its coordinate.

    Parameters
    ----------
    dim : str
        Its name.
    coordinate : Coordinate or None
        Its places, where there are any.

    Returns
    -------
    {"samples", "channels", "space"} or None
        None where neither tells.
    """
    names = {dim.lower()}
    if coordinate is not None:
        names.add(coordinate.standard_name.lower())
    if names & SAMPLES:
        return "samples"
    if names & CHANNELS:
        return "channels"
    if names & (LATITUDES | LONGITUDES | SPACE):
        return "space"
    return None if coordinate is None else _AXES.get(coordinate.axis.upper())


def is_latitude(dim: str, coordinate: Coordinate | None) -> bool:
    """Tell whether a dimension runs along a meridian, in degrees."""
    return _runs_along(LATITUDES, "degree", dim, coordinate)


def is_longitude(dim: str, coordinate: Coordinate | None) -> bool:
    """Tell whether a dimension runs along a parallel, in degrees."""
    return _runs_along(LONGITUDES, "degree", dim, coordinate)


def _runs_along(names: frozenset[str], unit: str, dim: str, coordinate: Coordinate | None) -> bool:
    if coordinate is None or coordinate.numbers is None:
        return False
    known = bool({dim.lower(), coordinate.standard_name.lower()} & names)
    units = coordinate.units.lower()
    return known and (units.startswith(unit) or not units)
