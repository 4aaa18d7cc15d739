"""Files of arrays: NumPy, netCDF and torch, read one sample at a time."""

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import numpy as np
from torch import Tensor

from spectra._files import (
    DESCRIPTION,
    Format,
    check_packed,
    check_size,
    check_store,
    is_zip,
    open_regular,
    open_zip,
    told_order,
)
from spectra._text import brief, listed
from spectra.errors import InputError, LoadError
from spectra.inputs._arrays import AXES, Stack, array_stack, check_dtype, tensor_stack, to_tensor
from spectra.inputs._field import Field
from spectra.inputs._field_layout import lay_out
from spectra.inputs._field_query import FieldQuery
from spectra.inputs._held import Held
from spectra.inputs._netcdf import check_layout, read_held, read_rows
from spectra.inputs._npy_header import read_header
from spectra.load import check_dense, open_torch

NAMED: frozenset[Format] = frozenset({"hdf5", "netcdf3", "zarr"})
"""Kinds of files whose dimensions have names."""


def file_stack(path: Path, found: Format, query: FieldQuery, source: str) -> Stack:
    """Return the array in the file ``path``, of the kind ``found``, as a stack.

    Raises
    ------
    InputError
        If the file is damaged, holds pickled objects, or several arrays and no key is given.
    """
    with _reading(path, found):
        if found in NAMED:
            stack = _named_dimensions(path, query, source)
        else:
            _check_nameless(query, found, source)
            stack = {"npz": _npz, "npy": _npy}.get(found, _torch)(path, query.key, source)

    def rows(first: int = 0) -> Iterator[Tensor]:
        with _reading(path, found):
            yield from stack.rows(first)

    return replace(stack, rows=rows)


@contextmanager
def _reading(path: Path, found: Format) -> Iterator[None]:
    """Turn whatever reading raises into one line."""
    try:
        yield
    except InputError:
        raise
    except LoadError as error:
        raise InputError(str(error)) from error
    except Exception as error:
        raise InputError(
            f"{path} looks like {DESCRIPTION[found]} but cannot be read ({brief(error)}): "
            "expected floats, not pickled objects, in an undamaged file"
        ) from error


def _check_nameless(query: FieldQuery, found: Format, source: str) -> None:
    """Raise InputError if dimensions are named of a file that has no names."""
    if query.names_dimensions:
        raise InputError(
            f"{source} is {DESCRIPTION[found]}, whose axes have no names: expected netCDF or zarr "
            "beside ?variables=, ?samples=, ?channels= and ?space="
        )


def _npy(path: Path, key: str | None, source: str) -> Stack:
    if key is not None:
        raise InputError(f"{source} has no array {key!r}: it holds one array without a name")
    with open_regular(path) as file:
        read_header(file)
    return array_stack(np.load(path, mmap_mode="r", allow_pickle=False))


def _npz(path: Path, key: str | None, source: str) -> Stack:
    with open_zip(path) as archive:
        headers = {}
        for name in archive.namelist():
            with archive.open(name) as member:
                headers[name.removesuffix(".npy")] = read_header(member)
    held = {name: (shape, dtype.name) for name, (shape, _, dtype) in headers.items()}
    name = _choose(held, key, source)
    shape, fortran, dtype = headers[name]
    note = (f"array {name!r} of {path.name}",) if len(headers) > 1 else ()
    by_row = not fortran and not dtype.hasobject and len(shape) >= 2
    values = math.prod(shape[1:] if by_row else shape)
    check_packed(max(4, dtype.itemsize) * values, path.stat().st_size, source)
    if not by_row:
        if not dtype.hasobject:  # else NumPy refuses it
            check_dtype(dtype.name, source)
        with np.load(path, allow_pickle=False) as arrays:
            return replace(array_stack(arrays[name]), notes=note)

    def rows(first: int = 0) -> Iterator[Tensor]:
        with open_zip(path) as archive, archive.open(f"{name}.npy") as file:
            read_header(file)
            file.seek(first * values * dtype.itemsize, os.SEEK_CUR)
            for _ in range(first, shape[0]):
                row = np.frombuffer(file.read(values * dtype.itemsize), dtype=dtype)
                yield to_tensor(row.reshape(shape[1:]))

    return Stack(shape[0], shape=shape[1:], dtype=dtype.name, rows=rows, notes=note, decoded=True)


def _torch(path: Path, key: str | None, source: str) -> Stack:
    check_size(path, InputError)
    content = open_torch(path, mmap=is_zip(path))
    if isinstance(content, Mapping):
        tensors = {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
        name = _choose({n: (tuple(t.shape), str(t.dtype)) for n, t in tensors.items()}, key, source)
        note = f"tensor {name!r} of {path.name}"
        return replace(_tensor(tensors[name], name, path, source), notes=(note,))
    if not isinstance(content, Tensor):
        raise InputError(
            f"{source} holds a {type(content).__name__}: expected one tensor (N, C, ...), "
            "such as torch.stack gives"
        )
    return _tensor(content, "the tensor", path, source)


def _tensor(tensor: Tensor, name: str, path: Path, source: str) -> Stack:
    """Return a tensor of a file, which may repeat few values, as a stack."""
    check_dense({name: tensor}, source)
    check_packed(4 * math.prod(tensor.shape[1:]), path.stat().st_size, source)
    return tensor_stack(tensor)


def _named_dimensions(path: Path, query: FieldQuery, source: str) -> Stack:
    """Return the variables of a netCDF file or zarr store as a stack."""
    stored = _checked_store(path, source) if path.is_dir() else path.stat().st_size
    held, note = _in_order(read_held(path), path)
    if not query.variables and query.key is None and not held.has_axes:
        arrays = {name: (v.shape, v.dtype) for name, v in held.variables.items()}
        query = replace(query, key=_choose(arrays, None, source))
    layout = lay_out(held, query, source)
    check_layout(layout, stored, source)
    return Stack(
        layout.count,
        shape=layout.shape,
        dtype=layout.dtype,
        rows=lambda first=0: islice(read_rows(path, layout), first, None),
        notes=layout.notes if len(layout.variables) == 1 else (*layout.notes, *note),
        named=Field.of(layout, held),
        decoded=True,
    )


def _in_order(held: Held, path: Path) -> tuple[Held, tuple[str, ...]]:
    """Return what a zarr store holds in the order that it tells, else by name, which is noted."""
    if not path.is_dir():
        return held, ()
    told = told_order(path)
    place = {name: index for index, name in enumerate(told)}
    names = sorted(held.variables, key=lambda name: (place.get(name, len(told)), name))
    note = () if told else ("in the order of their names, as the store tells no other",)
    return replace(held, variables={name: held.variables[name] for name in names}), note


def _checked_store(path: Path, source: str) -> int:
    """Return the bytes in a zarr store that holds numbers alone."""
    stored = check_store(path)
    if find_spec("zarr") is None:
        raise InputError(
            f"{source} is a zarr store, which is read by zarr, and that is not installed: pip "
            "install 'spectra-artifacts[zarr]', or save it as netCDF: ds.to_netcdf('fields.nc')"
        )
    return stored


def _choose(arrays: Mapping[str, tuple[Sequence[int], str]], key: str | None, source: str) -> str:
    """Return the name of the array to read: ``key``, or the only one that can be meant."""
    texts = (f"{name} {tuple(shape)} {dtype}" for name, (shape, dtype) in arrays.items())
    described = listed(texts, 12)
    if key is not None:
        if key not in arrays:
            raise InputError(f"{source} has no array {key!r}: it holds {described}")
        return key
    maps = [
        name
        for name, (shape, dtype) in arrays.items()
        if len(shape) - 1 in AXES and "float" in dtype
    ]
    candidates = maps or list(arrays)
    if len(candidates) != 1:
        raise InputError(
            f"{source} holds {described}: expected one array (N, C, ...); "
            f"choose with '{source}?key=NAME'"
        )
    return candidates[0]
