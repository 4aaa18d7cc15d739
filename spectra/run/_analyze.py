"""Analyse a model: from it and its inputs to an answer, stage by stage."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from spectra import _walk as walk
from spectra import load
from spectra._conclusion import collect, crop_with_pattern, summarise
from spectra._evidence import find_steps, gather, nothing_found, opened_inputs, select_steps
from spectra._options import Options, Progress
from spectra.errors import InputError, ModelError, NothingToAnalyseError
from spectra.inputs import Inputs, check_inputs
from spectra.report import Result
from spectra.run._advice import advice
from spectra.run._check import check_options

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from spectra import capture


def analyze(
    model: load.LoadedModel | nn.Module | str | Path,
    inputs: Any = None,
    *,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Result:
    """Find, score and explain the upsampling artifacts of a model.

    Parameters
    ----------
    model : LoadedModel, Module, str or Path
        A model, or what `spectra.load.load_model` makes one of.
    inputs : Inputs or anything `spectra.inputs.open_inputs` takes, optional
        Pictures, arrays, latents. Without any, only the data-free probes run.
    options : Options, optional
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    Result
        Its repr is the table that the command prints.

    Raises
    ------
    SpectraError
        One of its kinds, with one clear message; `NothingToAnalyseError` where the model has
        no upsampling step.

    Examples
    --------
    >>> import torch
    >>> decoder = torch.nn.ConvTranspose2d(3, 3, 3, stride=2, padding=1, output_padding=1)
    >>> pictures = torch.rand(16, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    >>> analyze(decoder, pictures).verdict
    'present'
    """
    started = time.perf_counter()
    options = options or Options()
    threads, home = torch.get_num_threads(), _home(model)
    try:
        if options.threads:
            torch.set_num_threads(options.threads)
        loaded, opened = _open(model, inputs, options)
        with _advised(loaded, opened):
            evidence = gather(loaded.model, opened, options, progress or _silent)
        summary = summarise(evidence, loaded, opened, time.perf_counter() - started)
        tree, crops = collect(evidence), crop_with_pattern(evidence)
    finally:
        torch.set_num_threads(threads)
        if home is not None and isinstance(model, nn.Module):
            model.to(home)
    return Result(summary, tree, crops)


def list_steps(
    model: load.LoadedModel | nn.Module | str | Path,
    inputs: Any = None,
    *,
    options: Options | None = None,
) -> capture.Discovery:
    """Return the upsampling steps of a model from one forward pass, without scoring them."""
    options = options or Options()
    loaded, opened = _open(model, inputs, options)
    with _advised(loaded, opened):
        _, found = find_steps(loaded.model, opened, options)
    chosen = select_steps(found, options.steps)
    if found.steps and not chosen.steps:
        raise NothingToAnalyseError(nothing_found(found, options))
    return chosen


def _open(
    model: load.LoadedModel | nn.Module | str | Path, inputs: Any, options: Options
) -> tuple[load.LoadedModel, Inputs | None]:
    """Return the loaded model on its device, and its inputs."""
    check_options(options)
    if not isinstance(model, load.LoadedModel):
        check_inputs(inputs)
    loaded = model if isinstance(model, load.LoadedModel) else load.load_model(model)
    device = _device(options.device, loaded.model)
    if device is not None:
        loaded.model.to(device)
    return loaded, opened_inputs(inputs, options)


@contextmanager
def _advised(loaded: load.LoadedModel, inputs: Inputs | None) -> Iterator[None]:
    """Say beside a failure of the model what about its inputs may be the reason."""
    try:
        yield
    except (InputError, ModelError) as error:
        if text := advice(loaded, inputs):
            raise type(error)(f"{error}; {text}") from error
        raise


def _home(model: object) -> torch.device | None:
    """Return where the caller's own model lives, if it all lives in one place."""
    if not isinstance(model, nn.Module):
        return None
    devices = {tensor.device for tensor in (*walk.parameters(model), *walk.buffers(model))}
    return devices.pop() if len(devices) == 1 else None


def _device(wanted: str, model: nn.Module) -> torch.device | None:
    """Return where to move the model, None to leave it where it is."""
    if wanted == "auto":
        at_home = all(p.device.type == "cpu" for p in walk.parameters(model))
        return torch.device("cuda") if at_home and torch.cuda.is_available() else None
    return torch.device(wanted)


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Report nothing."""
