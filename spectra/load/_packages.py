"""Packages that only some architectures need."""

import importlib
import importlib.util
from types import ModuleType

from spectra.errors import LoadError
from spectra.load._text import brief


def optional(name: str, arch: str) -> ModuleType:
    """Import the optional package ``name`` that ``arch`` needs."""
    extra = f"pip install {name.replace('_', '-')}"
    if name == "spandrel":
        extra = "pip install 'spectra-artifacts[spandrel]'"
    if importlib.util.find_spec(name) is None:
        raise LoadError(f"{arch} needs the package {name}, which is not installed: type '{extra}'")
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise LoadError(
            f"{arch} needs the package {name}, which is installed but cannot be imported "
            f"({brief(error)}): reinstall versions that fit together"
        ) from error
