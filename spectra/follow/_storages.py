"""Remember something about the memory behind a tensor for as long as that memory lives."""

from __future__ import annotations

from typing import Generic, TypeVar

from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef

from spectra.follow._dispatched import Dispatched

Fact = TypeVar("Fact")

Region = tuple[int, int, tuple[tuple[int, int], ...]]
"""Where a tensor lies in memory: storage, offset, and the size and stride of each axis."""


class StorageMap(Generic[Fact]):
    """A fact for each storage: all views of one share it, and writing in place keeps it."""

    def __init__(self) -> None:
        # A storage is known by its C++ address. The weak reference is kept because it keeps that
        # address from being given to a new storage, which would inherit a fact that is not its
        # own; the memory of the values is freed all the same.
        self._facts: dict[int, tuple[StorageWeakRef, Fact]] = {}

    def __bool__(self) -> bool:
        return bool(self._facts)

    def get(self, tensor: Tensor) -> Fact | None:
        """Return what is known of the tensor's storage, None where nothing is."""
        try:
            found = self._facts.get(tensor.untyped_storage()._cdata)
        except NotImplementedError:  # sparse layouts have no storage
            return None
        return None if found is None else found[1]

    def set(self, tensor: Tensor, fact: Fact) -> None:
        """Note a fact of the tensor's storage, in place of an older one."""
        try:
            reference = StorageWeakRef(tensor.untyped_storage())  # type: ignore[no-untyped-call]
        except NotImplementedError:
            return
        self._facts[reference.cdata] = (reference, fact)

    def carry(self, call: Dispatched) -> None:
        """Let what a call made have the first fact known of what it took, if it has none."""
        if not self._facts:
            return
        fact = next((known for t in call.taken if (known := self.get(t)) is not None), None)
        if fact is None:
            return
        for tensor in call.made:
            if self.get(tensor) is None:
                self.set(tensor, fact)

    def drop(self, tensor: Tensor) -> None:
        """Forget what was known of the tensor's storage."""
        if self.get(tensor) is not None:
            del self._facts[tensor.untyped_storage()._cdata]


def region(tensor: Tensor) -> Region | None:
    """Return where a tensor lies in memory, None where it has no storage.

    Axes of one element are left out: with and without them it is the same tensor.
    """
    try:
        storage = tensor.untyped_storage()._cdata
    except NotImplementedError:
        return None
    axes = zip(tensor.shape, tensor.stride(), strict=True)
    return storage, int(tensor.storage_offset()), tuple((n, s) for n, s in axes if n != 1)
