"""Follow how far padding reaches into each map of a forward pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from math import prod
from typing import Any

from torch import Tensor
from torch._ops import OpOverload

from spectra._checks import along_axes
from spectra.follow._borders import NOTHING, Borders
from spectra.follow._dispatched import Dispatched
from spectra.follow._storages import StorageMap
from spectra.kinds import KINDS

# Input pixels that interpolation reads past a border: no output pixel stands on it.
BEYOND = {name: kind.reach - 1 / 2 for name, kind in KINDS.items() if kind.reach}


class Padding:
    """What padding has disturbed of every tensor of one forward pass, from its layers' sizes.

    Known are convolutions, pooling, interpolation and padding by itself. Whatever else mixes
    places, as attention does, adds nothing: it has no border of its own.
    """

    def __init__(self) -> None:
        self._borders: StorageMap[Borders] = StorageMap()

    def of(self, tensor: Tensor) -> Borders:
        """Return what is disturbed of a tensor."""
        return self._borders.get(tensor) or NOTHING

    def follow(self, call: Dispatched) -> None:
        """Note what is disturbed of what one call makes or writes."""
        known = NOTHING
        for tensor in call.taken:
            known |= self.of(tensor)
        if call.made and call.taken and _may_pad(call.func):
            known = _after(call, known)
        if not known.parts:
            return
        for tensor in (*call.made, *call.written):
            if self._borders.get(tensor) is not known:  # a view's storage has them already
                self._borders.set(tensor, known)


@cache
def _may_pad(func: OpOverload) -> bool:
    """Tell whether an operation may have borders of its own, by its name."""
    return any(part in func._schema.name for part in ("conv", "pool", "pad", "upsample_"))


def _after(call: Dispatched, known: Borders) -> Borders:
    """Return what is disturbed after a call that may have borders of its own.

    Parameters
    ----------
    call : Dispatched
        A call that takes and makes tensors.
    known : Borders
        What is disturbed of what it takes.
    """
    name, named, source, result = call.name, call.arguments, call.taken[0], call.made[0]
    if result.ndim < 3 or prod(result.shape) == 0:
        return known
    if name == "constant_pad_nd" or name.endswith(("_pad1d", "_pad2d", "_pad3d")):
        return _padded(source, result, named, known)
    if "upsample_" in name:
        return _interpolated(name, source, result, known)
    if "conv" not in name and "pool" not in name:
        return known
    weight = named.get("weight")
    kernel = tuple(weight.shape[2:]) if weight is not None else named.get("kernel_size")
    if not kernel or "padding" not in named or result.ndim <= len(kernel):
        return known
    transposed = named.get("transposed") or "transpose" in name or name.endswith("_backward")
    stride = along_axes(named.get("stride") or kernel, len(kernel))  # a pooling's is its kernel
    reach = _reach(named, kernel, stride, transposed=bool(transposed))
    before, sides = source.shape[-len(kernel) :], result.shape[-len(kernel) :]
    share = max(r / n for r, n in zip(reach, sides, strict=True))
    longest = max(range(len(kernel)), key=sides.__getitem__)
    # Where a kernel without padding takes pixels off the border, what was disturbed has the same
    # width in input pixels, and so a larger share of the side that is left.
    scale = stride[longest] if transposed else 1 / stride[longest]
    ratio = before[longest] / sides[longest] * scale
    return known.on(sides[longest], ratio).after(sides[longest], share)


def _reach(
    named: Mapping[str, Any], kernel: Sequence[int], stride: Sequence[int], *, transposed: bool
) -> list[int]:
    """Return on how many pixels of its output the padding of a layer bears, along each axis.

    Parameters
    ----------
    named : mapping
        Arguments of the layer by name.
    kernel, stride : sequence of int
        Its kernel's size and its stride along each axis.
    transposed : bool
        Whether it is a transposed convolution.
    """
    axes = len(kernel)
    dilation = along_axes(named.get("dilation") or 1, axes)
    full = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
    padding = named["padding"]
    if isinstance(padding, str):
        each = tuple(-(-n // 2) if padding == "same" else 0 for n in full)
    else:
        each = along_axes(padding or 0, axes)
    if transposed:
        # The nearest input pixel that is missing, at -1, would reach output pixels up to
        # n - p - s, where n + 1 is the width of the kernel. Those have a border; at the far end
        # there are as many more as the output padding adds.
        more = along_axes(named.get("output_padding") or 0, axes)
        taps = zip(full, each, stride, more, strict=True)
        return [max(n + 1 - p - s + extra, 0) for n, p, s, extra in taps]
    # Output pixel o reads from o * s - p on, which is padding while that is below 0.
    return [-(-p // s) for p, s in zip(each, stride, strict=True)]


def _padded(source: Tensor, result: Tensor, named: Mapping[str, Any], known: Borders) -> Borders:
    """Return what is disturbed after a padding by itself, of the spatial axes."""
    widths = named.get("padding") or named.get("pad") or ()  # before and after, last axis first
    axes = min(len(widths) // 2, max(source.ndim - 2, 0))
    if axes == 0:
        return known
    # Zeros behind the one element of an axis are inserted between pixels, and are no border.
    shares = [
        max(0, *widths[2 * axis : 2 * axis + 2]) / result.shape[-1 - axis]
        for axis in range(axes)
        if source.shape[-1 - axis] > 1
    ]
    if not shares:
        return known
    longest = max(range(-axes, 0), key=result.shape.__getitem__)
    ratio = source.shape[longest] / result.shape[longest]
    return known.on(result.shape[longest], ratio).after(result.shape[longest], max(shares))


def _interpolated(name: str, source: Tensor, result: Tensor, known: Borders) -> Borders:
    """Return what is disturbed after an interpolation, which repeats the outermost pixels."""
    beyond = next((px for kind, px in BEYOND.items() if kind in name), 0.0)
    longest = max(result.shape[2:])
    pairs = zip(source.shape[2:], result.shape[2:], strict=True)
    share = max((beyond / n for n, after in pairs if after > n), default=0.0)
    return known.on(longest).after(longest, share)
