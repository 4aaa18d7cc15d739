"""A fresh layer for the name of a remedy."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from spectra.errors import ParameterError
from spectra.remedy._lctc import LCTC, Init
from spectra.remedy._remedy import parse_remedy
from spectra.remedy._resize import ResizeConv, SincConv
from spectra.remedy._shuffle import ShuffleConv


def make_layer(
    name: str,
    in_channels: int,
    out_channels: int,
    *,
    factor: Sequence[int] = (2, 2),
    groups: int = 1,
    init: Init = "default",
) -> nn.Module:
    """Return a fresh upsampling layer by name.

    Parameters
    ----------
    name : str
        lctcK or lctcK+K2, tcK, nearest+convK, bilinear+convK, shuffle, shuffleK, shuffle+box,
        shuffle+binomial, sincK. K is the size at factor 2; at factor s an lctc's kernel has the
        smallest odd size of at least K s / 2, and so have the taps of a sinc; a tc's has the
        smallest size of at least K s / 2. A resize or shuffle has a convolution of K taps.
    in_channels, out_channels : int
        Channels of the map before and after.
    factor : sequence of int
        One an axis; their number is the number of axes.
    groups : int
        Groups of the layer's convolution.
    init : {"default", "sinc", "icnr"}
        Start of a transposed kernel's weights, see `LCTC`; the other layers have their own.

    Raises
    ------
    ParameterError
        If the name stands for nothing, or for no transposed kernel where ``init`` is given.

    Examples
    --------
    >>> make_layer("lctc7+3", 8, 4, factor=(3,)).large.kernel_size
    (11,)
    """
    remedy = parse_remedy(name)
    factor, axes = tuple(factor), len(tuple(factor))
    if init != "default" and remedy.family != "lctc":
        message = f"init={init!r} is for lctcK and tcK; {name} has its own: expected 'default'"
        raise ParameterError(message)
    common = {"factor": factor, "groups": groups, "axes": axes}
    if remedy.family == "lctc":
        sizes, small = remedy.sizes(factor), remedy.small_sizes(factor)
        return LCTC(in_channels, out_channels, sizes, small=small, init=init, **common)  # type: ignore[arg-type]
    if remedy.family == "sinc":
        return SincConv(in_channels, out_channels, remedy.sizes(factor), **common)  # type: ignore[arg-type]
    if remedy.family == "shuffle":
        return ShuffleConv(in_channels, out_channels, remedy.size, blur=remedy.blur, **common)  # type: ignore[arg-type]
    return ResizeConv(in_channels, out_channels, remedy.size, mode=remedy.family, **common)  # type: ignore[arg-type]
