"""What a text or a list of paths names as inputs, told without opening any of it."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from spectra._factories import check_spec, is_spec
from spectra._files import DESCRIPTION, Format, check_readable, looks_like_picture, recognise
from spectra._text import listed
from spectra.errors import InputError, NothingToAnalyseError
from spectra.inputs._glob import matching_files
from spectra.inputs._random_spec import PREFIX, RandomSpec, parse_random
from spectra.inputs._signal_files import SignalFiles, find_signals
from spectra.inputs._sound_files import Sounds, check_not_mixed, find_sounds

EXPECTED = (
    "a folder, glob or file of pictures or of sound (wav, flac), an array (.npy, .npz, .pt, .nc), "
    "'random:latent?shape=...', or a function such as 'file.py:make'"
)
_ARRAYS: frozenset[Format] = frozenset(
    {"npy", "npz", "hdf5", "netcdf3", "torch_zip", "torch_legacy"}
)
NamedSource = str | Path | Sequence[str | Path]


@dataclass(frozen=True)
class Pictures:
    """Files that are pictures, or pretend to be, and how many others lie beside them."""

    files: tuple[Path, ...]
    source: str
    skipped: int = 0


@dataclass(frozen=True)
class ArrayFile:
    """A file of arrays, what kind of file it is, and which of its arrays is meant."""

    file: Path
    format: Format
    key: str | None
    source: str


@dataclass(frozen=True)
class PythonName:
    """``file.py:name`` or ``pkg.mod:name`` of a function or data."""

    spec: str


NamedInputs = Pictures | Sounds | SignalFiles | ArrayFile | PythonName | RandomSpec


def check_inputs(source: object) -> None:
    """Raise what `open_inputs` would raise, as far as names and first bytes tell.

    Imports neither torch nor NumPy, and opens no picture and no array.

    Parameters
    ----------
    source
        What `open_inputs` takes; only texts and paths are looked at.

    Raises
    ------
    InputError
        If the source is missing, or something else than inputs.
    NothingToAnalyseError
        If a folder or glob holds no picture.
    """
    if is_named(source):
        name_inputs(source)


def is_named(source: object) -> TypeGuard[NamedSource]:
    """Tell whether ``source`` is a text, a path or a list of paths."""
    if isinstance(source, str | Path):
        return True
    if not isinstance(source, list | tuple) or not source:
        return False
    return all(isinstance(one, str | Path) for one in source)


def name_inputs(source: NamedSource) -> NamedInputs:
    """Return what ``source`` names.

    Raises
    ------
    InputError
        If it is missing, or no kind of input.
    NothingToAnalyseError
        If there is no picture in it.
    """
    if isinstance(source, str | Path):
        return _one(str(source))
    return _several([Path(path) for path in source], f"{len(source)} files")


def _one(source: str) -> NamedInputs:
    if source.startswith(PREFIX):
        return parse_random(source)
    path = Path(source)
    if path.is_dir():
        return _folder(path, source)
    if path.exists():
        return _file(path, None, source)
    file, _, query = source.partition("?key=")
    if query and Path(file).is_file():
        return _file(Path(file), query, file)
    if glob.has_magic(source):
        files = matching_files(source)
        if not files:
            raise NothingToAnalyseError(f"{source} matches no file: expected {EXPECTED}")
        return _several(files, source)
    if is_spec(source):
        check_spec(source, InputError)
        return PythonName(source)
    check_readable(path, EXPECTED, InputError)
    raise InputError(f"{source} is neither a file nor a folder: expected {EXPECTED}")


def _folder(folder: Path, source: str) -> Pictures | Sounds | SignalFiles:
    """Find the pictures of a folder, else its files of sound, else those of signals.

    A file is a picture by its first bytes; one with a picture's suffix but other bytes also
    counts, and is later dropped with a reason.
    """
    files = sorted(file for file in folder.iterdir() if file.is_file())
    pictures = tuple(file for file in files if looks_like_picture(file))
    sounds = find_sounds(files, source)
    check_not_mixed(pictures, sounds, source)
    if not pictures and (others := sounds or find_signals(files, source)):
        return others
    if not pictures:
        held = f"it holds {listed((f.name for f in files), 3)}" if files else "it holds no file"
        raise NothingToAnalyseError(
            f"{source} is a folder without pictures ({held}; subfolders are not searched): "
            f"expected {EXPECTED}"
        )
    return Pictures(pictures, source, len(files) - len(pictures))


def _several(paths: list[Path], source: str) -> NamedInputs:
    """Return several files, which must be pictures, or one of any kind."""
    if len(paths) == 1:
        return _one(str(paths[0]))
    for path in paths:
        check_readable(path, "a picture", InputError)
    if not any(map(looks_like_picture, paths)):
        if others := find_sounds(paths, source) or find_signals(paths, source):
            return others
        kinds = {DESCRIPTION[recognise(path)] for path in paths}
        raise NothingToAnalyseError(
            f"{source} holds no picture but {listed(sorted(kinds), 3)}: expected pictures, or "
            "one array file"
        )
    return Pictures(tuple(paths), source)


def _file(path: Path, key: str | None, source: str) -> NamedInputs:
    check_readable(path, EXPECTED, InputError)
    found = recognise(path)
    if found in _ARRAYS:
        return ArrayFile(path, found, key, source)
    if looks_like_picture(path):
        return Pictures((path,), source)
    if sounds := find_sounds([path], source):
        return sounds
    raise InputError(f"{path} is {DESCRIPTION[found]}: expected {EXPECTED}")
