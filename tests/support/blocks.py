"""Blocks of random decoders: every kind of step, and what stands between steps.

Each keeps the number of channels and works on maps of the axes that it names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

C = 8  # channels of every map
ANY, PICTURES, MANY = (1, 2, 3), (2,), (2, 3)
CONV = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSED = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


class Do(nn.Module):
    """A module of one function ``f(self, x)`` and the layers that it uses."""

    def __init__(self, function: Callable[..., Any], **layers: nn.Module) -> None:
        super().__init__()
        self.function = function
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x: Tensor) -> Any:
        return self.function(self, x)


@dataclass(frozen=True)
class Kind:
    """How to make a block, and on maps of how many axes it works."""

    make: Callable[[int], nn.Module]
    axes: tuple[int, ...] = ANY


def convolution(axes: int, before: int, after: int, *, size: int = 3, stride: int = 1) -> nn.Module:
    return CONV[axes](before, after, size, stride, size // 2)


def calls(function: Callable[[Tensor], Tensor]) -> Callable[[int], nn.Module]:
    return lambda _axes: Do(lambda _self, x: function(x))


def spatial(x: Tensor) -> tuple[int, ...]:
    return tuple(range(2, x.ndim))


# --- steps ----------------------------------------------------------------------------------


def transposed(size: int, stride: int, **options: Any) -> Callable[[int], nn.Module]:
    padding = max(size - stride, 0) // 2
    options = {"padding": padding, **options}
    return lambda axes: TRANSPOSED[axes](C, C, size, stride, **options)


def parallel(axes: int) -> nn.Module:
    of = TRANSPOSED[axes]
    return Do(
        lambda self, x: self.large(x) + self.small(x),
        large=of(C, C, 7, 2, 3, 1),
        small=of(C, C, 3, 2, 1, 1),
    )


def in_one_direction(axes: int) -> nn.Module:
    one = [1] * (axes - 1)
    return TRANSPOSED[axes](C, C, (*one, 4), (*one, 2), (*[0] * (axes - 1), 1))


def resized(**options: Any) -> Callable[[int], nn.Module]:
    """Return a resize by a factor; ``linear`` stands for the mode of as many axes."""

    def make(axes: int) -> nn.Module:
        mode = LINEAR[axes] if options.get("mode") == "linear" else options.get("mode", "nearest")
        return Do(lambda _, x: F.interpolate(x, **{**options, "mode": mode}))

    return make


def resized_to(grow: Callable[[int], int], mode: str) -> Callable[[int], nn.Module]:
    """Return a resize to given sizes, which depend on those of the map."""

    def make(axes: int) -> nn.Module:
        own = LINEAR[axes] if mode == "linear" else mode
        return Do(lambda _, x: F.interpolate(x, [grow(n) for n in x.shape[2:]], mode=own))

    return make


def depth_to_space(x: Tensor, s: int = 2) -> Tensor:
    """Interleave ``s ** axes`` channels in space by views and a permutation."""
    b, c, *sides = x.shape
    axes = len(sides)
    x = x.reshape(b, c // s**axes, *[s] * axes, *sides)
    order = [axis for i in range(axes) for axis in (2 + axes + i, 2 + i)]
    return x.permute(0, 1, *order).reshape(b, -1, *(n * s for n in sides))


def widened(function: Callable[[Tensor], Tensor], s: int = 2) -> Callable[[int], nn.Module]:
    """Return a convolution to ``s ** axes`` times the channels, then a function."""
    return lambda axes: Do(
        lambda self, x: function(self.wide(x)), wide=convolution(axes, C, C * s**axes)
    )


def shuffled(s: int) -> Callable[[int], nn.Module]:
    return lambda axes: nn.Sequential(convolution(axes, C, C * s * s), nn.PixelShuffle(s))


def channels_last_shuffle(x: Tensor) -> Tensor:
    b, c, h, w = x.shape
    x = x.permute(0, 2, 3, 1).reshape(b, h, w, 2, 2, c // 4).permute(0, 1, 3, 2, 4, 5)
    return x.reshape(b, 2 * h, 2 * w, c // 4).permute(0, 3, 1, 2)


def unpatchify(_axes: int) -> nn.Module:
    def forward(self: Any, x: Tensor) -> Tensor:
        b, _, h, w = x.shape
        tokens = self.linear(x.flatten(2).transpose(1, 2)).reshape(b, h, w, 2, 2, C)
        return torch.einsum("nhwpqc->nchpwq", tokens).reshape(b, C, 2 * h, 2 * w)

    return Do(forward, linear=nn.Linear(C, 4 * C))


def repeat_interleave(x: Tensor) -> Tensor:
    for axis in spatial(x):
        x = x.repeat_interleave(2, axis)
    return x


def expanded(x: Tensor) -> Tensor:
    for axis in spatial(x):
        x = x.unsqueeze(axis + 1)
        x = x.expand(*x.shape[: axis + 1], 2, *x.shape[axis + 2 :]).flatten(axis, axis + 1)
    return x


def by_index(x: Tensor) -> Tensor:
    for axis in spatial(x):
        x = x.index_select(axis, torch.arange(2 * x.shape[axis]) // 2)
    return x


def zeros_between(x: Tensor) -> Tensor:
    y = x.new_zeros(*x.shape[:2], *(2 * n for n in x.shape[2:]))
    y[(..., *[slice(None, None, 2)] * (x.ndim - 2))] = x
    return y


def zeros_then_filter(axes: int) -> nn.Module:
    return Do(lambda self, x: self.blur(zeros_between(x)), blur=convolution(axes, C, C))


def unpooled(x: Tensor) -> Tensor:
    axes = x.ndim - 2
    pool = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}[axes]
    unpool = {1: F.max_unpool1d, 2: F.max_unpool2d, 3: F.max_unpool3d}[axes]
    pooled, indices = pool(x, 2, return_indices=True)
    return unpool(pooled, indices, 2)


def folded(size: int) -> Callable[[int], nn.Module]:
    """Return a fold of patches of ``size`` two pixels apart: they overlap where it is above 2."""

    def forward(self: Any, x: Tensor) -> Tensor:
        sides = [2 * n + size - 2 for n in x.shape[2:]]
        return F.fold(self.wide(x).flatten(2), sides, size, stride=2)

    return lambda axes: Do(forward, wide=convolution(axes, C, C * size * size))


def sampled(ratio: float) -> Callable[[int], nn.Module]:
    def forward(_self: Any, x: Tensor) -> Tensor:
        axes = x.ndim - 2
        theta = torch.eye(axes, axes + 1).to(x).expand(len(x), -1, -1)
        size = [*x.shape[:2], *(int(n * ratio) for n in x.shape[2:])]
        grid = F.affine_grid(theta, size, align_corners=False)
        return F.grid_sample(x, grid, align_corners=False)

    return lambda _axes: Do(forward)


def fourier(x: Tensor) -> Tensor:
    axes, size = spatial(x), [2 * n for n in x.shape[2:]]
    return torch.fft.irfftn(2 ** len(axes) * torch.fft.rfftn(x, dim=axes), s=size, dim=axes)


def haar(x: Tensor) -> Tensor:
    y = x.new_zeros(x.shape[0], C, 2 * x.shape[2], 2 * x.shape[3])
    parts = x.chunk(4, 1)
    for part, (i, j) in zip(parts, ((0, 0), (0, 1), (1, 0), (1, 1)), strict=True):
        y[:, :, i::2, j::2] = part
    return y


def padded_step(axes: int) -> nn.Module:
    """Pad, enlarge, crop: the borders of the step are cut away."""
    crop = (..., *[slice(4, -4)] * axes)
    return Do(
        lambda self, x: self.up(F.pad(x, [2] * 2 * axes, mode="replicate"))[crop],
        up=transposed(4, 2)(axes),
    )


def of_tiles(_axes: int) -> nn.Module:
    """Enlarge four tiles one after the other and paste them."""

    def forward(self: Any, x: Tensor) -> Tensor:
        h, w = x.shape[2] // 2, x.shape[3] // 2
        y = x.new_zeros(*x.shape[:2], 4 * h, 4 * w)
        for i in (0, 1):
            for j in (0, 1):
                tile = x[:, :, i * h : (i + 1) * h, j * w : (j + 1) * w]
                y[:, :, 2 * i * h : 2 * (i + 1) * h, 2 * j * w : 2 * (j + 1) * w] = self.up(tile)
        return y

    return Do(forward, up=transposed(4, 2)(2))


STEPS: dict[str, Kind] = {
    "transposed 4/2": Kind(transposed(4, 2)),
    "transposed 3/2": Kind(transposed(3, 2, output_padding=1, padding=1)),
    "transposed 3/2, odd": Kind(transposed(3, 2, padding=1)),
    "transposed 2/2": Kind(transposed(2, 2)),
    "transposed 5/3": Kind(transposed(5, 3)),
    "transposed 8/4": Kind(transposed(8, 4)),
    "transposed 1/2": Kind(transposed(1, 2)),
    "transposed 4/2, grouped": Kind(transposed(4, 2, groups=C)),
    "transposed 3/2, dilated": Kind(transposed(3, 2, dilation=2)),
    "transposed 4/2, no bias": Kind(transposed(4, 2, bias=False)),
    "transposed in one direction": Kind(in_one_direction, MANY),
    "transposed, parallel": Kind(parallel),
    "pad, transposed, crop": Kind(padded_step),
    "transposed, tiles": Kind(of_tiles, PICTURES),
    "shuffle 2": Kind(shuffled(2), PICTURES),
    "shuffle 4": Kind(shuffled(4), PICTURES),
    "depth to space": Kind(widened(depth_to_space)),
    "channels-last shuffle": Kind(widened(channels_last_shuffle), PICTURES),
    "unpatchify": Kind(unpatchify, PICTURES),
    "nearest 2": Kind(resized(scale_factor=2)),
    "nearest 3": Kind(resized(scale_factor=3)),
    "nearest-exact 2": Kind(resized(scale_factor=2, mode="nearest-exact")),
    "linear 2": Kind(resized(scale_factor=2, mode="linear")),
    "linear 4": Kind(resized(scale_factor=4, mode="linear")),
    "linear aligned 2": Kind(resized(scale_factor=2, mode="linear", align_corners=True)),
    "linear 1.5": Kind(resized(scale_factor=1.5, mode="linear")),
    "nearest 1.5": Kind(resized(scale_factor=1.5)),
    "bicubic 2": Kind(resized(scale_factor=2, mode="bicubic"), PICTURES),
    "bicubic aligned 2": Kind(
        resized(scale_factor=2, mode="bicubic", align_corners=True), PICTURES
    ),
    "antialiased 2": Kind(resized(scale_factor=2, mode="bicubic", antialias=True), PICTURES),
    "area 2": Kind(resized(scale_factor=2, mode="area")),
    "linear to an odd size": Kind(resized_to(lambda n: 2 * n + 1, "linear")),
    "nearest to a size": Kind(resized_to(lambda n: n + 5, "nearest")),
    "repeat_interleave": Kind(calls(repeat_interleave)),
    "expand": Kind(calls(expanded)),
    "by index": Kind(calls(by_index)),
    "zeros between": Kind(calls(zeros_between)),
    "zeros, filter": Kind(zeros_then_filter),
    "unpool": Kind(calls(unpooled)),
    "fold 2": Kind(folded(2), PICTURES),
    "fold 4": Kind(folded(4), PICTURES),
    "grid_sample 2": Kind(sampled(2), MANY),
    "grid_sample 1.5": Kind(sampled(1.5), MANY),
    "fourier": Kind(calls(fourier)),
    "haar": Kind(widened(haar), PICTURES),
}


# --- between steps --------------------------------------------------------------------------


def normalised(of: dict[int, type[nn.Module]]) -> Callable[[int], nn.Module]:
    return lambda axes: of[axes](C)


def padded(mode: str, *, uneven: bool = False) -> Callable[[int], nn.Module]:
    width = (2, 1) if uneven else (1, 1)
    return lambda axes: Do(lambda _, x: F.pad(x, width * axes, mode=mode))


def cropped(low: int, high: int) -> Callable[[int], nn.Module]:
    return calls(lambda x: x[(..., *[slice(low, n - high) for n in x.shape[2:]])])


def attention(axes: int) -> nn.Module:
    """Let every place look at a pooled copy of the map, so that large maps cost little."""
    pool = {1: nn.AdaptiveAvgPool1d, 2: nn.AdaptiveAvgPool2d, 3: nn.AdaptiveAvgPool3d}[axes](3)

    def forward(self: Any, x: Tensor) -> Tensor:
        query = self.query(x.flatten(2).transpose(1, 2))
        key, value = self.pair(self.pool(x).flatten(2).transpose(1, 2)).chunk(2, -1)
        mixed = F.scaled_dot_product_attention(query, key, value)
        return x + mixed.transpose(1, 2).reshape(x.shape)

    return Do(forward, pool=pool, query=nn.Linear(C, C), pair=nn.Linear(C, 2 * C))


def excited(axes: int) -> nn.Module:
    """Scale channels by what a layer makes of their means."""
    return Do(
        lambda self, x: x * self.mix(x.mean(spatial(x), keepdim=True)).sigmoid(),
        mix=convolution(axes, C, C, size=1),
    )


def some_dead(x: Tensor) -> Tensor:
    return torch.cat([x[:, : C // 2], torch.zeros_like(x[:, C // 2 :])], 1)


def pooled(x: Tensor) -> Tensor:
    return {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}[x.ndim - 2](x, 2)


def unshuffled(axes: int) -> nn.Module:
    return nn.Sequential(nn.PixelUnshuffle(2), convolution(axes, 4 * C, C, size=1))


def layer_norm(_axes: int) -> nn.Module:
    return Do(lambda self, x: self.norm(x.movedim(1, -1)).movedim(-1, 1), norm=nn.LayerNorm(C))


class Table(nn.Module):
    """Adds a learned table, resized to the map."""

    def __init__(self, axes: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(1, C, *[4] * axes))

    def forward(self, x: Tensor) -> Tensor:
        return x + F.interpolate(self.table, x.shape[2:], mode=LINEAR[x.ndim - 2])


BATCH = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
INSTANCE = {1: nn.InstanceNorm1d, 2: nn.InstanceNorm2d, 3: nn.InstanceNorm3d}

OTHERS: dict[str, Kind] = {
    "conv 3": Kind(lambda axes: convolution(axes, C, C)),
    "conv 1": Kind(lambda axes: convolution(axes, C, C, size=1)),
    "conv without padding": Kind(lambda axes: CONV[axes](C, C, 3)),
    "conv, stride 2": Kind(lambda axes: convolution(axes, C, C, stride=2)),
    "ReLU": Kind(lambda _: nn.ReLU(inplace=True)),
    "LeakyReLU": Kind(lambda _: nn.LeakyReLU(0.2)),
    "GELU": Kind(lambda _: nn.GELU()),
    "tanh": Kind(lambda _: nn.Tanh()),
    "PReLU": Kind(lambda _: nn.PReLU(C)),
    "batch norm": Kind(normalised(BATCH)),
    "instance norm": Kind(normalised(INSTANCE)),
    "group norm": Kind(lambda _: nn.GroupNorm(2, C)),
    "layer norm": Kind(layer_norm),
    "dropout": Kind(lambda _: nn.Dropout(0.5)),
    "pad reflect": Kind(padded("reflect")),
    "pad replicate": Kind(padded("replicate")),
    "pad circular": Kind(padded("circular")),
    "pad zeros": Kind(padded("constant")),
    "pad unevenly": Kind(padded("constant", uneven=True)),
    "crop": Kind(cropped(1, 1)),
    "crop unevenly": Kind(cropped(0, 1)),
    "crop 2 and 1": Kind(cropped(2, 1)),
    "max pool": Kind(calls(pooled)),
    "halve": Kind(resized(scale_factor=0.5, mode="linear")),
    "two thirds": Kind(resized(scale_factor=2 / 3, mode="linear")),
    "halve bicubic": Kind(resized(scale_factor=0.5, mode="bicubic"), PICTURES),
    "unshuffle": Kind(unshuffled, PICTURES),
    "every second": Kind(calls(lambda x: x[(..., *[slice(None, None, 2)] * (x.ndim - 2))])),
    "attention": Kind(attention),
    "squeeze and excite": Kind(excited),
    "half the channels dead": Kind(calls(some_dead)),
    "position table": Kind(Table),
    "noise": Kind(calls(lambda x: x + 0.1 * torch.randn_like(x))),
    "flip": Kind(calls(lambda x: x.flip(-1))),
    "roll": Kind(calls(lambda x: x.roll(1, -1))),
    "transpose": Kind(calls(lambda x: x.transpose(-1, -2)), MANY),
    "clamp": Kind(calls(lambda x: x.clamp(0, 1))),
    "zero": Kind(calls(lambda x: x * 0)),
}

BLOCKS = STEPS | OTHERS
