"""``summary.json``: the answer of one analysis in numbers, written and read again."""

from collections.abc import Iterator
from math import isfinite
from os import PathLike
from pathlib import Path
from typing import Any

import msgspec

from spectra._files import read_whole
from spectra._printable import encode_json
from spectra.errors import InputError, ParameterError
from spectra.explain import Summary

MOST_DB = 1e5  # of a ratio of powers in double precision it is 6e3
MOST_BYTES = 1 << 25  # of a summary.json; one of a thousand steps has some 2 MiB


def encode_summary(summary: Summary) -> bytes:
    """Return ``summary`` as indented JSON, ``"schema"`` first, the other keys as declared.

    Raises
    ------
    ParameterError
        If a number is NaN or infinite, or a value does not fit the schema.
    """
    content: dict[str, Any] = msgspec.to_builtins(summary, enc_hook=_plain)
    for place, number in _numbers(content):
        if not isfinite(number):
            message = f"summary{place}={number} is not a number: expected None with a reason"
            raise ParameterError(message)
    ordered = {"schema": content.pop("schema"), **content}
    text = encode_json(ordered)
    try:
        msgspec.json.decode(text, type=Summary)
    except msgspec.ValidationError as error:
        raise ParameterError(f"the summary does not fit its schema: {error}") from error
    return text


def read_summary(path: str | PathLike[str]) -> Summary:
    """Return the summary in the file ``path``; keys of later versions are ignored.

    Parameters
    ----------
    path : path
        A ``summary.json``, or the folder of a result that holds one.

    Raises
    ------
    InputError
        If the file cannot be read, is no JSON, or is no summary of schema version 1.
    """
    file, text = read_member(path, "summary.json")
    try:
        schema = msgspec.json.decode(text, type=_Schema).schema
        name, _, version = schema.rpartition("/")
        if name != "spectra.summary" or version.partition(".")[0] != "1":
            message = f"{file}: its schema is {schema!r}: expected 'spectra.summary/1' or 1.x"
            raise InputError(message)
        if far := _far_off(msgspec.json.decode(text)):
            raise InputError(f"{file}: {far[0]} is {far[1]:.3g}: expected decibels")
        return msgspec.json.decode(text, type=Summary)
    except msgspec.DecodeError as error:
        raise InputError(f"{file}: is not a summary.json of spectra: {error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: is not a summary.json of spectra: no UTF-8 text") from error


def _far_off(held: object, name: str = "") -> tuple[str, float] | None:
    """Return the first number of decibels, with its key, that no power is apart from another."""
    if isinstance(held, float) and name.endswith(("_db", "_dbc")) and abs(held) > MOST_DB:
        return name, held
    parts: list[tuple[str, object]] = []
    if isinstance(held, dict):
        parts = [(str(key), value) for key, value in held.items()]
    elif isinstance(held, list):
        parts = [(name, value) for value in held]
    found = (_far_off(value, key) for key, value in parts)
    return next((far for far in found if far is not None), None)


def read_member(path: str | PathLike[str], name: str) -> tuple[Path, bytes]:
    """Return the file ``path``, or the one called ``name`` in that folder, and what it holds."""
    file = Path(path)
    file = file / name if file.is_dir() else file
    try:
        return file, read_whole(file, most=MOST_BYTES)
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error


class _Schema(msgspec.Struct):
    schema: str


def _plain(value: Any) -> Any:
    """Return an option's value (a path, a NumPy scalar) as something JSON can hold."""
    return value.item() if hasattr(value, "item") else str(value)


def _numbers(value: Any, place: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _numbers(item, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for i, item in enumerate(value):
            yield from _numbers(item, f"{place}[{i}]")
    elif isinstance(value, float):
        yield place, value
