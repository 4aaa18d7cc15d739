"""Sizes of kernels for which the output is exactly ``factor`` times the input."""

from __future__ import annotations

from collections.abc import Sequence

from spectra.errors import ParameterError
from spectra.kernel import same_size_padding

Sizes = tuple[int, ...]


def check_size(name: str, size: Sequence[int], factor: Sequence[int]) -> None:
    """Raise unless a kernel of ``size`` can give exactly ``factor`` times its input."""
    for k, s in zip(size, factor, strict=True):
        if k < s:
            message = f"{name}={tuple(size)} leaves gaps at factor {tuple(factor)}: expected >= {s}"
            raise ParameterError(message)
        if s == 1 and k % 2 == 0:
            message = (
                f"{name}={tuple(size)} has no centre where factor {tuple(factor)} is 1: "
                f"expected an odd size such as {k + 1}"
            )
            raise ParameterError(message)


def geometry(size: Sequence[int], factor: Sequence[int]) -> tuple[Sizes, Sizes]:
    """Return padding and output padding of each axis for ``output = factor x input``.

    Examples
    --------
    >>> geometry((7, 4), (2, 2))
    ((3, 1), (1, 0))
    """
    pairs = [same_size_padding(k, s) for k, s in zip(size, factor, strict=True)]
    return tuple(p for p, _ in pairs), tuple(extra for _, extra in pairs)
