"""Random networks: what later layers make of a map, and feature maps without a grid."""

from __future__ import annotations

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import nn


def layers(
    rng: Generator,
    depth: int,
    channels: int,
    *,
    first: int | None = None,
    pad: str = "circular",
) -> nn.Sequential:
    """Return ``depth`` times a random 3-tap convolution and ReLU."""
    torch.manual_seed(int(rng.integers(2**31)))
    parts: list[nn.Module] = []
    for index in range(depth):
        before = first or channels if index == 0 else channels
        layer = nn.Conv2d(before, channels, 3, padding=1, padding_mode=pad)
        nn.init.normal_(layer.weight, std=(2 / (before * 9)) ** 0.5)
        parts += [layer, nn.ReLU()]
    return nn.Sequential(*parts)


@torch.no_grad()
def run(network: nn.Module, x: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return what a network makes of maps, each standardised as networks are fed."""
    y: NDArray[np.float32] = network(torch.from_numpy(np.ascontiguousarray(x, np.float32))).numpy()
    return y


def standardised(x: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return maps of mean 0 and variance 1 over the whole batch."""
    return ((x - x.mean()) / x.std()).astype(np.float32)
