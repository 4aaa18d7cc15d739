"""Pixel shuffles of one to three axes, and what can be done about their grid."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra import _walk as walk
from spectra._checks import PerAxis, per_axis
from spectra.errors import ParameterError

BlurName = Literal["box", "binomial"]
BLURS: tuple[str, ...] = get_args(BlurName)


def shuffle(x: Tensor, factor: Sequence[int]) -> Tensor:
    """Lay channels out as pixels: (B, C * prod(factor), *spatial) to (B, C, *factor * spatial).

    PyTorch's ``pixel_shuffle`` for any number of axes and a factor for each.

    Examples
    --------
    >>> shuffle(torch.arange(4.0).reshape(1, 2, 2), [2])
    tensor([[[0., 2., 1., 3.]]])
    """
    axes = len(factor)
    sides = x.shape[-axes:]
    channels = x.shape[-axes - 1] // prod(factor)
    lead = x.shape[: -axes - 1]
    split = x.reshape(*lead, channels, *factor, *sides)
    first = len(lead) + 1
    order = [place for a in range(axes) for place in (first + axes + a, first + a)]
    split = split.permute(*range(first), *order)
    return split.reshape(*lead, channels, *(n * s for n, s in zip(sides, factor, strict=True)))


class ShuffleConv(nn.Module):
    """Upsample by a convolution and a pixel shuffle (sub-pixel convolution).

    All phases start equal, as ICNR has it.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the map before and after.
    kernel_size : int or sequence of int
        Taps of the convolution, odd.
    factor : int or sequence of int
        Upsampling factor along each axis.
    groups : int
        Groups of the convolution.
    bias : bool
        One value for each phase: an input-independent grid is within reach of training.
    axes : int
        Number of spatial axes.
    blur : {"box", "binomial"}, optional
        Follow with a `Blur`, which takes the lines away for good.

    Examples
    --------
    >>> ShuffleConv(8, 4, 3, axes=1)(torch.zeros(1, 8, 5)).shape
    torch.Size([1, 4, 10])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: PerAxis = 3,
        *,
        factor: PerAxis = 2,
        groups: int = 1,
        bias: bool = True,
        axes: int = 2,
        blur: BlurName | None = None,
    ) -> None:
        super().__init__()
        self.factor = per_axis("factor", factor, axes, least=1)
        volume = prod(self.factor)
        self.conv = same_size_conv(
            in_channels, out_channels * volume, kernel_size, groups=groups, bias=bias, axes=axes
        )
        with torch.no_grad():  # the start of ICNR: all phases of a channel are equal
            for values in (self.conv.weight, self.conv.bias):
                if values is not None:
                    values.copy_(values[::volume].repeat_interleave(volume, 0))
        self.shuffle = _shuffle_by(self.factor)
        self.blur = None if blur is None else Blur(self.factor, blur)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x``, (B, in_channels, *spatial), ``factor`` times as large."""
        y: Tensor = self.shuffle(self.conv(x))
        return y if self.blur is None else self.blur(y)


class _Shuffle(nn.Module):
    """`shuffle` as a module."""

    def __init__(self, factor: Sequence[int]) -> None:
        super().__init__()
        self.factor = tuple(factor)

    def forward(self, x: Tensor) -> Tensor:
        return shuffle(x, self.factor)


def _shuffle_by(factor: tuple[int, ...]) -> nn.Module:
    """Return a shuffle, torch's own where it has one: others know its kernel by its module."""
    if len(factor) == 2 and factor[0] == factor[1]:
        return nn.PixelShuffle(factor[0])
    return _Shuffle(factor)


class Blur(nn.Module):
    """Average over one period of a grid: zero gain at every line of a step before it.

    It has no weights. The border is repeated, where a grid is therefore not removed in full.

    Parameters
    ----------
    factor : sequence of int
        Factor of the step before it, which is the period of the grid.
    kind : {"box", "binomial"}
        A box of ``factor`` taps, which for even factors shifts the picture by half a pixel
        (towards larger indices for factor 2), or the box with itself, centred ([1 2 1] / 4 for
        factor 2), which takes more of the detail.

    References
    ----------
    .. [1] Y. Sugawara, S. Shiota, H. Kiya, *Checkerboard artifacts free convolutional neural
       networks*, APSIPA Trans. 2019.

    Examples
    --------
    >>> Blur([2], "box")(torch.tensor([[[1.0, 3.0, 1.0, 3.0]]]))
    tensor([[[1., 2., 2., 2.]]])
    """

    def __init__(self, factor: Sequence[int], kind: BlurName = "box") -> None:
        super().__init__()
        if kind not in BLURS:
            raise ParameterError(f"kind={kind!r}: expected one of {', '.join(BLURS)}")
        self.factor, self.kind = tuple(factor), kind

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x``, (B, C, *spatial), blurred, of the same size."""
        axes = len(self.factor)
        channels = x.shape[1]
        for axis, s in enumerate(self.factor):
            taps = _taps(s, self.kind, x)
            reach = len(taps) - 1
            before = (reach + 1) // 2
            pads = [0, 0] * (axes - 1 - axis) + [before, reach - before] + [0, 0] * axis
            sides = [1] * axes
            sides[axis] = len(taps)
            weight = taps.reshape(1, 1, *sides).expand(channels, 1, *sides)
            x = _CONVOLVE[axes](functional.pad(x, pads, mode="replicate"), weight, groups=channels)
        return x

    def extra_repr(self) -> str:
        """Return the arguments."""
        return f"{list(self.factor)}, {self.kind!r}"


def same_size_conv(
    inputs: int, outputs: int, size: PerAxis, *, axes: int, groups: int = 1, bias: bool = True
) -> nn.Conv1d | nn.Conv2d | nn.Conv3d:
    """Return a convolution of odd kernel whose output is as large as its input."""
    if axes not in walk.CONVOLUTIONS:
        raise ParameterError(f"axes={axes!r}: expected 1, 2 or 3")
    sizes = per_axis("kernel_size", size, axes, least=1)
    if not all(k % 2 for k in sizes):
        raise ParameterError(f"kernel_size={size!r}: expected odd sizes, which keep the size")
    padding = tuple(k // 2 for k in sizes)
    kind = walk.CONVOLUTIONS[axes]
    return kind(inputs, outputs, sizes, padding=padding, groups=groups, bias=bias)  # type: ignore[arg-type]


def _taps(factor: int, kind: str, like: Tensor) -> Tensor:
    box = like.new_full((factor,), 1 / factor)
    if kind == "box" or factor == 1:
        return box
    spread = functional.conv1d(box[None, None], box[None, None], padding=factor - 1)
    return spread[0, 0]


_CONVOLVE = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
