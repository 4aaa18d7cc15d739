"""A model that is built from what a file says, no larger than the file's weights warrant."""

import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from threading import get_ident
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as registry
from torch.utils._python_dispatch import TorchDispatchMode

from spectra._files import SLACK
from spectra._text import gigabytes
from spectra.errors import LoadError

MOST_BYTES = 4  # bytes of a model for one of its weights: float16 is built as float32, and more


class TooLargeError(LoadError):
    """A model that would be many times larger than the weights for it."""


@contextmanager
def size_bounded(held: int, source: str) -> Iterator[None]:
    """Stop building a model inside the block that outgrows ``held`` bytes of weights.

    Sizes in a file may contradict each other: one long vector makes a library ask for the
    square of its length. Parameters and buffers are counted when a module gets them, before
    they are filled; a single tensor is looked at before it is made. Other threads are let be.

    Raises
    ------
    TooLargeError
        If it does, saying how much the model would take.
    """
    most, thread = MOST_BYTES * held + SLACK, get_ident()
    made: dict[tuple[int, str], int] = {}

    def check(size: int) -> None:
        if size > most:
            raise TooLargeError(
                f"{source} holds {gigabytes(held)} of weights and describes a model of more than "
                f"{gigabytes(size)}: expected weights of one model; get the file again"
            )

    total = 0

    def count(module: nn.Module, name: str, value: Tensor | None) -> None:
        nonlocal total
        if value is not None and get_ident() == thread and not nn.parameter.is_lazy(value):
            before = made.get((id(module), name), 0)  # it may be replaced, by one of another type
            made[id(module), name] = value.numel() * value.element_size()
            total += made[id(module), name] - before
            check(total)

    with ExitStack() as stack:
        for register in (
            registry.register_module_parameter_registration_hook,
            registry.register_module_buffer_registration_hook,
        ):
            handle = register(count)
            stack.callback(handle.remove)
        stack.enter_context(_Factories(check))
        yield


class _Factories(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Looks at the size of each tensor that is made from nothing, before it is made."""

    def __init__(self, check: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._check = check

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else torch loads its compiler, which takes seconds, and keeps it out of here

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        if name.removeprefix("new_") in _FACTORIES:
            sizes = [a for a in args if isinstance(a, list) and all(type(n) is int for n in a)]
            kind = (kwargs or {}).get("dtype") or torch.get_default_dtype()
            self._check(math.prod(sizes[0]) * kind.itemsize if sizes else 0)
        return func(*args, **(kwargs or {}))


_FACTORIES = frozenset({"empty", "zeros", "ones", "full", "rand", "randn", "empty_strided"})


def held_bytes(weights: Mapping[str, Tensor]) -> int:
    """Return the bytes that hold the values of ``weights``, repeated ones counted once."""
    storages = [tensor.untyped_storage() for tensor in weights.values()]
    return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())
