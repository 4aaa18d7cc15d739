"""ConvNeXt as an encoder: maps at a quarter of the picture's size, an eighth, and so on."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra.models._norms import ChannelNorm

LAYER_SCALE = 1e-6  # of a block's residual path at the start


class ConvNeXt(nn.Module):
    """Encode a picture by depth-wise 7x7 convolutions and perceptrons [1]_; named as in timm.

    Parameters
    ----------
    blocks : sequence of int
        Blocks of each of the four stages; (3, 3, 9, 3) is ConvNeXt-T.
    width : int
        Channels of the stem; 96 is ConvNeXt-T.
    channels : int
        Channels of the picture.

    References
    ----------
    .. [1] Z. Liu et al., *A ConvNet for the 2020s*, CVPR 2022.

    Examples
    --------
    >>> [tuple(m.shape[1:]) for m in ConvNeXt((1, 1, 1, 1), width=8)(torch.zeros(1, 3, 64, 64))]
    [(8, 16, 16), (8, 16, 16), (16, 8, 8), (32, 4, 4), (64, 2, 2)]
    """

    def __init__(
        self,
        blocks: Sequence[int] = (3, 3, 9, 3),
        *,
        width: int = 96,
        channels: int = 3,
    ) -> None:
        super().__init__()
        outer = [width << stage for stage in range(len(blocks))]
        self.widths = (width, *outer)
        self.stem = nn.Sequential(nn.Conv2d(channels, width, 4, stride=4), ChannelNorm(width))
        self.stages = nn.ModuleList(
            _Stage(self.widths[index], outer[index], count, halve=index > 0)
            for index, count in enumerate(blocks)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the maps of the stem and of the four stages of ``x``, (B, channels, H, W)."""
        maps = [self.stem(x)]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        return maps


class _Stage(nn.Module):
    """Blocks of one width, after a 2x2 convolution that halves the map."""

    def __init__(self, inputs: int, outputs: int, count: int, *, halve: bool) -> None:
        super().__init__()
        self.downsample: nn.Module = nn.Identity()
        if halve:
            self.downsample = nn.Sequential(
                ChannelNorm(inputs), nn.Conv2d(inputs, outputs, 2, stride=2)
            )
        self.blocks = nn.Sequential(*(ConvNeXtBlock(outputs) for _ in range(count)))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.blocks(self.downsample(x))
        return y


class ConvNeXtBlock(nn.Module):
    """A depth-wise 7x7 convolution and a perceptron of each pixel, scaled and added.

    Parameters
    ----------
    width : int
        Channels of the map.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv_dw = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = ChannelNorm(width)
        self.mlp = Perceptron(width)
        self.gamma = nn.Parameter(torch.full((width,), LAYER_SCALE))

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the shape of ``x``, (B, width, H, W)."""
        y = self.norm(self.conv_dw(x)).movedim(1, -1)
        change: Tensor = self.gamma * self.mlp(y)
        return x + change.movedim(-1, 1)


class Perceptron(nn.Module):
    """Two linear layers, four times as wide between them, for channels that come last.

    Parameters
    ----------
    width : int
        Channels before and after.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return values of the shape of ``x``, (..., width)."""
        y: Tensor = self.fc2(functional.gelu(self.fc1(x)))
        return y
