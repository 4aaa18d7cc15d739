"""The first inputs and outputs of a pass, as arrays of a file and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from spectra.gather._passed import Few

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from spectra.gather._sums import Sums


class Rows:
    """The first rows of what comes batch by batch, in one tensor from the first batch on.

    Batches in a list would take their memory twice while they are joined.
    """

    def __init__(self) -> None:
        self._held: Tensor | None = None
        self._count = 0

    def add(self, rows: Tensor, *, most: int) -> None:
        """Copy some rows, behind which as many may come as make ``most`` in all."""
        rows = rows.detach()
        if self._held is None:
            self._held = rows.new_empty((max(most, len(rows)), *rows.shape[1:]), device="cpu")
        end = self._count + len(rows)
        if end > len(self._held) or rows.dtype != self._held.dtype:
            self._held = torch.cat([self._held[: self._count], rows.to("cpu")])
        else:
            self._held[self._count : end] = rows
        self._count = end

    @property
    def held(self) -> tuple[Tensor, ...]:
        """All rows as one tensor; nothing where none came."""
        return () if self._held is None else (self._held[: self._count],)


def as_array(tensors: Sequence[Tensor]) -> NDArray[Any]:
    """Return tensors as one array; single precision holds what NumPy has no type for."""
    whole = torch.cat(list(tensors)) if len(tensors) > 1 else tensors[0]
    whole = whole.detach().to("cpu")
    whole = whole.float() if whole.dtype == torch.bfloat16 else whole
    array: NDArray[Any] = whole.contiguous().numpy()
    return array


def few_of(sums: Sums, device: torch.device) -> Few:
    """Return the first inputs and outputs that sums have kept."""
    kept = {name: torch.from_numpy(values) for name, values in sums.kept.items()}
    outputs = kept.get("outputs")
    return Few(
        kept["inputs"].to(device),
        None if outputs is None else outputs.to(device),
        shown=int(kept["shown"]),
    )
