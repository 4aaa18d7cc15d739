"""Remedies by name: ``lctc7+3``, ``nearest+conv3``, ``shuffle+box``, ``sinc11``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch import nn

from spectra.errors import ParameterError
from spectra.remedy._lctc import LCTC, Init
from spectra.remedy._resize import ResizeConv, SincConv
from spectra.remedy._shuffle import ShuffleConv
from spectra.remedy._sizes import scaled_size

Family = Literal["lctc", "nearest", "bilinear", "shuffle", "sinc"]
EXPECTED = (
    "lctcK or lctcK+K2 (lctc7, lctc11+3), nearest+convK, bilinear+convK, shuffle, shuffle+box, "
    "shuffle+binomial or sincK"
)
_NAMES: dict[Family, re.Pattern[str]] = {
    "lctc": re.compile(r"lctc(?P<size>\d+)(\+(?P<small>\d+))?"),
    "nearest": re.compile(r"nearest\+conv(?P<size>\d+)"),
    "bilinear": re.compile(r"bilinear\+conv(?P<size>\d+)"),
    "shuffle": re.compile(r"shuffle(?P<size>)(\+(?P<blur>box|binomial))?"),
    "sinc": re.compile(r"sinc(?P<size>\d+)"),
}


@dataclass(frozen=True)
class Remedy:
    """What a name stands for; sizes are those at factor 2.

    Attributes
    ----------
    name : str
    family : str
    size : int
        Taps of the kernel, of the convolution for resizes and shuffles.
    small : int or None
        Taps of an LCTC's parallel kernel.
    blur : str or None
        What follows a shuffle.
    """

    name: str
    family: Family
    size: int
    small: int | None = None
    blur: str | None = None

    def sizes(self, factor: Sequence[int]) -> tuple[int, ...]:
        """Return the taps of the large kernel at these factors."""
        return tuple(scaled_size(self.size, s) for s in factor)

    def small_sizes(self, factor: Sequence[int]) -> tuple[int, ...] | None:
        """Return the taps of the parallel kernel at these factors."""
        return None if self.small is None else tuple(scaled_size(self.small, s) for s in factor)


def parse_remedy(name: str) -> Remedy:
    """Return what a remedy's name stands for.

    Raises
    ------
    ParameterError
        If it stands for nothing.

    Examples
    --------
    >>> parse_remedy("lctc11+3").sizes((4, 4))
    (23, 23)
    """
    for family, pattern in _NAMES.items():
        if match := pattern.fullmatch(name):
            found = match.groupdict()
            small = found.get("small")
            remedy = Remedy(
                name,
                family,
                int(found["size"] or 3),
                int(small) if small else None,
                found.get("blur"),
            )
            if 0 in (remedy.size, remedy.small):
                break
            return remedy
    raise ParameterError(f"remedy={name!r}: expected {EXPECTED}")


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
        lctcK or lctcK+K2, nearest+convK, bilinear+convK, shuffle, shuffle+box, shuffle+binomial,
        sincK. K is the size at factor 2; at factor s a transposed kernel has the smallest odd
        size of at least K s / 2, and so have the taps of a sinc.
    in_channels, out_channels : int
    factor : sequence of int
        One an axis; their number is the number of axes.
    groups : int
    init : {"default", "sinc", "icnr"}
        Of an LCTC; the others have one start.

    Examples
    --------
    >>> make_layer("lctc7+3", 8, 4, factor=(3,)).large.kernel_size
    (11,)
    """
    remedy = parse_remedy(name)
    factor, axes = tuple(factor), len(tuple(factor))
    common = {"factor": factor, "groups": groups, "axes": axes}
    if remedy.family == "lctc":
        sizes, small = remedy.sizes(factor), remedy.small_sizes(factor)
        return LCTC(in_channels, out_channels, sizes, small=small, init=init, **common)  # type: ignore[arg-type]
    if remedy.family == "sinc":
        return SincConv(in_channels, out_channels, remedy.sizes(factor), **common)  # type: ignore[arg-type]
    if remedy.family == "shuffle":
        return ShuffleConv(in_channels, out_channels, blur=remedy.blur, **common)  # type: ignore[arg-type]
    return ResizeConv(in_channels, out_channels, remedy.size, mode=remedy.family, **common)  # type: ignore[arg-type]
