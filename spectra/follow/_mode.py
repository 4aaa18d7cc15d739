"""A dispatch mode that costs little: each operation of a model passes through it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes

from spectra.follow._dispatched import tensors


class LightMode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """A dispatch mode whose handler is called directly.

    By default torch wraps the handler so that its compiler keeps out of it, which loads the
    compiler (seconds) and multiplies the cost of a call. Here compiled code runs as Python.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False

    @staticmethod
    def run(func: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Run an operation and return its result."""
        try:
            return func(*args, **kwargs)
        except (RuntimeError, TypeError) as error:
            if "Expected a value of type 'Tensor'" not in str(error):
                raise
        # A TorchScript hands plain numbers to operations that want tensors of no axes.
        return func(*_with_tensors(func, args), **kwargs)

    def in_parts(self, func: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Run a composite operation so that its parts pass through this mode, one by one.

        Under ``torch.inference_mode`` operations such as ``reshape`` arrive whole. Returns
        NotImplemented, and has run nothing, where torch cannot take the operation apart.
        """
        with self:
            return func.decompose(*args, **kwargs)


@contextmanager
def unseen() -> Iterator[None]:
    """Keep operations inside the block from every dispatch mode.

    It is for operations of this library that run while a model does: a mode would take them for
    the model's.
    """
    with _disable_current_modes():
        yield


class LargestTensor(LightMode):  # type: ignore[no-untyped-call]
    """Notes the size in bytes of the largest tensor that any operation makes.

    The maps of a model do not tell it: attention makes a tensor of the square of their pixels.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.bytes = 0

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = self.run(func, args, kwargs or {})
        self.bytes = max(self.bytes, *(t.nbytes for t in tensors(result)), 0)
        return result


@cache
def is_composite(func: OpOverload) -> bool:
    """Tell whether torch itself computes an operation by calling several others."""
    key = "CompositeImplicitAutograd"
    return bool(torch._C._dispatch_has_kernel_for_dispatch_key(func._name, key))


def _with_tensors(func: OpOverload, args: Sequence[Any]) -> list[Any]:
    """Return arguments with a tensor for each number that stands where a tensor is wanted."""
    pairs = zip(func._schema.arguments, args, strict=False)
    return [
        torch.tensor(value)
        if isinstance(argument.type, torch.TensorType) and isinstance(value, (bool, int, float))
        else value
        for argument, value in pairs
    ]
