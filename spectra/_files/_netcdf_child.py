"""Reads a netCDF file for `_netcdf_process`, as a program of its own with little room.

    python _netcdf_child.py FILE '{"cpu_s": 15, "room": 200000000, "task": "describe", ...}'

prints what a task of ``TASKS`` gives. The last line on stderr says what went wrong.
"""

import json
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import h5py
import numpy as np
import xarray as xr

MOST_OBJECTS = 100_000
NUMBERS = "biufc"  # kinds of NumPy types that are printed as they are in memory
SIGNATURE = b"\x89HDF\r\n\x1a\n"


def confine(cpu_s: int, room: int) -> None:
    """Allow ``cpu_s`` more seconds of CPU and, beyond what the imports took, ``room`` bytes."""
    try:
        import resource

        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (used + room, used + room))
    except (ImportError, OSError, ValueError):  # not on this system
        pass
    allow(cpu_s)


def allow(cpu_s: int) -> None:
    """Allow ``cpu_s`` seconds of CPU from now on; the next one ends this process."""
    try:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + cpu_s, hard))
    except (ImportError, OSError, ValueError):
        pass


def check_alone(path: str) -> None:
    """Raise OSError if reading the HDF5 file ``path`` would read other files as well."""
    with h5py.File(path, "r") as file:
        for count, (name, item) in enumerate(objects(file)):
            if count == MOST_OBJECTS:
                raise OSError(f"it holds more than {MOST_OBJECTS} objects")
            if isinstance(item, h5py.ExternalLink):
                raise OSError(f"{name!r} is a link to another file, {item.filename!r}")
            if isinstance(item, h5py.Dataset):
                how = item.id.get_create_plist()
                if how.get_external_count():
                    raise OSError(f"the values of {name!r} are in another file (external storage)")
                if how.get_layout() == h5py.h5d.VIRTUAL:
                    raise OSError(f"{name!r} is made of other files (a virtual dataset)")


def objects(group: h5py.Group) -> Iterator[tuple[str, Any]]:
    """Yield the name and the object, or the link to another file, of all below ``group``."""
    groups, seen = [group], set()
    while groups:
        here = groups.pop()
        for name in here:
            link = here.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                yield name, link
            if not isinstance(link, h5py.HardLink):
                continue
            item = here[name]
            yield name, item
            address = h5py.h5o.get_info(item.id).addr
            if isinstance(item, h5py.Group) and address not in seen:
                seen.add(address)
                groups.append(item)


def opened(path: str) -> xr.Dataset:
    with open(path, "rb") as file:
        is_hdf5 = file.read(len(SIGNATURE)) == SIGNATURE
    if not is_hdf5:
        return xr.open_dataset(path, engine="scipy", decode_times=False)
    check_alone(path)
    return xr.open_dataset(path, engine="h5netcdf", decode_times=False, phony_dims="sort")


def described(dataset: xr.Dataset) -> list[dict[str, Any]]:
    return [
        {
            "name": str(name),
            "dims": [str(dim) for dim in variable.dims],
            "shape": list(variable.shape),
            "dtype": variable.dtype.name,
            "chunk": chunk_bytes(variable),
        }
        for name, variable in dataset.data_vars.items()
    ]


def chunk_bytes(variable: xr.DataArray | xr.Variable) -> int:
    """Return the bytes that are unpacked at once."""
    sides = variable.encoding.get("chunksizes") or ()
    return int(np.prod([int(side) for side in sides], dtype=object)) * variable.dtype.itemsize


def describe(path: str, cpu_s: int) -> None:
    """Print the variables of the file's own group as JSON."""
    with opened(path) as dataset:
        print(json.dumps(described(dataset)), flush=True)


def write_values(path: str, cpu_s: int, name: str, order: list[str], block: int) -> None:
    """Print the values of one variable as float32, ``block`` of them read at once."""
    with opened(path) as dataset:
        write_blocks(dataset, name, order=order, block=block, cpu_s=cpu_s)


def write_blocks(dataset: xr.Dataset, name: str, order: list[str], block: int, cpu_s: int) -> None:
    variable = dataset[name].transpose(*order)
    for start in range(0, variable.shape[0], block):
        allow(cpu_s)
        with np.errstate(all="ignore"):  # what float32 cannot hold is dropped by who reads it
            values = np.ascontiguousarray(variable[start : start + block].values, np.float32)
        sys.stdout.buffer.write(values.data)
    sys.stdout.buffer.flush()


def describe_tree(path: str, cpu_s: int) -> None:
    """Print all groups with their attributes and variables as JSON, without values."""
    check_alone(path)
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        own = {node.path: node.to_dataset(inherit=False) for node in tree.subtree}
        nodes = [
            {
                "path": path,
                "attrs": attributes(dataset.attrs),
                "coordinates": [str(name) for name in dataset.coords],
                "variables": [in_tree(str(name), v) for name, v in dataset.variables.items()],
            }
            for path, dataset in own.items()
        ]
    print(json.dumps(nodes), flush=True)


def in_tree(name: str, variable: xr.Variable) -> dict[str, Any]:
    return {
        "name": name,
        "dims": [str(dim) for dim in variable.dims],
        "shape": list(variable.shape),
        "dtype": variable.dtype.str if variable.dtype.kind in NUMBERS else "text",
        "attrs": attributes(variable.attrs),
        "chunk": chunk_bytes(variable),
    }


def attributes(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Return attributes as JSON holds them: numbers, texts and lists of them."""
    return {
        str(name): value.tolist() if isinstance(value, np.generic | np.ndarray) else value
        for name, value in attrs.items()
    }


def write_tree(path: str, cpu_s: int) -> None:
    """Print all values in the order of `describe_tree`; texts as a line of JSON."""
    check_alone(path)
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        for node in tree.subtree:
            for variable in node.to_dataset(inherit=False).variables.values():
                allow(cpu_s)
                values = variable.values
                if values.dtype.kind in NUMBERS:
                    sys.stdout.buffer.write(np.ascontiguousarray(values).data)
                else:
                    texts = [str(text) for text in values.flat]
                    sys.stdout.buffer.write(json.dumps(texts).encode() + b"\n")
    sys.stdout.buffer.flush()


TASKS: dict[str, Callable[..., None]] = {
    "describe": describe,
    "values": write_values,
    "describe tree": describe_tree,
    "values of tree": write_tree,
}


def main() -> None:
    path, given = sys.argv[1], json.loads(sys.argv[2])
    warnings.simplefilter("ignore")
    confine(given["cpu_s"], given["room"])
    try:
        TASKS[given["task"]](path, given["cpu_s"], **given["arguments"])
    except Exception as error:
        text = str(error).partition("\n")[0]
        print(f"{type(error).__name__}: {text}" if text else type(error).__name__, file=sys.stderr)
        sys.stderr.flush()
        os._exit(1)  # a destructor of the libraries may print more, or crash
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
