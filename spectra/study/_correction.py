"""What a network that restores pictures adds to its input: its own part of the output."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from spectra import capture, run
from spectra._options import Options
from spectra.score import Score


class Correction(nn.Module):
    """A network's output less its input.

    A network that does little has an output without a grid, because the picture has none: how
    clean its own part is shows in the correction alone.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """Return what is added to ``x``, of its shape."""
        made: Tensor = self.network(x)
        return made - x


def correction_score(network: nn.Module, x: Tensor) -> Score:
    """Return the score of what a network adds to some inputs."""
    options = Options(num=None, blame=False)
    return run.analyze(Correction(network).eval(), x, options=options).summary.output.score


def correction_power_db(network: nn.Module, x: Tensor) -> float | None:
    """Return the power of what a network adds over the inputs' variance about their means, dB."""
    with capture.quiet(network), torch.no_grad():
        added = (capture.forward(network, x) - x).double()
    about = (x - x.mean((2, 3), keepdim=True)).double()
    ratio = float(added.square().mean() / about.square().mean())
    return 10 * math.log10(ratio) if ratio > 0 else None
