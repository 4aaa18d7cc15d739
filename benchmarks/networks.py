"""Networks of the usual kinds, untrained: only their speed matters here."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class UNet(nn.Module):
    """A U-Net on a ResNet-34 encoder; 2x2 transposed convolutions between the stages."""

    DEPTHS = (3, 4, 6, 3)
    WIDTHS = (64, 128, 256, 512)

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(convolution(3, 64, size=7, stride=2), nn.MaxPool2d(3, 2, 1))
        before = (64, *self.WIDTHS[:-1])
        self.down = nn.ModuleList(
            encoder_stage(w_in, w, depth, stride=1 if i == 0 else 2)
            for i, (w_in, w, depth) in enumerate(zip(before, self.WIDTHS, self.DEPTHS, strict=True))
        )
        pairs = list(zip(self.WIDTHS[::-1], self.WIDTHS[-2::-1], strict=False))
        self.up = nn.ModuleList(nn.ConvTranspose2d(w, half, 2, stride=2) for w, half in pairs)
        self.join = nn.ModuleList(
            nn.Sequential(convolution(2 * half, half), convolution(half, half)) for _, half in pairs
        )
        self.last = nn.ConvTranspose2d(64, 32, 4, stride=4)
        self.head = nn.Conv2d(32, 21, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        kept = []
        for stage in self.down:
            x = stage(x)
            kept.append(x)
        for up, join, skip in zip(self.up, self.join, kept[-2::-1], strict=True):
            x = join(torch.cat([up(x), skip], dim=1))
        return self.head(self.last(x))


class Residual(nn.Module):
    """A basic block of ResNet."""

    def __init__(self, width_in: int, width: int, stride: int) -> None:
        super().__init__()
        self.first = convolution(width_in, width, stride=stride)
        self.second = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        )
        same = stride == 1 and width_in == width
        self.shortcut = nn.Identity() if same else nn.Conv2d(width_in, width, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.second(self.first(x)) + self.shortcut(x))


def encoder_stage(width_in: int, width: int, depth: int, *, stride: int) -> nn.Sequential:
    rest = (Residual(width, width, 1) for _ in range(depth - 1))
    return nn.Sequential(Residual(width_in, width, stride), *rest)


def convolution(width_in: int, width: int, *, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(width_in, width, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    )


class Gated(nn.Module):
    """A block of NAFNet: gated depth-wise convolution, channel attention, gated 1x1."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, width)
        self.mix = nn.Sequential(
            nn.Conv2d(width, 2 * width, 1),
            nn.Conv2d(2 * width, 2 * width, 3, 1, 1, groups=2 * width),
        )
        self.attention = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(width, width, 1))
        self.project = nn.Conv2d(width, width, 1)
        self.norm2 = nn.GroupNorm(1, width)
        self.widen = nn.Conv2d(width, 2 * width, 1)
        self.narrow = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        gated = gate(self.mix(self.norm(x)))
        x = x + self.project(gated * self.attention(gated))
        return x + self.narrow(gate(self.widen(self.norm2(x))))


def gate(x: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=1)
    return first * second


class NAFNet(nn.Module):
    """NAFNet of width 16: four pixel-shuffle steps, skips added."""

    ENCODER = (1, 1, 1, 28)
    DECODER = (1, 1, 1, 1)

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        widths = [width << i for i in range(5)]
        self.intro, self.ending = nn.Conv2d(3, width, 3, 1, 1), nn.Conv2d(width, 3, 3, 1, 1)
        self.encoders = nn.ModuleList(
            nn.Sequential(*(Gated(w) for _ in range(depth)))
            for w, depth in zip(widths[:-1], self.ENCODER, strict=True)
        )
        self.downs = nn.ModuleList(nn.Conv2d(w, 2 * w, 2, 2) for w in widths[:-1])
        self.middle = Gated(widths[-1])
        self.ups = nn.ModuleList(
            nn.Sequential(nn.Conv2d(w, 2 * w, 1, bias=False), nn.PixelShuffle(2))
            for w in widths[:0:-1]
        )
        self.decoders = nn.ModuleList(
            nn.Sequential(*(Gated(w) for _ in range(depth)))
            for w, depth in zip(widths[-2::-1], self.DECODER, strict=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        picture, x = x, self.intro(x)
        kept = []
        for encoder, down in zip(self.encoders, self.downs, strict=True):
            x = encoder(x)
            kept.append(x)
            x = down(x)
        x = self.middle(x)
        for up, decoder, skip in zip(self.ups, self.decoders, reversed(kept), strict=True):
            x = decoder(up(x) + skip)
        return self.ending(x) + picture


class SuperResolution(nn.Module):
    """A small EDSR: residual blocks, then two pixel-shuffle steps."""

    def __init__(self, width: int = 64, blocks: int = 16) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, width, 3, 1, 1)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(width, width, 3, 1, 1), nn.ReLU(), nn.Conv2d(width, width, 3, 1, 1)
            )
            for _ in range(blocks)
        )
        self.ups = nn.Sequential(
            *(
                nn.Sequential(nn.Conv2d(width, 4 * width, 3, 1, 1), nn.PixelShuffle(2))
                for _ in range(2)
            )
        )
        self.last = nn.Conv2d(width, 3, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for block in self.blocks:
            x = x + block(x)
        return self.last(self.ups(x))


class Dilated(nn.Module):
    """A residual block of HiFi-GAN: three dilated convolutions, each with a plain one behind."""

    DILATIONS = (1, 3, 5)

    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        half = size // 2
        self.wide = nn.ModuleList(
            nn.Conv1d(width, width, size, 1, half * d, d) for d in self.DILATIONS
        )
        self.plain = nn.ModuleList(nn.Conv1d(width, width, size, 1, half) for _ in self.DILATIONS)

    def forward(self, x: Tensor) -> Tensor:
        for wide, plain in zip(self.wide, self.plain, strict=True):
            y = wide(nn.functional.leaky_relu(x, 0.1))
            x = x + plain(nn.functional.leaky_relu(y, 0.1))
        return x


class Vocoder(nn.Module):
    """HiFi-GAN V1 (Kong et al. 2020): from 80 mel bands to sound, times 8, 8, 2 and 2."""

    STEPS, SIZES = (8, 8, 2, 2), (3, 7, 11)

    def __init__(self, width: int = 512) -> None:
        super().__init__()
        self.first = nn.Conv1d(80, width, 7, 1, 3)
        widths = [width >> i for i in range(len(self.STEPS) + 1)]
        self.ups = nn.ModuleList(
            nn.ConvTranspose1d(w, w // 2, 2 * s, s, s // 2)
            for w, s in zip(widths[:-1], self.STEPS, strict=True)
        )
        self.blocks = nn.ModuleList(
            nn.ModuleList(Dilated(w, size) for size in self.SIZES) for w in widths[1:]
        )
        self.last = nn.Conv1d(widths[-1], 1, 7, 1, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for up, blocks in zip(self.ups, self.blocks, strict=True):
            x = up(nn.functional.leaky_relu(x, 0.1))
            x = torch.stack([block(x) for block in blocks]).mean(0)
        return torch.tanh(self.last(nn.functional.leaky_relu(x)))


class Attending(nn.Module):
    """A transformer block on tokens (B, N, C)."""

    def __init__(self, width: int, heads: int = 6) -> None:
        super().__init__()
        self.heads = heads
        self.norm, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        qkv = self.qkv(self.norm(x)).reshape(b, n, 3, self.heads, c // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, c)
        x = x + self.project(mixed)
        return x + self.mlp(self.norm2(x))


class Unpatchifying(nn.Module):
    """A ViT of width 192 whose tokens become patches of 8x8 pixels at the end."""

    def __init__(self, width: int = 192, depth: int = 12, patch: int = 8) -> None:
        super().__init__()
        self.patch = patch
        self.embed = nn.Conv2d(3, width, patch, patch)
        self.blocks = nn.Sequential(*(Attending(width) for _ in range(depth)))
        self.head = nn.Linear(width, 3 * patch**2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        (b, _, h, w), p = x.shape, self.patch
        x = self.head(self.blocks(x.flatten(2).transpose(1, 2))).reshape(b, h, w, p, p, 3)
        return torch.einsum("nhwpqc->nchpwq", x).reshape(b, 3, h * p, w * p)


class Windowed(Attending):
    """The same block on windows of 8x8 of a map (B, H, W, C)."""

    def forward(self, x: Tensor) -> Tensor:
        (b, h, w, c), k = x.shape, 8
        windows = x.view(b, h // k, k, w // k, k, c).permute(0, 1, 3, 2, 4, 5)
        mixed = super().forward(windows.reshape(-1, k * k, c))
        mixed = mixed.view(b, h // k, w // k, k, k, c).permute(0, 1, 3, 2, 4, 5)
        return mixed.reshape(b, h, w, c)


class WindowedSuperResolution(nn.Module):
    """SwinIR in small: windowed blocks, then one pixel-shuffle step."""

    def __init__(self, width: int = 60, depth: int = 12) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, width, 3, 1, 1)
        self.blocks = nn.Sequential(*(Windowed(width) for _ in range(depth)))
        self.up = nn.Sequential(nn.Conv2d(width, 12, 3, 1, 1), nn.PixelShuffle(2))

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(self.first(x).permute(0, 2, 3, 1))
        return self.up(x.permute(0, 3, 1, 2))
