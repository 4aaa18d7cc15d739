"""What a text or a list of paths names as inputs, told without opening any of it."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from spectra._factories import check_spec, is_spec
from spectra._files import (
    DESCRIPTION,
    Format,
    check_readable,
    is_zarr,
    looks_like_picture,
    recognise,
)
from spectra._text import listed
from spectra.errors import InputError, NothingToAnalyseError
from spectra.inputs._field_query import NO_QUERY, FieldQuery, split_pattern, split_query
from spectra.inputs._glob import matching_files
from spectra.inputs._listing import Listing, is_file, is_picture
from spectra.inputs._random_spec import PREFIX, RandomSpec, parse_random
from spectra.inputs._signal_files import SignalFiles, find_signals
from spectra.inputs._sound_files import Sounds, check_not_mixed, find_sounds
from spectra.inputs._volume_files import VolumeFiles, find_volumes, volumes_among

EXPECTED = (
    "a folder, glob or file of pictures or of sound (wav, flac), an array (.npy, .npz, .pt, .nc, "
    ".zarr, .nii), "
    "'random:latent?shape=...', or a function such as 'file.py:make'"
)
_ARRAYS: frozenset[Format] = frozenset(
    {"npy", "npz", "hdf5", "netcdf3", "torch_zip", "torch_legacy", "zarr"}
)
NamedSource = str | Path | Sequence[str | Path]


@dataclass(frozen=True)
class Pictures:
    """Files that are pictures, or pretend to be, and how many others lie beside them."""

    files: Sequence[Path]
    source: str
    skipped: int = 0


@dataclass(frozen=True)
class ArrayFile:
    """A file of arrays, what kind of file it is, and what of it is meant."""

    file: Path
    format: Format
    query: FieldQuery
    source: str


@dataclass(frozen=True)
class PythonName:
    """``file.py:name`` or ``pkg.mod:name`` of a function or data."""

    spec: str


NamedInputs = Pictures | Sounds | SignalFiles | ArrayFile | VolumeFiles | PythonName | RandomSpec


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
    folder = source if isinstance(source, str | Path) and os.path.isdir(source) else None
    if folder is not None and _holds_picture(Path(folder)):
        return
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
    path, query = Path(source), NO_QUERY
    if not path.exists():
        source, query = split_query(source)
        path = Path(source)
    if path.exists():
        return _at(path, query, source)
    if glob.has_magic(source):
        files = matching_files(source)
        if not files:
            source, query = split_pattern(source)
            files = matching_files(source)
        if not files:
            raise NothingToAnalyseError(f"{source} matches no file: expected {EXPECTED}")
        if len(files) == 1:
            return _at(files[0], query, str(files[0]))
        return _each(files, source, query)
    if is_spec(source):
        check_spec(source, InputError)
        return PythonName(source)
    check_readable(path, EXPECTED, InputError)
    raise InputError(f"{source} is neither a file nor a folder: expected {EXPECTED}")


def _at(path: Path, query: FieldQuery, source: str) -> NamedInputs:
    """Return what lies at a path that exists."""
    if is_zarr(path):
        return ArrayFile(path, "zarr", query, source)
    told = query.volume or query.maps
    if path.is_dir() and not told and (_holds_picture(path) or _signals(path, source)):
        return _folder(path, source)
    if volumes := find_volumes(path, query, source):
        return volumes
    return _folder(path, source) if path.is_dir() else _file(path, query, source)


def _folder(folder: Path, source: str) -> Pictures | Sounds | SignalFiles:
    """Find the pictures of a folder, else its files of sound, else those of signals.

    A file is a picture by its first bytes; one with a picture's suffix but other bytes also
    counts, and is later dropped with a reason.
    """
    pictures = Listing.of(folder, is_picture)
    files = pictures.files
    others = _signals(folder, source) if files > len(pictures) else None
    if isinstance(others, Sounds):
        check_not_mixed(pictures, others, source)
    if not pictures and others:
        return others
    if not pictures:
        raise without_pictures(folder, source)
    return Pictures(pictures, source, files - len(pictures))


def without_pictures(folder: Path, source: str, expected: str = EXPECTED) -> NothingToAnalyseError:
    """Return the error of a folder that holds none, with what it holds."""
    names = sorted(file.name for file in folder.iterdir() if file.is_file())
    held = f"it holds {listed(names, 3)}" if names else "it holds no file"
    return NothingToAnalyseError(
        f"{source} is a folder without pictures ({held}; subfolders are not searched): "
        f"expected {expected}"
    )


def _signals(folder: Path, source: str) -> Sounds | SignalFiles | None:
    """Return the files of a folder that are sound, else those that hold one signal each."""
    rest = Listing.of(folder, lambda file: not is_picture(file))
    return find_sounds(rest, source) or find_signals(rest, source)


def _holds_picture(folder: Path) -> bool:
    """Tell whether a folder holds any picture, looking no further than the first."""
    with os.scandir(folder) as files:
        return any(is_picture(file) for file in files if is_file(file))


def _several(paths: list[Path], source: str) -> NamedInputs:
    """Return several files, which must be readable and of one kind, or one of any kind."""
    if len(paths) == 1:
        return _one(str(paths[0]))
    for path in paths:
        check_readable(path, "a picture", InputError)
    return _each(paths, source, NO_QUERY)


def _each(
    paths: list[Path], source: str, query: FieldQuery
) -> Pictures | Sounds | SignalFiles | VolumeFiles:
    """Return several files, one of which at least must be a picture, a signal or a volume."""
    if query.volume or query.maps:
        volumes = volumes_among(paths, query, source)
        assert volumes is not None
        return volumes
    if not any(map(looks_like_picture, paths)):
        if others := find_sounds(paths, source) or find_signals(paths, source):
            return others
        if volumes := volumes_among(paths, query, source):
            return volumes
        kinds = {DESCRIPTION[recognise(path)] for path in paths}
        raise NothingToAnalyseError(
            f"{source} holds no picture but {listed(sorted(kinds), 3)}: expected pictures, "
            "sound or volumes, or one array file"
        )
    return Pictures(tuple(paths), source)


def _file(path: Path, query: FieldQuery, source: str) -> NamedInputs:
    check_readable(path, EXPECTED, InputError)
    found = recognise(path)
    if found in _ARRAYS:
        return ArrayFile(path, found, query, source)
    if looks_like_picture(path):
        return Pictures((path,), source)
    if sounds := find_sounds([path], source):
        return sounds
    raise InputError(f"{path} is {DESCRIPTION[found]}: expected {EXPECTED}")
