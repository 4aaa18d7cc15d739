"""``spectra.nc``: every spectrum of one analysis, one group a step, read again as it was."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra.errors import InputError

if TYPE_CHECKING:
    import xarray as xr


def write_tree(tree: xr.DataTree, path: str | PathLike[str]) -> None:
    """Write ``tree`` to ``path`` as netCDF-4; the running sums (``state_*``) are compressed."""
    encoding = {
        node.path: {
            name: {"zlib": True, "complevel": 4}
            for name, variable in node.data_vars.items()
            if str(name).startswith("state_") and variable.ndim
        }
        for node in tree.subtree
    }
    tree.to_netcdf(path, engine="h5netcdf", encoding={k: v for k, v in encoding.items() if v})


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

    file: Any = Path(path)
    if file.is_dir():
        file = file / "spectra.nc"
    try:
        with xr.open_datatree(file, engine="h5netcdf") as tree:
            return tree.load()
    except (OSError, ValueError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else "not netCDF-4"
        raise InputError(f"{file}: cannot be read as spectra.nc: {reason}") from error
