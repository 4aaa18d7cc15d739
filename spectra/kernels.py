"""From a checkpoint to the table of its upsampling kernels, without any data.

What `spectra.measure_kernels` and the ``spectra kernels`` command call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import torch
from torch import nn

import spectra
from spectra import explain, kernel, load
from spectra._evidence import example_input
from spectra._layers import Layer, Reading, layers_of_model, layers_of_weights
from spectra._options import Options, Progress
from spectra.errors import InputError, ModelError, NothingToAnalyseError, ParameterError

__all__ = ["measure_kernels", "parse_exponent", "parse_named"]


def measure_kernels(
    source: str | Path | nn.Module,
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
) -> explain.KernelTable:
    """Measure the upsampling kernels of a model or a file of weights.

    Parameters
    ----------
    source : str, Path or Module
        A file of weights, which needs no architecture; or a model as of
        `spectra.load.load_model`.
    arch, arch_args, key, strip_prefix, strict, trust
        As of `spectra.load.load_model`. With ``arch``, kinds, strides and paddings are known;
        without, only what the weights tell (see `spectra.explain.KernelRow`).
    strides : mapping of str to tuple of int, optional
        Name or pattern of a weight -> stride of the transposed convolution that it belongs
        to. Only for bare weights.
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
    file = not isinstance(source, nn.Module) and Path(source).is_file()
    bare = (
        load.load_weights(str(source), key=key, strip_prefix=strip_prefix, trust=trust)
        if file and arch is None
        else None
    )
    whole = bare.model if bare is not None else None
    if bare is not None and (whole is None or isinstance(whole, torch.jit.ScriptModule)):
        values = sum(tensor.numel() for tensor in bare.weights.values())
        about = explain.Model(bare.source, bare.sha256, bare.format, "", values)
        reading = layers_of_weights(bare.weights, strides=strides, shuffles=shuffles)
        notes = (*bare.notes, *reading.notes)
    else:
        if strides or shuffles:
            message = "strides and shuffles are for bare weights: expected none with a model"
            raise ParameterError(message)
        loaded = load.load_model(
            whole if whole is not None else source,
            arch=arch, arch_args=arch_args, key=key, strip_prefix=strip_prefix, strict=strict,
            trust=trust,
        )  # fmt: skip
        about = explain.Model(
            bare.source if bare else loaded.source,
            bare.sha256 if bare else loaded.sha256,
            *(loaded.format, loaded.architecture, loaded.parameters),
        )
        layers, doubts = _layers_of(loaded.model)
        reading, notes = Reading(layers, ()), (*loaded.notes, *doubts)
    tell("load", 1, 1)
    if not reading.layers:
        raise NothingToAnalyseError(_nothing(about.source, reading))
    rows = []
    for index, layer in enumerate(reading.layers):
        tell("measure", index, len(reading.layers))
        rows.append(_row(layer, exponent))
    tell("measure", len(rows), len(rows))
    return explain.KernelTable(
        spectra_version=spectra.__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        model=about,
        spectrum=f"1/f^{exponent:g}" if exponent else "white",
        layers=tuple(rows),
        ambiguous=reading.ambiguous,
        notes=notes,
    )


def parse_named(texts: tuple[str, ...], option: str) -> dict[str, tuple[int, ...]]:
    """Return ``("up*=2", "deconv=2x1")`` as names and numbers; ``option`` is for the error.

    Examples
    --------
    >>> parse_named(("up*=2", "deconv=2x1"), "stride")
    {'up*': (2,), 'deconv': (2, 1)}
    """
    named = {}
    for text in texts:
        name, equals, value = text.rpartition("=")
        numbers = tuple(int(n) for n in value.split("x") if n.isdecimal())
        if not name or not equals or len(numbers) != value.count("x") + 1 or min(numbers) < 1:
            message = f"{option}={text!r}: expected NAME=NUMBER, such as up.0=2 or 'up*=2x1'"
            raise ParameterError(message)
        named[name] = numbers
    return named


def parse_exponent(text: str) -> float:
    """Return the exponent of a spectrum: ``"white"`` is 0, a number stands for itself.

    Examples
    --------
    >>> parse_exponent("white"), parse_exponent("1/f^2"), parse_exponent("1.5")
    (0.0, 2.0, 1.5)
    """
    try:
        value = 0.0 if text == "white" else float(text.removeprefix("1/f^"))
    except ValueError:
        value = -1.0
    if not 0 <= value < 10:
        raise ParameterError(f"spectrum={text!r}: expected white, 1/f^2 or another exponent")
    return value


def _layers_of(model: nn.Module) -> tuple[tuple[Layer, ...], tuple[str, ...]]:
    """Return the layers of a model, and what a forward pass on a guessed input could not show."""
    try:
        example = example_input(model, None, Options())
        return layers_of_model(model, example), ()
    except (InputError, ModelError) as error:
        note = f"pixel shuffles and interpolations only where they stand in a Sequential: {error}"
        matter = any(isinstance(m, nn.PixelShuffle | nn.Upsample) for m in model.modules())
        return layers_of_model(model), (note,) if matter else ()


def _row(layer: Layer, exponent: float) -> explain.KernelRow:
    found = layer.kernel
    measures, reason = None, None
    if found.weight.any():
        spectrum = kernel.power_law_spectrum(found.stride, exponent=exponent)
        measures = kernel.measure(found, spectrum=spectrum)
    else:
        reason = "all weights are 0"
    return explain.KernelRow(
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


def _nothing(source: str, reading: Reading) -> str:
    if not reading.ambiguous:
        return (
            f"{source} has no upsampling kernel: expected transposed convolutions, pixel shuffles "
            "or interpolations"
        )
    listed = ", ".join(reading.ambiguous[:6])
    more = f" and {len(reading.ambiguous) - 6} more" if len(reading.ambiguous) > 6 else ""
    return (
        f"{source}: its weights do not tell which of them upsample: {listed}{more} fit a "
        "convolution as well; say so with --stride NAME=2 (--shuffle NAME=2 before a pixel "
        "shuffle), or name the model with --arch"
    )


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Report nothing."""
