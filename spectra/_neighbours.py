"""Modules beside the user's own code, which that code may import and nothing else."""

import hashlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import FrameType, ModuleType
from typing import ClassVar


def file_module(path: Path) -> str:
    """Return the name in ``sys.modules`` of the module that the file ``path`` becomes."""
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
    return f"_spectra_file_{digest}"


@contextmanager
def importable(place: str) -> Iterator[None]:
    """Let the code at ``place`` import what lies beside it, inside the block.

    A folder on ``sys.path`` would be searched for whatever any library imports while a model
    is built: a ``lzma.py`` beside a downloaded checkpoint would run.

    Parameters
    ----------
    place : str
        ``net.py``, whose folder is meant, or ``pkg.mod``, which may lie in the working folder.
    """
    if place.endswith(".py"):
        finder = _Neighbours(Path(place).resolve().parent, own=file_module(Path(place)))
    else:
        finder = _Neighbours(Path.cwd(), asked=place.partition(".")[0])
    where = sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else 0
    sys.meta_path.insert(where, finder)
    try:
        yield
    finally:
        if finder in sys.meta_path:
            sys.meta_path.remove(finder)


class _Neighbours(MetaPathFinder):
    """Finds modules in ``folder`` for modules that were found there before.

    ``own`` is a module that counts as found there, ``asked`` a name that the user gave.
    """

    found: ClassVar[dict[str, set[str]]] = {}  # by folder; they stay imported, too

    def __init__(self, folder: Path, own: str = "", asked: str = "") -> None:
        self._folder = str(folder)
        self._asked = asked
        self._found = self.found.setdefault(self._folder, set())
        self._found |= {own} if own else set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a top-level module in the folder, if who imports it belongs there."""
        if path is not None:  # inside a package, which knows its own folder
            return None
        importer = _importer(sys._getframe(1))
        if importer not in self._found and not (fullname == self._asked and importer == "spectra"):
            return None
        spec = PathFinder.find_spec(fullname, [self._folder])
        if spec is None or (spec.loader is None and PathFinder.find_spec(fullname) is not None):
            return None  # a mere folder hides no package
        self._found.add(fullname)
        return spec


def _importer(frame: FrameType | None) -> str:
    """Return the top-level name of the module that imports, past the import system itself."""
    while frame is not None:
        name = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if name not in ("importlib", "_frozen_importlib", "_frozen_importlib_external"):
            return name
        frame = frame.f_back
    return ""
