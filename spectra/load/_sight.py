"""Models that can be refused at sight: before torch is imported and anything large is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra._files import check_readable, recognise
from spectra.errors import LoadError, ParameterError
from spectra.load._arch_option import check_arch, is_architecture
from spectra.load._folder_files import described_files, parts_of, weights_in
from spectra.load._packages import ONNX_PACKAGES, check_installed, is_installed
from spectra.load._spandrel_index import SPANDREL
from spectra.load._weight_files import check_weights

if TYPE_CHECKING:
    from torch import nn


def check_source(
    source: str | Path | nn.Module,
    *,
    arch: str | Callable[..., Any] | None = None,
    trust: bool = False,
) -> None:
    """Raise what `load_model` would raise, as far as names, first bytes and archives' lists tell.

    Takes a fraction of a second and imports neither torch nor NumPy; `load_model` does it first.

    Parameters
    ----------
    source, arch, trust
        See `load_model`.

    Raises
    ------
    LoadError
        If the file is missing or no weights, needs trust that was not given, or the
        architecture cannot be found.
    ParameterError
        If ``arch`` is given for what is no file.
    """
    if not isinstance(source, str | Path):
        return
    if is_factory(source):
        _check_factory(str(source), arch)
        return
    path = check_readable(Path(source), "a model file or a factory such as net.py:make", LoadError)
    described = None
    if path.is_dir() and arch is None:
        described, path = described_files(path)
    elif path.is_dir():
        path = weights_in(path)
    if recognise(path) == "onnx" and described is None:
        _check_graph(path, arch)
        return
    for part in parts_of(path) if recognise(path) == "weights_index" else (path,):
        check_weights(part, trust=trust)
    if described is not None:
        check_installed(described.package, f"{described.folder} ({described.arch})")
    if isinstance(arch, str):
        check_arch(arch)


def _check_graph(path: Path, arch: str | Callable[..., Any] | None) -> None:
    """Raise unless an ONNX graph can be converted here, as far as that can be told."""
    if arch is not None:
        raise ParameterError(f"arch={arch!r} needs a file of weights, but {path} is an ONNX graph")
    for package in ONNX_PACKAGES:
        if not is_installed(package):
            raise LoadError(
                f"{path} is an ONNX graph, which needs the package {package}: type "
                "pip install 'spectra-artifacts[onnx]', or give the checkpoint that it was "
                "exported from with --arch"
            )


def is_factory(source: str | Path) -> bool:
    """Tell whether a model's source names what makes it, rather than a file."""
    return not Path(source).exists() and is_architecture(str(source))


def _check_factory(spec: str, arch: str | Callable[..., Any] | None) -> None:
    if arch is not None:
        raise ParameterError(f"arch={arch!r} needs a file of weights, but {spec!r} is a factory")
    check_arch(spec)
    if spec.startswith(f"{SPANDREL}:"):
        raise LoadError(
            f"{spec} is built around weights: expected their file as the model, and --arch {spec}"
        )
