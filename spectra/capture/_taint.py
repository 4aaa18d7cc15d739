"""Follow what depends on a tensor through the operations of a forward pass."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor
from torch._ops import OpOverload
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._pytree import tree_iter


class Taint:
    """The storages that depend on one tensor.

    Views share a storage, and writing in place keeps it, so both are followed. A weak
    reference to each storage keeps its address from being used again, not its memory.
    """

    def __init__(self, source: Tensor) -> None:
        self._storages: dict[int, StorageWeakRef] = {}
        self._add(source)

    def follow(
        self, func: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any], result: object
    ) -> bool:
        """Return whether a call depended on the source; what it made or wrote then does too."""
        if not any(map(self._holds, _tensors((args, kwargs)))):
            return False
        for tensor in _tensors(result):
            self._add(tensor)
        if func._schema.is_mutable:
            for tensor in _written(func, args, kwargs):
                self._add(tensor)
        return True

    def _holds(self, tensor: Tensor) -> bool:
        try:
            return tensor.untyped_storage()._cdata in self._storages
        except NotImplementedError:  # a layout without storage: better followed than lost
            return True

    def _add(self, tensor: Tensor) -> None:
        try:
            reference = StorageWeakRef(tensor.untyped_storage())  # type: ignore[no-untyped-call]
        except NotImplementedError:
            return
        self._storages[reference.cdata] = reference


def _tensors(tree: object) -> Iterator[Tensor]:
    return (leaf for leaf in tree_iter(tree) if isinstance(leaf, Tensor))


def _written(func: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[Tensor]:
    for position, argument in enumerate(func._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            value = args[position] if position < len(args) else kwargs.get(argument.name)
            yield from _tensors(value)
