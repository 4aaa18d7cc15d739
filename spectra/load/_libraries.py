"""Architectures that other packages define, built with fresh weights and offline."""

from __future__ import annotations

import inspect
import io
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from spectra._text import suggestion
from spectra.errors import LoadError
from spectra.load._packages import PACKAGES, optional, usable

if TYPE_CHECKING:
    from torch import Tensor, nn

Factory = tuple[Callable[..., Any], dict[str, object]]


def library_factory(arch: str) -> Factory:
    """Return the function that builds ``arch``, such as ``smp:Unet``, and arguments it needs.

    These arguments keep it from downloading weights; nothing but the user overrides them.

    Raises
    ------
    LoadError
        If the package is missing or has no such model; the nearest names are given.
    """
    prefix, _, name = arch.partition(":")
    with offline(), usable(PACKAGES[prefix], arch):
        return _FACTORIES[prefix](optional(PACKAGES[prefix], arch), name, arch)


def model_class(prefix: str, name: str, arch: str) -> type[nn.Module]:
    """Return the class ``name`` of the package behind ``prefix``, if it is a module's."""
    from torch import nn

    with offline(), usable(PACKAGES[prefix], arch):
        package = optional(PACKAGES[prefix], arch)
        found = getattr(package, name, None) if name.isidentifier() else None
        if not inspect.isclass(found) or not issubclass(found, nn.Module):
            raise LoadError(f"{arch} is unknown: {suggestion(name, _public(package))}")
    return found


@contextmanager
def offline() -> Iterator[None]:
    """Keep packages from downloading anything and from printing; what they raise is kept."""
    hub = sys.modules.get("huggingface_hub.constants")
    before = os.environ.get("HF_HUB_OFFLINE"), getattr(hub, "HF_HUB_OFFLINE", None)
    disabled = logging.root.manager.disable
    os.environ["HF_HUB_OFFLINE"] = "1"
    if hub is not None:
        hub.HF_HUB_OFFLINE = True  # type: ignore[attr-defined]
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            with redirect_stderr(io.StringIO()):
                yield
    finally:
        logging.disable(disabled)
        os.environ.pop("HF_HUB_OFFLINE")
        if before[0] is not None:
            os.environ["HF_HUB_OFFLINE"] = before[0]
        if hub is not None:
            hub.HF_HUB_OFFLINE = before[1]  # type: ignore[attr-defined]


def renamed_by_transformers(model: nn.Module, weights: Mapping[str, Tensor]) -> nn.Module | None:
    """Return a twin of ``model`` filled with ``weights`` under the names that its files use.

    transformers renames weights between its files and its modules. None if the model is
    another package's, or the weights do not fit under those names either.
    """
    fill = getattr(type(model), "from_pretrained", None)
    if type(model).__module__.partition(".")[0] != "transformers" or fill is None:
        return None
    try:
        with offline():
            twin, info = fill(
                None,
                config=cast("Any", model).config,
                state_dict=dict(weights),
                output_loading_info=True,
                attn_implementation="eager",
            )
    except Exception:  # the caller has the reason already
        return None
    return None if any(info.values()) else cast("nn.Module", twin)


def _public(package: ModuleType) -> list[str]:
    return [name for name in dir(package) if name[:1].isupper()]


def _torchvision(package: ModuleType, name: str, arch: str) -> Factory:
    models = optional(f"{package.__name__}.models", arch)
    try:
        builder = cast("Callable[..., Any]", models.get_model_builder(name.lower()))
    except ValueError as error:
        raise LoadError(f"{arch} is unknown: {suggestion(name, models.list_models())}") from error
    own = inspect.signature(builder).parameters
    return builder, {key: None for key in ("weights", "weights_backbone") if key in own}


def _timm(package: ModuleType, name: str, arch: str) -> Factory:
    if not package.is_model(name):
        raise LoadError(f"{arch} is unknown: {suggestion(name, package.list_models())}")
    return package.create_model, {"model_name": name, "pretrained": False}


def _smp(_: ModuleType, name: str, arch: str) -> Factory:
    return model_class("smp", name, arch), {"encoder_weights": None}


def _diffusers(_: ModuleType, name: str, arch: str) -> Factory:
    return model_class("diffusers", name, arch), {}


def _transformers(_: ModuleType, name: str, arch: str) -> Factory:
    found = cast("Any", model_class("hf", name, arch))
    return lambda **config: found(found.config_class(**config)), {}


_FACTORIES: dict[str, Callable[[ModuleType, str, str], Factory]] = {
    "torchvision": _torchvision,
    "timm": _timm,
    "smp": _smp,
    "diffusers": _diffusers,
    "hf": _transformers,
}
