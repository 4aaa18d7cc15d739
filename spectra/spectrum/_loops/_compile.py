"""How loops are compiled; importing this file needs numba."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Loop = TypeVar("Loop", bound=Callable[..., Any])

REORDERED = {"reassoc", "contract", "nsz", "arcp"}  # sums in any order; a NaN stays one
OPTIONS = {"fastmath": REORDERED, "nogil": True, "error_model": "numpy"}


def compiled(signature: str) -> Callable[[Loop], Loop]:
    """Compile a loop for one kind of arguments; kept in a file where one can be written."""

    def decorate(loop: Loop) -> Loop:
        try:
            made: Loop = numba.njit(signature, cache=True, **OPTIONS)(loop)
        except RuntimeError:  # nowhere to keep it
            made = numba.njit(signature, **OPTIONS)(loop)
        return made

    return decorate


def inlined(loop: Loop) -> Loop:
    """Make a part of loops, which is compiled with each of them."""
    made: Loop = numba.njit(inline="always", **OPTIONS)(loop)
    return made
