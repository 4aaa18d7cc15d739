"""``--arch``: from a name to a module."""

import ast
import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, cast

from torch import nn

from spectra.errors import LoadError, ParameterError
from spectra.load._factories import call, is_spec, resolve
from spectra.load._packages import optional
from spectra.load._text import near

ARCH_EXPECTED = (
    "'file.py:factory', 'pkg.mod:factory', 'spandrel:NAME', 'torchvision:NAME', 'timm:NAME', "
    "'smp:NAME' or 'diffusers:CLASS'"
)
PACKAGES = {
    "torchvision": "torchvision",
    "timm": "timm",
    "smp": "segmentation_models_pytorch",
    "diffusers": "diffusers",
}


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


def build(arch: str | Callable[..., Any], arch_args: Mapping[str, object]) -> Built:
    """Build the module that ``arch`` names, with fresh weights; nothing is downloaded.

    Parameters
    ----------
    arch : str or callable
        ``file.py:factory``, ``pkg.mod:factory``, ``torchvision:NAME``, ``timm:NAME``,
        ``smp:NAME``, ``diffusers:CLASS`` or the factory itself.
    arch_args : mapping
        Keyword arguments of the factory.

    Raises
    ------
    LoadError
        If the name leads nowhere, the factory raises or returns something else.
    """
    if not isinstance(arch, str):
        name = getattr(arch, "__qualname__", repr(arch))
        return Built(_called(name, arch, arch_args), name)
    prefix, _, name = arch.partition(":")
    if prefix in PACKAGES and name:
        package = optional(PACKAGES[prefix], arch)
        factory, defaults = _FACTORIES[prefix](package, name, arch)
        return Built(_called(arch, factory, {**defaults, **arch_args}), arch)
    if not is_spec(arch):
        raise LoadError(f"arch={arch!r} is no architecture: expected {ARCH_EXPECTED}")
    found = resolve(arch, error=LoadError)
    if isinstance(found, nn.Module):
        return Built(found, type(found).__name__)
    if not callable(found):
        kind = type(found).__name__
        raise LoadError(f"{arch} is a {kind}: expected a function or class that makes a module")
    return Built(_called(arch, found, arch_args), arch)


def _called(name: str, factory: Callable[..., Any], arguments: Mapping[str, object]) -> nn.Module:
    model = call(name, factory, arguments, error=LoadError)
    if not isinstance(model, nn.Module):
        kind = type(model).__name__
        raise LoadError(f"{name} returned a {kind}: expected a torch.nn.Module")
    return model


Factory = tuple[Callable[..., Any], dict[str, object]]


def _torchvision(package: ModuleType, name: str, arch: str) -> Factory:
    models = importlib.import_module(f"{package.__name__}.models")
    try:
        builder = cast("Callable[..., Any]", models.get_model_builder(name.lower()))
    except ValueError as error:
        raise LoadError(f"{arch} is unknown: {near(name, models.list_models())}") from error
    own = inspect.signature(builder).parameters
    return builder, {key: None for key in ("weights", "weights_backbone") if key in own}


def _timm(package: ModuleType, name: str, arch: str) -> Factory:
    if not package.is_model(name):
        raise LoadError(f"{arch} is unknown: {near(name, package.list_models())}")
    return package.create_model, {"model_name": name, "pretrained": False}


def _smp(package: ModuleType, name: str, arch: str) -> Factory:
    classes = [item for item in dir(package) if inspect.isclass(getattr(package, item))]
    if name not in classes:
        raise LoadError(f"{arch} is unknown: {near(name, classes)}")
    return getattr(package, name), {"encoder_weights": None}


def _diffusers(package: ModuleType, name: str, arch: str) -> Factory:
    if not hasattr(package, name):
        raise LoadError(f"{arch} is unknown: {near(name, dir(package))}")
    return getattr(package, name), {}


_FACTORIES: dict[str, Callable[[ModuleType, str, str], Factory]] = {
    "torchvision": _torchvision,
    "timm": _timm,
    "smp": _smp,
    "diffusers": _diffusers,
}
