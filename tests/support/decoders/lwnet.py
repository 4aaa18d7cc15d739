"""W-Net for retinal vessels, two small U-Nets in a row, up by 2x2 transposed convolutions."""

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d


def conv_norm(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(outputs)]


class ConvBlock(nn.Module):
    """Two convolutions beside a 1x1 shortcut."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.block = nn.Sequential(*conv_norm(inputs, outputs), *conv_norm(outputs, outputs))
        self.shortcut = nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.block(x) + self.shortcut(x)


class Named(nn.Module):
    """A sequence under the name ``block``, as the file has it."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.block = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.block(x)


class UpBlock(nn.Module):
    """Double the map, put the bridged skip beside it and mix the two."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.up_layer = Named(nn.ConvTranspose2d(inputs, outputs, 2, stride=2))
        self.conv_bridge_layer = Named(*conv_norm(outputs, outputs))
        self.conv_layer = ConvBlock(2 * outputs, outputs)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return self.conv_layer(torch.cat([self.up_layer(x), self.conv_bridge_layer(skip)], dim=1))


class UNet(nn.Module):
    """Three levels of 8, 16 and 32 channels, one logit a pixel."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.first = ConvBlock(inputs, 8)
        self.down_path = nn.ModuleList([ConvBlock(8, 16), ConvBlock(16, 32)])
        self.up_path = nn.ModuleList([UpBlock(32, 16), UpBlock(16, 8)])
        self.final = nn.Conv2d(8, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        levels = [self.first(x)]
        for down in self.down_path:
            levels.append(down(max_pool2d(levels[-1], 2)))
        x = levels.pop()
        for up in self.up_path:
            x = up(x, levels.pop())
        return self.final(x)


class WNet(nn.Module):
    """RGB in 0..1, (B, 3, H, W) -> vessel logits, (B, 1, H, W); sides multiples of 4."""

    def __init__(self) -> None:
        super().__init__()
        self.unet1, self.unet2 = UNet(3), UNet(4)

    def forward(self, rgb: Tensor) -> Tensor:
        return self.unet2(torch.cat([rgb, self.unet1(rgb)], dim=1))


def wnet() -> WNet:
    """Return the network; its weights lie under the key ``model_state_dict``."""
    return WNet()
