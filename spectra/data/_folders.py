"""Where the parts of a published set lie, and what is missing of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from spectra._files import check_readable
from spectra._text import listed
from spectra.errors import InputError, ParameterError

PICTURES = (".png", ".jpg", ".jpeg")


def check_choice(name: str, value: object, choices: Iterable[object]) -> None:
    """Raise ParameterError unless ``value`` is one of ``choices``."""
    choices = list(choices)
    if value not in choices:
        raise ParameterError(f"{name}={value!r}: expected one of {listed(choices)}")


def folder(root: str | Path, what: str) -> Path:
    """Return ``root`` if it is a folder, else raise InputError."""
    path = check_readable(Path(root), what, InputError)
    if not path.is_dir():
        raise InputError(f"{path} is a file: expected {what}")
    return path


def first_folder(root: Path, names: Sequence[str], what: str) -> Path:
    """Return the first of the folders ``names`` below ``root`` that is there.

    Raises
    ------
    InputError
        If none is; all that were looked for are named.
    """
    for name in names:
        if (root / name).is_dir():
            return root / name
    raise InputError(f"{root} is no {what}: expected a folder {' or '.join(names)} in it")


def pictures(place: Path) -> list[Path]:
    """Return the pictures of a folder in the order of their names; hidden files are no pictures."""
    found = (path for path in place.iterdir() if path.suffix.lower() in PICTURES)
    return sorted(path for path in found if not path.name.startswith("."))


def check_twins(pairs: Iterable[tuple[Path, Path]], what: str) -> None:
    """Raise InputError if a file's twin is not there: one line for all of them."""
    alone = [(path, twin) for path, twin in pairs if not twin.is_file()]
    if alone:
        path, twin = alone[0]
        more = f", and so for {len(alone) - 1} more" if len(alone) > 1 else ""
        raise InputError(
            f"{path} has no {what}: expected {twin}{more}; add what is missing, or leave "
            "out what has none"
        )
