"""Three super-resolution decoders that differ in nothing but how they upsample."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

CHANNELS = 16
FACTOR = 4


class LargeContextTransposedConv(nn.Module):
    """Upsample two-fold by the sum of a 7x7 and a 3x3 transposed convolution [1]_.

    Parameters
    ----------
    channels : int
        Channels of the input and of the output.
    sinc : bool
        Start from sinc interpolation instead of from PyTorch's random kernels.

    References
    ----------
    .. [1] S. Agnihotri, J. Grabinski, M. Keuper, *Improving Feature Stability during
       Upsampling -- Spectral Artifacts and the Importance of Spatial Context*, ECCV 2024.
    """

    def __init__(self, channels: int, *, sinc: bool = False) -> None:
        super().__init__()
        self.large = transposed_conv(channels, kernel_size=7)
        self.small = transposed_conv(channels, kernel_size=3)
        if sinc:
            self._start_from_sinc()

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x``, (B, C, H, W), as a map of (B, C, 2 H, 2 W)."""
        return torch.add(self.large(x), self.small(x))

    @torch.no_grad()
    def _start_from_sinc(self) -> None:
        mixing = torch.empty(self.large.in_channels, self.large.out_channels)
        nn.init.kaiming_uniform_(mixing, a=5**0.5)
        taps = torch.from_numpy(sinc_kernel(7)).to(mixing.dtype)
        self.large.weight.copy_(torch.einsum("io,y,x->ioyx", mixing, taps, taps))
        nn.init.zeros_(self.small.weight)


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


def sinc_kernel(size: int, beta: float = 2.0) -> NDArray[np.float64]:
    """Return the taps of a two-fold sinc interpolator whose two polyphase components sum to one.

    A truncated sinc is Kaiser-windowed, then each component is divided by its sum, so that
    a constant stays one: no line at 1/2 cycles/pixel.

    Parameters
    ----------
    size : int
        Number of taps, odd.
    beta : float
        Shape of the Kaiser window.

    Returns
    -------
    ndarray of float64, shape (size,)
        Taps, centred.

    Examples
    --------
    >>> sinc_kernel(3)
    array([0.5, 1. , 0.5])
    """
    taps = np.sinc((np.arange(size) - size // 2) / 2) * np.kaiser(size, beta)
    for phase in range(2):
        taps[phase::2] /= taps[phase::2].sum()
    return taps


def small() -> Decoder:
    """Return the decoder with two 3x3 transposed convolutions, untrained."""
    return Decoder(transposed_conv)


def lctc() -> Decoder:
    """Return the decoder with two parallel 7x7 + 3x3 transposed convolutions, untrained."""
    return Decoder(LargeContextTransposedConv)


def lctc_sinc() -> Decoder:
    """Return `lctc` with its 7x7 kernels set to sinc interpolation, untrained."""
    return Decoder(partial(LargeContextTransposedConv, sinc=True))
