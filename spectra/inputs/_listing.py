"""The names of the pictures in a folder, in order: some bytes a name, however many there are."""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import overload

from spectra._files import has_picture_suffix, looks_like_picture


class Listing(Sequence[Path]):
    """Paths of files in one folder, sorted by name; each is made when it is asked for.

    A million paths take some 300 MB, and their names in one text a tenth of that.

    Parameters
    ----------
    folder : Path
    names : sequence of str
        Sorted.
    files : int
        How many files the folder holds, these among them.
    """

    def __init__(self, folder: Path, names: Sequence[str], *, files: int) -> None:
        self.folder, self.files = folder, files
        self._ends = array("Q", [0])
        text = bytearray()
        for name in names:
            text += os.fsencode(name)
            self._ends.append(len(text))
        self._text = bytes(text)

    @classmethod
    def of(cls, folder: Path, wanted: Callable[[os.DirEntry[str]], bool]) -> Listing:
        """Return those files of a folder that are wanted."""
        names, files = [], 0
        with os.scandir(folder) as entries:
            for entry in entries:
                if is_file(entry):
                    files += 1
                    if wanted(entry):
                        names.append(entry.name)
        names.sort()
        return cls(folder, names, files=files)

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, index: int) -> Path: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Path]: ...
    def __getitem__(self, index: int | slice) -> Path | Sequence[Path]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        return self.folder / self.name(range(len(self))[index])

    def __iter__(self) -> Iterator[Path]:
        return (self.folder / self.name(number) for number in range(len(self)))

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Yield the name and size of each file; -1 for one that is gone."""
        folder = os.fspath(self.folder)
        for number in range(len(self)):
            name = self.name(number)
            yield name, size_of(f"{folder}{os.sep}{name}")

    def name(self, number: int) -> str:
        """Return the name of one file."""
        return os.fsdecode(self._text[self._ends[number] : self._ends[number + 1]])


def size_of(path: str) -> int:
    """Return the size of a file; -1 of one that cannot be looked at."""
    try:
        return os.stat(path).st_size
    except OSError:
        return -1


def is_file(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a regular file, or a link to one."""
    with suppress(OSError):  # a link that leads back to itself
        return entry.is_file()
    return False


def is_picture(file: os.DirEntry[str]) -> bool:
    """Tell whether a file of a folder is a picture, by its suffix or else its first bytes."""
    return has_picture_suffix(file.name) or looks_like_picture(Path(file.path))
