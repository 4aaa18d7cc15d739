"""Bare forward passes, and passes whose steps are added to running sums."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spectra import capture, spectrum


def forwards(model: nn.Module, maps: Tensor, batch: int) -> None:
    """Run inputs and throw away what comes out."""
    with torch.inference_mode():
        for part in maps.split(batch):
            model(part)


def measured(
    model: nn.Module, maps: Tensor, found: capture.Discovery, *, batch: int, tested: bool
) -> None:
    """Run inputs and add the maps of all steps to sums, with test and energy or without.

    It runs within `capture.quiet`.
    """
    count = max(len(maps), 16)  # as many as a test needs, however few run
    places = [
        spectrum.MapStatistics(
            spectrum.plan_maps(step.output_shape, *([step.factor] if tested else []), count=count)
        )
        for step in found.steps
    ]
    first = 0

    def take(index: int, step_maps: Tensor) -> None:
        places[index].update(step_maps, first=first)

    with capture.stream(model, found, take):
        for part in maps.split(batch):
            capture.forward(model, part)
            first += len(part)
