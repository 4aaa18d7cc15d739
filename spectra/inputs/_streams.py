"""Loaders, datasets, generators and functions that give tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from spectra._process import borrowed_process, random_states, seed_all, set_random_states
from spectra._text import brief, listed
from spectra.errors import InputError, NothingToAnalyseError, SpectraError
from spectra.inputs._arrays import Stack, check_dtype, check_values, open_stack, to_tensor
from spectra.inputs._field import Field
from spectra.inputs._inputs import Inputs, Samples
from spectra.inputs._prepare import Preparation
from spectra.inputs._xarray import field_notes, field_of, field_samples, is_field

INPUT_NAMES = ("image", "images", "input", "inputs", "x", "pixel_values", "data", "lq", "sample")


def open_stream(items: object, source: str, how: Preparation) -> Inputs:
    """Return what an iterable or a function without arguments gives as inputs.

    Each item is a tensor or array with a leading sample axis, or an xarray object, whose
    dimensions tell; of a tuple the first part is taken, of a dict the one with a usual name. A
    dataset's items are one sample each. The first item fixes the shape, and others are dropped. A
    loader or function is asked anew at each reading, with a random state of its own, so that a
    shuffling loader repeats itself and the caller's state stays. An iterator can be read only
    once, so that its first ``num`` samples are kept in memory.

    Raises
    ------
    InputError
        If an item is no tensor of floats, or the source raises.
    NothingToAnalyseError
        If it gives no sample.
    """
    single = isinstance(items, Dataset)
    if isinstance(items, Iterator):
        reading = _Reading(lambda: items, source, how.seed, single=single)
        kept = list(islice(reading.samples(), how.num))
        return _open(
            lambda first=0: iter(kept[first:]),
            reading,
            how,
            count=len(kept),
            notes=("kept in memory: read once",),
        )
    reading = _Reading(_restartable(items, source), source, how.seed, single=single)
    count = len(items) if single and isinstance(items, Sized) else None

    def rows(first: int = 0) -> Iterator[Tensor]:
        return islice(reading.samples(), first, None)

    return _open(rows, reading, how, count=count)


def _restartable(items: object, source: str) -> Callable[[], Iterable[Any]]:
    """Return a function that starts reading ``items`` from the beginning."""
    if isinstance(items, Dataset) and isinstance(items, Sized):
        return lambda: (items[index] for index in range(len(items)))
    if isinstance(items, Iterable):
        return lambda: items
    if callable(items):
        return items
    raise InputError(
        f"{source} is a {type(items).__name__}: expected pictures, arrays, tensors, a loader, or "
        "a function that gives tensors"
    )


def _open(
    rows: Samples,
    reading: _Reading,
    how: Preparation,
    *,
    count: int | None,
    notes: tuple[str, ...] = (),
) -> Inputs:
    first, source = next(rows(), None), reading.source
    if first is None:
        raise NothingToAnalyseError(f"{source} gave no sample: expected float tensors (N, C, ...)")
    shape = tuple(first.shape)
    read = f"items have a leading sample axis, one sample is {shape}"
    field = reading.field
    stack = Stack(
        count,
        shape=shape,
        dtype="float32",
        rows=rows,
        notes=(read, *notes) if field is None else (*field_notes(field), *notes),
        named=field,
    )
    return open_stack(stack, source, how, "callable")


@dataclass
class _Reading:
    """Items from the beginning, as often as wanted.

    Attributes
    ----------
    make : callable
        Starts them anew.
    source : str
        What they are called in errors.
    seed : int
        Of the random state that they use.
    single : bool
        Whether an item is one sample, without a sample axis.
    field : Field or None
        The names that the first item had, once it was read, if it is an xarray object.
    """

    make: Callable[[], Iterable[Any]]
    source: str
    seed: int
    single: bool
    field: Field | None = None

    def samples(self) -> Iterator[Tensor]:
        """Yield the samples of the items, one by one."""
        for item in _items(self.make, self.source, self.seed):
            if is_field(item):
                self.field = self.field or field_of(item, self.source)
                yield from field_samples(item, self.source)
                continue
            values = _values(item, self.source)
            yield from (values[None] if self.single else values)


def _items(make: Callable[[], Iterable[Any]], source: str, seed: int) -> Iterator[Any]:
    """Yield what ``make`` gives, item by item, with a random state of its own."""
    state = _RandomState(seed)
    with state.active():
        made = _guarded(make, source)
        alone = isinstance(made, Tensor | np.ndarray) or is_field(made)
        items = iter([made] if alone else made)
    while True:
        with state.active():
            item = _guarded(lambda: next(items, None), source)
        if item is None:
            return
        yield item


def _guarded(function: Callable[[], Any], source: str) -> Any:
    """Return ``function()``; whatever the user's code raises becomes one line."""
    try:
        return function()
    except SpectraError:
        raise
    except Exception as error:
        raise InputError(f"{source} raised {brief(error)}: expected float tensors") from error


def _values(item: object, source: str) -> Tensor:
    """Return the tensor of floats in ``item``."""
    if isinstance(item, tuple | list) and item:
        return _values(item[0], source)
    if isinstance(item, Mapping):
        names = [name for name in (*INPUT_NAMES, *item) if isinstance(item.get(name), Tensor)]
        if not names:
            raise InputError(f"{source} gave a dict of {listed(item)}: expected a tensor in it")
        return _values(item[names[0]], source)
    if isinstance(item, Tensor):
        check_dtype(str(item.dtype), source)
        check_values(item, f"what {source} gave")
        values = item.detach().to("cpu", torch.float32)
    elif isinstance(item, np.ndarray):
        check_dtype(item.dtype.name, source)
        values = to_tensor(item)
    else:
        raise InputError(f"{source} gave a {type(item).__name__}: expected float tensors")
    if values.ndim == 0:
        raise InputError(f"{source} gave a single number: expected float tensors (N, C, ...)")
    return values


class _RandomState:
    """Random state of torch, NumPy and Python that a source uses instead of the caller's."""

    def __init__(self, seed: int) -> None:
        with borrowed_process():
            seed_all(seed)
            self._states = random_states()

    @contextmanager
    def active(self) -> Iterator[None]:
        """Continue from this state inside the block; leave the caller's as it was."""
        with borrowed_process():
            set_random_states(self._states)
            yield
            self._states = random_states()
