"""Read ``spectra.nc`` again, by another process: it may be somebody else's file."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from spectra._files import check_regular, largest_unpacked, netcdf_process, read_head
from spectra._text import gigabytes
from spectra.errors import InputError

if TYPE_CHECKING:
    import xarray as xr

HDF5 = b"\x89HDF\r\n\x1a\n"


def read_tree(path: str | PathLike[str]) -> xr.DataTree:
    """Return the tree in ``path``, in memory, so that no file stays open.

    Parameters
    ----------
    path : path
        A ``spectra.nc``, or the folder of a result that holds one.

    Raises
    ------
    InputError
        If the file is missing or no netCDF-4, would read other files, or unpacks to many times
        its size.
    """
    file = Path(path)
    if file.is_dir():
        file = file / "spectra.nc"
    check_regular(file, "a spectra.nc", InputError)
    try:
        return _tree(file).map_over_datasets(_joined)
    except (OSError, ValueError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else error
        raise InputError(f"{file}: cannot be read as spectra.nc: {reason}") from error


def _tree(file: Path) -> xr.DataTree:
    """Return the tree in a netCDF-4 file."""
    import xarray as xr

    if read_head(file, len(HDF5)) != HDF5:
        raise OSError("not netCDF-4")
    with netcdf_process(file, "describe tree") as (output, patience):
        nodes = json.loads(output.read())
        patience.stop()
    variables = [variable for node in nodes for variable in node["variables"]]
    size, most = sum(map(_bytes, variables)), largest_unpacked(file.stat().st_size)
    if size > most:
        raise OSError(f"it would unpack to {gigabytes(size)}: expected at most {gigabytes(most)}")
    chunk = max((variable["chunk"] for variable in variables), default=0)
    with netcdf_process(file, "values of tree", room=2 * size + 4 * chunk) as (output, patience):
        datasets = {}
        for node in nodes:
            held = {}
            for variable in node["variables"]:
                values = _values(output, variable)
                held[variable["name"]] = (variable["dims"], values, _attributes(variable["attrs"]))
                patience.again()
            data = xr.Dataset(held, attrs=_attributes(node["attrs"]))
            datasets[node["path"]] = data.set_coords(node["coordinates"])
    return xr.DataTree.from_dict(datasets)


def _bytes(variable: dict[str, Any]) -> int:
    """Return the bytes of a variable's values; eight at least for a text."""
    each = 8 if variable["dtype"] == "text" else np.dtype(variable["dtype"]).itemsize
    return int(np.prod(variable["shape"], dtype=object)) * each


def _values(output: IO[bytes], variable: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Return the next values that the other process prints."""
    shape = variable["shape"]
    if variable["dtype"] == "text":
        return np.array(json.loads(output.readline()), object).reshape(shape)
    data = output.read(_bytes(variable))
    if len(data) < _bytes(variable):
        raise OSError("it ends early")
    return np.frombuffer(bytearray(data), variable["dtype"]).reshape(shape)


def _attributes(attrs: dict[str, Any]) -> dict[str, Any]:
    """Return attributes with lists of numbers as arrays, as netCDF has them."""
    return {
        name: np.array(value) if isinstance(value, list) else value for name, value in attrs.items()
    }


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
