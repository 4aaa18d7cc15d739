"""xarray objects as samples; xarray itself is loaded only by who has such an object."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from spectra._text import listed
from spectra.errors import InputError
from spectra.inputs._arrays import Stack
from spectra.inputs._field import Field
from spectra.inputs._field_layout import FieldLayout, lay_out
from spectra.inputs._field_query import NO_QUERY
from spectra.inputs._held import Coordinate, Held, Variable
from spectra.inputs._netcdf import block_of, stacked

if TYPE_CHECKING:
    import xarray as xr
    from torch import Tensor

MOST_PLACES = 100_000  # of a coordinate that is kept
ONLY = "array"  # the name of a DataArray that has none


def is_field(source: object) -> TypeGuard[xr.Dataset | xr.DataArray]:
    """Tell whether something is a Dataset or a DataArray; without xarray nothing is."""
    xarray = sys.modules.get("xarray")
    return xarray is not None and isinstance(source, xarray.Dataset | xarray.DataArray)


def field_stack(source: xr.Dataset | xr.DataArray, name: str | None = None) -> Stack:
    """Return the maps in an xarray object as a stack, read block by block.

    Parameters
    ----------
    source : Dataset or DataArray
        Values may be lazy, as dask's are.
    name : str, optional
        What it is called in errors.

    Raises
    ------
    InputError
        If what a dimension stands for is not known.
    """
    dataset = as_dataset(source)
    held = held_by(dataset)
    layout = lay_out(held, NO_QUERY, name or type(source).__name__, typed=False)

    def blocks() -> Iterator[Iterator[Tensor]]:
        for index in layout.blocks(block_of(layout)):
            parts = [_part(dataset, v, layout, index) for v in layout.variables]
            yield stacked(parts, layout, index)

    def rows(first: int = 0) -> Iterator[Tensor]:
        return islice(chain.from_iterable(blocks()), first, None)

    return Stack(
        layout.count,
        shape=layout.shape,
        dtype=layout.dtype,
        rows=rows,
        notes=layout.notes,
        named=Field.of(layout, held),
    )


def field_samples(source: xr.Dataset | xr.DataArray, name: str) -> Iterator[Tensor]:
    """Return the samples in one of the items that a function gives."""
    return field_stack(source, name).rows()


def field_of(source: xr.Dataset | xr.DataArray, name: str) -> Field:
    """Return what is known of such items: not of their samples, of which each has its own."""
    held = held_by(as_dataset(source))
    field = Field.of(lay_out(held, NO_QUERY, name, typed=False), held)
    return replace(field, samples=(), sample_coordinates={})


def field_notes(field: Field) -> tuple[str, ...]:
    """Return how such items are read."""
    return (
        f"xarray items: {len(field.names)} channels ({listed(field.names, 20)}) of maps over "
        f"{', '.join(field.dims)}",
    )


def as_dataset(source: xr.Dataset | xr.DataArray) -> xr.Dataset:
    """Return a DataArray as a dataset of one variable."""
    import xarray as xr

    if isinstance(source, xr.Dataset):
        return source
    return source.to_dataset(name=str(source.name or ONLY), promote_attrs=False)


def held_by(dataset: xr.Dataset) -> Held:
    """Return what a dataset holds, without its values."""
    variables = {
        str(name): Variable(
            str(name),
            dims=tuple(map(str, v.dims)),
            shape=tuple(v.shape),
            dtype=v.dtype.name,
            units=str(v.attrs.get("units", "")),
            chunks=tuple(int(sides[0]) for sides in v.chunks or ()),
        )
        for name, v in dataset.data_vars.items()
    }
    places = {str(n): c for n, c in dataset.coords.items() if c.dims == (n,)}
    coordinates = {
        name: _coordinate(name, c)
        for name, c in places.items()
        if c.size <= MOST_PLACES and c.dtype.kind in "iufUSOTMm"
    }
    bounds = frozenset(str(c.attrs["bounds"]) for c in places.values() if "bounds" in c.attrs)
    curved = tuple(
        str(name)
        for name, c in dataset.coords.items()
        if len(c.dims) > 1 and str(c.attrs.get("units", "")).lower().startswith("degree")
    )
    return Held(variables, coordinates, bounds, curved)


def _coordinate(dim: str, coordinate: xr.DataArray) -> Coordinate:
    values, attrs = coordinate.values, coordinate.attrs
    units = str(attrs.get("units", ""))
    if values.dtype.kind in "Mm":  # numbers, as netCDF has them
        kind = "datetime64[ns]" if values.dtype.kind == "M" else "timedelta64[ns]"
        since = " since 1970-01-01" if values.dtype.kind == "M" else ""
        values, units = values.astype(kind).astype(np.int64), f"nanoseconds{since}"
    numbers = values.dtype.kind in "iuf"
    told: tuple[Any, ...] = tuple(map(float if numbers else str, values))
    return Coordinate(
        dim,
        values=told,
        units=units,
        axis=str(attrs.get("axis", "")),
        standard_name=str(attrs.get("standard_name", "")),
    )


def _part(
    dataset: xr.Dataset, variable: Variable, layout: FieldLayout, index: dict[str, int | slice]
) -> np.ndarray[Any, Any]:
    """Return the values of one variable in one block, in the order of the layout."""
    own = {dim: at for dim, at in index.items() if dim in variable.dims}
    part = dataset[variable.name].isel(own)
    order = [dim for dim in layout.order(variable) if dim in part.dims]
    try:
        with np.errstate(all="ignore"):  # what float32 cannot hold is dropped by who reads it
            return np.ascontiguousarray(part.transpose(*order).values, np.float32)
    except Exception as error:
        raise InputError(f"{variable.name} cannot be read: {error}") from error
