"""Batch normalisation by the statistics of each stereo pair alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class PairNorm(nn.BatchNorm2d):
    """Normalise the two views of each pair by their common mean and variance, always.

    STTR never uses running statistics and was trained on one pair a batch, so that its
    normalisation is that of the pair. Here it stays so for any number of pairs and in both modes:
    no pair changes another. The buffers are there because published files hold them.

    The views lie along the batch: first all left ones, then all right ones.

    Examples
    --------
    >>> views = torch.tensor([0.0, 4.0, 2.0, 4.0]).reshape(4, 1, 1, 1)
    >>> PairNorm(1)(views).flatten().detach().round(decimals=2)
    tensor([-1.,  0.,  1.,  0.])
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 -- the name that PyTorch gives it
        """Return ``input``, (2 B, C, H, W), normalised."""
        pairs = input.reshape(2, -1, *input.shape[1:])
        variance, mean = torch.var_mean(pairs, dim=(0, 3, 4), correction=0, keepdim=True)
        scale = torch.rsqrt(variance + self.eps) * self.weight[:, None, None]
        y: Tensor = (pairs - mean) * scale + self.bias[:, None, None]
        return y.flatten(0, 1)
