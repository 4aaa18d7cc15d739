"""Loaders, datasets, generators and functions that give tensors."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from contextlib import contextmanager
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
from spectra.inputs._inputs import Inputs, Samples
from spectra.inputs._prepare import Preparation

INPUT_NAMES = ("image", "images", "input", "inputs", "x", "pixel_values", "data", "lq", "sample")


def open_stream(items: object, source: str, how: Preparation) -> Inputs:
    """Return what an iterable or a function without arguments gives as inputs.

    Each item is a tensor or array with a leading sample axis; of a tuple the first part is
    taken, of a dict the one with a usual name. A dataset's items are one sample each. The
    first item fixes the shape, and others are dropped. A loader or function is asked anew at
    each reading, with a random state of its own, so that a shuffling loader repeats itself
    and the caller's state stays. An iterator can be read only once, so that its first ``num``
    samples are kept in memory.

    Raises
    ------
    InputError
        If an item is no tensor of floats, or the source raises.
    NothingToAnalyseError
        If it gives no sample.
    """
    single = isinstance(items, Dataset)
    if isinstance(items, Iterator):
        kept = list(islice(_samples(lambda: items, source, how.seed, single), how.num))
        return _open(
            lambda first=0: iter(kept[first:]),
            source,
            how,
            count=len(kept),
            notes=("kept in memory: read once",),
        )
    make = _restartable(items, source)
    count = len(items) if single and isinstance(items, Sized) else None

    def rows(first: int = 0) -> Iterator[Tensor]:
        return islice(_samples(make, source, how.seed, single), first, None)

    return _open(rows, source, how, count=count)


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
    source: str,
    how: Preparation,
    *,
    count: int | None,
    notes: tuple[str, ...] = (),
) -> Inputs:
    first = next(rows(), None)
    if first is None:
        raise NothingToAnalyseError(f"{source} gave no sample: expected float tensors (N, C, ...)")
    shape = tuple(first.shape)
    read = f"items have a leading sample axis, one sample is {shape}"
    return open_stack(
        Stack(count, shape=shape, dtype="float32", rows=rows, notes=(read, *notes)),
        source,
        how,
        "callable",
    )


def _samples(
    make: Callable[[], Iterable[Any]], source: str, seed: int, single: bool
) -> Iterator[Tensor]:
    """Yield the samples of the items that ``make`` gives, one by one."""
    state = _RandomState(seed)
    with state.active():
        made = _guarded(make, source)
        items = iter([made] if isinstance(made, Tensor | np.ndarray) else made)
    while True:
        with state.active():
            item = _guarded(lambda: next(items, None), source)
        if item is None:
            return
        values = _values(item, source)
        yield from (values[None] if single else values)


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
