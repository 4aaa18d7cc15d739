"""``--arch``: from a name to a module."""

import ast
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from torch import nn

from spectra.errors import LoadError, ParameterError
from spectra.load._factories import call, is_spec, resolve
from spectra.load._hub_config import HubConfig, config_factory, read_hub_config
from spectra.load._libraries import PACKAGES, library_factory, offline
from spectra.load._text import listed

ARCH_EXPECTED = (
    "'file.py:factory', 'pkg.mod:factory', 'spandrel:NAME', 'torchvision:NAME', 'timm:NAME', "
    "'smp:NAME', 'diffusers:CLASS' or 'hf:CLASS'"
)


@dataclass(frozen=True)
class Built:
    """A module, what to call it, and what was assumed in building it."""

    model: nn.Module
    architecture: str
    notes: tuple[str, ...] = ()


def parse_arch_args(pairs: Iterable[str]) -> dict[str, object]:
    """Return ``name=value`` texts as keyword arguments; a value that is no literal is a text.

    Parameters
    ----------
    pairs : iterable of str

    Raises
    ------
    ParameterError
        If a text has no ``=``, its name is no identifier, or a name comes twice.

    Examples
    --------
    >>> parse_arch_args(["width=32", "blocks=[1, 1, 28]", "mode=nearest"])
    {'width': 32, 'blocks': [1, 1, 28], 'mode': 'nearest'}
    """
    arguments: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        name = name.strip()
        if not equals or not name.isidentifier():
            raise ParameterError(f"arch_arg={pair!r} is no argument: expected NAME=VALUE")
        if name in arguments:
            raise ParameterError(f"arch_arg={pair!r} comes twice: expected each name once")
        arguments[name] = _literal(value.strip())
    return arguments


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return {"true": True, "false": False, "none": None}.get(text.lower(), text)


def is_architecture(text: str) -> bool:
    """Tell whether ``text`` has the form of an ``arch``."""
    return is_spec(text) or text.partition(":")[0] in (*PACKAGES, "spandrel")


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
        return _built(name, arch, {}, arch_args, suggested)
    prefix, _, name = arch.partition(":")
    if prefix == "hf" and Path(name).exists():
        return _from_config(Path(name), arch_args)
    if prefix in PACKAGES and name:
        factory, needed = library_factory(arch)
        with offline():
            return _built(arch, factory, needed, arch_args, suggested)
    if not is_spec(arch):
        raise LoadError(f"arch={arch!r} is no architecture: expected {ARCH_EXPECTED}")
    found = resolve(arch, error=LoadError)
    if isinstance(found, nn.Module):
        return Built(found, type(found).__name__)
    if not callable(found):
        kind = type(found).__name__
        raise LoadError(f"{arch} is a {kind}: expected a function or class that makes a module")
    return _built(arch, found, {}, arch_args, suggested)


def build_described(described: HubConfig, arguments: Mapping[str, object]) -> nn.Module:
    """Return what a ``config.json`` describes, with fresh weights."""
    with offline():
        return _called(described.arch, config_factory(described), arguments)


def _from_config(path: Path, arguments: Mapping[str, object]) -> Built:
    folder = path.parent if path.name == "config.json" else path
    described = read_hub_config(folder)
    if described is None:
        raise LoadError(
            f"hf:{path} has no config.json that names a class: expected a folder that "
            "save_pretrained wrote, or hf:CLASS"
        )
    return Built(build_described(described, arguments), described.arch)


def _built(
    name: str,
    factory: Callable[..., Any],
    needed: Mapping[str, object],
    arguments: Mapping[str, object],
    suggested: Mapping[str, object],
) -> Built:
    """Call ``factory``, with those of the ``suggested`` arguments that it names itself."""
    taken = {} if name.startswith("timm:") else {
        key: value for key, value in suggested.items()
        if key in _parameters(factory) and key not in {*needed, *arguments}
    }  # fmt: skip
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
