"""One input by which a model is discovered."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spectra import _walk as walk
from spectra.capture._quiet import quiet
from spectra.errors import InputError
from spectra.inputs import Inputs

GUESSED_SIDE = {1: 4096, 2: 128, 3: 32}  # of an input that only data-free probes see
WAVEFORM, FRAMES = 2, 256  # channels up to which a signal is a waveform; length of one of features


def example_input(
    model: nn.Module, inputs: Inputs | None = None, *, crop: int | None = None
) -> Tensor:
    """Return one input on the model's device: the first given, or a guess from the first layer.

    Parameters
    ----------
    model : Module
        A model.
    inputs : Inputs, optional
        What it will run on.
    crop : int, optional
        Side of the guessed input, in pixels.

    Returns
    -------
    Tensor, shape (1, C, *spatial)

    Raises
    ------
    InputError
        If there are no inputs, and no layer tells how many channels it takes.
    """
    device = walk.device(model)
    if inputs is not None:
        return next(iter(inputs.batches(1))).to(device)
    with quiet(model):  # in training mode a spectral norm changes when its weight is read
        for module in walk.modules(model):
            weight = getattr(module, "weight", None)
            if not isinstance(weight, Tensor) or not 3 <= weight.ndim <= 5:
                continue
            channels = getattr(module, "in_channels", None)
            if channels is not None:
                features = weight.ndim == 3 and channels > WAVEFORM
                side = crop or (FRAMES if features else GUESSED_SIDE[weight.ndim - 2])
                return torch.full((1, channels, *[side] * (weight.ndim - 2)), 0.5, device=device)
    raise InputError(
        "inputs=None, and the model's first layer does not tell their shape: give pictures, an "
        "array, or random:image?shape=3,128,128"
    )
