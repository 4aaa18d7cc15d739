"""What a verb is given becomes a model and inputs, and the caller's own come back as they were."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from spectra import _walk as walk
from spectra import load
from spectra._process import borrowed_process
from spectra.errors import InputError, ModelError
from spectra.inputs import Inputs, Once, check_inputs, open_inputs
from spectra.run._arranged import arranged
from spectra.run._calling import calling, wanted_by
from spectra.run._check import check_options
from spectra.run._misfit import advice

if TYPE_CHECKING:
    from pathlib import Path

    from spectra._options import Options


def opened(
    model: load.LoadedModel | nn.Module | str | Path,
    inputs: Any,
    options: Options,
    *,
    lazy: bool = False,
    once: Once | None = None,
) -> tuple[load.LoadedModel, Inputs | None]:
    """Return the loaded model on its device, and its inputs as the options say.

    With ``lazy``, many pictures are looked at when their turn comes. What is decoded ``once`` may
    keep.
    """
    check_options(options)
    if not isinstance(model, load.LoadedModel):
        check_inputs(inputs)
    loaded = model if isinstance(model, load.LoadedModel) else load.load_model(model)
    device = _device(options.device, loaded.model)
    if device is not None:
        loaded.model.to(device)
    if inputs is not None and not isinstance(inputs, Inputs):
        left = wanted_by(loaded, options).without(options.call_args)
        source = inputs
        inputs = open_inputs(source, **options.reading, wanted=left, lazy=lazy, once=once)
        with calling(loaded, inputs, options):
            inputs = arranged(loaded.model, source, inputs, options)
    return loaded, inputs


@contextmanager
def borrowed(model: object, options: Options) -> Iterator[None]:
    """Run one verb at a time, and leave the process and the caller's own module as they were.

    Random states, warning filters and the number of threads come back, and the module's device.
    """
    with borrowed_process():
        threads, home = torch.get_num_threads(), _home(model)
        try:
            if options.threads:
                torch.set_num_threads(options.threads)
            yield
        finally:
            torch.set_num_threads(threads)
            if home is not None and isinstance(model, nn.Module):
                model.to(home)


@contextmanager
def advised(loaded: load.LoadedModel, inputs: Inputs | None) -> Iterator[None]:
    """Say beside a failure of the model what about its inputs may be the reason."""
    try:
        yield
    except (InputError, ModelError) as error:
        if text := advice(loaded, inputs):
            raise type(error)(f"{error}; {text}") from error
        raise


def silent(_stage: str, _done: int, _total: int) -> None:
    """Report nothing."""


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
