"""Follow what depends on a model's input, and on its steps, through a forward pass."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from torch._ops import OpOverload

from spectra.capture._storages import StorageMap, written

SOURCE = 1  # the bit of the model's input
FACTORIES = frozenset(
    f"aten::{name}"
    for name in (
        *("new_zeros", "new_ones", "new_full", "new_empty", "new_empty_strided"),
        *("zeros_like", "ones_like", "full_like", "empty_like"),
        *("rand_like", "randn_like", "randint_like"),
    )
)
"""Operations that take no value of their tensor, only its shape, dtype and device."""


class Taint:
    """What each storage depends on, as bits: :data:`SOURCE`, and one bit a step.

    A layout without storage is taken to depend on the input: better followed than lost.
    """

    def __init__(self, source: Tensor) -> None:
        self._bits: StorageMap[int] = StorageMap()
        self._bits.set(source, SOURCE)

    def follow(
        self,
        func: OpOverload,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        taken: Sequence[Tensor],
        made: Sequence[Tensor],
    ) -> bool:
        """Return whether a call depended on the source; what it made or wrote then does too."""
        bits = 0
        for tensor in () if func._schema.name in FACTORIES else taken:
            bits |= self.of(tensor)
        if not bits:
            return False
        for tensor in made:
            self.mark(tensor, bits)
        if func._schema.is_mutable:
            for tensor in written(func, args, kwargs):
                self.mark(tensor, bits)
        return True

    def of(self, tensor: Tensor) -> int:
        """Return the bits of a tensor."""
        found = self._bits.get(tensor)
        if found is None:
            return 0 if _has_storage(tensor) else SOURCE
        return found

    def mark(self, tensor: Tensor, bits: int) -> None:
        """Let a tensor depend on ``bits`` as well."""
        known = self._bits.get(tensor) or 0
        if known | bits != known:
            self._bits.set(tensor, known | bits)


class Depth:
    """How many layers lie on the longest way from the model's input to each storage."""

    def __init__(self) -> None:
        self._layers: StorageMap[int] = StorageMap()

    def of(self, tensor: Tensor) -> int:
        """Return the layers before a tensor."""
        return self._layers.get(tensor) or 0

    def follow(self, taken: Sequence[Tensor], made: Sequence[Tensor], *, deeper: bool) -> None:
        """Note what one call made, which is a layer or not."""
        layers = max(map(self.of, taken), default=0) + deeper
        for tensor in made:
            if layers > self.of(tensor):
                self._layers.set(tensor, layers)


def _has_storage(tensor: Tensor) -> bool:
    try:
        tensor.untyped_storage()
    except NotImplementedError:
        return False
    return True
