"""Maps of features: what the upsampling steps of a network make of a picture."""

import torch
from torch import Tensor, nn

from spectra import Options, capture
from spectra.errors import ParameterError


def features(model: nn.Module, picture: Tensor) -> dict[str, Tensor]:
    """Return the map that each step of a network makes of a picture (C, y, x), by its name.

    Raises
    ------
    ParameterError
        If the network has no step.
    """
    found = capture.list_steps(model, picture[None], Options())
    if not found.steps:
        raise ParameterError("the network has no upsampling step: expected at least one")
    maps: dict[str, Tensor] = {}

    def keep(number: int, made: Tensor) -> None:
        maps[found.steps[number].label] = made[0].float().cpu().clone()

    with capture.quiet(model), torch.no_grad(), capture.stream(model, found, keep):
        capture.forward(model, picture[None], found=found)
    return maps


def step_of(maps: dict[str, Tensor], step: str | None) -> str:
    """Return the name of the step that was asked for, by its name or its number from 1.

    The last one where none was asked for.
    """
    names = list(maps)
    if step is None:
        return names[-1]
    if step.isdecimal() and 0 < int(step) <= len(names):
        return names[int(step) - 1]
    if step not in names:
        raise ParameterError(f"--step {step!r} is none: expected 1 to {len(names)}, or {names}")
    return step
