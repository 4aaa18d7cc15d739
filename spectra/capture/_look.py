"""Operations that may end a step of several, by what they do and whatever they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from torch import Tensor
from torch._ops import OpOverload

from spectra.capture._steps import Family
from spectra.capture._storages import StorageMap

_FAMILIES: dict[str, Family] = {
    **dict.fromkeys(("view", "_unsafe_view", "_reshape_alias"), "view"),
    **dict.fromkeys(
        ("copy_", "index_put_", "_index_put_impl_", "index_copy_", "scatter_"), "write"
    ),
    **dict.fromkeys(("index", "index_select", "gather", "take"), "gather"),
    **dict.fromkeys(("slice_scatter", "select_scatter", "index_put", "index_copy"), "gather"),
    **dict.fromkeys(("add", "add_"), "sum"),
    **dict.fromkeys(("convolution", "_convolution"), "filter"),
    **dict.fromkeys(("_fft_c2c", "_fft_c2r"), "fourier"),
}


class Seam(NamedTuple):
    """A call at which a step of several operations may end, and the tensor it completed."""

    family: Family
    rank: int
    made: Tensor


class Seams:
    """Recognises such calls; knows the whole of what is written into piece by piece."""

    def __init__(self) -> None:
        self._whole: StorageMap[tuple[tuple[int, ...], tuple[int, ...]]] = StorageMap()

    def read(
        self, func: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any], result: Any
    ) -> Seam | None:
        """Return what a call completed, None where no step ends at such a call."""
        if slices(func):
            self._remember(args)
            return None
        family = family_of(func)
        if family is None or not isinstance(result, Tensor) or not isinstance(args[0], Tensor):
            return None
        made = self._whole_of(args[0]) if family == "write" else result
        return Seam(family, args[0].ndim, made)

    def _remember(self, args: Sequence[Any]) -> None:
        """Keep the shape of a tensor that owns its storage, of which every n-th is taken."""
        tensor = args[0]
        strided = len(args) > 4 and args[4] > 1
        if strided and tensor.numel() * tensor.element_size() == tensor.untyped_storage().nbytes():
            self._whole.set(tensor, (tuple(tensor.shape), tensor.stride()))

    def _whole_of(self, view: Tensor) -> Tensor:
        known = self._whole.get(view)
        return view if known is None else view.as_strided(*known, 0)


@cache
def family_of(func: OpOverload) -> Family | None:
    """Return what an operation does, if a step may end with it."""
    if func.namespace != "aten" or "out" in func._overloadname:
        return None
    return _FAMILIES.get(func._schema.name.partition("::")[2])


@cache
def slices(func: OpOverload) -> bool:
    """Tell whether an operation takes every n-th element."""
    return func._schema.name == "aten::slice"
