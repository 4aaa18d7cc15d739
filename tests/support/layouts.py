"""One decoder whose output comes in every layout in which published ones return theirs."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

SIDES = {1: (12,), 2: (8, 10), 3: (4, 6, 8)}

CONV = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSED = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}

LAYOUTS: dict[str, Callable[[Tensor], object]] = {
    "plain": lambda y: y,
    "channels last": lambda y: y.movedim(1, -1),
    "channels last, copied": lambda y: y.movedim(1, -1).contiguous(),
    "an axis before the channels": lambda y: y[:, None],
    "an axis behind the channels": lambda y: y[:, :, None],
    "an axis before the samples": lambda y: y[None],
    "channels before samples": lambda y: y.movedim(0, 1),
    "an axis before channels and samples": lambda y: y.movedim(0, 1)[None],
    "squeezed": lambda y: y.squeeze(1),
    "all squeezed": lambda y: y.squeeze(),
    "tokens": lambda y: y.flatten(2).mT,
    "flat": lambda y: y.flatten(2),
    "all flat": lambda y: y.flatten(1),
    "through a linear layer": lambda y: y.movedim(1, -1) @ torch.eye(y.shape[1]),
    "one of a list": lambda y: [y],
    "beside a mask": lambda y: {"mask": y > 0, "image": y.movedim(1, -1)},
    "beside a latent": lambda y: (torch.zeros(len(y), 2, 3, 1, 1, 1), y),
}


class Wrapped(nn.Module):
    """A decoder whose output goes through one more function."""

    def __init__(self, plain: nn.Module, wrap: Callable[[Tensor], object]) -> None:
        super().__init__()
        self.plain, self.wrap = plain, wrap

    def forward(self, x: Tensor) -> object:
        return self.wrap(self.plain(x))


def decoder(axes: int, *, channels: int = 2) -> nn.Module:
    """Return a decoder of one step by 2 and a layer behind it, from 3 channels."""
    torch.manual_seed(0)
    step = TRANSPOSED[axes](3, 4, 4, stride=2, padding=1)
    return nn.Sequential(step, nn.ReLU(), CONV[axes](4, channels, 3, padding=1), nn.Tanh()).eval()
