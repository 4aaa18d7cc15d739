"""A decoder whose grid stands in places: where a feature of its own is loud."""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn

from spectra.signals import power_law_noise
from support.planted_decoders import sinc_taps

SIDE = 40  # of an input


def inputs(count: int = 24, *, places: bool = True) -> Tensor:
    """Return a smooth picture and, in a second channel, a blob somewhere: (count, 2, 40, 40)."""
    random = np.random.default_rng(0)
    noise = np.asarray(power_law_noise((count, SIDE, SIDE), seed=0, exponent=2.0, axes=2))
    picture = 0.5 + 0.08 * noise / noise.std()
    blob = np.zeros_like(picture)
    for one in blob if places else ():
        y, x = random.integers(14, 26, 2)
        one[y - 5 : y + 6, x - 5 : x + 6] = 1
    blob = gaussian_filter(blob, (0, 1, 1))
    return torch.from_numpy(np.stack([picture, blob], axis=1).astype(np.float32))


def decoder(*, place: float = 0.0, gain: float = 0.0) -> nn.Sequential:
    """Return a windowed sinc that enlarges both channels by 2, then their weighted sum.

    Parameters
    ----------
    place : float
        By which share one phase of the blob's own enlargement is too loud, and another too quiet.
    gain : float
        By which share one phase of the picture's is too loud: a grid everywhere.
    """
    taps = sinc_taps().float()
    step = nn.ConvTranspose2d(2, 2, len(taps), 2, len(taps) // 2, output_padding=1, bias=False)
    step.weight.data.zero_()
    for channel, share in enumerate((gain, place)):
        kernel = torch.outer(taps, taps)
        kernel[1::2, 1::2] *= 1 + share
        kernel[::2, ::2] *= 1 - share if channel else 1.0
        step.weight.data[channel, channel] = kernel
    mix = nn.Conv2d(2, 1, 1, bias=False)
    mix.weight.data[:] = torch.tensor([1.0, -0.25])[None, :, None, None]
    return nn.Sequential(step, mix).eval()
