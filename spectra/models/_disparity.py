"""From resemblance along rows to disparity: STTR's head, and a plain one."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

SCALE = 4  # of the tokens to the picture
ITERATIONS = 10  # of Sinkhorn's scaling
LEAST_MATCHED = 0.1  # of a pixel's weight, below which it counts as having no partner
BLOCKS, EXPANSION = 8, 4  # of the published context adjustment


@dataclass(frozen=True)
class Matched:
    """What was found for the left view of a stereo pair.

    Attributes
    ----------
    disparity : Tensor, shape (B, 1, H, W)
        How many pixels to the left the same point lies in the right view.
    occlusion : Tensor, shape (B, 1, H, W)
        Probability that the right view does not show it.
    coarse : Tensor, shape (B, 1, H, W)
        The disparity before it was adjusted to the picture, in pixels of the picture, enlarged.
    plan : Tensor, shape (B, H / 4, W / 4 + 1, W / 4 + 1), optional
        Weights of the pairs by optimal transport, those of nothing last, see `transported`.
    """

    disparity: Tensor
    occlusion: Tensor
    coarse: Tensor
    plan: Tensor | None = None


class Correlation(nn.Module):
    """Match by the cosine of the tokens and take the mean position (soft argmax).

    It has one weight, the sharpness of the match, and trains in minutes.

    Examples
    --------
    >>> tokens = torch.eye(8).reshape(1, 8, 1, 8)  # every pixel like itself alone
    >>> found = Correlation()(tokens, tokens.roll(-2, -1), torch.zeros(1, 3, 4, 32))
    >>> found.disparity[0, 0, 0, 8::4].detach().round()
    tensor([8., 8., 8., 8., 8., 8.])
    """

    def __init__(self) -> None:
        super().__init__()
        self.sharpness = nn.Parameter(torch.tensor(3.0))  # the logarithm of 20

    def forward(self, left: Tensor, right: Tensor, picture: Tensor) -> Matched:
        """Return what matches.

        Parameters
        ----------
        left, right : Tensor, shape (B, C, H / 4, W / 4)
            Tokens of the two views.
        picture : Tensor, shape (B, 3, H, W)
            The left view.
        """
        left, right = functional.normalize(left, dim=1), functional.normalize(right, dim=1)
        alike = torch.einsum("bcyi,bcyj->byij", left, right) * self.sharpness.exp()
        shift = _shifts(left.shape[-1]).to(left)
        weights = alike.masked_fill(shift < 0, -torch.inf).softmax(-1)
        disparity = (weights * shift).sum(-1, keepdim=True).movedim(-1, 1)
        matched = weights.amax(-1, keepdim=True).movedim(-1, 1)
        large = _enlarged(SCALE * disparity, picture)
        return Matched(large, _enlarged(1 - matched, picture), large)


class RegressionHead(nn.Module):
    """Match by optimal transport, then adjust the disparity to the picture [1]_.

    Parameters
    ----------
    width : int
        Channels of the adjustment; 16 is published.

    References
    ----------
    .. [1] Z. Li et al., *Revisiting stereo depth estimation from a sequence-to-sequence
       perspective with transformers*, ICCV 2021, sec. 3.3 and 3.4.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.phi = nn.Parameter(torch.tensor(0.0))  # resemblance to nothing: the dustbin's
        self.cal = ContextAdjustment(width)

    def forward(self, alike: Tensor, picture: Tensor) -> Matched:
        """Return what matches.

        Parameters
        ----------
        alike : Tensor, shape (B H / 4, W / 4, W / 4)
            Resemblance of each pixel of the left view to each of the right in its row.
        picture : Tensor, shape (B, 3, H, W)
            The left view.
        """
        width = alike.shape[-1]
        plan = transported(alike.reshape(len(picture), -1, width, width), self.phi)
        disparity, matched = _around_the_best(plan[..., :-1, :-1])
        coarse = _enlarged(SCALE * disparity[:, None], picture)
        occluded = _enlarged(1 - matched[:, None], picture)
        mean = coarse.mean((1, 2, 3), keepdim=True)
        spread = coarse.std((1, 2, 3), keepdim=True) + 1e-6
        adjusted, occlusion = self.cal((coarse - mean) / spread, 2 * occluded - 1, picture)
        return Matched(adjusted * spread + mean, occlusion, coarse, plan)


class ContextAdjustment(nn.Module):
    """Refine disparity and occlusion at the picture's resolution, seeing the picture.

    Parameters
    ----------
    width : int
        Channels inside.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.in_conv = nn.Conv2d(4, width, 3, padding=1)
        self.layers = nn.ModuleList(_Adjusting(width) for _ in range(BLOCKS))
        self.out_conv = nn.Conv2d(width, 1, 3, padding=1)
        self.occ_head = nn.Sequential(
            NormedConv(4, width),
            NormedConv(width, width),
            nn.ReLU(),
            NormedConv(width, width),
            NormedConv(width, width),
            nn.ReLU(),
            nn.Conv2d(width, 1, 3, padding=1),
            nn.Sigmoid(),
        )

    def forward(
        self, disparity: Tensor, occlusion: Tensor, picture: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return both refined, (B, 1, H, W)."""
        y = self.in_conv(torch.cat([disparity, picture], 1))
        for layer in self.layers:
            y = layer(y, disparity)
        refined = disparity + self.out_conv(y)
        return refined, self.occ_head(torch.cat([occlusion, picture], 1))


class _Adjusting(nn.Module):
    """Two convolutions that see the disparity beside the map, and are added to it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        inner = EXPANSION * width
        self.module = nn.Sequential(
            NormedConv(width + 1, inner), nn.ReLU(), NormedConv(inner, width)
        )

    def forward(self, x: Tensor, disparity: Tensor) -> Tensor:
        y: Tensor = x + self.module(torch.cat([disparity, x], 1))
        return y


class NormedConv(nn.Module):
    """A 3x3 convolution whose weight is a direction for each output channel, times a gain.

    Weight normalisation under the names that PyTorch gave it when the published files were made.

    Parameters
    ----------
    inputs, outputs : int
        Channels of the map before and after.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        conv = nn.Conv2d(inputs, outputs, 3)
        assert conv.bias is not None
        self.bias = conv.bias
        self.weight_v = conv.weight
        self.weight_g = nn.Parameter(_lengths(conv.weight.detach()))

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the size of ``x``, (B, inputs, H, W)."""
        weight = self.weight_v * (self.weight_g / _lengths(self.weight_v))
        return functional.conv2d(x, weight, self.bias, padding=1)


def transported(alike: Tensor, nothing: Tensor) -> Tensor:
    """Return the plan that gives every pixel one partner, or none, by Sinkhorn's scaling.

    A row and a column stand for nothing, and may have as many partners as there are pixels.

    Parameters
    ----------
    alike : Tensor, shape (..., W, W)
        Resemblances, the logarithms of weights.
    nothing : Tensor, shape ()
        Resemblance to nothing.

    Returns
    -------
    Tensor, shape (..., W + 1, W + 1)
        Weights of the pairs; the last row and column are those of nothing. The row of a pixel
        sums to 1.
    """
    width = alike.shape[-1]
    edge = nothing.expand(*alike.shape[:-1], 1)
    table = torch.cat([alike, edge], -1)
    table = torch.cat([table, nothing.expand(*table.shape[:-2], 1, width + 1)], -2)
    share = torch.ones(width + 1).to(alike)
    share[-1] = width
    log_share = share.log()
    right = torch.zeros_like(table[..., 0, :])
    left = torch.zeros_like(right)
    for _ in range(ITERATIONS):
        right = log_share - (table + left[..., None]).logsumexp(-2)
        left = log_share - (table + right[..., None, :]).logsumexp(-1)
    return (table + left[..., None] + right[..., None, :]).exp()


def _around_the_best(weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return disparity in tokens and matched weight of each pixel: the best partner's and its two
    neighbours'.
    """  # noqa: D205
    best = weights.argmax(-1, keepdim=True)
    near = torch.cat([best, best + 1, best + 2], -1)  # in the table with an edge of zeros
    shift = _shifts(weights.shape[-1]).to(weights).clamp(min=0).expand_as(weights)
    weight = functional.pad(weights, (1, 1)).gather(-1, near)
    matched = weight.sum(-1)
    matched = torch.where(matched < LEAST_MATCHED, 1.0, matched)
    disparity = (weight * functional.pad(shift, (1, 1)).gather(-1, near)).sum(-1) / matched
    return disparity, matched


def _shifts(width: int) -> Tensor:
    """Return by how much the second index lies to the left of the first."""
    here = torch.arange(width)
    return here[:, None] - here


def _lengths(weight: Tensor) -> Tensor:
    """Return the length of the weights of each output channel."""
    return weight.square().sum((1, 2, 3), keepdim=True).sqrt()


def _enlarged(x: Tensor, picture: Tensor) -> Tensor:
    return functional.interpolate(x, size=picture.shape[-2:], mode="nearest")
