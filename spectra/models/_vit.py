"""A plain vision transformer, whose tokens after some blocks are its maps."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra.models._convnext import Perceptron

GRID = 14  # side of the table of positions, in patches


class ViT(nn.Module):
    """Encode a picture as tokens of its patches [1]_; weights are named as in timm.

    Parameters
    ----------
    width, depth, heads : int
        Channels of a token, blocks, and heads of attention.
    patch : int
        Side of a patch in pixels.
    taken : sequence of int
        Numbers, from 0, of the blocks after which the tokens are given.
    channels : int
        Channels of the picture.

    References
    ----------
    .. [1] A. Dosovitskiy et al., *An image is worth 16x16 words*, ICLR 2021.

    Examples
    --------
    >>> [tuple(m.shape) for m in ViT(8, 2, 2, taken=(0, 1))(torch.zeros(1, 3, 32, 48))]
    [(1, 8, 2, 3), (1, 8, 2, 3)]
    """

    def __init__(
        self,
        width: int,
        depth: int,
        heads: int,
        *,
        patch: int = 16,
        taken: Sequence[int],
        channels: int = 3,
    ) -> None:
        super().__init__()
        self.taken = tuple(taken)
        self.patch_embed = _Patches(width, patch, channels)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.empty(1, 1 + GRID**2, width))
        self.blocks = nn.ModuleList(_Block(width, heads) for _ in range(depth))
        nn.init.trunc_normal_(self.pos_embed, std=0.02)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return maps of ``x``, (B, channels, H, W): (B, width, H / patch, W / patch) each."""
        y = self.patch_embed(x)
        size = y.shape[-2:]
        tokens = y.flatten(2).mT + self._positions(size)
        first = (self.cls_token + self.pos_embed[:, :1]).expand(len(x), -1, -1)
        tokens = torch.cat([first, tokens], 1)
        maps = []
        for number, block in enumerate(self.blocks):
            tokens = block(tokens)
            if number in self.taken:
                maps.append(tokens[:, 1:].mT.reshape(y.shape))
        return maps

    def _positions(self, size: Sequence[int]) -> Tensor:
        """Return the table of positions for so many patches, (1, patches, width)."""
        table = self.pos_embed[:, 1:]
        if tuple(size) == (GRID, GRID):
            return table
        table = table.mT.reshape(1, -1, GRID, GRID)
        return functional.interpolate(table, size=list(size), mode="bicubic").flatten(2).mT


class _Patches(nn.Module):
    """A token for each patch, under its published name."""

    def __init__(self, width: int, patch: int, channels: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, width, patch, stride=patch)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.proj(x)
        return y


class _Block(nn.Module):
    """Attention, then a perceptron, each around a residual path."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.attn = _Attention(width, heads)
        self.mlp = Perceptron(width)

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.attn(self.norm1(tokens))
        y: Tensor = tokens + self.mlp(self.norm2(tokens))
        return y


class _Attention(nn.Module):
    """Attention of all tokens to all."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        q, k, v = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in self.qkv(tokens).chunk(3, dim=-1)
        )
        mixed = functional.scaled_dot_product_attention(q, k, v)
        y: Tensor = self.proj(mixed.transpose(1, 2).flatten(2))
        return y
