"""Follow what depends on a model's input, and on its steps, through a forward pass."""

from torch import Tensor

from spectra.follow._dispatched import Dispatched
from spectra.follow._storages import StorageMap

SOURCE = 1  # the bit of the model's input
_LIKE = ("empty", "full", "ones", "rand", "randint", "randn", "zeros")
_NEW = ("empty", "empty_strided", "full", "ones", "zeros")
FACTORIES = {f"aten::{name}_like" for name in _LIKE} | {f"aten::new_{name}" for name in _NEW}
"""Operations that take no value of their tensor, only its shape, dtype and device."""


class Taint:
    """What each storage depends on, as bits: the model's input is bit 1, each step has its own.

    A tensor without a storage is taken to depend on the input: following too much costs time,
    following too little loses a step.
    """

    def __init__(self, source: Tensor) -> None:
        self._bits: StorageMap[int] = StorageMap()
        self.enter(source)

    def enter(self, source: Tensor) -> None:
        """Let a tensor count as the model's input."""
        self.mark(source, SOURCE)

    def follow(self, call: Dispatched) -> bool:
        """Return whether a call depends on the input, and note what it made or wrote as such."""
        bits = 0
        for tensor in () if call.func._schema.name in FACTORIES else call.taken:
            bits |= self.of(tensor)
        if not bits:
            return False
        for tensor in (*call.made, *call.written):
            self.mark(tensor, bits)
        return True

    def of(self, tensor: Tensor) -> int:
        """Return the bits of what a tensor depends on, 0 where it depends on nothing followed."""
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
        """Return how many layers lie before a tensor."""
        return self._layers.get(tensor) or 0

    def follow(self, call: Dispatched, *, deeper: bool) -> None:
        """Note the depth of what a call made: that of what it took, and one more for a layer."""
        layers = max(map(self.of, call.taken), default=0) + deeper
        for tensor in call.made:
            # What is written into twice is reached on two ways, of which the longer one counts.
            if layers > self.of(tensor):
                self._layers.set(tensor, layers)


def _has_storage(tensor: Tensor) -> bool:
    try:
        tensor.untyped_storage()
    except NotImplementedError:
        return False
    return True
