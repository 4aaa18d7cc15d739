"""From a file, a name or a module to a model that can run."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from torch import nn

from spectra import _walk as walk
from spectra.errors import LoadError, ParameterError
from spectra.load._architectures import ARCH_EXPECTED, Built, build, is_architecture
from spectra.load._bounds import check_dense
from spectra.load._checkpoints import Opened, open_checkpoint
from spectra.load._fit import as_float32, check_finite, fit, strip
from spectra.load._folders import (
    check_no_part,
    digest_of,
    folder_refusal,
    load_folder,
    open_parts,
    parts_of,
    weight_file,
)
from spectra.load._formats import Format, check_readable, recognise
from spectra.load._hyper_parameters import hyper_parameters
from spectra.load._libraries import renamed_by_transformers
from spectra.load._spandrel import PREFIX, build_spandrel, detect_spandrel
from spectra.load._text import listed
from spectra.load._weights import Weights, find_weights

_FORMATS: dict[Format, str] = {
    "safetensors": "safetensors",
    "torchscript": "torchscript",
    "torch_export": "torch_export",
}


@dataclass(frozen=True)
class LoadedModel:
    """A model, ready to run on the CPU, and where it came from.

    Attributes
    ----------
    model : Module
        In eval mode with float32 weights, unless the caller gave the module itself.
    source : str
        The file, the name or the class.
    sha256 : str or None
        Of the file.
    format : str
        "state_dict", "safetensors", "torchscript", "torch_export", "pickled_module",
        "diffusers_folder", "transformers_folder", "smp_folder", "timm_folder", "factory" or
        "module".
    architecture : str
        The ``arch`` that built it, or the module's class.
    parameters : int
        Number of trainable values.
    notes : tuple of str
        What was assumed, one phrase each.
    options : dict
        The loading options that were given, as plain values.
    input_shape : tuple of (int or None), or None
        What a torch.export program accepts, None for an axis of any length; None for others.
    """

    model: nn.Module
    source: str
    sha256: str | None
    format: str
    architecture: str
    parameters: int
    notes: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    input_shape: tuple[int | None, ...] | None = None


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
    arguments = dict(arch_args or {})
    loaded = _load(source, arch, arguments, key, strip_prefix, strict=strict, trust=trust)
    options = {
        "arch": arch if arch is None or isinstance(arch, str) else loaded.architecture,
        "arch_args": plain(arguments),
        "key": key,
        "strip_prefix": strip_prefix,
        "strict": strict,
        "trust": trust,
    }
    return replace(loaded, options=options)


def _load(
    source: str | Path | nn.Module,
    arch: str | Callable[..., nn.Module] | None,
    arguments: Mapping[str, object],
    key: str | None,
    strip_prefix: str | None,
    *,
    strict: bool,
    trust: bool,
) -> LoadedModel:
    if isinstance(source, nn.Module):
        check_finite(source, type(source).__name__)
        name = type(source).__name__
        return LoadedModel(source, name, None, "module", name, _count(source))
    text = str(source)
    if not Path(source).exists() and is_architecture(text):
        return _from_factory(text, arguments, arch)
    path = check_readable(Path(source), "a model file or a factory such as net.py:make", LoadError)
    if path.is_dir():
        if arch is None:
            return _from_folder(path, arguments, strict=strict)
        path = _weights_in(path)
    check_no_part(path)
    if recognise(path) == "weights_index":
        opened = Opened(recognise(parts_of(path)[0]), open_parts(path, trust=trust))
    else:
        opened = open_checkpoint(path, trust=trust)
    found = find_weights(opened.content, text, key=key)
    whole = isinstance(found.weights, nn.Module)
    kind = _FORMATS.get(opened.format, "pickled_module" if whole and arch is None else "state_dict")
    if isinstance(found.weights, nn.Module) and arch is None:
        model, architecture = found.weights, _class_name(found.weights, opened.format)
        notes = (
            found.notes if opened.format == "torch_export" else (*found.notes, *as_float32(model))
        )
    else:
        weights = (
            dict(found.weights.state_dict())
            if isinstance(found.weights, nn.Module)
            else found.weights
        )
        check_dense(weights, text)
        model, architecture, notes = _with_weights(
            weights, text, arch, arguments, strip_prefix=strip_prefix, strict=strict,
            content=opened.content,
        )  # fmt: skip
        notes = (*found.notes, *notes)
    check_finite(model, text)
    return LoadedModel(
        model.eval(), text, digest_of(path), kind, architecture, _count(model), notes,
        input_shape=opened.input_shape,
    )  # fmt: skip


def _from_folder(folder: Path, arguments: Mapping[str, object], *, strict: bool) -> LoadedModel:
    built, file, library = load_folder(folder, arguments, strict=strict)
    notes = (f"weights of {file.name}", *built.notes, *as_float32(built.model))
    check_finite(built.model, str(folder))
    return LoadedModel(
        built.model.eval(), str(folder), digest_of(file), f"{library}_folder",
        built.architecture, _count(built.model), notes,
    )  # fmt: skip


def _weights_in(folder: Path) -> Path:
    file = weight_file(folder)
    if file is None:
        raise LoadError(folder_refusal(folder))
    return file


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


def _from_factory(
    spec: str, arguments: Mapping[str, object], arch: str | Callable[..., Any] | None
) -> LoadedModel:
    if arch is not None:
        raise ParameterError(f"arch={arch!r} needs a file of weights, but {spec!r} is a factory")
    built = build(spec, arguments)
    notes = (f"weights as {spec} made them", *as_float32(built.model))
    check_finite(built.model, spec)
    model = built.model.eval()
    return LoadedModel(model, spec, None, "factory", built.architecture, _count(model), notes)


def _with_weights(
    weights: Weights,
    source: str,
    arch: str | Callable[..., Any] | None,
    arguments: Mapping[str, object],
    *,
    strip_prefix: str | None,
    strict: bool,
    content: object,
) -> tuple[nn.Module, str, tuple[str, ...]]:
    """Return the module for bare ``weights``, its architecture and notes.

    ``content`` is what else the file holds, for its hyper-parameters.
    """
    if (isinstance(arch, str) and not arch.startswith(PREFIX)) or callable(arch):
        built = build(arch, arguments, hyper_parameters(content))
        notes = (*built.notes, *as_float32(built.model))
        try:
            notes += fit(built.model, weights, source, strip_prefix=strip_prefix, strict=strict)
        except LoadError:
            renamed = renamed_by_transformers(built.model, weights)
            if renamed is None:
                raise
            return renamed, built.architecture, (*notes, "names converted by transformers")
        return built.model, built.architecture, notes
    stripped: tuple[str, ...] = ()
    if strip_prefix is not None:
        weights, stripped = strip(weights, strip_prefix, source)
    detected = (
        build_spandrel(weights, source, arch, arguments)
        if arch is not None
        else _detected(weights, source, content)
    )
    notes = (*stripped, *detected.notes, *as_float32(detected.model))
    return detected.model, detected.architecture, notes


def _detected(weights: Weights, source: str, content: object) -> Built:
    """Return what spandrel recognises in ``weights``; else say what the file holds."""
    if find_spec("spandrel") is None:
        asked = "spandrel, which recognises many, is not installed"
    else:
        try:
            built = detect_spandrel(weights)
        except LoadError as error:
            asked = str(error)
        else:
            if built is not None:
                return built
            asked = "spandrel does not recognise it"
    raise LoadError(
        f"{source} holds weights without a model: {describe(weights)}{_hints(content)}; name the "
        f"model with --arch ({ARCH_EXPECTED}); {asked}"
    )


def _hints(content: object) -> str:
    """Return what else the file says of its model, as the continuation of a sentence."""
    known = hyper_parameters(content)
    values = listed(f"{key}={value!r}" for key, value in known.items())
    hints = f", hyper-parameters {values}" if known else ""
    name = content.get("arch") if isinstance(content, Mapping) else None
    return f"{hints}, 'arch' {name!r}" if isinstance(name, str) else hints


def describe(weights: Weights) -> str:
    """Return what ``weights`` are: how many, how large, how named, how many upsample.

    A kernel counts as one of a transposed convolution if the bias beside it is as long as the
    kernel's second axis and not as its first.

    Examples
    --------
    >>> import torch
    >>> describe({"up.weight": torch.zeros(8, 3, 4, 4), "up.bias": torch.zeros(3)})
    '2 tensors (up.weight, up.bias), 387 values, 1 looks like a transposed convolution'
    """
    transposed = sum(_is_transposed(name, weights) for name in weights)
    values = sum(tensor.numel() for tensor in weights.values())
    look = "looks like a transposed convolution"
    if transposed != 1:
        look = "look like transposed convolutions"
    return f"{len(weights)} tensors ({listed(weights, 3)}), {values} values, {transposed} {look}"


def _is_transposed(name: str, weights: Weights) -> bool:
    kernel = weights[name]
    bias = weights.get(f"{name.removesuffix('weight')}bias")
    if not name.endswith("weight") or kernel.ndim < 3 or bias is None or bias.ndim != 1:
        return False
    return kernel.shape[0] != len(bias) == kernel.shape[1]


def _class_name(model: nn.Module, found: Format) -> str:
    if found == "torch_export":
        return "torch.export program"
    return str(getattr(model, "original_name", type(model).__name__))


def _count(model: nn.Module) -> int:
    lazy = nn.parameter.is_lazy
    return sum(parameter.numel() for parameter in walk.parameters(model) if not lazy(parameter))
