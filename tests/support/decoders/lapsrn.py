"""LapSRN x4, two stages that each double features and picture by transposed convolutions."""

from torch import Tensor, nn


def double(channels: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(channels, channels, 4, stride=2, padding=1, bias=False)


class Features(nn.Module):
    """Ten convolutions and a doubling, each followed by LeakyReLU."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(10):
            layers += [nn.Conv2d(64, 64, 3, padding=1, bias=False), nn.LeakyReLU(0.2)]
        self.cov_block = nn.Sequential(*layers, double(64), nn.LeakyReLU(0.2))

    def forward(self, features: Tensor) -> Tensor:
        return self.cov_block(features)


class LapSRN(nn.Module):
    """Video-range luma (16/255..235/255), (B, 1, H, W) -> (B, 1, 4 H, 4 W)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv_input = nn.Conv2d(1, 64, 3, padding=1, bias=False)
        self.relu = nn.LeakyReLU(0.2)
        self.convt_I1 = double(1)
        self.convt_R1 = nn.Conv2d(64, 1, 3, padding=1, bias=False)
        self.convt_F1 = nn.Sequential(Features())
        self.convt_I2 = double(1)
        self.convt_R2 = nn.Conv2d(64, 1, 3, padding=1, bias=False)
        self.convt_F2 = nn.Sequential(Features())

    def forward(self, luma: Tensor) -> Tensor:
        features = self.convt_F1(self.relu(self.conv_input(luma)))
        picture = self.convt_I1(luma) + self.convt_R1(features)
        features = self.convt_F2(features)
        return self.convt_I2(picture) + self.convt_R2(features)


def lapsrn() -> LapSRN:
    """Return the published x4 network."""
    return LapSRN()
