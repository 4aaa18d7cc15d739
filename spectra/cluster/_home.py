"""The folder that relative names start from, in a worker that may have been started elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import chdir, contextmanager, nullcontext
from pathlib import Path


@contextmanager
def at_home(home: Path) -> Iterator[None]:
    """Work in a folder inside the block."""
    with chdir(home) if Path.cwd() != home else nullcontext():
        yield
