"""Files that match a pattern, found without following links in circles."""

import glob
import os
from collections.abc import Iterator
from pathlib import Path

from spectra._files import is_regular
from spectra.errors import InputError

MOST_FOLDERS = 100_000


def matching_files(pattern: str) -> list[Path]:
    """Return the regular files that ``pattern`` matches, sorted.

    Works as `glob.glob` with ``recursive=True``, but ``**`` follows no link, which may lead out of
    the folder or back into it.

    Raises
    ------
    InputError
        If ``**`` stands for more than ``MOST_FOLDERS`` folders.
    """
    return sorted({path for path in map(Path, _matching(pattern)) if is_regular(path)})


def _matching(pattern: str) -> Iterator[str]:
    before, stars, after = _parted(pattern)
    if not stars:
        yield from glob.iglob(pattern)
        return
    for start in glob.iglob(before) if before else ("",):
        for count, (folder, folders, _) in enumerate(os.walk(start or os.curdir)):
            if count == MOST_FOLDERS:
                raise InputError(
                    f"{pattern} stands for more than {MOST_FOLDERS} folders: expected fewer; name "
                    "the folder that holds the pictures"
                )
            folders[:] = [name for name in folders if not name.startswith(".")]
            inside = folder if start else os.path.relpath(folder)
            yield from _matching(os.path.join(glob.escape(inside), after or "*"))


def _parted(pattern: str) -> tuple[str, bool, str]:
    """Return what stands before and after the first ``**``, and whether there is one."""
    parts = pattern.split(os.sep)
    if "**" not in parts:
        return pattern, False, ""
    at = parts.index("**")
    before = os.sep.join(parts[:at])
    return before or (os.sep if at else ""), True, os.sep.join(parts[at + 1 :])
