"""Names that no shell has expanded, as where a pattern stands in quotes."""

from __future__ import annotations

import re
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING

from spectra.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable


def expanded(sources: Iterable[str]) -> list[str]:
    """Return what is named, each pattern replaced by what it matches, in natural order.

    A name that stands for something is no pattern, whatever characters it has.

    Raises
    ------
    ParameterError
        If a pattern matches nothing.
    """
    return [name for source in sources for name in _matching(source)]


def _matching(source: str) -> list[str]:
    if not any(c in source for c in "*?[") or Path(source).exists():
        return [source]
    found = sorted(glob(source), key=_natural)
    if not found:
        raise ParameterError(f"{source}: no file has a name like that")
    return found


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """Return what sorts ``epoch2`` before ``epoch10``."""
    parts = re.split(r"(\d+)", name)
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts]
