"""Several files of which each holds one signal, such as a folder of mel spectrograms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spectra._files import recognise
from spectra._text import listed
from spectra.errors import InputError
from spectra.inputs._field_query import typed

if TYPE_CHECKING:
    from torch import Tensor

    from spectra.inputs._arrays import Stack

AXES = 2  # of one signal: channels and time


@dataclass(frozen=True)
class SignalFiles:
    """Files of one signal each, its axes in each of them, and how many others lie beside them."""

    files: tuple[Path, ...]
    shapes: tuple[tuple[int, int], ...]
    source: str
    skipped: int = 0


def find_signals(paths: Sequence[Path], source: str) -> SignalFiles | None:
    """Return the NumPy files of some if each holds one signal; None where one does not, or none.

    A signal has two axes, or a third one of length 1 before them.
    """
    arrays = [path for path in paths if path.is_file() and recognise(path) == "npy"]
    shapes = [shape for path in arrays if (shape := _signal_shape(path)) is not None]
    if not shapes or len(shapes) < len(arrays):  # some hold maps or volumes: asked about as such
        return None
    return SignalFiles(tuple(arrays), tuple(shapes), source, len(paths) - len(arrays))


def _signal_shape(path: Path) -> tuple[int, int] | None:
    """Return the two axes of the signal in a file, as its header says; None for another array."""
    from spectra._files import open_regular
    from spectra.inputs._npy_header import read_header

    try:
        with open_regular(path) as file:
            shape, _, _ = read_header(file)
    except (OSError, ValueError):
        return None
    shape = shape[1:] if len(shape) == AXES + 1 and shape[0] == 1 else shape
    return (shape[0], shape[1]) if len(shape) == AXES else None


def signal_stack(named: SignalFiles, layout: str | None) -> Stack:
    """Return files of one signal each as samples, cut to the length of the shortest.

    Parameters
    ----------
    named : SignalFiles
        The files.
    layout : str or None
        Which of their axes is time: the second unless it ends with ``"TC"``.

    Raises
    ------
    InputError
        If they differ in their channels, or are no floats.
    """
    import numpy as np

    from spectra.inputs._arrays import Stack, to_tensor

    time = 0 if (layout or "").endswith("TC") else 1
    channels = sorted({shape[1 - time] for shape in named.shapes})
    if len(channels) > 1:
        other = {shape[time] for shape in named.shapes}
        remedy = "--layout TC" if time == 1 and len(other) == 1 else "files of one kind"
        raise InputError(
            f"{named.source} holds {len(named.files)} signals (C, T) of {listed(channels, 3)} "
            f"channels: expected as many in each; give {remedy}"
        )
    length = min(shape[time] for shape in named.shapes)
    shape = [channels[0], channels[0]]
    shape[time] = length

    def rows(first: int = 0) -> Iterator[Tensor]:
        for path in named.files[first:]:
            values = np.load(path, mmap_mode="r", allow_pickle=False)
            values = values[0] if values.ndim > AXES else values
            start = (values.shape[time] - length) // 2
            yield to_tensor(np.take(values, range(start, start + length), axis=time))

    first = np.load(named.files[0], mmap_mode="r", allow_pickle=False)
    skipped = (f"{named.skipped} other files skipped",) if named.skipped else ()
    return Stack(
        len(named.files),
        shape=(shape[0], shape[1]),
        dtype=first.dtype.name,
        rows=rows,
        notes=(*_read_as(named, time, length), *skipped),
    )


def _read_as(named: SignalFiles, time: int, length: int) -> Iterator[str]:
    """Yield how the files were read."""
    longest = max(shape[time] for shape in named.shapes)
    cut = f", the middle {length} of up to {longest}" if longest > length else ""
    axes = "(T, C)" if time == 0 else "(C, T)"
    yield f"{len(named.files)} files of one signal {axes} each{cut}"
    yield f"two axes read as a signal; for maps type {typed(named.source, named.files, 'maps')}"
