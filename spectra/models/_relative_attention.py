"""STTR's transformer: along each row, within a view and between the two."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class StereoTransformer(nn.Module):
    """Attend along rows, within each view and between them in turns [1]_.

    Parameters
    ----------
    channels, heads, layers : int
        Channels of the tokens, heads of attention, and how often the two attentions take turns.

    References
    ----------
    .. [1] Z. Li et al., *Revisiting stereo depth estimation from a sequence-to-sequence
       perspective with transformers*, ICCV 2021.
    """

    def __init__(self, channels: int, heads: int, layers: int) -> None:
        super().__init__()
        self.channels = channels
        self.self_attn_layers = nn.ModuleList(_Within(channels, heads) for _ in range(layers))
        self.cross_attn_layers = nn.ModuleList(_Between(channels, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(channels)  # published files hold it; nothing uses it

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        """Return how much each pixel of the left view resembles each of the right, in its row.

        Parameters
        ----------
        left, right : Tensor, shape (B, channels, H, W)
            Tokens of the two views.

        Returns
        -------
        Tensor, shape (B H, W, W)
            For each row of each pair, attention before the softmax, summed over heads; -inf where
            the pixel of the right view lies to the right of that of the left, which no object in
            front of cameras does.
        """
        width = left.shape[-1]
        rows = [view.permute(0, 2, 3, 1).flatten(0, 1) for view in (left, right)]
        positions = relative_positions(width, self.channels).to(left)
        ahead = torch.full((width, width), -torch.inf).triu(1).to(left)
        raw = ahead
        last = len(self.self_attn_layers) - 1
        pairs = zip(self.self_attn_layers, self.cross_attn_layers, strict=True)
        for number, (within, between) in enumerate(pairs):
            rows = [within(row, positions) for row in rows]
            *rows, raw = between(*rows, positions, ahead if number == last else None)
        return raw


class _Within(nn.Module):
    """Attention of a row to itself."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.self_attn = RelativeAttention(channels, heads)
        self.norm1 = nn.LayerNorm(channels)

    def forward(self, row: Tensor, positions: Tensor) -> Tensor:
        normed = self.norm1(row)
        y: Tensor = row + self.self_attn(normed, normed, positions)[0]
        return y


class _Between(nn.Module):
    """Attention of the right row to the left, then of the left to the right."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.cross_attn = RelativeAttention(channels, heads)
        self.norm1, self.norm2 = nn.LayerNorm(channels), nn.LayerNorm(channels)

    def forward(
        self, left: Tensor, right: Tensor, positions: Tensor, mask: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        left_normed, right_normed = self.norm1(left), self.norm1(right)
        # Seen from the right view, distances have the other sign.
        right = right + self.cross_attn(right_normed, left_normed, positions.flip(0))[0]
        change, raw = self.cross_attn(left_normed, self.norm2(right), positions, mask)
        return left + change, right, raw


class RelativeAttention(nn.Module):
    """Attention whose weights also know how far apart query and key are.

    Parameters
    ----------
    channels, heads : int
        Channels of the tokens, and in how many parts they attend apart.
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * channels, channels))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * channels))
        self.out_proj = nn.Linear(channels, channels)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(
        self, query: Tensor, source: Tensor, positions: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Attend from one row to another.

        Parameters
        ----------
        query, source : Tensor, shape (N, W, channels)
            Who asks, and who is asked.
        positions : Tensor, shape (2 W - 1, channels)
            What stands for a distance, from W - 1 down to 1 - W pixels.
        mask : Tensor, shape (W, W), optional
            Added to the weights before the softmax.

        Returns
        -------
        change : Tensor, shape (N, W, channels)
            What is to be added to the query.
        raw : Tensor, shape (N, W, W)
            Weights before the softmax, summed over heads.
        """
        width, channels = query.shape[-2:]
        q = self._project(query, 0) * (channels // self.heads) ** -0.5
        k, v = self._project(source, 1), self._project(source, 2)
        q_far = self._project(positions, 0) * (channels // self.heads) ** -0.5
        k_far = self._project(positions, 1)
        here = torch.arange(width, device=query.device)
        # index[i, j] finds the distance i - j among those from W - 1 down to 1 - W
        index = width - 1 - here[:, None] + here
        weights = (
            q @ k.mT + (q @ k_far.mT)[..., here[:, None], index] + (q_far @ k.mT)[..., index, here]
        )
        if mask is not None:
            weights = weights + mask
        mixed = (weights.softmax(-1) @ v).transpose(-3, -2).flatten(-2)
        return self.out_proj(mixed), weights.sum(-3)

    def _project(self, x: Tensor, part: int) -> Tensor:
        """Return queries (0), keys (1) or values (2), shape (..., heads, W, channels of one)."""
        weight = self.in_proj_weight.chunk(3)[part]
        bias = self.in_proj_bias.chunk(3)[part]
        y = functional.linear(x, weight, bias)
        return y.reshape(*y.shape[:-1], self.heads, -1).transpose(-3, -2)


def relative_positions(width: int, channels: int) -> Tensor:
    """Return sines and cosines of the distances from ``width - 1`` down to ``1 - width``.

    Returns
    -------
    Tensor, shape (2 width - 1, channels)
        Sine and cosine in turns, of wavelengths that grow from 2 pi to 10000 times that.

    Examples
    --------
    >>> relative_positions(2, 2)[:, 1].round(decimals=2)  # cosines of 1, 0, -1
    tensor([0.5400, 1.0000, 0.5400])
    """
    distances = torch.arange(width - 1, -width, -1, dtype=torch.float32)
    pairs = torch.arange(0, channels, 2, dtype=torch.float32)
    angles = distances[:, None] / 10000 ** (pairs / channels)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)
