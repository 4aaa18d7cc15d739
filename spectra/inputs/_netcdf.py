"""Variables of netCDF files and zarr stores as samples, read by another process."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spectra._files import check_packed, netcdf_process
from spectra.inputs._field_layout import FieldLayout
from spectra.inputs._held import Coordinate, Held, Variable

BLOCK_BYTES = 2**21  # read at once, where single samples would be slow
CHUNK_BYTES = 2**27  # read at once at most, so that no chunk is unpacked for each sample anew
ZARR_ROOM = 1 << 29  # of addresses, not of memory: each of its threads reserves some


def read_held(path: Path) -> Held:
    """Return what the netCDF file or zarr store ``path`` holds.

    Raises
    ------
    OSError
        With the reason, see `spectra._files.netcdf_process`.
    """
    with netcdf_process(path, "describe", room=_room(path)) as (output, timer):
        text = output.read()
        timer.stop()
    told = json.loads(text)
    variables = [Variable(**_tuples(entry)) for entry in told["variables"]]
    coordinates = [Coordinate(**_tuples(entry)) for entry in told["coordinates"]]
    return Held(
        {variable.name: variable for variable in variables},
        {coordinate.dim: coordinate for coordinate in coordinates},
        frozenset(told["bounds"]),
        tuple(told["curved"]),
    )


def _tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(v) if isinstance(v, list) else v for name, v in entry.items()}


def _room(path: Path) -> int:
    return ZARR_ROOM if path.is_dir() else 0


def check_layout(layout: FieldLayout, stored: int, source: str) -> None:
    """Raise InputError if one sample or chunk unpacks to more than a file of its size may hold."""
    check_packed(8 * int(np.prod(layout.shape, dtype=object)), stored, source)
    for variable in layout.variables:
        check_packed(variable.chunk, stored, source)


def read_rows(path: Path, layout: FieldLayout) -> Iterator[Tensor]:
    """Yield the samples of a file, several of them read at once.

    Parameters
    ----------
    path : Path
        The file or store.
    layout : FieldLayout
        Which of its variables become which channels.

    Yields
    ------
    Tensor, float32, shape ``(channel, *spatial)``

    Raises
    ------
    OSError
        See `read_held`.
    """
    block = block_of(layout)
    how = {
        "parts": [[variable.name, layout.order(variable)] for variable in layout.variables],
        "samples": layout.samples,
        "block": block,
    }
    most = max(v.chunk + 8 * _values(v, layout, block) for v in layout.variables)
    with netcdf_process(path, "values", how, room=4 * most + _room(path)) as (output, timer):

        def take(variable: Variable, index: dict[str, int | slice]) -> Any:
            values: Any = np.empty(_shape(variable, layout, index), np.float32)
            if values.size and output.readinto(memoryview(values).cast("B")) < values.nbytes:
                raise OSError("it ends early")
            return values

        for index in layout.blocks(block):
            yield from stacked([take(v, index) for v in layout.variables], layout, index)
            timer.again()


def block_of(layout: FieldLayout) -> int:
    """Return how many samples are read at once: some MiB of them, or whole chunks."""
    if not layout.samples:
        return 1
    last = layout.samples[-1]
    each = 4 * int(np.prod(layout.shape, dtype=object)) or 1
    chunks = [dict(zip(v.dims, v.chunks, strict=False)).get(last, 1) for v in layout.variables]
    whole = min(max(chunks, default=1), layout.sizes[last] or 1)
    wanted = max(BLOCK_BYTES // (2 * each), whole)
    return max(1, min(wanted, CHUNK_BYTES // each, layout.sizes[last] or 1))


def stacked(
    parts: list[np.ndarray[Any, Any]], layout: FieldLayout, index: dict[str, int | slice]
) -> Iterator[Tensor]:
    """Yield the samples of one block: the channels of each variable behind each other.

    What has no sample dimension is repeated.
    """
    count = len(range(*_last(index).indices(layout.sizes[layout.samples[-1]]))) if index else 1
    shape = layout.shape[1:]
    columns = []
    for variable, part in zip(layout.variables, parts, strict=True):
        whole = part.reshape(-1, layout.channels_of(variable), *shape)
        columns.append(np.broadcast_to(whole, (count, *whole.shape[1:])))
    for row in range(count):
        sample = np.concatenate([column[row] for column in columns]).astype(np.float32, copy=False)
        yield torch.from_numpy(sample)


def _last(index: dict[str, int | slice]) -> slice:
    found = next(reversed(index.values()))
    assert isinstance(found, slice)
    return found


def _shape(
    variable: Variable, layout: FieldLayout, index: dict[str, int | slice]
) -> tuple[int, ...]:
    """Return the shape of one variable's part of a block."""
    lengths = []
    for dim in layout.order(variable):
        found = index.get(dim)
        if isinstance(found, slice):
            lengths.append(len(range(*found.indices(layout.sizes[dim]))))
        elif found is None:
            lengths.append(layout.sizes[dim])
    return tuple(lengths)


def _values(variable: Variable, layout: FieldLayout, block: int) -> int:
    """Return how many values of one variable are read at once."""
    sides = [layout.sizes[d] for d in layout.order(variable) if d not in layout.samples]
    return int(np.prod(sides, dtype=object)) * min(block, max(layout.count, 1))
