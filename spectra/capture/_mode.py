"""A dispatch mode that costs little: each operation of a model passes through it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes

from spectra.capture._recognise import recogniser_of
from spectra.capture._storages import tensors


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
        """Run an operation; the numbers of a TorchScript become tensors again where it needs."""
        try:
            return func(*args, **kwargs)
        except (RuntimeError, TypeError) as error:
            if "Expected a value of type 'Tensor'" not in str(error):
                raise
        return func(*_with_tensors(func, args), **kwargs)

    def in_parts(self, func: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Run a composite operation so that its parts pass through this mode; else decline.

        Under ``torch.inference_mode`` operations such as ``reshape`` arrive whole.
        """
        if not is_composite(func):
            return NotImplemented
        with self:
            return func.decompose(*args, **kwargs)


@contextmanager
def unseen() -> Iterator[None]:
    """Run operations of ours while a model runs, which no mode is to take for the model's."""
    with _disable_current_modes():
        yield


class LargestTensor(LightMode):  # type: ignore[no-untyped-call]
    """Notes the bytes of the largest tensor that any operation makes.

    The maps of a model do not tell: attention makes a tensor of the square of their pixels.
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


def _with_tensors(func: OpOverload, args: Sequence[Any]) -> list[Any]:
    pairs = zip(func._schema.arguments, args, strict=False)
    return [
        torch.tensor(value)
        if isinstance(argument.type, torch.TensorType) and isinstance(value, (bool, int, float))
        else value
        for argument, value in pairs
    ]


@cache
def is_composite(func: OpOverload) -> bool:
    """Tell whether an operation is several of those that are known."""
    key = "CompositeImplicitAutograd"
    composite = torch._C._dispatch_has_kernel_for_dispatch_key(func._name, key)
    return composite and recogniser_of(func) is None
