"""Remember something about the memory behind a tensor for as long as that memory lives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from torch import Tensor
from torch._ops import OpOverload
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._pytree import tree_iter

Fact = TypeVar("Fact")


class StorageMap(Generic[Fact]):
    """A fact for each storage: views share it, and writing in place keeps it.

    A weak reference to each storage keeps its address from being used again, not its memory.
    """

    def __init__(self) -> None:
        self._facts: dict[int, tuple[StorageWeakRef, Fact]] = {}

    def __bool__(self) -> bool:
        return bool(self._facts)

    def get(self, tensor: Tensor) -> Fact | None:
        """Return what is known of the tensor's storage."""
        try:
            found = self._facts.get(tensor.untyped_storage()._cdata)
        except NotImplementedError:  # a layout without storage
            return None
        return None if found is None else found[1]

    def set(self, tensor: Tensor, fact: Fact) -> None:
        """Note a fact, in place of an older one."""
        try:
            reference = StorageWeakRef(tensor.untyped_storage())  # type: ignore[no-untyped-call]
        except NotImplementedError:
            return
        self._facts[reference.cdata] = (reference, fact)

    def drop(self, tensor: Tensor) -> None:
        """Forget what was known."""
        self._facts.pop(tensor.untyped_storage()._cdata, None)


def tensors(tree: object) -> Iterator[Tensor]:
    """Return the tensors of nested arguments or results, in order."""
    return (leaf for leaf in tree_iter(tree) if isinstance(leaf, Tensor))


def written(func: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[Tensor]:
    """Return the arguments into which a call writes."""
    for position, argument in enumerate(func._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            value = args[position] if position < len(args) else kwargs.get(argument.name)
            yield from tensors(value)
