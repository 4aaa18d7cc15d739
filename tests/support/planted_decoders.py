"""Decoders whose steps are windowed sincs, but for one with a known fault."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from spectra.signals import power_law_noise

CHANNELS = 4
REACH = 4  # pixels of its input that a sinc looks at on each side
LATENT = 24  # side of an input


def latents(count: int = 16, *, seed: int = 0, side: int = LATENT, exponent: float = 1.0) -> Tensor:
    """Return inputs whose power falls with the frequency, shape (count, 3, side, side)."""
    noise = power_law_noise((count, 3, side, side), seed=seed, exponent=exponent, axes=2)
    return torch.from_numpy(np.asarray(noise, np.float32))


def sinc_taps() -> Tensor:
    """Return the taps of an upsampling by 2 that leaves hardly a replica."""
    n = torch.arange(-2 * REACH, 2 * REACH + 1, dtype=torch.float64)
    window = torch.kaiser_window(len(n), periodic=False, beta=6.0, dtype=torch.float64)
    taps = torch.sinc(n / 2) * window
    for phase in range(2):
        taps[phase::2] /= taps[phase::2].sum()
    return taps


def step(fault: str | None = None, amount: float = 0.0, *, seed: int = 0) -> nn.ConvTranspose2d:
    """Return an upsampling by 2 of every channel by itself, with a fault.

    Parameters
    ----------
    fault : {None, "gain", "nearest", "taps"}
        None: a windowed sinc. "gain": each phase of each channel is off by a random share of its
        gain. "nearest": pixels are repeated. "taps": taps between all channels are random.
    amount : float
        Standard deviation of the gains, or of the random taps over the largest tap.
    seed : int
        Seed of what is random.
    """
    generator = torch.Generator().manual_seed(seed)
    taps = sinc_taps()
    kernel = torch.zeros(CHANNELS, CHANNELS, len(taps), len(taps), dtype=torch.float64)
    own = torch.arange(CHANNELS)
    if fault == "nearest":
        kernel[own, own, 2 * REACH : 2 * REACH + 2, 2 * REACH : 2 * REACH + 2] = 1
    else:
        kernel[own, own] = torch.outer(taps, taps)
    if fault == "gain":
        gains = 1 + amount * torch.randn(CHANNELS, 2, 2, generator=generator, dtype=torch.float64)
        kernel[own, own] *= gains.repeat(1, REACH * 2 + 1, REACH * 2 + 1)[:, :-1, :-1]
    if fault == "taps":
        small = torch.randn(CHANNELS, CHANNELS, 4, 4, generator=generator, dtype=torch.float64)
        middle = slice(2 * REACH - 2, 2 * REACH + 2)
        kernel[:, :, middle, middle] += amount * small / CHANNELS**0.5
    # From 2 (n - 1) + 1 + 2 * 2 REACH pixels to 2 n, with the kernel's centre on even pixels.
    layer = nn.ConvTranspose2d(
        CHANNELS, CHANNELS, len(taps), 2, 2 * REACH, output_padding=1, bias=False
    )
    layer.weight.data = kernel.float()
    return layer


def conv(channels_in: int, channels_out: int, generator: torch.Generator) -> nn.Conv2d:
    """Return a 3x3 convolution with weights of its own."""
    layer = nn.Conv2d(channels_in, channels_out, 3, padding=1, padding_mode="replicate")
    spread = (9 * channels_in) ** -0.5
    layer.weight.data = 1.5 * spread * torch.randn(layer.weight.shape, generator=generator)
    layer.bias.data = 0.1 * torch.randn(channels_out, generator=generator)
    return layer


def chain(
    broken: int | None,
    fault: str = "gain",
    amount: float = 0.0,
    *,
    norm: bool = False,
    steps: int = 3,
) -> nn.Sequential:
    """Return three steps with convolutions and SiLUs between, one of them with a fault.

    Parameters
    ----------
    broken : int or None
        Which step has it.
    fault, amount : str, float
        See `step`.
    norm : bool
        Whether an instance normalisation follows each convolution.
    steps : int
        How many steps there are.
    """
    generator = torch.Generator().manual_seed(1)
    layers: list[nn.Module] = [conv(3, CHANNELS, generator)]
    for index in range(steps):
        fault_here = (fault, amount) if index == broken else (None, 0.0)
        last = index == steps - 1
        layers.append(step(*fault_here, seed=index))
        layers.append(conv(CHANNELS, 3 if last else CHANNELS, generator))
        if not last:
            layers += [nn.InstanceNorm2d(CHANNELS, affine=True)] if norm else []
            layers.append(nn.SiLU())
    return nn.Sequential(*layers).eval()


class Parallel(nn.Module):
    """A clean step, then two of one period side by side, a nonlinearity after each, summed.

    Parameters
    ----------
    signs : sequence of float
        With what factor the fault of the gain enters each of the two: (1, 1) adds, (1, -1) cancels.
    amount : float
        Standard deviation of the gains.
    """

    def __init__(self, signs: Sequence[float], amount: float = 0.2) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.first = conv(3, CHANNELS, generator)
        self.before = step()
        self.between = conv(CHANNELS, CHANNELS, generator)
        self.a, self.b = (_with_gains(amount * sign) for sign in signs)
        self.last = conv(CHANNELS, 3, generator)

    def forward(self, x: Tensor) -> Tensor:
        """Run a clean step, both branches, and add them."""
        x = torch.nn.functional.silu(self.between(self.before(self.first(x))))
        silu = torch.nn.functional.silu
        return self.last(silu(self.a(x)) + silu(self.b(x)))


def _with_gains(amount: float) -> nn.ConvTranspose2d:
    """Return a step with one fixed pattern of gains, times a factor that may be negative."""
    return step("gain", amount, seed=7)
