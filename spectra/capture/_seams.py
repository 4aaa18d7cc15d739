"""Seams: calls at which a step of several operations may end, whatever they are called."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from torch import Tensor
from torch._ops import OpOverload

from spectra.capture._steps import SeamFamily
from spectra.follow import Dispatched, StorageMap, name_of

_FAMILIES: dict[str, SeamFamily] = {
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


Look = tuple[SeamFamily, int, tuple[int, ...]]
"""What a seam looks like: what it does, axes of its first argument, shape of what it completed."""


class Seam(NamedTuple):
    """A call at which a step of several operations may end.

    Attributes
    ----------
    family : str
        What the call does.
    rank : int
        Number of axes of its first argument.
    made : Tensor
        What it completed: its result, or the whole of what it wrote a part of.
    """

    family: SeamFamily
    rank: int
    made: Tensor

    @property
    def look(self) -> Look:
        """What it looks like, without holding the tensor."""
        return self.family, self.rank, tuple(self.made.shape)


class Seams:
    """Recognises seams as the calls of one forward pass go by."""

    def __init__(self) -> None:
        # A buffer is filled by writes into slices of it: y[..., ::2] = x. Such a write is given
        # the slice alone, so shape and stride of the whole are kept since it was sliced.
        self._whole: StorageMap[tuple[tuple[int, ...], tuple[int, ...]]] = StorageMap()

    def read(self, call: Dispatched) -> Seam | None:
        """Return what a call completed, None where no step ends at such a call."""
        if slices(call.func):
            self._remember(call.args)
            return None
        family, args = family_of(call.func), call.args
        if family is None or not isinstance(call.result, Tensor) or not isinstance(args[0], Tensor):
            return None
        made = self._whole_of(args[0]) if family == "write" else call.result
        return Seam(family, args[0].ndim, made)

    def _remember(self, args: Sequence[Any]) -> None:
        """Keep the shape of a tensor that owns its storage, of which every n-th is taken."""
        tensor = args[0]
        strided = len(args) > 4 and args[4] > 1
        if strided and tensor.numel() * tensor.element_size() == tensor.untyped_storage().nbytes():
            self._whole.set(tensor, (tuple(tensor.shape), tensor.stride()))

    def _whole_of(self, view: Tensor) -> Tensor:
        """Return the tensor of which a view is a slice, or the view itself."""
        known = self._whole.get(view)
        return view if known is None else view.as_strided(*known, 0)


@cache
def family_of(func: OpOverload) -> SeamFamily | None:
    """Return what an operation does, if a step may end with it."""
    if func.namespace != "aten" or "out" in func._overloadname:
        return None
    return _FAMILIES.get(name_of(func))


@cache
def slices(func: OpOverload) -> bool:
    """Tell whether an operation takes every n-th element along an axis."""
    return func._schema.name == "aten::slice"
