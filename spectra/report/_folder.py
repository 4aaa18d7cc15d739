"""A result folder: complete or not there at all."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from errno import EEXIST, ENOTDIR, ENOTEMPTY
from itertools import count
from os import PathLike
from pathlib import Path
from stat import S_ISVTX
from typing import Literal

from spectra.errors import ParameterError, SpectraError
from spectra.report._temporary import new_folder, resolved

LEAST_FREE = 1 << 20  # bytes; a result takes more
FORMATS = {
    "analysis": ("json", "nc", "png", "pdf", "html"),
    "kernels": ("json", "csv", "nc", "png", "pdf", "html"),
    "comparison": ("json", "png", "pdf", "html"),
    "images": ("json", "csv", "nc", "png", "pdf", "html"),
}
OURS = re.compile(
    r"summary\.json|comparison\.json|images\.(json|nc)|scores\.csv|synthbuster2023\.csv|corvi2023\.nc|spectra\.nc|kernels\.(json|csv|nc)|report\.html|(model|filter)\.safetensors"
    r"|plan\.json|swap\.json|repair\.(json|html)|figures(/[\w-]+\.(png|pdf))?"
    r"|(strip|profiles|worst|slices|where|crop|kernels|layers)(-\d+)?\.(png|pdf|svg|txt)"
    r"|table\.(csv|md|tex)"
)


def default_directory(model: str) -> Path:
    """Return where the result of ``model`` goes if nothing else is said.

    Examples
    --------
    >>> default_directory("models/deblur.pth").as_posix()
    'spectra-out/deblur'
    >>> default_directory("nets/unet.py:build").as_posix()
    'spectra-out/unet-build'
    """
    source, _, factory = model.partition(":")
    name = f"{Path(source).stem}-{factory}" if factory else Path(source).stem
    return Path("spectra-out") / (re.sub(r"[^\w.-]+", "-", name).strip(".-") or "model")


def check_formats(
    formats: Collection[str], *, of: Literal["analysis", "kernels", "comparison", "images"]
) -> None:
    """Raise ParameterError unless every one of ``formats`` can be written of such a result."""
    known = FORMATS[of]
    if not formats or any(name not in known for name in formats):
        message = f"formats={','.join(formats)!r}: expected some of {','.join(known)}"
        raise ParameterError(message)


def check_target(directory: str | PathLike[str], force: bool = False) -> None:
    """Raise unless a result can be written to ``directory``; nothing is left there.

    Where a folder can be made only the file system knows, so one is made and removed again.

    Raises
    ------
    ParameterError
        If ``directory`` exists and ``force`` is not given; if it holds anything but a result,
        which ``force`` would delete; if it could not be created.
    """
    target = resolved(directory)
    try:
        if target.exists():
            _check_replaceable(target, directory, force)
        parent = next(folder for folder in target.parents if folder.exists())
        if not parent.is_dir():
            raise ParameterError(f"{directory}: cannot be created: {parent} is a file")
        if not os.access(parent, os.W_OK | os.X_OK):
            raise ParameterError(f"{directory}: cannot be created: {parent} is not writable")
        if shutil.disk_usage(parent).free < LEAST_FREE:
            raise ParameterError(f"{directory}: cannot be created: the disk of {parent} is full")
        with new_folder(target) as new:
            (new / "summary.json").write_text("{}")
    except (OSError, ValueError) as error:
        if isinstance(error, ParameterError):
            raise
        reason = getattr(error, "strerror", None) or error
        message = f"{directory}: cannot be created: {reason}: choose another folder with --out"
        raise ParameterError(message) from error


def check_apart(directory: str | PathLike[str], *, what: str) -> None:
    """Raise ParameterError where ``what`` would take the place of an analysis, ``force`` or not."""
    if any((Path(directory) / name).exists() for name in ("summary.json", "spectra.nc")):
        raise ParameterError(
            f"{directory}: is a result of spectra analyze, which {what} do not replace: choose "
            "another folder"
        )


def _check_replaceable(target: Path, directory: str | PathLike[str], force: bool) -> None:
    """Raise unless the existing ``target`` is a result that may be replaced, and can be."""
    if not force:
        message = f"{directory}: exists already: choose another folder, or --force to replace it"
        raise ParameterError(message)
    if not target.is_dir():
        raise ParameterError(f"{directory}: is a file: expected a folder to replace")
    if stranger := _stranger(target):
        message = f"{directory}: is not replaced: it holds {stranger}, no part of a result"
        raise ParameterError(message)
    if target.is_mount():
        message = f"{directory}: is not replaced: it is a mount point; choose a folder inside it"
        raise ParameterError(message)
    folder = target.parent.stat()
    owners = {0, folder.st_uid, target.stat().st_uid}
    mine = not hasattr(os, "geteuid") or os.geteuid() in owners
    kept_by_others = bool(folder.st_mode & S_ISVTX) and not mine
    if kept_by_others or not os.access(target, os.W_OK | os.X_OK):
        raise ParameterError(f"{directory}: is not replaced: it belongs to another user")


@contextmanager
def writing(
    directory: str | PathLike[str], *, force: bool = False, checked: bool = False
) -> Iterator[Path]:
    """Yield a new folder that becomes ``directory`` if the block ends without an error.

    Parameters
    ----------
    directory : path
    force : bool
        Replace an old result.
    checked : bool
        ``check_target`` found nothing wrong before a long run. If something is by now,
        nothing is lost: the folder is kept under a name beside ``directory``.

    Raises
    ------
    ParameterError
        See `check_target`.
    SpectraError
        If it cannot be written; or if it is kept beside ``directory``, and then where.
    """
    try:
        check_target(directory, force)
    except ParameterError:
        if not checked:
            raise
        force = False
    target = resolved(directory)
    try:
        with new_folder(target) as new:
            yield new
            kept = _place(new, target, force)
    except OSError as error:
        message = f"{target}: the result cannot be written: {error.strerror or error}"
        raise SpectraError(message) from error
    if kept != target:
        raise SpectraError(
            f"{target}: was made by another run in the meantime: expected a folder of its own for "
            f"each; this result is in {kept}"
        )


def _place(new: Path, target: Path, force: bool) -> Path:
    """Rename ``new`` to ``target``, or to a name beside it that is free; return which.

    Renaming replaces no folder that holds something, so that of two runs at once the later
    finds what the earlier one made.
    """
    names = (target.with_name(f"{target.name}-{number}") for number in count(2))
    place = target
    while True:
        try:
            if force:
                _exchange(new, target)
            elif place.exists():  # were it an empty folder, it would be replaced
                raise FileExistsError(EEXIST, "File exists", str(place))
            else:
                new.rename(place)
        except OSError as error:
            if error.errno not in (EEXIST, ENOTEMPTY, ENOTDIR):
                raise
            place = place if force else next(names)
        else:
            return place


def _exchange(new: Path, target: Path) -> None:
    """Put ``new`` in the place of ``target``, which is back there if that fails."""
    old = new.with_suffix(".old")
    try:
        with suppress(FileNotFoundError):
            target.rename(old)
        new.rename(target)
    finally:
        if old.exists() and not target.exists():
            old.rename(target)
        shutil.rmtree(old, ignore_errors=True)


def _stranger(folder: Path) -> str | None:
    """Return a path in ``folder`` that no result holds, looking no further than the first."""
    for base, inside in (("", folder), ("figures/", folder / "figures")):
        if inside.is_dir() and not (base and inside.is_symlink()):
            with os.scandir(inside) as members:
                for member in members:
                    if not OURS.fullmatch(base + member.name):
                        return base + member.name
    return None
