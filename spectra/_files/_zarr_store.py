"""zarr stores: a folder that holds nothing but numbers, and a description without code."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spectra._files._regular import is_regular, read_whole

MARKS = ("zarr.json", ".zgroup", ".zarray", ".zmetadata")
MOST_FILES = 1_000_000
MOST_BYTES = 1 << 20  # of one description; of an array it has some kB
# What turns bytes into numbers, and nothing else. Others unpickle, or are made by packages that
# register themselves.
NUMERIC = frozenset(
    [
        "bytes",
        "transpose",
        "blosc",
        "zlib",
        "gzip",
        "bz2",
        "lzma",
        "lz4",
        "zstd",
        "shuffle",
        "delta",
        "fixedscaleoffset",
        "quantize",
        "bitround",
        "astype",
        "packbits",
        "crc32",
        "crc32c",
        "adler32",
        "fletcher32",
        "jenkins_lookup3",
        "sharding_indexed",
        "vlen-utf8",
    ]
)
WITHIN = ("codecs", "index_codecs")  # where a codec of zarr 3 names others


def is_zarr(path: Path) -> bool:
    """Tell whether a folder is a zarr store."""
    return path.is_dir() and any(is_regular(path / mark) for mark in MARKS)


def check_store(path: Path) -> int:
    """Return the bytes in a store; raise OSError if reading it may do more than read numbers.

    Parameters
    ----------
    path : Path
        The folder.

    Raises
    ------
    OSError
        If something in it is a link or no regular file, if an array asks for a codec that is not
        numeric, or holds objects, or if a description cannot be read.
    """
    stored = 0
    for count, file in enumerate(_files(path)):
        if count == MOST_FILES:
            raise OSError(f"it holds more than {MOST_FILES} files")
        if file.is_symlink():
            raise OSError(f"{str(file.relative_to(path))!r} is a link")
        if not is_regular(file):
            raise OSError(f"{str(file.relative_to(path))!r} is no regular file")
        stored += file.stat().st_size
        if file.name in (".zarray", "zarr.json"):
            _check_array(_read(file), str(file.parent.relative_to(path)))
    return stored


def told_order(path: Path) -> tuple[str, ...]:
    """Return the names of a store's arrays in the order in which they were written, if it tells.

    A folder lists its files in any order; a copy of all descriptions in one, which many stores
    have, in the order of the variables. Nothing but names is taken from it.
    """
    for mark in ("zarr.json", ".zmetadata"):
        if is_regular(path / mark):
            held = _read(path / mark)
            copy = held.get("consolidated_metadata") if mark == "zarr.json" else held
            inner = copy.get("metadata") if isinstance(copy, dict) else None
            if isinstance(inner, dict):
                return tuple(dict.fromkeys(str(name).partition("/")[0] for name in inner))
    return ()


def _files(path: Path) -> Iterator[Path]:
    """Yield all that is no folder, and folders that are links, which are not entered."""
    for folder, folders, names in os.walk(path):
        for name in [*folders, *names]:
            one = Path(folder, name)
            if name in names or one.is_symlink():
                yield one


def _read(file: Path) -> Mapping[str, Any]:
    try:
        held = json.loads(read_whole(file, most=MOST_BYTES))
    except (ValueError, RecursionError) as error:
        raise OSError(f"{file.name} is no JSON") from error
    if not isinstance(held, dict):
        raise OSError(f"{file.name} is no description")
    return held


def _check_array(held: Mapping[str, Any], name: str) -> None:
    """Raise OSError unless an array is made of numbers or texts by codecs that are numeric."""
    codecs = [*_codecs(held.get("codecs"))]
    codecs += [*_codecs(held.get("filters")), *_codecs(held.get("compressor"))]
    for codec in codecs:
        if codec not in NUMERIC:
            raise OSError(f"array {name!r} asks for the codec {codec!r}, which is none of numbers")
    if held.get("storage_transformers"):
        raise OSError(f"array {name!r} asks for storage transformers")
    texts = "vlen-utf8" in codecs
    if not texts and _holds_objects(held.get("dtype")):
        raise OSError(f"array {name!r} holds Python objects")


def _holds_objects(dtype: Any) -> bool:
    return "O" in str(dtype)


def _codecs(described: Any) -> Iterator[str]:
    """Yield the names of codecs, and of those that they name themselves."""
    if described is None:
        return
    for one in described if isinstance(described, list) else [described]:
        if isinstance(one, str):
            yield _plain(one)
            continue
        if not isinstance(one, dict):
            raise OSError("its codecs cannot be read")
        yield _plain(str(one.get("id", one.get("name", ""))))
        configuration = one.get("configuration")
        if isinstance(configuration, dict):
            for key in WITHIN:
                yield from _codecs(configuration.get(key))


def _plain(name: str) -> str:
    """Return a codec's name without the prefix that zarr 3 gives those of zarr 2."""
    return name.removeprefix("numcodecs.")
