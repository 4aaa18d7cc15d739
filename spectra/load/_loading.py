"""Loading what `load_model` was given, once it is known to be something that can be loaded."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from spectra import _walk as walk
from spectra._files import Format, recognise
from spectra._process import borrowed_process
from spectra.errors import LoadError
from spectra.load._architectures import Built, build
from spectra.load._checkpoints import Opened, open_checkpoint
from spectra.load._find_weights import Weights, find_weights
from spectra.load._fit import fit, strip
from spectra.load._folder_files import check_no_part, digest_of, parts_of, weights_in
from spectra.load._folders import load_folder, open_parts
from spectra.load._hyper_parameters import hyper_parameters
from spectra.load._libraries import renamed_by_transformers
from spectra.load._loaded import LoadedModel
from spectra.load._onnx import open_graph
from spectra.load._sight import is_factory
from spectra.load._spandrel import PREFIX, build_spandrel
from spectra.load._unnamed import recognised
from spectra.load._values import as_float32, check_dense, check_finite

_FORMATS: dict[Format, str] = {
    "safetensors": "safetensors",
    "torchscript": "torchscript",
    "torch_export": "torch_export",
}


@borrowed_process()
def load(
    source: str | Path | nn.Module,
    arch: str | Callable[..., nn.Module] | None,
    arguments: Mapping[str, object],
    *,
    key: str | None,
    strip_prefix: str | None,
    strict: bool,
    trust: bool,
) -> LoadedModel:
    """Return the model; arguments and errors are those of `load_model`."""
    if isinstance(source, nn.Module):
        check_finite(source, type(source).__name__)
        name = type(source).__name__
        return LoadedModel(
            model=source,
            source=name,
            sha256=None,
            format="module",
            architecture=name,
            parameters=_count(source),
        )
    text, path = str(source), Path(source)
    if is_factory(source):
        return _from_factory(text, arguments)
    if path.is_dir():
        if arch is None:
            return _from_folder(path, arguments, strict=strict)
        path = weights_in(path)
    check_no_part(path)
    if recognise(path) == "onnx":
        return _from_graph(path)
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
            weights,
            text,
            arch,
            arguments,
            strip_prefix=strip_prefix,
            strict=strict,
            content=opened.content,
        )
        notes = (*found.notes, *notes)
    built, shape = Built(model, architecture, notes), opened.input_shape
    return _loaded(built, text, kind, sha256=digest_of(path), input_shape=shape)


def _from_folder(folder: Path, arguments: Mapping[str, object], *, strict: bool) -> LoadedModel:
    built, file, library = load_folder(folder, arguments, strict=strict)
    notes = (f"weights of {file.name}", *built.notes, *as_float32(built.model))
    built = replace(built, notes=notes)
    return _loaded(built, str(folder), f"{library}_folder", sha256=digest_of(file))


def _from_graph(path: Path) -> LoadedModel:
    graph = open_graph(path)
    notes = (*graph.notes, *as_float32(graph.model))
    loaded = _loaded(
        Built(graph.model, "ONNX graph", notes),
        str(path),
        "onnx",
        sha256=digest_of(path),
        input_shape=graph.input_shape,
    )
    return replace(loaded, reference=graph.reference)


def _from_factory(spec: str, arguments: Mapping[str, object]) -> LoadedModel:
    built = build(spec, arguments)
    notes = (f"weights as {spec} made them", *as_float32(built.model))
    return _loaded(replace(built, notes=notes), spec, "factory")


def _loaded(
    built: Built,
    source: str,
    kind: str,
    *,
    sha256: str | None = None,
    input_shape: tuple[int | None, ...] | None = None,
) -> LoadedModel:
    """Return a finished model in eval mode, with where it came from; refuse weights not finite."""
    check_finite(built.model, source)
    return LoadedModel(
        model=built.model.eval(),
        source=source,
        sha256=sha256,
        format=kind,
        architecture=built.architecture,
        parameters=_count(built.model),
        notes=built.notes,
        input_shape=input_shape,
    )


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
        else recognised(weights, source, content)
    )
    notes = (*stripped, *detected.notes, *as_float32(detected.model))
    return detected.model, detected.architecture, notes


def _class_name(model: nn.Module, found: Format) -> str:
    if found == "torch_export":
        return "torch.export program"
    return str(getattr(model, "original_name", type(model).__name__))


def _count(model: nn.Module) -> int:
    lazy = nn.parameter.is_lazy
    return sum(parameter.numel() for parameter in walk.parameters(model) if not lazy(parameter))
