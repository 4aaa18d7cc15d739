"""``spectra.nc``: every spectrum of one analysis, one group a step, read again as it was."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra._files import check_regular
from spectra._printable import printable
from spectra.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

COMPRESSED = {"zlib": True, "complevel": 4, "shuffle": True}


def write_tree(tree: xr.DataTree, path: str | PathLike[str]) -> None:
    """Write ``tree`` to ``path`` as compressed netCDF-4.

    Attributes that netCDF cannot hold change: None is left out, a bool becomes 0 or 1, and
    texts, names of groups too, become `printable`. The
    file is made in memory and written at once, because HDF5 crashes where a disk is full.
    """
    import xarray as xr

    stored = xr.DataTree.from_dict(  # a group may be named after a module
        {printable(node.path): node.to_dataset(inherit=False) for node in tree.subtree}
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
            return tree.load()
    except (OSError, ValueError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else "not netCDF-4"
        raise InputError(f"{file}: cannot be read as spectra.nc: {reason}") from error


def _storable(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        str(name): _storable_value(value) for name, value in attributes.items() if value is not None
    }


def _storable_value(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)  # netCDF holds neither NUL nor what is no Unicode
    return int(value) if isinstance(value, bool) else value
