"""Packages that only some architectures need."""

import importlib
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from spectra._text import brief
from spectra.errors import LoadError

PACKAGES = {
    "torchvision": "torchvision",
    "timm": "timm",
    "smp": "segmentation_models_pytorch",
    "diffusers": "diffusers",
    "hf": "transformers",
}  # by prefix of ``--arch``; spandrel apart, which builds around weights only


ONNX_PACKAGES = ("onnx", "onnx2torch", "onnxruntime")


def is_installed(name: str) -> bool:
    """Tell whether the package ``name`` is there, without importing it."""
    return importlib.util.find_spec(name.partition(".")[0]) is not None  # a parent is imported


def check_installed(name: str, arch: str) -> None:
    """Raise unless the package ``name``, which ``arch`` needs, is there; it is not imported."""
    if is_installed(name):
        return
    extra = f"pip install {name.replace('_', '-')}"
    if name == "spandrel":
        extra = "pip install 'spectra-artifacts[spandrel]'"
    raise LoadError(f"{arch} needs the package {name}, which is not installed: type '{extra}'")


def optional(name: str, arch: str) -> ModuleType:
    """Import the optional package ``name`` that ``arch`` needs.

    Raises
    ------
    LoadError
        If it is missing, or raises whatever while it is imported.
    """
    check_installed(name, arch)
    with usable(name, arch):
        return importlib.import_module(name)


@contextmanager
def usable(name: str, arch: str) -> Iterator[None]:
    """Turn whatever the installed package ``name`` raises inside the block into a LoadError.

    Some packages import what a name needs only when they are asked for it, and break then.
    """
    try:
        yield
    except LoadError:
        raise
    except Exception as error:
        raise LoadError(
            f"{arch} needs the package {name}, which is installed but cannot be imported "
            f"({brief(error)}): reinstall versions that fit together"
        ) from error
