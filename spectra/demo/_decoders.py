"""Three super-resolution decoders that differ in nothing but how they upsample."""

from collections.abc import Callable
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from spectra.remedy import LCTC

CHANNELS = 16
FACTOR = 4


class Decoder(nn.Module):
    """Turn an RGB picture into one of four times its height and width.

    There is no skip connection: every output pixel comes through both upsampling steps,
    so what they leave behind can be seen.

    Parameters
    ----------
    upsample : callable
        Channel count to a module that doubles height and width.
    channels : int
        Channels between the first and the last convolution.
    """

    def __init__(self, upsample: Callable[[int], nn.Module], *, channels: int = CHANNELS) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(3, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(),
        )
        self.up1 = upsample(channels)
        self.up2 = upsample(channels)
        self.output = nn.Conv2d(channels, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x``, (B, 3, H, W) in 0..1, as a map of (B, 3, 4 H, 4 W)."""
        x = self.trunk(x)
        x = torch.relu(self.up1(x))
        x = torch.relu(self.up2(x))
        restored: Tensor = self.output(x)
        return restored


def transposed_conv(channels: int, kernel_size: int = 3) -> nn.ConvTranspose2d:
    """Return a transposed convolution that exactly doubles height and width."""
    return nn.ConvTranspose2d(
        channels, channels, kernel_size, stride=2, padding=kernel_size // 2, output_padding=1
    )


def small() -> Decoder:
    """Return the decoder with two 3x3 transposed convolutions, untrained."""
    return Decoder(transposed_conv)


def lctc() -> Decoder:
    """Return the decoder with two parallel 7x7 + 3x3 transposed convolutions, untrained."""
    return Decoder(_large_context)


def lctc_sinc() -> Decoder:
    """Return `lctc` with its 7x7 kernels set to sinc interpolation, untrained."""
    return Decoder(partial(_large_context, init="sinc"))


def _large_context(channels: int, init: Literal["default", "sinc"] = "default") -> LCTC:
    return LCTC(channels, channels, 7, small=3, init=init)
