"""ResNet as an encoder: maps at a quarter of the picture's size, an eighth, and so on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn


class ResNet(nn.Module):
    """Encode a picture by residual blocks [1]_; weights are named as in torchvision and timm.

    Parameters
    ----------
    blocks : sequence of int
        Blocks of each of the four stages.
    bottleneck : bool
        Blocks of three convolutions (ResNet-50) instead of two (ResNet-18).
    width : int
        Channels of the stem; 64 is published.
    channels : int
        Channels of the picture.

    References
    ----------
    .. [1] K. He et al., *Deep residual learning for image recognition*, CVPR 2016.

    Examples
    --------
    >>> import torch
    >>> [tuple(m.shape[1:]) for m in ResNet((1, 1, 1, 1), width=8)(torch.zeros(1, 3, 64, 64))]
    [(8, 16, 16), (8, 16, 16), (16, 8, 8), (32, 4, 4), (64, 2, 2)]
    """

    def __init__(
        self,
        blocks: Sequence[int] = (2, 2, 2, 2),
        *,
        bottleneck: bool = False,
        width: int = 64,
        channels: int = 3,
    ) -> None:
        super().__init__()
        expansion = 4 if bottleneck else 1
        inner = [width << stage for stage in range(len(blocks))]
        self.widths = (width, *(expansion * w for w in inner))
        self.conv1 = nn.Conv2d(channels, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)

        def stage(index: int) -> nn.Sequential:
            inputs, outputs = self.widths[index], self.widths[index + 1]
            made = []
            for number in range(blocks[index]):
                stride = 2 if index and not number else 1
                before = outputs if number else inputs
                made.append(ResidualBlock(before, inner[index], stride, bottleneck=bottleneck))
            return nn.Sequential(*made)

        self.layer1, self.layer2 = stage(0), stage(1)
        self.layer3, self.layer4 = stage(2), stage(3)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the maps of the stem and of the four stages of ``x``, (B, channels, H, W)."""
        maps = [self.maxpool(self.bn1(self.conv1(x)).relu())]
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            maps.append(stage(maps[-1]))
        return maps


class ResidualBlock(nn.Module):
    """Convolutions with batch normalisation around which the input is added.

    Parameters
    ----------
    inputs, inner : int
        Channels of the input, and of the 3x3 convolutions.
    stride : int
        Down-sampling of the first 3x3 convolution.
    bottleneck : bool
        1x1, 3x3 and 1x1 to four times ``inner``, instead of twice 3x3.
    norm : callable
        Makes the normalisation of so many channels.
    """

    def __init__(
        self,
        inputs: int,
        inner: int,
        stride: int = 1,
        *,
        bottleneck: bool = False,
        norm: Callable[[int], nn.Module] = nn.BatchNorm2d,
    ) -> None:
        super().__init__()
        outputs = 4 * inner if bottleneck else inner
        sizes = (1, 3, 1) if bottleneck else (3, 3)
        before = inputs
        for number, size in enumerate(sizes, start=1):
            after = outputs if number == len(sizes) else inner
            step = stride if number == (2 if bottleneck else 1) else 1
            conv = nn.Conv2d(before, after, size, stride=step, padding=size // 2, bias=False)
            self.add_module(f"conv{number}", conv)
            self.add_module(f"bn{number}", norm(after))
            before = after
        self.count = len(sizes)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), norm(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of ``x``, (B, inputs, H, W), ``stride`` times smaller."""
        y = x
        for number in range(1, self.count + 1):
            y = self.get_submodule(f"bn{number}")(self.get_submodule(f"conv{number}")(y))
            if number < self.count:
                y = y.relu()
        beside = x if self.downsample is None else self.downsample(x)
        return (y + beside).relu()
