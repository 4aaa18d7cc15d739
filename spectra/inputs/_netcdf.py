"""Variables of netCDF files as samples, read by another process."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from spectra._files import netcdf_process


@dataclass(frozen=True)
class Variable:
    """A variable of a netCDF file; ``chunk`` are the bytes that are unpacked at once."""

    name: str
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: str
    chunk: int


def read_variables(path: Path) -> list[Variable]:
    """Return what the netCDF-3 or netCDF-4 file ``path`` holds.

    Raises
    ------
    OSError
        With the reason, see `spectra._files.netcdf_process`.
    """
    with netcdf_process(path, "describe") as (output, timer):
        text = output.read()
        timer.stop()
    return [
        Variable(**{**entry, "dims": tuple(entry["dims"]), "shape": tuple(entry["shape"])})
        for entry in json.loads(text)
    ]


def read_values(path: Path, variable: Variable, order: list[str], block: int) -> Iterator[Tensor]:
    """Yield the values of ``variable`` along its first axis, ``block`` of them read at once.

    Parameters
    ----------
    path : Path
        The file.
    variable : Variable
        Which of its variables is read.
    order : list of str
        Its dims in the order in which the values are wanted.
    block : int
        How many samples are read at once.

    Yields
    ------
    Tensor, float32, of the shape that the other dims have

    Raises
    ------
    OSError
        See `read_variables`.
    """
    count, *rest = (variable.shape[variable.dims.index(dim)] for dim in order)
    values = int(np.prod(rest))
    how = {"name": variable.name, "order": order, "block": block}
    room = 4 * (variable.chunk + 8 * values * min(block, count))
    with netcdf_process(path, "values", how, room=room) as (output, timer):
        for start in range(0, count, block):
            for _ in range(min(block, count - start)):
                data = output.read(4 * values)
                if len(data) < 4 * values:
                    raise OSError("it ends early")
                row = np.frombuffer(bytearray(data), np.float32)
                yield torch.from_numpy(row.reshape(rest))
            timer.again()
