"""What a model should make of its inputs: one target of the output's size for each input."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spectra._names import times
from spectra._text import listed
from spectra.errors import InputError
from spectra.inputs._array_files import file_stack
from spectra.inputs._images import UnusableError, decode
from spectra.inputs._inputs import Inputs, Origin
from spectra.inputs._labels import read_labels
from spectra.inputs._named import ArrayFile, Pictures, name_inputs
from spectra.inputs._prepare import LUMA


@dataclass(frozen=True)
class Targets:
    """One target for each input, read when it is asked for.

    Attributes
    ----------
    source : str
        What holds them.
    samples : callable
        Returns a new iterator over them, in the order of the inputs: float32
        (channel, *spatial), or int64 labels (*spatial).
    """

    source: str
    samples: Callable[[], Iterator[Tensor]] = field(repr=False)

    def batches(self, size: int) -> Iterator[Tensor]:
        """Yield the targets in batches, as `Inputs.batches` yields inputs."""
        samples = self.samples()
        while batch := list(islice(samples, size)):
            yield torch.stack(batch)


def open_targets(
    source: str | Path | Sequence[str | Path],
    inputs: Inputs,
    *,
    shape: tuple[int, ...],
    labels: bool = False,
    span: tuple[float, float] = (0.0, 1.0),
) -> Targets:
    """Open the targets of some inputs, cut as their inputs are.

    Parameters
    ----------
    source : str, Path or list of them
        For pictures a folder, glob or list of pictures with the inputs' names, whatever their
        suffix; for arrays a file of arrays with as many samples.
    inputs : Inputs
        What they are targets of.
    shape : tuple of int
        ``(channel, *spatial)`` of the model's output for one input.
    labels : bool
        Whether they are numbers of classes, in pictures of one channel or with a palette.
    span : tuple of float
        Black and white of pictures.

    Raises
    ------
    InputError
        If an input has no target, or one of another size than its output.
    """
    named = name_inputs(source)
    sides = _Sides(inputs, shape)
    read: Callable[[Path], NDArray[Any]]
    if isinstance(named, Pictures) and inputs.kind == "images":
        read = read_labels if labels else partial(_picture, channels=shape[0], span=span)
        pairs = list(zip(inputs.origins, _twins(named, inputs), strict=True))

        def samples() -> Iterator[Tensor]:
            for origin, path in pairs:
                yield sides.cut(read(path), origin, str(path))

    elif isinstance(named, ArrayFile) and inputs.kind != "images":
        stack = file_stack(named.file, named.format, named.key, named.source)
        wanted = {origin.index: origin for origin in inputs.origins}

        def samples() -> Iterator[Tensor]:
            last = max(index or 0 for index in wanted)
            for index, row in enumerate(islice(stack.rows(), last + 1)):
                if index in wanted:
                    values = _as_labels(row, named.source) if labels else row
                    yield sides.cut(values.numpy(), wanted[index], f"{named.source}[{index}]")

        if stack.count is not None and stack.count != inputs.count:
            raise InputError(
                f"targets={named.source} holds {stack.count} samples for {inputs.count} inputs: "
                "expected one for each"
            )
    else:
        kind = "pictures" if inputs.kind == "images" else "a file of arrays (.npy, .npz, .pt, .nc)"
        raise InputError(f"targets={source} of {inputs.kind}: expected {kind}")
    targets = Targets(str(source), samples)
    for first in targets.samples():  # the size of one tells whether it is that of the output
        _check_channels(first, shape, labels=labels, source=str(source))
        break
    return targets


class _Sides:
    """How a target is cut: as its input was, at the size of the output."""

    def __init__(self, inputs: Inputs, shape: tuple[int, ...]) -> None:
        pairs = zip(shape[1:], inputs.shape[1:], strict=False)
        self._shape, self._size = shape, inputs.shape[1:]
        self._ratio = tuple(Fraction(out, into) for out, into in pairs)
        if len(shape) != len(inputs.shape):
            raise InputError(
                f"targets for an output of {times(shape)} and inputs of {times(inputs.shape)}: "
                "expected as many axes in both"
            )

    def cut(self, values: NDArray[Any], origin: Origin, source: str) -> Tensor:
        """Return the part of a target that belongs to the input's crop."""
        axes = len(self._ratio)
        whole = values.shape[values.ndim - axes :]
        wanted = tuple(side * r for side, r in zip(origin.spatial, self._ratio, strict=True))
        if whole != wanted:
            times_its = f"{times(self._ratio)} times " if set(self._ratio) != {1} else ""
            raise InputError(
                f"target {source} is {times(whole)}: expected {times(wanted)}, {times_its}the size "
                f"of its input {origin.source}"
            )
        window: list[slice] = []
        for whole_in, kept, ratio in zip(origin.spatial, self._size, self._ratio, strict=True):
            start = (whole_in - kept) // 2 * ratio
            if start.denominator != 1:
                raise InputError(
                    f"target {source}: the crop of its input begins at no whole pixel of it; give "
                    "--multiple or inputs of one size"
                )
            window.append(slice(int(start), int(start + kept * ratio)))
        part = values[(slice(None),) * (values.ndim - axes) + tuple(window)]
        return torch.from_numpy(np.ascontiguousarray(part))


def _twins(named: Pictures, inputs: Inputs) -> list[Path]:
    """Return the picture with the name of each input."""
    by_name = {path.name: path for path in named.files}
    by_stem = {path.stem: path for path in named.files}
    names = [Path(origin.source) for origin in inputs.origins]
    twins = [by_name.get(name.name) or by_stem.get(name.stem) for name in names]
    missing = [name.name for name, twin in zip(names, twins, strict=True) if twin is None]
    if missing:
        raise InputError(
            f"targets={named.source} has no picture named as {len(missing)} of {len(names)} "
            f"inputs: {listed(missing, 3)}; it has {listed(sorted(by_name), 3)}: expected the "
            "names of the inputs"
        )
    return [twin for twin in twins if twin is not None]


def _picture(path: Path, *, channels: int, span: tuple[float, float]) -> NDArray[np.float32]:
    """Return a picture (channel, y, x) with as many channels as the output, scaled to ``span``."""
    try:
        pixels, _ = decode(path)
    except UnusableError as problem:
        raise InputError(f"target {path}: {problem}") from problem
    white = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1
    low, high = span
    values = np.moveaxis(pixels.astype(np.float32) / np.float32(white), -1, 0)
    if channels == 1 and len(values) == 3:
        values = np.tensordot(np.array(LUMA, np.float32), values, 1)[None]
    elif channels == 3 and len(values) == 1:
        values = np.repeat(values, 3, 0)
    return np.asarray(values * np.float32(high - low) + np.float32(low), np.float32)


def _as_labels(values: Tensor, source: str) -> Tensor:
    """Return labels that were read as floats."""
    labels = values.round().long()
    if not bool((labels == values).all()):
        raise InputError(f"{source} holds other numbers than whole ones: expected labels")
    return labels[0] if labels.shape[0] == 1 else labels


def _check_channels(first: Tensor, shape: tuple[int, ...], *, labels: bool, source: str) -> None:
    if not labels and tuple(first.shape) != shape:
        raise InputError(
            f"targets={source} are of shape {tuple(first.shape)}: expected {shape}, that of an "
            "output"
        )
    if labels and tuple(first.shape) != shape[1:]:
        raise InputError(
            f"labels in targets={source} are of shape {tuple(first.shape)}: expected {shape[1:]}"
        )
