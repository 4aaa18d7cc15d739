"""Inputs on their way through a model, batch by batch; what passes is handed over."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from spectra import _walk as walk
from spectra import capture
from spectra.follow import unseen

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from spectra.capture import Discovery

OnMaps = Callable[[Tensor, int, int], Any]
"""Is handed maps, the number of the first of their inputs, and how many inputs they are of."""
OnStep = Callable[[int, Tensor, int, int], Tensor | None]
"""The same of a step, whose index comes first; what it returns takes the maps' place."""


def through(
    model: nn.Module,
    found: Discovery,
    batches: Iterable[tuple[int, Tensor]],
    *,
    on_input: OnMaps | None = None,
    on_step: OnStep,
    on_output: OnMaps,
    running: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> None:
    """Run inputs through a model and hand over what passes.

    Parameters
    ----------
    model : Module
    found : Discovery
        Its steps.
    batches : iterable of (int, Tensor)
        Inputs that run at a time, and the number of the first of them.
    on_input, on_step, on_output : callable
        Take the inputs before a model can write into them, the maps of each step, and what comes
        out. What they compute is not followed.
    running : callable
        Makes the context in which the model runs.
    """
    device, done, count = walk.device(model), 0, 0

    def take(index: int, maps: Tensor) -> Tensor | None:
        with unseen():
            return on_step(index, maps, done, count)

    with capture.stream(model, found, take):
        for done, some in batches:
            x, count = some.to(device), len(some)
            if on_input is not None:
                on_input(x, done, count)
            with running():
                y = capture.forward(model, x, found=found)
            with unseen():
                on_output(y, done, count)
