"""Small decoders whose grid is known, analysed once: what comparisons are tested on."""

from functools import cache

import numpy as np
import torch
from torch import nn

from spectra import Options, analyze
from spectra.report import Result
from spectra.signals import power_law_noise

FAST = Options(blame=False)


def pictures(seed=0, count=16, side=32):
    """Return inputs whose power falls with the frequency."""
    noise = power_law_noise((count, 3, side, side), seed=seed, exponent=1.0, axes=2)
    return torch.from_numpy(np.asarray(noise, np.float32))


def uneven(gain, kind="transposed"):
    """Return one upsampling by 2, near bilinear, one of whose four phases is off by a gain."""
    if kind == "bilinear":
        return nn.Sequential(nn.Identity(), nn.Upsample(scale_factor=2, mode="bilinear"))
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 4
    kernel = torch.outer(taps, taps)
    kernel[::2, ::2] *= 1 + gain
    up = nn.ConvTranspose2d(3, 3, 4, stride=2, padding=1, groups=3, bias=False)
    up.weight.data[:] = kernel
    return nn.Sequential(nn.Identity(), up)


@cache
def result(gain=0.3, kind="transposed", seed=0, count=16, side=32) -> Result:
    """Return the analysis of such a decoder; of none of the inputs where there are none."""
    inputs = pictures(seed, count, side) if count else None
    return analyze(uneven(gain, kind), inputs, options=FAST)
