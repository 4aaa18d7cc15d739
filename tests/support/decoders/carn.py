"""CARN-M, a cascade of cascades whose three pixel-shuffle up-samplers share one body."""

import torch
from torch import Tensor, nn


class MeanShift(nn.Module):
    """A 1x1 convolution that takes the training set's mean colour away, or puts it back."""

    def __init__(self) -> None:
        super().__init__()
        self.shifter = nn.Conv2d(3, 3, 1)

    def forward(self, rgb: Tensor) -> Tensor:
        return self.shifter(rgb)


class Fusion(nn.Module):
    """A 1x1 convolution of everything so far back to 64 channels."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(64 * inputs, 64, 1), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


class Residual(nn.Module):
    """Two group convolutions and a 1x1, added to the input."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(64, 64, 3, padding=1, groups=4),
            nn.ReLU(),
            nn.Conv2d(64, 64, 3, padding=1, groups=4),
            nn.ReLU(),
            nn.Conv2d(64, 64, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + x)


def cascade(x: Tensor, blocks: list[nn.Module], fusions: list[nn.Module]) -> Tensor:
    """Run each block on the fusion of the input and all blocks before it."""
    gathered = x
    for block, fusion in zip(blocks, fusions, strict=True):
        gathered = torch.cat([gathered, block(x)], dim=1)
        x = fusion(gathered)
    return x


class Block(nn.Module):
    """A cascade of one residual used three times."""

    def __init__(self) -> None:
        super().__init__()
        self.b1 = Residual()
        self.c1, self.c2, self.c3 = Fusion(2), Fusion(3), Fusion(4)

    def forward(self, x: Tensor) -> Tensor:
        return cascade(x, [self.b1] * 3, [self.c1, self.c2, self.c3])


class PixelShuffles(nn.Module):
    """Group convolution, ReLU and pixel shuffle, once for each factor."""

    def __init__(self, *factors: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for factor in factors:
            grow = nn.Conv2d(64, 64 * factor**2, 3, padding=1, groups=4)
            layers += [grow, nn.ReLU(), nn.PixelShuffle(factor)]
        self.body = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


class Upsample(nn.Module):
    """All three up-samplers of the file, of which one runs."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.up2, self.up3, self.up4 = PixelShuffles(2), PixelShuffles(3), PixelShuffles(2, 2)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        return {2: self.up2, 3: self.up3, 4: self.up4}[self.scale](x)


class CARNM(nn.Module):
    """RGB in 0..1, (B, 3, H, W) -> (B, 3, scale H, scale W)."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.sub_mean, self.add_mean = MeanShift(), MeanShift()
        self.entry = nn.Conv2d(3, 64, 3, padding=1)
        self.b1, self.b2, self.b3 = Block(), Block(), Block()
        self.c1, self.c2, self.c3 = Fusion(2), Fusion(3), Fusion(4)
        self.upsample = Upsample(scale)
        self.exit = nn.Conv2d(64, 3, 3, padding=1)

    def forward(self, rgb: Tensor) -> Tensor:
        blocks, fusions = [self.b1, self.b2, self.b3], [self.c1, self.c2, self.c3]
        features = cascade(self.entry(self.sub_mean(rgb)), blocks, fusions)
        return self.add_mean(self.exit(self.upsample(features)))


def carn_m(scale: int = 2) -> CARNM:
    """Return CARN-M up-scaling by 2, 3 or 4; one file of weights holds all three."""
    return CARNM(scale)
