"""Arrays of samples, read one sample at a time."""

import math
from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import compress, islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spectra._files import memory_bytes
from spectra._names import times
from spectra._text import gigabytes, listed
from spectra.errors import InputError
from spectra.inputs._field import Field
from spectra.inputs._input_set import Dropped
from spectra.inputs._inputs import Inputs, Kind, Origin, Origins, Samples
from spectra.inputs._layout import laid_out
from spectra.inputs._masked import without_mask
from spectra.inputs._once import Once
from spectra.inputs._parts import Part, numbered, with_values
from spectra.inputs._prepare import Preparation, centre, cropped_size
from spectra.inputs._prepared_parts import prepared, prepared_parts

GIVE_UP = 1000  # useless samples in a row, of a source that may have no end
CONSTANT = "constant"  # how the reason begins that drops such a sample
AXES = {2: "(N, C, L)", 3: "(N, C, H, W)", 4: "(N, C, D, H, W)"}  # by axes of one sample


@dataclass(frozen=True)
class Stack:
    """Samples that can be read one after the other, as often as needed.

    Attributes
    ----------
    count : int or None
        Number of samples; None if only reading tells.
    shape : tuple of int
        ``(channel, *spatial)`` of one sample.
    dtype : str
        Type of the values in the source.
    rows : callable
        Returns a new iterator over the samples, float32; given a number, from that one on.
    notes : tuple of str
        How the source was read, if there is something to say.
    named : Field or None
        Names of axes, channels and samples, where the source has them.
    parts : tuple of Part
        How several things lie in a sample; empty where it is one thing.
    beside : callable or None
        Returns a new iterator over what is kept beside the samples, where something is.
    decoded : bool
        Whether reading a sample again costs more than copying it, as of packed files.
    """

    count: int | None
    shape: tuple[int, ...]
    dtype: str
    rows: Samples
    notes: tuple[str, ...] = ()
    named: Field | None = None
    parts: tuple[Part, ...] = ()
    beside: Callable[[], Iterator[tuple[Tensor, ...]]] | None = None
    decoded: bool = False


def open_stack(
    stack: Stack,
    source: str,
    how: Preparation,
    kind: Kind = "array",
    *,
    once: Once | None = None,
) -> Inputs:
    """Return the first ``num`` finite samples of ``stack`` as inputs.

    All of them are read once here, one at a time, so that what cannot be used is known before
    anything runs. What was decoded ``once`` may keep.

    Raises
    ------
    InputError
        If the axes or the type are not those of samples, or no sample is finite.
    """
    check_dtype(stack.dtype, source)
    stack = laid_out(stack, how.layout, source)
    _check_axes(stack.shape, source)
    _check_sample(stack.shape, source)
    channels, *spatial = stack.shape
    size = cropped_size(spatial, how, source)
    parts = prepared_parts(stack.parts, how, source)
    channels = parts[0].channels if parts else how.channels(channels, source)
    stack, rows = without_mask(stack, source, how.num)
    part = centre(spatial, size)
    window = (slice(None), *part)
    once = once or Once()
    of = min(n for n in (stack.count, how.num, 1 << 62) if n is not None)

    def take(number: int, row: Tensor) -> None:
        if stack.decoded:
            once.put(number, row[window].numpy(), of=of)

    keep, dropped, identity = _usable(stack, rows, source, num=how.num, take=take)
    count = len(keep) + len(dropped) if stack.count is None else stack.count
    if not len(keep) and not dropped:
        raise InputError(f"{source} is empty, of shape {(0, *stack.shape)}: expected samples")
    if not len(keep):
        raise InputError(
            f"{source} holds no sample of use among {count}: the first {dropped[0].reason}; "
            f"expected finite numbers that vary{_as_probe(stack, dropped)}"
        )
    named = stack.named and stack.named.cropped(part).with_samples(keep.tolist())

    def read(first: int) -> Iterator[Tensor]:
        while first < len(keep) and (kept := once.get(first)) is not None:
            yield torch.from_numpy(kept)
            first += 1
        wanted = keep[first:]
        if len(wanted):
            left = int(wanted[-1] - wanted[0]) + 1
            usable = np.isin(np.arange(left), wanted - wanted[0])
            rows = compress(islice(stack.rows(int(wanted[0])), left), usable)
            for number, row in enumerate(rows, first):
                take(number, row)
                yield row[window]

    def samples(first: int = 0) -> Iterator[Tensor]:
        for number, row in enumerate(read(first), first):
            values = prepared(row, stack.parts, how)
            yield numbered(values, number) if stack.beside else values

    return Inputs(
        source=source,
        kind=kind if max(spatial, default=1) > 1 or kind == "callable" else "latent",
        count=count,
        used=len(keep),
        dropped=dropped,
        shape=(channels, *size),
        bounds=how.bounds(how.range, channels),
        notes=(
            *_describe(stack, how, count=count, used=len(keep), size=size),
            *how.notes(),
            *_places(named),
        ),
        origins=Origins(len(keep), lambda at: Origin(source, int(keep[at]), tuple(spatial))),
        samples=samples,
        identity=identity,
        variables=() if named is None or len(named.names) != channels else named.names,
        spacing=None if named is None else named.spacing,
        named=named,
        parts=_kept_beside(stack, parts, frozenset(keep.tolist()), source),
        once=once,
    )


def _kept_beside(
    stack: Stack, parts: tuple[Part, ...], keep: Collection[int], source: str
) -> tuple[Part, ...]:
    """Return the parts with what is kept beside the samples that are used."""
    if stack.beside is None:
        return parts
    size = 4 * len(keep) * sum(math.prod(part.shape) for part in parts if part.is_beside)
    if size > memory_bytes() // 4:
        raise InputError(
            f"{source} has {gigabytes(size)} beside the maps of {len(keep)} samples: expected what "
            "fits this machine's memory; use fewer with --num"
        )
    return with_values(parts, [row for i, row in enumerate(stack.beside()) if i in keep])


def _as_probe(stack: Stack, dropped: Sequence[Dropped]) -> str:
    """Return how to show a model the constant that all samples are, if they are one."""
    if not dropped[0].reason.startswith(CONSTANT):
        return ""
    value = float(next(iter(stack.rows())).flatten()[0])
    return f"; what a model makes of a constant is shown by --probe constant={value:.6g}"


def _places(named: Field | None) -> Iterator[str]:
    """Yield how far cells lie apart, or why that is not known."""
    if named is None:
        return
    if named.spacing is not None:
        yield named.spacing.described()
    elif named.without_spacing:
        yield named.without_spacing


def _usable(
    stack: Stack,
    rows: Iterator[Tensor],
    source: str,
    *,
    num: int | None,
    take: Callable[[int, Tensor], None],
) -> tuple[NDArray[np.int64], tuple[Dropped, ...], str]:
    """Return the indices of the first ``num`` usable samples, what was dropped, and a digest.

    Each that can be used is handed to ``take`` under the number that it gets.
    """
    keep = array("q")
    dropped: list[Dropped] = []
    seen: dict[bytes, int] = {}
    for index, row in enumerate(rows):
        if stack.parts and row.numel() == 0:
            shapes = listed(stack.parts)
            dropped.append(Dropped(f"{source}[{index}]", f"other shapes than the first: {shapes}"))
        elif tuple(row.shape) != stack.shape:
            reason = f"shape {tuple(row.shape)} is not that of the first, {stack.shape}"
            dropped.append(Dropped(f"{source}[{index}]", reason))
        elif not row.isfinite().all():
            dropped.append(Dropped(f"{source}[{index}]", "holds NaN or infinite values"))
        elif row.numel() > row.shape[0] and bool((row == row.flatten()[0]).all()):
            dropped.append(Dropped(f"{source}[{index}]", f"{CONSTANT}: all values are equal"))
        elif (twin := seen.setdefault(_digest(row), index)) != index:
            dropped.append(Dropped(f"{source}[{index}]", f"the same values as [{twin}]"))
        else:
            take(len(keep), row)
            keep.append(index)
        if len(keep) == num or index - (keep[-1] if keep else 0) >= GIVE_UP:
            break
    identity = blake2b(b"".join(seen), digest_size=16).hexdigest()
    return np.array(keep, np.int64), tuple(dropped), identity


def _digest(row: Tensor) -> bytes:
    """Return what equal samples share."""
    values = row.contiguous().view(torch.uint8).cpu().numpy()
    return blake2b(values.data, digest_size=16).digest()


def _describe(
    stack: Stack, how: Preparation, *, count: int, used: int, size: tuple[int, ...]
) -> Iterator[str]:
    """Yield what was assumed in reading ``stack``."""
    if stack.notes:
        yield from stack.notes
    else:
        yield f"array of shape {(count, *stack.shape)} read as {axes(stack.shape)}"
    if stack.shape[1:] != size:
        yield f"centre crop {times(size)} of {times(stack.shape[1:])}"
    if how.gray and stack.shape[0] == 3:
        yield "RGB turned to gray by Rec. 601 luma"
    if used < count:
        yield f"{used} of {count} samples used, in order"
    if how.range is None:
        yield "values used as they are, of unknown range"
    else:
        yield f"values used as they are, in {how.range[0]:g}..{how.range[1]:g}"


def axes(shape: tuple[int, ...]) -> str:
    """Return how an array of samples of ``shape`` is read."""
    return AXES.get(len(shape), "vectors (N, C)")


def check_dtype(dtype: str, source: str) -> None:
    """Raise unless ``dtype`` is a real floating-point type."""
    name = dtype.removeprefix("torch.")
    if "complex" in name:
        raise InputError(
            f"{source} holds complex numbers ({name}): expected real floats; give real and "
            "imaginary part as two channels"
        )
    if "float" not in name:
        raise InputError(
            f"{source} holds {name} values: expected floats in the range that the model takes, "
            "for example x.astype('float32') / 255"
        )


def _check_axes(shape: tuple[int, ...], source: str) -> None:
    """Raise unless ``shape`` is (channel, *spatial)."""
    if len(shape) not in (1, *AXES):
        raise InputError(
            f"{source} has {len(shape) + 1} axes, (N, *{shape}): expected "
            f"{', '.join(AXES.values())} or vectors (N, C)"
        )
    if 0 in shape:
        raise InputError(f"{source} holds empty samples of shape {shape}: expected values")
    if len(shape) >= 3 and shape[-1] in (1, 3, 4) and min(shape[:-1]) >= 16:
        raise InputError(
            f"{source} has samples of shape {shape}, with channels last: expected "
            f"{axes(shape)}; move them with np.moveaxis(x, -1, 1)"
        )


def _check_sample(shape: tuple[int, ...], source: str) -> None:
    """Raise if one sample takes more memory than a model could be given beside it."""
    size = 4 * math.prod(shape)
    if size > memory_bytes() // 4:
        raise InputError(
            f"{source} has samples of shape {shape}, {gigabytes(size)} each: expected samples "
            "that fit this machine's memory; save smaller parts"
        )


def tensor_stack(tensor: Tensor) -> Stack:
    """Return a tensor in memory as a stack; it is not copied."""
    check_values(tensor, "the tensor")

    def rows(first: int = 0) -> Iterator[Tensor]:
        for row in tensor.detach()[first:]:
            yield row.to("cpu", torch.float32)

    return Stack(*_split(tuple(tensor.shape)), str(tensor.dtype), rows)


def check_values(tensor: Tensor, source: str) -> None:
    """Raise unless a tensor holds a value for each of its elements."""
    if tensor.is_meta:
        raise InputError(
            f"{source} holds no values, only a shape (device 'meta'): expected a tensor with values"
        )
    if tensor.layout != torch.strided or tensor.is_nested:
        kind = "nested" if tensor.is_nested else str(tensor.layout).removeprefix("torch.")
        remedy = "torch.stack(list(x))" if tensor.is_nested else "x.to_dense()"
        raise InputError(f"{source} is {kind}: expected a dense tensor, as of {remedy}")


def array_stack(values: NDArray[Any]) -> Stack:
    """Return an array, in memory or mapped from a file, as a stack; it is not copied."""

    def rows(first: int = 0) -> Iterator[Tensor]:
        for row in values[first:]:
            yield to_tensor(row)

    return Stack(*_split(tuple(values.shape)), values.dtype.name, rows)


def _split(shape: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """Return the number of samples and the shape of one."""
    if len(shape) < 2:
        raise InputError(f"an array of shape {shape} holds no samples: expected (N, C, *spatial)")
    if shape[0] == 0:
        raise InputError(f"an array of shape {shape} is empty: expected samples")
    return shape[0], shape[1:]


def to_tensor(values: Any) -> Tensor:
    """Return ``values`` as a new float32 tensor, whatever their byte order."""
    with np.errstate(all="ignore"):  # what float32 cannot hold is not finite and will be dropped
        return torch.from_numpy(np.array(values, dtype=np.float32, order="C"))
