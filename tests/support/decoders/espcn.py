"""ESPCN, super-resolution by a pixel shuffle."""

import torch
from torch import Tensor, nn


class ESPCN(nn.Module):
    """Full-range luma in 0..1, (B, 1, H, W) -> (B, 1, scale H, scale W)."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 64, 5, padding=2)
        self.conv2 = nn.Conv2d(64, 32, 3, padding=1)
        self.conv3 = nn.Conv2d(32, scale**2, 3, padding=1)
        self.shuffle = nn.PixelShuffle(scale)

    def forward(self, luma: Tensor) -> Tensor:
        features = torch.relu(self.conv2(torch.relu(self.conv1(luma))))
        return torch.tanh(self.shuffle(self.conv3(features)))


def espcn(scale: int = 2) -> ESPCN:
    """Return ESPCN for one of the published scales, 2, 3 or 4."""
    return ESPCN(scale)
