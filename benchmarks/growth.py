"""How the cost of measuring grows with inputs, channels, sides and steps.

Each line is doubled a few times and the CPU seconds beyond the bare forward passes are fitted by a
power: nothing may grow faster than its work does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from passes import forwards, measured
from timing import Table, medians
from torch import Tensor, nn

from spectra import capture

BATCH = 4
ALLOWED = 0.1  # of the exponent, for what a clock and a cache do


class Chain(nn.Module):
    """Steps one after the other, each on maps of half the side: all outputs have one size."""

    def __init__(self, channels: int, steps: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, channels, 1)
        self.steps = nn.ModuleList(
            nn.ConvTranspose2d(channels, channels, 2, stride=2, groups=channels)
            for _ in range(steps)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return maps (B, C, H, W) of pictures (B, 1, H, W)."""
        x = self.first(x)
        for step in self.steps:
            x = step(nn.functional.avg_pool2d(x, 2)) + x
        return x


def seconds(inputs: int, channels: int, side: int, steps: int, rounds: int) -> float:
    """Return the CPU seconds of measuring, the forward passes taken off."""
    torch.manual_seed(0)
    model, maps = Chain(channels, steps).eval(), torch.rand(inputs, 1, side, side)
    with capture.quiet(model):
        found = capture.discover(model, maps[:1])
        work: dict[str, Callable[[], object]] = {
            "bare": partial(forwards, model, maps, BATCH),
            "measured": partial(measured, model, maps, found, batch=BATCH, tested=True),
        }
        took = medians(work, rounds=rounds)
    return took["measured"] - took["bare"]


LINES: dict[str, tuple[Sequence[int], float]] = {  # values, and the exponent of the work
    "inputs": ((16, 32, 64, 128), 1.0),
    "channels": ((16, 32, 64, 128), 1.0),
    "side": ((64, 128, 256, 512), 2.2),  # n^2 log n from 64 to 512 pixels
    "steps": ((1, 2, 4, 8), 1.0),
}
USUAL = {"inputs": 16, "channels": 16, "side": 128, "steps": 2}


def bench_growth(table: Table, rounds: int) -> None:
    """Print the seconds of each line, and its exponent beside that of the work."""
    table.title("Cost of measuring, beyond the forward passes, one thread")
    for name, (values, exponent) in LINES.items():
        took = [seconds(**USUAL | {name: value}, rounds=rounds) for value in values]
        slope = float(np.polyfit(np.log(values), np.log(took), 1)[0])
        told = ", ".join(f"{value}: {each:.2f} s" for value, each in zip(values, took, strict=True))
        table.note(name, told)
        table.at_most(f"{name}: exponent", slope, exponent + ALLOWED, "")
