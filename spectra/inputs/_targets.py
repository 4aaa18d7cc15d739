"""What a model should make of its inputs: one target of the output's size for each input."""

from __future__ import annotations

from collections import Counter
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
from spectra.errors import InputError, SpectraError
from spectra.inputs._array_files import file_stack
from spectra.inputs._decode import read_picture
from spectra.inputs._inputs import Inputs, Origin
from spectra.inputs._labels import IGNORED, read_labels
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
    try:
        named = name_inputs(source)
    except SpectraError as error:
        raise InputError(
            f"targets={source} cannot be read: expected a folder, glob or list of pictures, or a "
            "file of arrays (.npy, .npz, .pt, .nc)"
        ) from error
    if inputs.pick is not None:
        raise InputError(
            f"targets={source} of {len(inputs)} pictures that are looked at one by one: expected "
            "inputs that were opened with lazy=False"
        )
    sides = _Sides(inputs, shape)
    read: Callable[[Path], NDArray[Any]]
    if isinstance(named, Pictures) and inputs.kind == "images":
        read = read_labels if labels else partial(_picture, channels=shape[0], span=span)
        pairs = list(zip(inputs.origins, _twins(named, inputs), strict=True))

        def samples() -> Iterator[Tensor]:
            for origin, path in pairs:
                yield sides.cut(read(path), origin, str(path))

    elif isinstance(named, ArrayFile) and inputs.kind != "images":
        stack = file_stack(named.file, named.format, named.query, named.source)
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
    known = False
    for each in targets.samples():  # all once, so that what does not fit is told before a run
        _check_one(each, shape, labels=labels, source=str(source))
        known = known or not labels or bool((each != IGNORED).any())
    if not known:
        raise InputError(f"labels in targets={source} are all {IGNORED}: expected some class")
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
            alike = set(self._ratio)
            factor = str(self._ratio[0]) if len(alike) == 1 else times(self._ratio)
            times_its = "" if alike == {1} else f"{factor} times "
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
    names = [Path(origin.source) for origin in inputs.origins]
    _check_different([name.name for name in names], inputs.source)
    _check_different([path.name for path in named.files], named.source)
    by_name = {path.name: path for path in named.files}
    stems = Counter(path.stem for path in named.files)
    by_stem = {path.stem: path for path in named.files if stems[path.stem] == 1}
    twins = [by_name.get(name.name) or by_stem.get(name.stem) for name in names]
    missing = [name.name for name, twin in zip(names, twins, strict=True) if twin is None]
    if missing:
        raise InputError(
            f"targets={named.source} has no picture named as {len(missing)} of {len(names)} "
            f"inputs: {listed(missing, 3)}; it has {listed(sorted(by_name), 3)}: expected the "
            "names of the inputs"
        )
    return [twin for twin in twins if twin is not None]


def _check_different(names: Sequence[str], source: str) -> None:
    """Raise InputError if one name stands for several pictures."""
    again = sorted(name for name, found in Counter(names).items() if found > 1)
    if again:
        raise InputError(
            f"{source} has several pictures named {listed(again, 3)}, and targets are found by "
            "name: expected different names, such as those of one folder"
        )


def _picture(path: Path, *, channels: int, span: tuple[float, float]) -> NDArray[np.float32]:
    """Return a picture (channel, y, x) with as many channels as the output, scaled to ``span``."""
    pixels = read_picture(path)
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


def _check_one(target: Tensor, shape: tuple[int, ...], *, labels: bool, source: str) -> None:
    """Raise InputError unless a target fits an output of ``shape``."""
    expected = shape[1:] if labels else shape
    if tuple(target.shape) != expected:
        what = "labels in targets" if labels else "targets"
        raise InputError(
            f"{what}={source} are of shape {tuple(target.shape)}: expected {expected}, as of an "
            "output"
        )
    if not labels and not bool(target.isfinite().all()):
        raise InputError(f"targets={source} hold NaN or infinite values: expected finite ones")
    known = target[target != IGNORED] if labels else target[:0]
    if known.numel() and not 0 <= int(known.min()) <= int(known.max()) < shape[0]:
        raise InputError(
            f"labels in targets={source} run from {int(known.min())} to {int(known.max())}: "
            f"expected 0 to {shape[0] - 1}, the channels of the output, and {IGNORED} for no class"
        )
