"""Normalisation of each pixel over its channels, for maps whose channels come second."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ChannelNorm(nn.Module):
    """Layer normalisation over the channels of every pixel.

    Parameters
    ----------
    channels : int
        Channels of the map.
    eps : float
        Added to the variance.
    bias : bool
        Without one, the mean stays in as well: only the variance is divided out.

    Examples
    --------
    >>> ChannelNorm(4)(torch.arange(4.0).reshape(1, 4, 1, 1)).flatten().detach().round(decimals=2)
    tensor([-1.3400, -0.4500,  0.4500,  1.3400])
    """

    def __init__(self, channels: int, *, eps: float = 1e-6, bias: bool = True) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x``, (B, channels, H, W), normalised."""
        variance, mean = torch.var_mean(x, dim=1, correction=0, keepdim=True)
        scale = torch.rsqrt(variance + self.eps) * self.weight[:, None, None]
        if self.bias is None:
            return x * scale
        return (x - mean) * scale + self.bias[:, None, None]
