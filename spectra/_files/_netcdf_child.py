"""Reads a netCDF file or a zarr store for `_netcdf_process`, as a program with little room.

    python _netcdf_child.py FILE '{"cpu_s": 15, "room": 200000000, "task": "describe", ...}'

prints what a task of ``TASKS`` gives. The last line on stderr says what went wrong.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

if TYPE_CHECKING:
    import xarray as xr

MOST_OBJECTS = 100_000
MOST_PLACES = 100_000  # of a coordinate that is told
NO_COORDINATE = "_nc4_non_coord_"  # before a variable that is called as a dimension it is not
OF_THE_FORMAT = {  # attributes that HDF5, netCDF and xarray keep for themselves
    "CLASS",
    "NAME",
    "REFERENCE_LIST",
    "DIMENSION_LIST",
    "_NCProperties",
    "_Netcdf4Coordinates",
    "_Netcdf4Dimid",
    "_nc3_strict",
    "_FillValue",
    "coordinates",
    "dtype",
}
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


def warm() -> None:
    """Import what xarray imports when it first reads: it takes more room than a file may.

    It would import dask too, which takes longer than all else and has nothing to do here.
    """
    sys.modules["dask"] = None  # type: ignore[assignment]  # as if it were not installed
    import xarray  # noqa: F401


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
    import xarray as xr  # takes a third of a second, which a tree does without

    if os.path.isdir(path):  # what its metadata may say was checked by `check_store`
        # One copy of the metadata is read, that which was checked, and no other beside it.
        return xr.open_dataset(path, engine="zarr", decode_times=False, consolidated=False)
    with open(path, "rb") as file:
        is_hdf5 = file.read(len(SIGNATURE)) == SIGNATURE
    if not is_hdf5:
        return xr.open_dataset(path, engine="scipy", decode_times=False)
    check_alone(path)
    return xr.open_dataset(path, engine="h5netcdf", decode_times=False, phony_dims="sort")


def described(dataset: xr.Dataset) -> dict[str, list[Any]]:
    coords = {str(name): c for name, c in dataset.coords.items() if c.dims == (name,)}
    return {
        "variables": [
            {
                "name": str(name),
                "dims": [str(dim) for dim in variable.dims],
                "shape": list(variable.shape),
                "dtype": variable.dtype.name,
                "chunk": chunk_bytes(variable),
                "chunks": [int(side) for side in chunk_sides(variable)],
                "units": str(variable.attrs.get("units", "")),
            }
            for name, variable in dataset.data_vars.items()
        ],
        "coordinates": [
            {
                "dim": name,
                "values": places(c),
                **{key: str(c.attrs.get(key, "")) for key in ("units", "axis", "standard_name")},
            }
            for name, c in coords.items()
            if c.size <= MOST_PLACES and c.dtype.kind in "iufUSOT"
        ],
        "curved": [
            str(name)
            for name, c in dataset.coords.items()
            if len(c.dims) > 1 and str(c.attrs.get("units", "")).lower().startswith("degree")
        ],
        "bounds": sorted({str(c.attrs["bounds"]) for c in coords.values() if "bounds" in c.attrs}),
    }


def places(coordinate: xr.DataArray) -> list[float | str]:
    """Return the values of a coordinate as numbers or texts."""
    values = coordinate.values
    if values.dtype.kind in "iuf":
        return [float(value) for value in values]
    return [v.decode(errors="replace") if isinstance(v, bytes) else str(v) for v in values]


def chunk_sides(variable: xr.DataArray | xr.Variable) -> tuple[int, ...]:
    """Return the lengths of what is unpacked at once; none where that is any number."""
    encoding = variable.encoding
    return encoding.get("shards") or encoding.get("chunksizes") or encoding.get("chunks") or ()


def chunk_bytes(variable: xr.DataArray | xr.Variable) -> int:
    """Return the bytes that are unpacked at once."""
    sides = chunk_sides(variable)
    return int(np.prod([int(side) for side in sides], dtype=object)) * variable.dtype.itemsize


def describe(path: str, cpu_s: int) -> None:
    """Print the variables and coordinates of the file's own group as JSON."""
    with opened(path) as dataset:
        print(json.dumps(described(dataset)), flush=True)


def write_values(
    path: str, cpu_s: int, parts: list[list[Any]], samples: list[str], block: int
) -> None:
    """Print values as float32: for each block of samples those of each variable in turn.

    A part is the name of a variable and its dimensions in the order in which they are wanted.
    Samples count through their dimensions, the last one fastest, and a block is of that one.
    """
    with opened(path) as dataset:
        for index in blocks([(dim, dataset.sizes[dim]) for dim in samples], block):
            for name, order in parts:
                allow(cpu_s)
                variable = dataset[name]
                write_block(
                    variable.isel({d: i for d, i in index.items() if d in variable.dims}), order
                )


def blocks(samples: list[tuple[str, int]], block: int) -> Iterator[dict[str, int | slice]]:
    """Yield what of each dimension is read at once."""
    if not samples:
        yield {}
        return
    *outer, (last, length) = samples
    for numbers in itertools.product(*(range(size) for _, size in outer)):
        at = {dim: i for (dim, _), i in zip(outer, numbers, strict=True)}
        for start in range(0, length, block):
            yield {**at, last: slice(start, start + block)}


def write_block(variable: xr.DataArray, order: list[str]) -> None:
    variable = variable.transpose(*(dim for dim in order if dim in variable.dims))
    with np.errstate(all="ignore"):  # what float32 cannot hold is dropped by who reads it
        values = np.ascontiguousarray(variable.values, np.float32)
    sys.stdout.buffer.write(values.data)
    sys.stdout.buffer.flush()


# A tree is read with HDF5 alone: xarray and h5netcdf take three seconds to look at the three
# hundred variables of an analysis, and decode what `spectra.report` never writes. Of netCDF-4 this
# is what there is: a dimension is a dataset that others name as their scale; it is a variable as
# well, unless its attribute NAME says that it is not.


def describe_tree(path: str, cpu_s: int) -> None:
    """Print all groups with their attributes and variables as JSON, without values."""
    check_alone(path)
    with h5py.File(path, "r") as file:
        nodes = [node(place, group) for place, group in groups(file)]
    print(json.dumps(nodes), flush=True)


def node(place: str, group: h5py.Group) -> dict[str, Any]:
    """Return what `describe_tree` prints of a group."""
    scales, own = scale_names(group), dict(variables(group))
    dims = {name: dimensions(name, item, scales) for name, item in own.items()}
    return {
        "path": place,
        "attrs": attributes(group),
        "coordinates": coordinates(group, own, dims),
        "variables": [in_tree(name, item, dims[name]) for name, item in own.items()],
    }


def write_tree(path: str, cpu_s: int) -> None:
    """Print all values in the order of `describe_tree`; texts as a line of JSON."""
    check_alone(path)
    with h5py.File(path, "r") as file:
        for _, group in groups(file):
            for _, item in variables(group):
                allow(cpu_s)
                if item.dtype.kind in NUMBERS:
                    sys.stdout.buffer.write(np.ascontiguousarray(item[()]).data)
                else:
                    texts = np.asarray(item.asstr()[()], object)
                    sys.stdout.buffer.write(json.dumps([*map(str, texts.flat)]).encode() + b"\n")
    sys.stdout.buffer.flush()


def groups(file: h5py.File) -> Iterator[tuple[str, h5py.Group]]:
    """Yield all groups with their paths; raise OSError where one is linked to twice."""
    waiting: list[tuple[str, h5py.Group]] = [("/", file)]
    seen = set()
    while waiting:
        place, group = waiting.pop(0)
        address = h5py.h5o.get_info(group.id).addr
        if address in seen:
            raise OSError(f"group {place!r} is linked to twice, perhaps in a circle")
        seen.add(address)
        yield place, group
        waiting += [
            (f"{place.rstrip('/')}/{name}", item)
            for name, item in group.items()
            if isinstance(item, h5py.Group)
        ]


def variables(group: h5py.Group) -> Iterator[tuple[str, h5py.Dataset]]:
    """Yield the variables of a group, without the dimensions that are none."""
    for name, item in group.items():
        if isinstance(item, h5py.Dataset) and not is_bare_dimension(item):
            yield name.removeprefix(NO_COORDINATE), item


def is_bare_dimension(item: h5py.Dataset) -> bool:
    return item.is_scale and "not a netCDF variable" in str(item.attrs.get("NAME", ""))


def scale_names(group: h5py.Group) -> dict[int, str]:
    """Return the names of a group's dimensions by their address.

    HDF5 hands a variable's dimensions out without a name, and searches the whole file for one when
    it is asked: for each variable, which in a tree of a hundred groups took minutes.
    """
    return {
        h5py.h5o.get_info(item.id).addr: name
        for name, item in group.items()
        if isinstance(item, h5py.Dataset) and item.is_scale
    }


def dimensions(name: str, item: h5py.Dataset, scales: dict[int, str]) -> list[str]:
    """Return the names of a variable's dimensions; an axis without one has a name of its own."""
    if item.is_scale and item.ndim == 1:
        return [name]
    return [
        dimension(axis[0], scales) if len(axis) else f"phony_dim_{number}"
        for number, axis in enumerate(item.dims)
    ]


def dimension(scale: h5py.Dataset, scales: dict[int, str]) -> str:
    """Return the name of a dimension, also of one that stands in another group."""
    own = scales.get(h5py.h5o.get_info(scale.id).addr)
    return str(scale.name).rpartition("/")[2] if own is None else own


def coordinates(
    group: h5py.Group, own: dict[str, h5py.Dataset], dims: dict[str, list[str]]
) -> list[str]:
    """Return the variables that are coordinates: of a dimension of their name, or named as such."""
    listed = [holder.attrs.get("coordinates", "") for holder in (group, *own.values())]
    named = {name for text in listed for name in str(text).split()}
    return [name for name in own if name in named or dims[name] == [name]]


def in_tree(name: str, item: h5py.Dataset, dims: list[str]) -> dict[str, Any]:
    number = item.dtype.kind in NUMBERS
    truth = item.attrs.get("dtype") == "bool"  # how xarray keeps them
    chunk = int(np.prod(item.chunks or (1,), dtype=object)) * item.dtype.itemsize
    return {
        "name": name,
        "dims": dims,
        "shape": list(item.shape),
        "dtype": ("|b1" if truth else item.dtype.str) if number else "text",
        "attrs": attributes(item),
        "chunk": chunk,
    }


def attributes(item: h5py.HLObject) -> dict[str, Any]:
    """Return attributes as JSON holds them: numbers, texts and lists of them."""
    return {name: plain(item.attrs[name]) for name in item.attrs if name not in OF_THE_FORMAT}


def plain(value: Any) -> Any:
    """Return an attribute's value; netCDF knows no difference of one number and a list of one."""
    if isinstance(value, h5py.Empty):
        return ""
    if isinstance(value, np.ndarray) and value.shape == (1,):
        value = value[0]
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    return value.decode() if isinstance(value, bytes) else value


TASKS: dict[str, Callable[..., None]] = {
    "describe": describe,
    "values": write_values,
    "describe tree": describe_tree,
    "values of tree": write_tree,
}


def main() -> None:
    path, given = sys.argv[1], json.loads(sys.argv[2])
    warnings.simplefilter("ignore")
    if given["task"] == "values":
        warm()
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
