"""Inputs of any size: padded to what a network can halve, and cropped again."""

from __future__ import annotations

from typing import Literal

from torch import Tensor
from torch.nn import functional

from spectra.errors import ModelError

Border = Literal["constant", "reflect"]


def padded(x: Tensor, multiple: int, *, border: Border = "constant") -> Tensor:
    """Return ``x`` with rows below and columns at the right, up to a multiple of pixels.

    Parameters
    ----------
    x : Tensor, shape (B, C, H, W)
        A batch of maps.
    multiple : int
        What both sides become a multiple of.
    border : {"constant", "reflect"}
        Zeros, or the picture mirrored at its edge.

    Raises
    ------
    ModelError
        If ``x`` has other axes, or is too small to be mirrored that far.

    Examples
    --------
    >>> import torch
    >>> padded(torch.ones(1, 3, 30, 33), 16).shape
    torch.Size([1, 3, 32, 48])
    """
    if x.ndim != 4:
        raise ModelError(f"an input of shape {tuple(x.shape)}: expected (B, C, H, W)")
    below, right = (-side % multiple for side in x.shape[-2:])
    if not below and not right:
        return x
    if border == "reflect" and (below >= x.shape[-2] or right >= x.shape[-1]):
        least = multiple // 2 + 1
        raise ModelError(
            f"an input of {x.shape[-2]}x{x.shape[-1]} pixels cannot be mirrored to multiples of "
            f"{multiple}: expected at least {least} pixels a side"
        )
    return functional.pad(x, (0, right, 0, below), mode=border)
