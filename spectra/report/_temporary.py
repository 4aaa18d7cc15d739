"""Folders that a result is written to before it is complete, and what is left of killed runs."""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from secrets import token_hex

from spectra.errors import ParameterError


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yield a new folder beside ``target``; what is still there at the end is removed."""
    new = target.with_name(f".{target.name}.{_mark()}.{token_hex(4)}.new")
    made = [folder for folder in target.parents if not folder.exists()]
    _temporary.append((new, target, made))
    try:
        new.mkdir(parents=True)
        yield new
    finally:
        _remove(new, target, made)
        _temporary.remove((new, target, made))


_temporary: list[tuple[Path, Path, list[Path]]] = []


def remove_temporary() -> None:
    """Remove the folders that are being written, where a process ends without unwinding.

    A result that is being replaced is put back first.
    """
    for new, target, made in _temporary:
        old = new.with_suffix(".old")
        if old.exists() and not target.exists():
            old.rename(target)
        _remove(new, target, made)


def _remove(new: Path, target: Path, made: list[Path]) -> None:
    shutil.rmtree(new, ignore_errors=True)
    if not target.exists():
        _remove_empty(made)


def recover(directory: str | PathLike[str]) -> list[str]:
    """Tidy up what a run to ``directory`` left that was killed; return what was done.

    An unfinished result is removed. An old result that was being replaced is put back. Runs that
    are still alive, and those of other machines on a shared disk, are left alone.
    """
    target = resolved(directory)
    done: list[str] = []
    try:
        members = list(os.scandir(target.parent))
    except OSError:  # it is not there, or may not be looked into
        return done
    pattern = re.compile(
        re.escape(f".{target.name}.") + r"(?P<mark>.+)\.[0-9a-f]{8}\.(?P<kind>new|old)"
    )
    left = [
        (match["kind"], Path(member))
        for member in members
        if (match := pattern.fullmatch(member.name)) and _is_dead(match["mark"])
    ]
    for kind, folder in sorted(left, reverse=True):  # what is old before what is new
        if kind == "old" and not target.exists():
            with suppress(OSError):
                folder.rename(target)
                done.append(f"{directory}: the result that a killed run was replacing is put back")
            continue
        shutil.rmtree(folder, ignore_errors=True)
        done.append(f"{directory}: what a killed run left unfinished is removed ({folder.name})")
    return done


def _mark() -> str:
    """Return what tells this process from others: its machine and its number."""
    return f"{_host()}-{os.getpid()}"


def _host() -> str:
    return re.sub(r"[^\w-]+", "-", platform.node())[:24] or "here"  # names are short


def _is_dead(mark: str) -> bool:
    """Tell whether the process of that mark ran here and runs no more."""
    host, _, number = mark.rpartition("-")
    if host != _host() or not number.isdecimal() or os.name != "posix":
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def resolved(directory: str | PathLike[str]) -> Path:
    try:
        return Path(directory).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise ParameterError(f"{directory}: is not a usable path: {error}") from error


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()
