"""STTR's feature extractor: a pyramid of maps, and the tokenizer that enlarges them again."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra.models._pair_norm import PairNorm
from spectra.models._resnet import ResidualBlock
from spectra.models._upsampling import Upsampling

BRANCHES = (16, 8, 4, 2)  # sides of the pooled windows at an eighth of the picture's size
LAYERS = 4  # of a dense block
BOTTLENECK = 4  # channels inside a dense layer, in growths
LEAST = 8 * (BRANCHES[0] - 1) + 1  # pixels a side of which the largest window is left


class SppBackbone(nn.Module):
    """Encode both views into maps at a quarter, an eighth and a sixteenth of their size.

    Parameters
    ----------
    width : int
        Channels of the first convolution; 16 is published.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        sizes = ((3, width, 2), (width, width, 1), (width, 2 * width, 1))
        layers = [part for i, o, stride in sizes for part in _normalised(i, o, 3, stride)]
        self.in_conv = nn.Sequential(*layers)
        self.resblock_1 = _stage(2 * width, 4 * width)
        self.resblock_2 = _stage(4 * width, 8 * width)
        for number, side in enumerate(BRANCHES, start=1):
            layers = [nn.AvgPool2d(side), *_normalised(8 * width, 2 * width, 1)]
            self.add_module(f"branch{number}", nn.Sequential(*layers))

    def forward(self, views: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return three maps of ``views``, (2 B, 3, H, W), the largest first."""
        quarter = self.resblock_1(self.in_conv(views))
        eighth = self.resblock_2(quarter)
        size = [-(-side // 16) for side in views.shape[-2:]]
        pooled = [
            functional.interpolate(
                self.get_submodule(f"branch{number}")(eighth), size=size, mode="bilinear"
            )
            for number in range(1, len(BRANCHES) + 1)
        ]
        return quarter, eighth, torch.cat(pooled, 1)


class Tokenizer(nn.Module):
    """Enlarge the smallest map twice, beside the encoder's, by dense blocks.

    Parameters
    ----------
    growth : int
        Channels that each dense layer adds; 16 is published.
    channels : sequence of int
        Channels of the encoder's maps, the largest map first.
    outputs : int
        Channels of the tokens.
    upsampling : Upsampling
        How the two steps ``up.N.convTrans`` are made.
    """

    def __init__(
        self, growth: int, channels: Sequence[int], outputs: int, upsampling: Upsampling
    ) -> None:
        super().__init__()
        new = LAYERS * growth
        quarter, eighth, sixteenth = channels
        self.outputs, self.new = outputs, new
        self.bottle_neck = DenseBlock(sixteenth, growth)
        self.up = nn.ModuleList(_TransitionUp(new, upsampling) for _ in range(2))
        self.dense_block = nn.ModuleList(
            DenseBlock(new + beside, growth) for beside in (eighth, quarter)
        )

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Return the tokens, (2 B, outputs, H / 4, W / 4), of the backbone's three maps."""
        quarter, eighth, sixteenth = maps
        y = self.bottle_neck(sixteenth)[:, -self.new :]
        y = self.dense_block[0](self.up[0](y, eighth))[:, -self.new :]
        tokens: Tensor = self.dense_block[1](self.up[1](y, quarter))
        return tokens[:, -self.outputs :]


class DenseBlock(nn.Module):
    """Layers each of which sees all maps before it; named as in torchvision's DenseNet.

    Parameters
    ----------
    inputs, growth : int
        Channels of the input, and those that each layer adds.
    """

    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        for number in range(LAYERS):
            layer = _DenseLayer(inputs + number * growth, growth)
            self.add_module(f"denselayer{number + 1}", layer)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x``, (2 B, inputs, H, W), and what the layers add, along the channels."""
        for layer in self.children():
            x = torch.cat([x, layer(x)], 1)
        return x


class _DenseLayer(nn.Module):
    """Normalise and convolve twice: 1x1 to a narrow map, then 3x3 to the growth."""

    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        inner = BOTTLENECK * growth
        self.norm1, self.norm2 = PairNorm(inputs), PairNorm(inner)
        self.conv1 = nn.Conv2d(inputs, inner, 1, bias=False)
        self.conv2 = nn.Conv2d(inner, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(self.norm1(x).relu())
        y: Tensor = self.conv2(self.norm2(x).relu())
        return y


class _TransitionUp(nn.Module):
    """One step by 2, cut to the size of the encoder's map beside it."""

    def __init__(self, channels: int, upsampling: Upsampling) -> None:
        super().__init__()

        def published(groups: int) -> nn.Module:
            return nn.ConvTranspose2d(channels, channels, 3, stride=2, groups=groups)

        self.convTrans = upsampling.layer(channels, channels, 2, published=published)

    def forward(self, x: Tensor, beside: Tensor) -> Tensor:
        return torch.cat([_centre(self.convTrans(x), beside.shape[-2:]), beside], 1)


def _centre(x: Tensor, size: Sequence[int]) -> Tensor:
    """Return the middle of a map; of an odd rest one pixel more is cut at the end."""
    for axis, side in zip((-2, -1), size, strict=True):
        x = x.narrow(axis, (x.shape[axis] - side) // 2, side)
    return x


def _normalised(inputs: int, outputs: int, size: int, stride: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(inputs, outputs, size, stride=stride, padding=size // 2, bias=False)
    return [conv, PairNorm(outputs), nn.ReLU()]


def _stage(inputs: int, outputs: int) -> nn.Sequential:
    """Return three residual blocks, the first of which halves the map."""
    first = ResidualBlock(inputs, outputs, 2, norm=PairNorm)
    return nn.Sequential(first, *(ResidualBlock(outputs, outputs, norm=PairNorm) for _ in range(2)))
