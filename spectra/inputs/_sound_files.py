"""Which files are sound, told by their first bytes, and whether they can be read here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from spectra._files import recognise
from spectra._text import listed
from spectra.errors import InputError


@dataclass(frozen=True)
class Sounds:
    """Files that are sound, and how many others lie beside them."""

    files: tuple[Path, ...]
    source: str
    skipped: int = 0


def find_sounds(paths: Sequence[Path], source: str) -> Sounds | None:
    """Return the files of sound among some, None where there is none.

    Raises
    ------
    InputError
        If there are some, and what reads them is not installed.
    """
    files = tuple(path for path in paths if path.is_file() and recognise(path) == "sound")
    if not files:
        return None
    if find_spec("soundfile") is None:
        what = f"{source} is" if len(files) == 1 else f"{source} holds {len(files)} files of"
        raise InputError(
            f"{what} sound, which is read with soundfile, which is not installed: "
            "pip install 'spectra-artifacts[audio]'"
        )
    return Sounds(files, source, len(paths) - len(files))


def check_not_mixed(pictures: Sequence[Path], sounds: Sounds | None, source: str) -> None:
    """Raise InputError where pictures and sound lie in one folder: either may be meant."""
    if pictures and sounds is not None:
        suffixes = sorted({path.suffix for path in (*pictures, *sounds.files)})
        names = listed((f"'{source}/*{suffix}'" for suffix in suffixes), 4)
        raise InputError(
            f"{source} holds {len(pictures)} pictures and {len(sounds.files)} files of sound: "
            f"expected one kind; give {names}"
        )
