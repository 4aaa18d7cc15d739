"""What stands behind the question mark of a source, as in ``era5.nc?variables=t2m,u10``."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from urllib.parse import parse_qsl

from spectra._text import suggestion
from spectra.errors import InputError

_LISTS = ("variables", "samples", "channels", "space")
_FLAGS = ("volume", "maps")
KEYS = ("key", *_LISTS, *_FLAGS)


@dataclass(frozen=True)
class FieldQuery:
    """What a user says of the arrays in a source.

    Attributes
    ----------
    key : str or None
        Which of several arrays is meant.
    variables : tuple of str
        Which variables are read, as channels in this order; empty for all.
    samples, channels, space : tuple of str
        Dimensions that become samples, channels and axes of the maps.
    volume, maps : bool
        Whether three axes of one file are planes, rows and columns, or channels, rows and columns.
    """

    key: str | None = None
    variables: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    space: tuple[str, ...] = ()
    volume: bool = False
    maps: bool = False

    @property
    def names_dimensions(self) -> bool:
        """Whether anything in it asks for named dimensions or several variables."""
        return bool(self.variables or self.samples or self.channels or self.space)


NO_QUERY = FieldQuery()


def split_query(source: str) -> tuple[str, FieldQuery]:
    """Return a source and what it says behind its last question mark.

    A text whose part before the question mark names no file or folder has no query: it is a
    pattern, or a name that leads nowhere.

    Raises
    ------
    InputError
        If a part is not known, empty, or given twice.
    """
    path, mark, text = source.rpartition("?")
    if not mark or not path or not Path(path).exists():
        return source, NO_QUERY
    return path, _parsed(source, text)


def split_pattern(source: str) -> tuple[str, FieldQuery]:
    """Return a pattern of files and whether it says, behind it, what three axes of each are.

    Examples
    --------
    >>> split_pattern("scans/*.npy?maps")[0], split_pattern("scans/a?.npy")[0]
    ('scans/*.npy', 'scans/a?.npy')
    """
    path, _, flag = source.rpartition("?")
    if flag not in _FLAGS or not glob.has_magic(path):
        return source, NO_QUERY
    return path, _parsed(source, flag)


def typed(source: str, files: Sequence[Path], flag: str) -> str:
    """Return what to type for ``flag`` to be said of some files.

    Examples
    --------
    >>> typed("a/*.npy", [], "maps"), typed("2 files", [Path("a/0.npy")], "maps")
    ("'a/*.npy?maps'", "'a/*.npy?maps'")
    """
    named = glob.has_magic(source) or Path(source).exists()
    pattern = source if named else f"{files[0].parent}/*{files[0].suffix}"
    return f"'{pattern}?{flag}'"


def _parsed(source: str, text: str) -> FieldQuery:
    query = NO_QUERY
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name not in KEYS:
            raise InputError(f"{source!r} has an unknown part {name!r}: {suggestion(name, KEYS)}")
        if getattr(query, name):
            raise InputError(f"{source!r} says {name!r} twice: expected it once")
        query = replace(query, **{name: _value(source, name, value)})  # type: ignore[arg-type]
    if query.volume and query.maps:
        raise InputError(f"{source!r} says volume and maps: expected one of them")
    dims = [dim for role in ("samples", "channels", "space") for dim in getattr(query, role)]
    if again := sorted({dim for dim in dims if dims.count(dim) > 1}):
        raise InputError(f"{source!r} names {again[0]!r} twice: expected one use of a dimension")
    return query


def _value(source: str, name: str, value: str) -> bool | str | tuple[str, ...]:
    if name in _FLAGS:
        if value:
            raise InputError(f"{source!r} has {name}={value!r}: expected {name} alone")
        return True
    parts = tuple(part for part in value.split(",") if part)
    if not parts:
        raise InputError(f"{source!r} has no value for {name!r}: expected such as {name}=NAME")
    return parts if name in _LISTS else value


assert {f.name for f in fields(FieldQuery)} == set(KEYS)
