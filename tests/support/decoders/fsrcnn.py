"""FSRCNN, super-resolution by one large transposed convolution at the very end."""

import torch
from torch import Tensor, nn


class FSRCNN(nn.Module):
    """Y, Cb, Cr planes in 0..1, (B, 3, H, W) -> the same planes, (B, 3, scale H, scale W)."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.feature_extract = nn.Conv2d(3, 56, 5, padding=2)
        self.activation_1 = nn.PReLU(56)
        self.shrink = nn.Conv2d(56, 12, 1)
        self.activation_2 = nn.PReLU(12)
        self.map_1 = nn.Conv2d(12, 12, 3, padding=1)
        self.map_2 = nn.Conv2d(12, 12, 3, padding=1)
        self.map_3 = nn.Conv2d(12, 12, 3, padding=1)
        self.map_4 = nn.Conv2d(12, 12, 3, padding=1)
        self.activation_3 = nn.PReLU(12)
        self.expand = nn.Conv2d(12, 56, 1)
        self.activation_4 = nn.PReLU(56)
        self.deconv = nn.ConvTranspose2d(56, 3, 9, scale, padding=4, output_padding=scale - 1)

    def forward(self, planes: Tensor) -> Tensor:
        features = self.activation_1(self.feature_extract(planes))
        features = self.activation_2(self.shrink(features))
        features = self.map_4(self.map_3(self.map_2(self.map_1(features))))
        features = self.activation_4(self.expand(self.activation_3(features)))
        return torch.clamp(self.deconv(features), 0, 1)


def fsrcnn(scale: int = 2) -> FSRCNN:
    """Return FSRCNN for one of the published scales, 2, 3 or 4."""
    return FSRCNN(scale)
