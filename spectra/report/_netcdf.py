"""``spectra.nc``: every spectrum of one analysis, one group a step, read again as it was."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spectra._files import check_regular
from spectra._printable import printable
from spectra.errors import InputError

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


def read_tree(path: str | PathLike[str]) -> xr.DataTree:
    """Return the tree in ``path``, in memory, so that no file stays open.

    Parameters
    ----------
    path : path
        A ``spectra.nc``, or the folder of a result that holds one.

    Raises
    ------
    InputError
        If the file is missing or no netCDF-4.
    """
    import xarray as xr

    file = Path(path)
    if file.is_dir():
        file = file / "spectra.nc"
    check_regular(file, "a spectra.nc", InputError)
    try:
        with xr.open_datatree(file, engine="h5netcdf") as tree:
            return tree.map_over_datasets(_joined).load()
    except (OSError, ValueError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else "not netCDF-4"
        raise InputError(f"{file}: cannot be read as spectra.nc: {reason}") from error


def _split(data: xr.Dataset) -> xr.Dataset:
    """Return a dataset with two real variables for each complex one."""
    whole = {str(key): v for key, v in data.variables.items() if v.dtype.kind == "c"}
    parts = {}
    for key, variable in whole.items():
        name, _, number = key.rpartition("_")
        parts[f"{name}_re_{number}"] = (variable.dims, variable.to_numpy().real)
        parts[f"{name}_im_{number}"] = (variable.dims, variable.to_numpy().imag)
    return data.drop_vars(whole).assign(parts)


def _joined(data: xr.Dataset) -> xr.Dataset:
    """Return a dataset with one complex variable for two real ones."""
    whole, parts = {}, []
    for key in map(str, data.data_vars):
        name, _, number = key.rpartition("_")
        stem = name.removesuffix("_re")
        if stem != name and (other := f"{stem}_im_{number}") in data:
            sums = np.empty(data[key].shape, complex)
            sums.real, sums.imag = data[key], data[other]
            whole[f"{stem}_{number}"] = (data[key].dims, sums)
            parts += [key, other]
    return data.drop_vars(parts).assign(whole)


def _storable(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        str(name): _storable_value(value) for name, value in attributes.items() if value is not None
    }


def _storable_value(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)  # netCDF holds neither NUL nor what is no Unicode
    return int(value) if isinstance(value, bool) else value
