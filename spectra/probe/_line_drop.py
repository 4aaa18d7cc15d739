"""Take a step's grid-locked pattern away and see what the rest of the model makes of it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spectra.capture import Discovery, forward, quiet, stream
from spectra.errors import ParameterError
from spectra.probe._pattern import tile_pattern


def without_pattern(
    model: nn.Module,
    discovery: Discovery,
    inputs: Tensor,
    step_index: int,
    pattern: NDArray[np.floating] | Tensor,
    *,
    method: str | None = None,
) -> Tensor:
    """Return a model's output when a pattern is subtracted from one step's output.

    Parameters
    ----------
    model : torch.nn.Module
    discovery : Discovery
        What :func:`spectra.capture.discover` returned for it.
    inputs : Tensor, shape (B, C, *spatial)
    step_index : int
        Index of the step in ``discovery.steps``.
    pattern : array, shape (channel, *factor)
        The step's mean over each grid phase less its mean over all phases, so that the
        level is left alone. Its first element belongs to the map's first pixel.
    method : str, optional
        Method of the model to call; the discovery's by default.

    Returns
    -------
    Tensor, shape (B, C, *spatial)

    Raises
    ------
    ParameterError
        If the step has no lattice, or the pattern does not fit it.
    """
    if not 0 <= step_index < len(discovery.steps):
        message = f"step_index={step_index!r} is no step: expected 0 ... {len(discovery.steps) - 1}"
        raise ParameterError(message)
    step = discovery.steps[step_index]
    expected = (step.output_shape[0], *step.factor)
    locked = torch.as_tensor(pattern)
    if not step.factor or tuple(locked.shape) != expected:
        message = (
            f"pattern has shape {tuple(locked.shape)}: expected (channel, *factor) = {expected}"
            if step.factor
            else f"step {step.label!r} has no lattice: {step.reason}"
        )
        raise ParameterError(message)

    def subtract(index: int, output: Tensor) -> Tensor | None:
        if index != step_index:
            return None
        return output - tile_pattern(locked.to(output), output.shape[2:])

    with quiet(model, seed=0), stream(model, discovery, subtract):
        return forward(model, inputs, found=discovery, method=method)
