"""Files that hold one volume each: found by name, without opening more than their first bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from spectra._files import is_zarr, looks_like_picture, picture_format, read_head, recognise
from spectra._text import listed
from spectra.errors import InputError
from spectra.inputs._field_query import FieldQuery

VolumeFormat = Literal["npy", "nifti", "tiff"]
_HEAD = 32


@dataclass(frozen=True)
class VolumeFiles:
    """Files of one volume each, and how many others lie beside them.

    Attributes
    ----------
    files : tuple of (Path, VolumeFormat)
    query : FieldQuery
        Whether three axes are a volume or channels of maps.
    source : str
    skipped : int
    """

    files: tuple[tuple[Path, VolumeFormat], ...]
    query: FieldQuery
    source: str
    skipped: int = 0


def find_volumes(path: Path, query: FieldQuery, source: str) -> VolumeFiles | None:
    """Return the volumes at a path; None where it is to be read as something else.

    NIfTI is always a volume, arrays in files of their own where they lie in a folder without
    pictures, and pages of TIFF where the user says so.

    Raises
    ------
    InputError
        If a volume is asked for where there is none.
    """
    told = query.volume or query.maps
    if path.is_file():
        found = _format(path, told=told)
        if found is not None:
            return VolumeFiles(((path, found),), query, source)
    elif path.is_dir() and not is_zarr(path):
        files = sorted(file for file in path.iterdir() if file.is_file())
        return volumes_among(files, query, source)
    if told:
        raise _without_volumes(source)
    return None


def volumes_among(files: Sequence[Path], query: FieldQuery, source: str) -> VolumeFiles | None:
    """Return the volumes among some files, as of a folder that holds these; see `find_volumes`."""
    told = query.volume or query.maps
    pictures = not told and any(map(looks_like_picture, files))
    each = [] if pictures else [(file, _format(file, told=True)) for file in files]
    volumes = tuple((file, found) for file, found in each if found is not None)
    if volumes:
        return VolumeFiles(volumes, query, source, len(files) - len(volumes))
    if told:
        raise _without_volumes(source, listed([file.name for file in files], 3))
    return None


def _without_volumes(source: str, held: str = "") -> InputError:
    return InputError(
        f"{source} holds no volume{f' ({held})' if held else ''}: expected files .npy, .nii, "
        ".nii.gz or multi-page .tif beside ?volume"
    )


def _format(path: Path, *, told: bool) -> VolumeFormat | None:
    """Return what kind of volume a file may hold; without being told, only NIfTI is one."""
    try:
        found = recognise(path)
        if found == "nifti":
            return "nifti"
        if told and found == "npy":
            return "npy"
        if told and picture_format(read_head(path, _HEAD)) == "TIFF":
            return "tiff"
    except OSError:
        pass
    return None
