"""One operation of a forward pass, as it reached PyTorch's dispatcher."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from torch import Tensor
from torch._ops import OpOverload

_CONTAINERS = (tuple, list, dict)


@dataclass(frozen=True, eq=False)
class Dispatched:
    """One call of an operation: what it is, what it took and what it returned.

    Whatever follows a forward pass is handed one of these for each operation. Nothing may keep
    one: it holds its tensors, and kept ones would hold every map of the pass in memory.

    Attributes
    ----------
    func : OpOverload
        The operation, such as ``aten.convolution.default``.
    args : sequence
        Arguments given by position.
    kwargs : mapping
        Arguments given by name.
    result : object
        What the operation returned: a tensor, several, or none.
    """

    func: OpOverload
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    result: Any

    @property
    def name(self) -> str:
        """The operation's name without namespace and overload: ``"convolution"``."""
        return name_of(self.func)

    @property
    def is_mutable(self) -> bool:
        """Whether the operation may write into an argument."""
        return bool(self.func._schema.is_mutable)

    @property
    def map(self) -> Any:
        """What the operation is called for: its result, or the first of several.

        A pooling returns the indices of its maxima as well, a gradient those of the weights.
        """
        return self.result[0] if isinstance(self.result, (tuple, list)) else self.result

    @cached_property
    def taken(self) -> list[Tensor]:
        """The tensors among the arguments, in order."""
        return tensors((self.args, self.kwargs))

    @cached_property
    def made(self) -> list[Tensor]:
        """The tensors among the results, in order; views and arguments written into count."""
        return tensors(self.result)

    @cached_property
    def written(self) -> list[Tensor]:
        """The arguments into which the call wrote; most operations write into none."""
        found: list[Tensor] = []
        for position, argument in enumerate(self.func._schema.arguments if self.is_mutable else ()):
            if argument.alias_info is not None and argument.alias_info.is_write:
                by_position = position < len(self.args)
                name = argument.name
                found += tensors(self.args[position] if by_position else self.kwargs.get(name))
        return found

    @cached_property
    def given(self) -> dict[str, Any]:
        """The arguments by name, as they were given."""
        return dict(zip(_names(self.func), self.args, strict=False)) | dict(self.kwargs)

    @cached_property
    def arguments(self) -> dict[str, Any]:
        """The arguments by name, with the defaults of those that were not given."""
        return _defaults(self.func) | self.given


@cache
def name_of(func: OpOverload) -> str:
    """Return the name of an operation without namespace and overload: ``"convolution"``."""
    return func._schema.name.partition("::")[2]


@cache
def _names(func: OpOverload) -> tuple[str, ...]:
    return tuple(argument.name for argument in func._schema.arguments)


@cache
def _defaults(func: OpOverload) -> dict[str, Any]:
    schema = func._schema.arguments
    return {a.name: a.default_value for a in schema if a.has_default_value()}


def tensors(tree: object) -> list[Tensor]:
    """Return the tensors in the arguments or the result of an operation, in order."""
    if isinstance(tree, Tensor):
        return [tree]
    found: list[Tensor] = []
    if isinstance(tree, _CONTAINERS):
        _collect(tree, found)
    return found


def _collect(tree: Any, found: list[Tensor]) -> None:
    """Add the tensors of a container to those found."""
    # Torch's own pytree would do, at several times the cost: every operation passes here, and most
    # arguments are numbers, for which no function is called.
    for branch in tree.values() if isinstance(tree, dict) else tree:
        if isinstance(branch, Tensor):
            found.append(branch)
        elif isinstance(branch, _CONTAINERS) and branch:
            _collect(branch, found)
