"""From a file, a name or a module to a model that can run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra.load._loaded import LoadedModel
from spectra.load._sight import check_source

if TYPE_CHECKING:
    from torch import nn


def load_model(
    source: str | Path | nn.Module,
    *,
    arch: str | Callable[..., nn.Module] | None = None,
    arch_args: Mapping[str, object] | None = None,
    key: str | None = None,
    strip_prefix: str | None = None,
    strict: bool = True,
    trust: bool = False,
) -> LoadedModel:
    """Make a model of ``source`` without running code that ``trust`` does not allow.

    Parameters
    ----------
    source : str, Path or Module
        A file of weights, recognised by its content; a local folder of Hugging Face, diffusers,
        smp or timm; a factory ``pkg.mod:make`` or
        ``file.py:make``; an architecture such as ``torchvision:resnet18``; or a module, which
        is taken as it is and left untouched.
    arch : str or callable, optional
        What builds the module for bare weights: ``file.py:factory``, ``pkg.mod:factory``,
        ``spandrel:NAME``, ``torchvision:NAME``, ``timm:NAME``, ``smp:NAME``,
        ``diffusers:CLASS``, ``hf:CLASS``, ``hf:FOLDER`` or a function. Without it spandrel is
        asked, if installed.
    arch_args : mapping, optional
        Keyword arguments of the factory.
    key : str, optional
        Dotted path to the weights inside the file; by default averaged (EMA) weights, then
        the usual names.
    strip_prefix : str, optional
        Prefix to remove from the weights' names; by default the one that fits.
    strict : bool
        Refuse weights with missing or unexpected names or other shapes.
    trust : bool
        Allow files that run code when opened: pickled modules, TorchScript, torch.export.

    Raises
    ------
    LoadError
        In one line: what the file or name is, what was expected, and what to type next.
    ParameterError
        If options contradict each other.
    """
    check_source(source, arch=arch, trust=trust)
    from spectra.load._loading import load  # not before: torch takes seconds to import

    arguments = dict(arch_args or {})
    loaded = load(
        source, arch, arguments, key=key, strip_prefix=strip_prefix, strict=strict, trust=trust
    )
    options = {
        "arch": arch if arch is None or isinstance(arch, str) else loaded.architecture,
        "arch_args": plain(arguments),
        "key": key,
        "strip_prefix": strip_prefix,
        "strict": strict,
        "trust": trust,
    }
    return replace(loaded, options=options)


def plain(value: object) -> Any:
    """Return ``value`` as what JSON can hold; whatever else it is, as a text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    return repr(value)
