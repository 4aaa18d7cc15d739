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


def as_array(tensors: Sequence[Tensor]) -> NDArray[Any]:
    """Return tensors as one array; single precision holds what NumPy has no type for."""
    whole = torch.cat(list(tensors)).detach().to("cpu")
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
