"""TAEF2, a tiny autoencoder of a latent diffusion space; its decoder grows by nearest neighbour."""

import torch
from torch import Tensor, nn


def conv(inputs: int, outputs: int, *, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=bias)


class Clamp(nn.Module):
    """Keep latents softly within -3..3."""

    def forward(self, latent: Tensor) -> Tensor:
        return torch.tanh(latent / 3) * 3


class Block(nn.Module):
    """Three convolutions added to the input; ``pool`` mixes whole-picture statistics in first."""

    def __init__(self, *, pool: bool = False) -> None:
        super().__init__()
        self.conv = nn.Sequential(conv(64, 64), nn.ReLU(), conv(64, 64), nn.ReLU(), conv(64, 64))
        self.pool = (
            nn.Sequential(
                nn.Conv2d(64, 256, 1, bias=False),
                nn.GroupNorm(4, 256),
                nn.ReLU(),
                nn.Conv2d(256, 64, 1, bias=False),
            )
            if pool
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        if self.pool is not None:
            x = x + self.pool(x)
        return torch.relu(self.conv(x) + x)


def blocks(count: int, *, pool: bool = False) -> list[nn.Module]:
    return [Block(pool=pool) for _ in range(count)]


def down() -> nn.Module:
    return conv(64, 64, stride=2, bias=False)


def up() -> list[nn.Module]:
    return [nn.Upsample(scale_factor=2), conv(64, 64, bias=False)]


def taef2_encoder() -> nn.Sequential:
    """Return the encoder: RGB in 0..1, (B, 3, H, W) -> latents, (B, 32, H / 8, W / 8)."""
    layers = [conv(3, 64), *blocks(1), down(), *blocks(3), down(), *blocks(3)]
    return nn.Sequential(*layers, down(), *blocks(3, pool=True), conv(64, 32))


def taef2_decoder() -> nn.Sequential:
    """Return the decoder: latents, (B, 32, h, w) -> RGB in about 0..1, (B, 3, 8 h, 8 w)."""
    layers = [Clamp(), conv(32, 64), nn.ReLU(), *blocks(3, pool=True), *up(), *blocks(3)]
    return nn.Sequential(*layers, *up(), *blocks(3), *up(), *blocks(1), conv(64, 3))


class Autoencoder(nn.Module):
    """RGB in 0..1, (B, 3, H, W) -> RGB in about 0..1, (B, 3, H, W); sides multiples of 8."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = taef2_encoder(), taef2_decoder()

    def forward(self, rgb: Tensor) -> Tensor:
        return self.decoder(self.encoder(rgb))


def taef2_autoencoder(encoder: str | None = None, decoder: str | None = None) -> Autoencoder:
    """Return the round trip, with the weights of the two published files where they are given."""
    model = Autoencoder()
    for half, path in ((model.encoder, encoder), (model.decoder, decoder)):
        if path is not None:
            half.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return model
