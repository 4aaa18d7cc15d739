"""Remedies by name: ``lctc7+3``, ``tc2``, ``nearest+conv3``, ``shuffle+box``, ``sinc11``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from spectra.errors import ParameterError

RemedyFamily = Literal["lctc", "nearest", "bilinear", "shuffle", "sinc"]
EXPECTED = (
    "lctcK or lctcK+K2 (lctc7, lctc11+3), tcK (tc2, tc3), nearest+convK, bilinear+convK, "
    "shuffleK, shuffle+box, shuffle+binomial or sincK"
)
_NAMES: dict[RemedyFamily, re.Pattern[str]] = {
    "lctc": re.compile(r"(?:lctc(?P<size>\d+)(\+(?P<small>\d+))?|tc(?P<plain>\d+))"),
    "nearest": re.compile(r"nearest\+conv(?P<size>\d+)"),
    "bilinear": re.compile(r"bilinear\+conv(?P<size>\d+)"),
    "shuffle": re.compile(r"shuffle(?P<size>\d*)(\+(?P<blur>box|binomial))?"),
    "sinc": re.compile(r"sinc(?P<size>\d+)"),
}


@dataclass(frozen=True)
class Remedy:
    """What a name stands for; sizes are those at factor 2.

    Attributes
    ----------
    name : str
        The name itself.
    family : str
        Which kind of layer it is.
    size : int
        Taps of the kernel, of the convolution for resizes and shuffles.
    small : int or None
        Taps of an LCTC's parallel kernel.
    blur : str or None
        What follows a shuffle.
    plain : bool
        Whether it is a ``tcK``: a transposed convolution of exactly K taps at factor 2, even
        ones too, and of K s / 2 at factor s.
    """

    name: str
    family: RemedyFamily
    size: int
    small: int | None = None
    blur: str | None = None
    plain: bool = False

    def sizes(self, factor: Sequence[int]) -> tuple[int, ...]:
        """Return the taps of the large kernel at these factors."""
        if self.plain:
            return tuple(-(-self.size * s // 2) for s in factor)
        return tuple(scaled_size(self.size, s) for s in factor)

    def small_sizes(self, factor: Sequence[int]) -> tuple[int, ...] | None:
        """Return the taps of the parallel kernel at these factors."""
        return None if self.small is None else tuple(scaled_size(self.small, s) for s in factor)


def scaled_size(size: int, factor: int) -> int:
    """Return the kernel size that covers as many input samples as ``size`` does at factor 2.

    The smallest odd number of at least ``size * factor / 2``.

    Examples
    --------
    >>> [scaled_size(7, factor) for factor in (2, 3, 4, 8)]
    [7, 11, 15, 29]
    """
    least = -(-size * factor // 2)
    return least + 1 - least % 2


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
    >>> parse_remedy("tc2").sizes((2, 4))
    (2, 4)
    """
    for family, pattern in _NAMES.items():
        if match := pattern.fullmatch(name):
            found = match.groupdict()
            small, plain = found.get("small"), found.get("plain")
            remedy = Remedy(
                name,
                family=family,
                size=int(plain or found["size"] or 3),
                small=int(small) if small else None,
                blur=found.get("blur"),
                plain=plain is not None,
            )
            if 0 in (remedy.size, remedy.small):
                break
            return remedy
    raise ParameterError(f"remedy={name!r}: expected {EXPECTED}")
