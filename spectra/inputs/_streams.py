"""Loaders, datasets, generators and functions that give tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from spectra._process import borrowed_process, random_states, seed_all, set_random_states
from spectra._text import brief, listed
from spectra.errors import InputError, NothingToAnalyseError, SpectraError
from spectra.inputs._arrays import Stack, check_dtype, check_values, open_stack, to_tensor
from spectra.inputs._field import Field
from spectra.inputs._inputs import Inputs
from spectra.inputs._items import as_tensors, chosen, left_out
from spectra.inputs._parts import Part, pack, plan_parts
from spectra.inputs._prepare import Preparation
from spectra.inputs._xarray import field_notes, field_of, field_samples, is_field

if TYPE_CHECKING:
    from spectra.load import Wanted

Row = tuple[Tensor, tuple[Tensor, ...]]
"""A sample, empty where its parts are not those of the first, and what is kept beside it."""


def open_stream(
    items: object, source: str, how: Preparation, wanted: Wanted | None = None
) -> Inputs:
    """Return what an iterable or a function without arguments gives as inputs.

    Each item is a tensor or array with a leading sample axis, an xarray object, whose dimensions
    tell, or a tuple or dict of such, of which `chosen` tells what the model is given. A dataset's
    items are one sample each. The first item fixes the shape, and others are dropped. A loader or
    function is asked anew at each reading, with a random state of its own, so that a shuffling
    loader repeats itself and the caller's state stays. An iterator can be read only once, so that
    its first ``num`` samples are kept in memory.

    Raises
    ------
    InputError
        If an item is no tensor of floats, or the source raises.
    NothingToAnalyseError
        If it gives no sample.
    """
    single = isinstance(items, Dataset)
    reader = _Reader(source, how.seed, wanted, single=single)
    once = isinstance(items, Iterator)
    make = _restartable(items, source)
    kept = list(islice(reader.samples(make), how.num if once else 1))
    if not kept:
        raise NothingToAnalyseError(f"{source} gave no sample: expected float tensors (N, C, ...)")
    notes = ("kept in memory: read once",) if once else ()
    if reader.maps_left_out and wanted is not None:
        needs = listed(wanted.required) if wanted.required else "one input"
        left = f"{reader.maps_left_out} of each item's maps not given to the model"
        notes = (*notes, f"{left}, as labels are: {wanted.where} needs {needs}")
    count = len(items) if single and isinstance(items, Sized) else None
    return _open(
        kept[0],
        (lambda: iter(kept)) if once else (lambda: reader.samples(make)),
        source,
        how=how,
        parts=reader.parts,
        field=reader.field,
        count=len(kept) if once else count,
        notes=notes,
    )


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
    first: Row,
    rows: Callable[[], Iterator[Row]],
    source: str,
    *,
    how: Preparation,
    parts: tuple[Part, ...],
    field: Field | None,
    count: int | None,
    notes: tuple[str, ...] = (),
) -> Inputs:
    sample, beside = first
    shape = tuple(sample.shape)
    read = f"items have a leading sample axis, one sample is {shape}"
    if parts:
        scored = f"; {parts[0].name} is what is scored as the input" if len(parts) > 1 else ""
        read = f"each sample is {listed(parts)}{scored}"
    stack = Stack(
        count,
        shape=shape,
        dtype="float32",
        rows=lambda first=0: (row for row, _ in islice(rows(), first, None)),
        notes=(read, *notes) if field is None else (*field_notes(field), *notes),
        named=field,
        parts=parts,
        beside=(lambda: (kept for _, kept in rows())) if beside else None,
    )
    return open_stack(stack, source, how, "callable")


class _Reader:
    """Reads the samples of a source, as often as needed.

    Attributes
    ----------
    parts : tuple of Part
        How several things lie in a sample, once one was read; empty where there is one thing.
    maps_left_out : int
        How many maps of an item the model is not given.
    field : Field or None
        The names of the first item, once it was read, if it is an xarray object.
    """

    def __init__(self, source: str, seed: int, wanted: Wanted | None, *, single: bool) -> None:
        self._source, self._seed, self._wanted, self._single = source, seed, wanted, single
        self.parts: tuple[Part, ...] = ()
        self.maps_left_out = 0
        self.field: Field | None = None

    def samples(self, make: Callable[[], Iterable[Any]]) -> Iterator[Row]:
        """Yield the samples of the items that ``make`` gives, one by one."""
        state = _RandomState(self._seed)
        with state.active():
            made = _guarded(make, self._source)
            alone = isinstance(made, Tensor | np.ndarray) or is_field(made)
            items = iter([made] if alone else made)
        while True:
            with state.active():
                item = _guarded(lambda: next(items, None), self._source)
            if item is None:
                return
            yield from self._of_item(item)

    def _of_item(self, item: object) -> Iterator[Row]:
        """Yield the samples in one item."""
        if is_field(item):
            self.field = self.field or field_of(item, self._source)
            yield from ((row, ()) for row in field_samples(item, self._source))
            return
        given = chosen(item, self._wanted, self._source)
        self.maps_left_out = left_out(item, given)
        if list(given) == [""]:
            values = _values(given[""], self._source)
            yield from ((row, ()) for row in (values[None] if self._single else values))
            return
        tensors = as_tensors(given, self._source, single=self._single)
        if not self.parts:
            self.parts = plan_parts(tensors)
            check_dtype(str(self.parts[0].dtype), f"{self.parts[0].name} of {self._source}")
        if all(tensors[part.name].shape[1:] == part.shape for part in self.parts):
            yield from pack(tensors, self.parts)
        else:
            yield from [(torch.empty(0), ())] * len(tensors[self.parts[0].name])


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
