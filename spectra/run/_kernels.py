"""Measure kernels: from a checkpoint to the table of its upsampling kernels, without any data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

import spectra
from spectra import _walk as walk
from spectra import capture, kernel, load
from spectra._layers import (
    Layer,
    Reading,
    layers_of_model,
    layers_of_script,
    layers_of_weights,
)
from spectra._options import Progress
from spectra.errors import InputError, ModelError, NothingToAnalyseError, ParameterError
from spectra.report import KernelRow, KernelTable


def measure_kernels(
    source: str | Path | nn.Module | Mapping[str, Tensor],
    *,
    arch: str | Callable[..., nn.Module] | None = None,
    arch_args: Mapping[str, object] | None = None,
    key: str | None = None,
    strip_prefix: str | None = None,
    strict: bool = True,
    trust: bool = False,
    strides: Mapping[str, tuple[int, ...]] | None = None,
    shuffles: Mapping[str, int] | None = None,
    exponent: float = 2.0,
    progress: Progress | None = None,
) -> KernelTable:
    """Measure the upsampling kernels of a model or a file of weights.

    Parameters
    ----------
    source : str, Path, Module or mapping of str to Tensor
        A file of weights or a state dict, which need no architecture; or a model as of
        `spectra.load.load_model`.
    arch, arch_args, key, strip_prefix, strict, trust
        As of `spectra.load.load_model`. With ``arch``, kinds, strides and paddings are known;
        without, only what the weights tell (see `spectra.report.KernelRow`).
    strides : mapping of str to tuple of int, optional
        Name or pattern of a weight -> stride of the transposed convolution that it belongs
        to; 1 leaves it out. Only for bare weights.
    shuffles : mapping of str to int, optional
        The same for convolutions before a pixel shuffle -> factor.
    exponent : float
        Of the input spectrum that energies assume, ``1 / abs(f) ** exponent``: 2 is what
        photographs have, 0 white.
    progress : callable, optional
        Called as ``progress(what, done, total)``.

    Returns
    -------
    KernelTable

    Raises
    ------
    LoadError
        If the source is not readable as weights or a model.
    ParameterError
        If a name matches nothing, or options contradict each other.
    NothingToAnalyseError
        If there is no upsampling kernel that can be told.

    Examples
    --------
    >>> table = measure_kernels(torch.nn.ConvTranspose2d(8, 3, 4, 2, padding=1))
    >>> table.layers[0].stride, table.layers[0].measures.sub_pixel_phase[0] is not None
    ((2, 2), True)
    """
    if not exponent >= 0:
        raise ParameterError(f"exponent={exponent}: expected a number of at least 0")
    tell = progress or _silent
    tell("load", 0, 1)
    bare = None
    if isinstance(source, Mapping):
        bare = _given_weights(source, arch)
    elif not isinstance(source, nn.Module) and Path(source).is_file() and arch is None:
        bare = load.load_weights(str(source), key=key, strip_prefix=strip_prefix, trust=trust)
    whole = source if isinstance(source, nn.Module) else bare.model if bare else None
    if isinstance(whole, torch.jit.ScriptModule):
        reading = layers_of_script(whole, strides=strides, shuffles=shuffles)
        values = sum(tensor.numel() for tensor in whole.state_dict().values())
        about = load.ModelSource(
            bare.source if bare else str(getattr(whole, "original_name", "ScriptModule")),
            *(bare.sha256 if bare else None, bare.format if bare else "torchscript", "", values),
        )
        notes = (*(bare.notes if bare else ()), *reading.notes)
    elif bare is not None and whole is None:
        values = sum(tensor.numel() for tensor in bare.weights.values())
        about = load.ModelSource(bare.source, bare.sha256, bare.format, "", values)
        reading = layers_of_weights(bare.weights, strides=strides, shuffles=shuffles)
        notes = (*bare.notes, *reading.notes)
    else:
        if strides or shuffles:
            message = "strides and shuffles are for bare weights: expected none with a model"
            raise ParameterError(message)
        loaded = load.load_model(
            whole if whole is not None else cast("str | Path", source),
            arch=arch, arch_args=arch_args, key=key, strip_prefix=strip_prefix, strict=strict,
            trust=trust,
        )  # fmt: skip
        about = load.ModelSource(
            bare.source if bare else loaded.source,
            bare.sha256 if bare else loaded.sha256,
            *(loaded.format, loaded.architecture, loaded.parameters),
        )
        layers, doubts = _layers_of(loaded.model)
        if not layers:
            raise NothingToAnalyseError(_nothing_in(about.source, loaded.model))
        reading, notes = Reading(layers, ()), (*loaded.notes, *doubts)
    tell("load", 1, 1)
    if not reading.layers:
        raise NothingToAnalyseError(_nothing(about.source, reading))
    rows = []
    for index, layer in enumerate(reading.layers):
        tell("measure", index, len(reading.layers))
        rows.append(_row(layer, exponent))
    tell("measure", len(rows), len(rows))
    return KernelTable(
        spectra_version=spectra.__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        model=about,
        spectrum=f"1/f^{exponent:g}" if exponent else "white",
        layers=tuple(rows),
        ambiguous=reading.ambiguous,
        hints=tuple(h for h in reading.hints if _named_in(h) in reading.ambiguous),
        notes=notes,
    )


def _layers_of(model: nn.Module) -> tuple[tuple[Layer, ...], tuple[str, ...]]:
    """Return the layers of a model, and what a forward pass on a guessed input could not show."""
    try:
        example = capture.example_input(model)
        return layers_of_model(model, example), ()
    except (InputError, ModelError) as error:
        note = f"pixel shuffles and interpolations only where they stand in a Sequential: {error}"
        matter = any(isinstance(m, nn.PixelShuffle | nn.Upsample) for m in walk.modules(model))
        return layers_of_model(model), (note,) if matter else ()


def _row(layer: Layer, exponent: float) -> KernelRow:
    found = layer.kernel
    measures, reason = None, None
    if found.weight.any():
        spectrum = kernel.power_law_spectrum(found.stride, exponent=exponent)
        measures = kernel.measure(found, spectrum=spectrum)
    else:
        reason = "all weights are 0"
    return KernelRow(
        layer.name,
        layer.kind,
        layer.certainty,
        layer.evidence,
        found.size,
        found.stride,
        found.padding,
        found.dilation,
        found.groups,
        found.channels,
        measures,
        reason,
    )


def _given_weights(source: Mapping[str, Tensor], arch: object) -> load.LoadedWeights:
    """Return a mapping that the caller holds as weights without a file."""
    wrong = next((k for k, v in source.items() if not isinstance(v, Tensor)), None)
    if wrong is not None or not source:
        what = f"source[{wrong!r}] is no tensor" if source else "source is an empty mapping"
        raise ParameterError(f"{what}: expected names and tensors, as of model.state_dict()")
    if arch is not None:
        raise ParameterError("arch is for files of weights: expected a file, or the model itself")
    return load.LoadedWeights(dict(source), "weights", None, "state_dict")


def _nothing(source: str, reading: Reading) -> str:
    if not reading.hints:
        return (
            f"{source} has no upsampling kernel: expected transposed convolutions, pixel shuffles "
            "or interpolations"
        )
    listed = ", ".join(f"{_named_in(hint)} ({hint})" for hint in reading.hints[:4])
    more = f" and {len(reading.hints) - 4} more" if len(reading.hints) > 4 else ""
    return (
        f"{source}: its weights do not tell which of them upsample: it may be {listed}{more}; "
        "say which, or name the model with --arch"
    )


def _named_in(hint: str) -> str:
    """Return the layer that an option names."""
    return hint.split(" ")[1].rpartition("=")[0]


def _nothing_in(source: str, model: nn.Module) -> str:
    """Say why a model has no kernel: it may upsample in its code, where no module shows it."""
    try:
        with capture.quiet(model):
            steps = capture.discover(model, capture.example_input(model)).steps
    except (InputError, ModelError):
        steps = ()
    if not steps:
        return _nothing(source, Reading((), ()))
    first = ", ".join(f"{step.kind} in {step.label or '(model)'}" for step in steps[:3])
    more = f" and {len(steps) - 3} more" if len(steps) > 3 else ""
    return (
        f"{source} upsamples, but in its code and not by modules with weights ({first}{more}), so "
        "it has no kernel to measure: see them with spectra analyze MODEL --list"
    )


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Report nothing."""
