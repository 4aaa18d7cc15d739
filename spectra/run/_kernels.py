"""Measure kernels: from a checkpoint to the table of its upsampling kernels, without any data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

import spectra
from spectra import _walk as walk
from spectra import capture, kernel, load
from spectra._options import Progress
from spectra._process import borrowed_process
from spectra._text import listed
from spectra.errors import InputError, ModelError, NothingToAnalyseError, ParameterError
from spectra.report import KernelRow, KernelTable
from spectra.run._opened import silent
from spectra.weights import (
    HeldKernels,
    KernelIdentity,
    UpsamplingKernel,
    kernels_of_model,
    kernels_of_script,
    kernels_of_weights,
)


@borrowed_process()
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
        See `spectra.load.load_model`. With ``arch``, kinds, strides and paddings are known;
        without, only what the weights tell (see `spectra.report.KernelRow`).
    strides : mapping of str to tuple of int, optional
        Name or pattern of a weight -> stride of the transposed convolution that it belongs
        to; 1 leaves it out. Only for bare weights.
    shuffles : mapping of str to int, optional
        Name or pattern of a convolution's weight -> factor of the pixel shuffle after it.
    exponent : float
        Exponent of the input spectrum that energies assume, ``1 / abs(f) ** exponent``: 2 is what
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
    tell = progress or silent
    tell("load", 0, 1)
    named = {"strides": strides, "shuffles": shuffles}
    loading: dict[str, Any] = {"key": key, "strip_prefix": strip_prefix, "trust": trust}
    saved = _saved_weights(source, arch, **loading)
    model = source if isinstance(source, nn.Module) else saved.model if saved else None
    if isinstance(model, torch.jit.ScriptModule):
        about, reading = _read_script(model, saved, **named)
    elif saved is not None and model is None:
        about, reading = _read_weights(saved, **named)
    else:
        if strides or shuffles:
            message = "strides and shuffles are for bare weights: expected none with a model"
            raise ParameterError(message)
        opened = cast("str | Path", source) if model is None else model
        loaded = load.load_model(opened, arch=arch, arch_args=arch_args, strict=strict, **loading)
        about, reading = _read_model(loaded, saved)
    tell("load", 1, 1)
    if not reading.kernels:
        raise NothingToAnalyseError(_nothing(about.source, reading))
    rows = []
    for index, one in enumerate(reading.kernels):
        tell("measure", index, len(reading.kernels))
        rows.append(_row(one, exponent))
    tell("measure", len(rows), len(rows))
    return KernelTable(
        spectra_version=spectra.__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        model=about,
        spectrum=f"1/f^{exponent:g}" if exponent else "white",
        layers=tuple(rows),
        ambiguous=reading.ambiguous,
        hints=tuple(h for h in reading.hints if _named_in(h) in reading.ambiguous),
        notes=reading.notes,
    )


def _saved_weights(source: Any, arch: object, **loading: Any) -> load.LoadedWeights | None:
    """Return the weights in a state dict or a file; None where an architecture comes with them."""
    if isinstance(source, Mapping):
        return _given_weights(source, arch)
    if isinstance(source, nn.Module) or arch is not None or not Path(source).is_file():
        return None
    return load.load_weights(str(source), **loading)


def _read_script(
    script: torch.jit.ScriptModule, saved: load.LoadedWeights | None, **named: Any
) -> tuple[load.ModelSource, HeldKernels]:
    """Return what a program is, and its kernels."""
    reading = kernels_of_script(script, **named)
    if saved is not None:
        reading = replace(reading, notes=(*saved.notes, *reading.notes))
    return saved.about if saved else _about_script(script), reading


def _read_weights(saved: load.LoadedWeights, **named: Any) -> tuple[load.ModelSource, HeldKernels]:
    """Return where bare weights come from, and the kernels that can be told in them."""
    reading = kernels_of_weights(saved.weights, **named)
    return saved.about, replace(reading, notes=(*saved.notes, *reading.notes))


def _read_model(
    loaded: load.LoadedModel, saved: load.LoadedWeights | None
) -> tuple[load.ModelSource, HeldKernels]:
    """Return what a model is, and its kernels; ``saved`` is the file that held it whole.

    Raises
    ------
    NothingToAnalyseError
        If none of its modules has an upsampling kernel.
    """
    file = saved or loaded
    about = replace(loaded.about, source=file.source, sha256=file.sha256)
    found, notes = None, loaded.notes
    # Only a forward pass shows which convolution belongs to these, outside of a Sequential.
    if any(isinstance(m, nn.PixelShuffle | nn.Upsample) for m in walk.modules(loaded.model)):
        try:
            found = _discovered(loaded.model)
        except (InputError, ModelError) as error:
            where = "pixel shuffles and interpolations only where they stand in a Sequential"
            notes = (*notes, f"{where}: {error}")
    kernels = kernels_of_model(loaded.model, found)
    if not kernels:
        raise NothingToAnalyseError(_nothing_in(about.source, loaded.model))
    return about, HeldKernels(kernels, notes=notes)


def _discovered(model: nn.Module) -> capture.Discovery:
    """Return the steps of a model on a guessed input."""
    return capture.discover(model, capture.example_input(model))


def _about_script(script: torch.jit.ScriptModule) -> load.ModelSource:
    name = str(getattr(script, "original_name", "ScriptModule"))
    values = sum(tensor.numel() for tensor in script.state_dict().values())
    return load.ModelSource(name, None, "torchscript", architecture="", parameters=values)


def _row(one: UpsamplingKernel, exponent: float) -> KernelRow:
    """Return the row of a kernel: its numbers, or why it has none."""
    found, measures = one.kernel, None
    if found.weight.any():
        spectrum = kernel.power_law_spectrum(found.stride, exponent=exponent)
        measures = kernel.measure(found, spectrum=spectrum)
    return KernelRow(
        **{field.name: getattr(one, field.name) for field in fields(KernelIdentity)},
        kernel_size=found.size,
        stride=found.stride,
        padding=found.padding,
        dilation=found.dilation,
        groups=found.groups,
        channels=found.channels,
        measures=measures,
        reason=None if measures else "all weights are 0",
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


def _nothing(source: str, reading: HeldKernels) -> str:
    if not reading.hints:
        return (
            f"{source} has no upsampling kernel: expected transposed convolutions, pixel shuffles "
            "or interpolations"
        )
    candidates = listed((f"{_named_in(hint)} ({hint})" for hint in reading.hints), 4)
    return (
        f"{source}: its weights do not tell which of them upsample: it may be {candidates}; "
        "say which, or name the model with --arch"
    )


def _named_in(hint: str) -> str:
    """Return the layer that an option names."""
    return hint.split(" ")[1].rpartition("=")[0]


def _nothing_in(source: str, model: nn.Module) -> str:
    """Say why a model has no kernel: it may upsample in its code, where no module shows it."""
    try:
        steps = _discovered(model).steps
    except (InputError, ModelError):
        steps = ()
    if not steps:
        return _nothing(source, HeldKernels(()))
    first = listed((f"{step.kind} in {step.label or '(model)'}" for step in steps), 3)
    return (
        f"{source} upsamples, but in its code and not by modules with weights ({first}), so "
        "it has no kernel to measure: see them with spectra analyze MODEL --list"
    )
