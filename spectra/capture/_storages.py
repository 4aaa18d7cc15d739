"""Remember something about the memory behind a tensor for as long as that memory lives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from torch import Tensor
from torch._ops import OpOverload
from torch.multiprocessing.reductions import StorageWeakRef

Fact = TypeVar("Fact")
_CONTAINERS = (tuple, list, dict)


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


def tensors(tree: object) -> list[Tensor]:
    """Return the tensors of the arguments or results of an operation, in order."""
    if isinstance(tree, Tensor):
        return [tree]
    found: list[Tensor] = []
    if isinstance(tree, _CONTAINERS):
        _collect(tree, found)
    return found


def _collect(tree: Any, found: list[Tensor]) -> None:
    """Add what a container holds; each operation passes here, so numbers cost no call."""
    for branch in tree.values() if isinstance(tree, dict) else tree:
        if isinstance(branch, Tensor):
            found.append(branch)
        elif isinstance(branch, _CONTAINERS) and branch:
            _collect(branch, found)


def written(func: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[Tensor]:
    """Return the arguments into which a call writes."""
    for position, argument in enumerate(func._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            value = args[position] if position < len(args) else kwargs.get(argument.name)
            yield from tensors(value)
