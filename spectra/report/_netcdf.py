"""Write ``spectra.nc``: every spectrum of one analysis, one group a step."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra._printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

COMPRESSED = {"zlib": True, "complevel": 4, "shuffle": True}


def write_tree(tree: xr.DataTree, path: str | PathLike[str]) -> None:
    """Write ``tree`` to ``path`` as compressed netCDF-4.

    What netCDF cannot hold changes. Of attributes None is left out, a bool becomes 0 or 1, and
    texts, names of groups too, become `printable`; complex sums become two, ``base_re_0`` and
    ``base_im_0``. The file is made in memory and written at once, because HDF5 crashes where a
    disk is full.
    """
    import xarray as xr

    stored = xr.DataTree.from_dict(  # a group may be named after a module
        {printable(node.path): _split(node.to_dataset(inherit=False)) for node in tree.subtree}
    )
    for node in stored.subtree:
        node.attrs = _storable(node.attrs)
    encoding = {
        node.path: {str(name): COMPRESSED for name, v in node.data_vars.items() if v.ndim}
        for node in stored.subtree
        if node.data_vars
    }
    Path(path).write_bytes(stored.to_netcdf(engine="h5netcdf", encoding=encoding))


def _split(data: xr.Dataset) -> xr.Dataset:
    """Return a dataset with two real variables for each complex one."""
    whole = {str(key): v for key, v in data.variables.items() if v.dtype.kind == "c"}
    parts = {}
    for key, variable in whole.items():
        name, _, number = key.rpartition("_")
        parts[f"{name}_re_{number}"] = (variable.dims, variable.to_numpy().real)
        parts[f"{name}_im_{number}"] = (variable.dims, variable.to_numpy().imag)
    return data.drop_vars(whole).assign(parts)


def _storable(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        str(name): _storable_value(value) for name, value in attributes.items() if value is not None
    }


def _storable_value(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)  # netCDF holds neither NUL nor what is no Unicode
    return int(value) if isinstance(value, bool) else value
