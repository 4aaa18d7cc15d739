"""``--arch``: from a name to a module."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from torch import nn

from spectra._factories import call, resolve
from spectra._text import listed
from spectra.errors import LoadError
from spectra.load._arch_option import check_arch
from spectra.load._hub_config import HubConfig, config_at, config_factory
from spectra.load._libraries import library_factory, offline
from spectra.load._packages import PACKAGES


@dataclass(frozen=True)
class Built:
    """A module, what to call it, and what was assumed in building it."""

    model: nn.Module
    architecture: str
    notes: tuple[str, ...] = ()


def build(
    arch: str | Callable[..., Any],
    arch_args: Mapping[str, object],
    suggested: Mapping[str, object] = MappingProxyType({}),
) -> Built:
    """Build the module that ``arch`` names, with fresh weights; nothing is downloaded.

    Parameters
    ----------
    arch : str or callable
        ``file.py:factory``, ``pkg.mod:factory``, ``torchvision:NAME``, ``timm:NAME``,
        ``smp:NAME``, ``diffusers:CLASS``, ``hf:CLASS``, ``hf:FOLDER`` with a config.json, or
        the factory itself.
    arch_args : mapping
        Keyword arguments of the factory.
    suggested : mapping
        Further arguments, given to a factory that names them.

    Raises
    ------
    LoadError
        If the name leads nowhere, the factory raises or returns something else.
    """
    if not isinstance(arch, str):
        name = getattr(arch, "__qualname__", repr(arch))
        return _built(name, arch, needed={}, arguments=arch_args, suggested=suggested)
    check_arch(arch)
    prefix, _, name = arch.partition(":")
    if prefix == "hf" and Path(name).exists():
        described = config_at(Path(name))
        return Built(build_described(described, arch_args), described.arch)
    if prefix in PACKAGES and name:
        factory, needed = library_factory(arch)
        with offline():
            return _built(arch, factory, needed=needed, arguments=arch_args, suggested=suggested)
    found = resolve(arch, error=LoadError)
    if isinstance(found, nn.Module):
        return Built(found, type(found).__name__)
    if not callable(found):
        kind = type(found).__name__
        raise LoadError(f"{arch} is a {kind}: expected a function or class that makes a module")
    return _built(arch, found, needed={}, arguments=arch_args, suggested=suggested)


def build_described(described: HubConfig, arguments: Mapping[str, object]) -> nn.Module:
    """Return what a ``config.json`` describes, with fresh weights."""
    with offline():
        return _called(described.arch, config_factory(described), arguments)


def _built(
    name: str,
    factory: Callable[..., Any],
    needed: Mapping[str, object],
    arguments: Mapping[str, object],
    suggested: Mapping[str, object],
) -> Built:
    """Call ``factory``, with those of the ``suggested`` arguments that it names itself."""
    known = set() if name.startswith("timm:") else _parameters(factory)
    known -= {*needed, *arguments}
    taken = {key: value for key, value in suggested.items() if key in known}
    if not taken:
        return Built(_called(name, factory, {**needed, **arguments}), name)
    text = listed((f"{key}={value!r}" for key, value in taken.items()), 12)
    try:
        model = _called(name, factory, {**needed, **taken, **arguments})
    except LoadError as error:
        raise LoadError(
            f"{error}; it was given the file's hyper-parameters {text}: replace them with "
            "--arch-arg NAME=VALUE"
        ) from error
    return Built(model, name, (f"hyper-parameters of the file used: {text}",))


def _parameters(factory: Callable[..., Any]) -> set[str]:
    """Return the names of the arguments that ``factory`` takes by keyword."""
    keyword = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    try:
        parameters = inspect.signature(factory).parameters.values()
    except ValueError:  # a builtin without signature
        return set()
    return {parameter.name for parameter in parameters if parameter.kind in keyword}


def _called(name: str, factory: Callable[..., Any], arguments: Mapping[str, object]) -> nn.Module:
    model = call(name, factory, arguments, error=LoadError)
    if not isinstance(model, nn.Module):
        kind = type(model).__name__
        raise LoadError(f"{name} returned a {kind}: expected a torch.nn.Module")
    return model
