"""``config.json``: which class of which package a folder describes, and building it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from spectra._files import read_whole
from spectra.errors import LoadError
from spectra.load._libraries import library_factory, model_class
from spectra.load._packages import PACKAGES

if TYPE_CHECKING:
    from torch import nn

Library = Literal["diffusers", "transformers", "smp", "timm"]
_PREFIXES: dict[Library, str] = {
    "diffusers": "diffusers",
    "transformers": "hf",
    "smp": "smp",
    "timm": "timm",
}
_TIMM_ARGUMENTS = ("num_classes", "global_pool")


@dataclass(frozen=True)
class HubConfig:
    """What a ``config.json`` says: the package, the class (of timm: the model), the rest."""

    library: Library
    name: str
    config: dict[str, Any]
    folder: Path

    @property
    def arch(self) -> str:
        """The ``arch`` that names the same class."""
        return f"{_PREFIXES[self.library]}:{self.name}"

    @property
    def package(self) -> str:
        """The package that it needs."""
        return PACKAGES[_PREFIXES[self.library]]


def read_hub_config(folder: Path) -> HubConfig | None:
    """Return what ``folder/config.json`` describes; None if it names no class.

    Raises
    ------
    LoadError
        If what it describes cannot be built from a config alone.
    """
    config = read_json(folder / "config.json")
    for library, names in (
        ("diffusers", config.get("_class_name")),
        ("transformers", config.get("architectures")),
        ("smp", config.get("_model_class")),
        ("timm", config.get("architecture")),
    ):
        name = names[0] if isinstance(names, list) and len(names) == 1 else names
        if isinstance(name, str) and name:
            if config.get("quantization_config"):
                raise LoadError(
                    f"{folder} holds quantised weights of a {name}: expected floats; give the "
                    "folder they were quantised from"
                )
            return HubConfig(cast("Library", library), name, config, folder)
    return None


def config_at(path: Path) -> HubConfig:
    """Return what a folder, or a ``config.json``, describes.

    Raises
    ------
    LoadError
        If that is nothing.
    """
    described = read_hub_config(path.parent if path.name == "config.json" else path)
    if described is None:
        raise LoadError(
            f"hf:{path} has no config.json that names a class: expected a folder that "
            "save_pretrained wrote, or hf:CLASS"
        )
    return described


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file; nothing if there is none."""
    try:
        content = json.loads(read_whole(path))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def config_factory(described: HubConfig) -> Callable[..., Any]:
    """Return a function that builds what is described, with fresh weights and no download.

    Its keyword arguments replace entries of the config.

    Raises
    ------
    LoadError
        If the package is missing or has no such class; code beside the config is never run.
    """
    config = described.config
    if described.library == "timm":
        create, needed = library_factory(described.arch)
        own = {name: value for name, value in config.items() if name in _TIMM_ARGUMENTS}
        model_args = config.get("model_args")
        own |= model_args if isinstance(model_args, dict) else {}
        return lambda **given: create(**{**own, **needed, **given})
    found = cast("Any", described_class(described))
    if described.library == "diffusers":
        return lambda **given: found.from_config({**config, **given})
    if described.library == "transformers":
        make = found.config_class.from_dict
        return lambda **given: found(make(_without_hub({**config, **given})))
    own = {name: value for name, value in config.items() if not name.startswith("_")}
    return lambda **given: found(**{**own, "encoder_weights": None, **given})


def described_class(described: HubConfig) -> type[nn.Module]:
    """Return the class of the installed package that is described."""
    prefix = _PREFIXES[described.library]
    try:
        return model_class(prefix, described.name, f"{described.folder} ({described.arch})")
    except LoadError as error:
        if "auto_map" not in described.config:
            raise
        raise LoadError(
            f"{described.name} is defined by Python code beside its config.json, which is never "
            "run: expected a class of an installed package; read that code, import it in a file "
            "of your own and give --arch file.py:factory"
        ) from error


def _without_hub(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config that names no code or weights outside the installed package."""
    kernels = ("attn_implementation", "_attn_implementation", "auto_map")
    kept = {name: value for name, value in config.items() if name not in kernels}
    return {**kept, "use_pretrained_backbone": False} if "backbone" in kept else kept
