"""How much memory the tensors of a forward pass take at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from torch._ops import OpOverload
from torch.multiprocessing.reductions import StorageWeakRef

from spectra.follow._dispatched import tensors
from spectra.follow._mode import LightMode


class LiveBytes(LightMode):  # type: ignore[no-untyped-call]
    """Adds up the bytes of all tensors that operations made and that are still held.

    Views share a storage, which counts once; weights are not made by an operation. What a kernel
    takes for itself while it runs is not seen.

    Attributes
    ----------
    peak : int
        The most bytes that were held at once.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = 0
        self._held = 0  # at most: what was freed since the last look still counts
        self._alive: dict[int, tuple[StorageWeakRef, int]] = {}

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = self.run(func, args, kwargs or {})
        taken = {key for t in tensors((args, kwargs)) if (key := _storage(t)) is not None}
        for tensor in tensors(result):
            if (key := _storage(tensor)) is not None and key not in taken:
                self._add(key, tensor)
        if self._held > self.peak:
            self._forget_what_was_freed()
            self.peak = max(self.peak, self._held)
        return result

    def _add(self, key: int, tensor: Tensor) -> None:
        """Count a storage, once: as long as it is known, no other one gets its address."""
        if key in self._alive:
            return
        storage = tensor.untyped_storage()
        self._alive[key] = (StorageWeakRef(storage), storage.nbytes())  # type: ignore[no-untyped-call]
        self._held += storage.nbytes()

    def _forget_what_was_freed(self) -> None:
        """Keep only what is still held; done when a new peak is possible, not at each call."""
        self._alive = {
            key: (reference, size)
            for key, (reference, size) in self._alive.items()
            if not reference.expired()  # type: ignore[no-untyped-call]
        }
        self._held = sum(size for _, size in self._alive.values())


def _storage(tensor: Tensor) -> int | None:
    """Return what tells storages apart, None for a tensor without one."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except NotImplementedError:
        return None
