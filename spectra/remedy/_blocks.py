"""The decoder blocks of the paper's Fig. 4: three that upsample, three that follow."""

from __future__ import annotations

from functools import partial
from math import gcd
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from spectra.errors import ParameterError
from spectra.remedy._lctc import LCTC, Init
from spectra.remedy._remedy import scaled_size
from spectra.remedy._shuffle import same_size_conv

UpsamplingBlock = Literal["a", "b", "c"]
FollowingBlock = Literal["d", "e", "f"]
EXPANSION = 4  # of the ConvNeXt-like block
NORM_EPS = 1e-6  # of its layer normalisation
NORMS = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}


def upsampling_block(
    kind: UpsamplingBlock,
    in_channels: int,
    out_channels: int,
    kernel_size: int = 7,
    *,
    small: int = 3,
    factor: int = 2,
    groups: int = 1,
    axes: int = 2,
    init: Init = "default",
) -> LCTC:
    """Return the upsampling a, b or c of Fig. 4 [1]_.

    Parameters
    ----------
    kind : {"a", "b", "c"}
        a: a transposed convolution of ``small`` taps, the baseline; b: one of ``kernel_size``
        taps (LCTC); c: both in parallel. Sizes are those at factor 2 (see `scaled_size`).
    in_channels, out_channels : int
        Channels of the map before and after.
    kernel_size, small : int
        Taps of the large and of the small kernel.
    factor, axes : int
        Upsampling factor of every axis, and number of spatial axes.
    groups : int
        The published code uses ``out_channels`` for large kernels and 1 for the 2x2 baseline,
        so that kernel size and channel mixing change together; here it is the caller's choice.
    init : {"default", "sinc", "icnr"}
        Start of the weights, see `LCTC`.

    References
    ----------
    .. [1] S. Agnihotri, J. Grabinski, M. Keuper, *Improving Feature Stability during
       Upsampling -- Spectral Artifacts and the Importance of Spatial Context*, ECCV 2024.

    Examples
    --------
    >>> upsampling_block("c", 8, 4)(torch.zeros(1, 8, 3, 3)).shape
    torch.Size([1, 4, 6, 6])
    """
    if kind not in get_args(UpsamplingBlock):
        raise ParameterError(f"kind={kind!r}: expected 'a', 'b' or 'c' (d, e, f do not upsample)")
    main, beside = (small, None) if kind == "a" else (kernel_size, small if kind == "c" else None)
    sizes = [None if k is None else scaled_size(k, factor) for k in (main, beside)]
    assert sizes[0] is not None
    return LCTC(
        in_channels,
        out_channels,
        sizes[0],
        small=sizes[1],
        factor=factor,
        groups=groups,
        axes=axes,
        init=init,
    )


class DecoderBlock(nn.Module):
    """The block d, e or f of Fig. 4 [1]_, which follows the upsampling: the H2 control.

    Parameters
    ----------
    kind : {"d", "e", "f"}
        d: twice 3x3 convolution, batch normalisation, ReLU, the inner width half the output's;
        e: like ConvNeXt, a grouped convolution of ``kernel_size`` to half the output's width,
        layer normalisation, a four-fold wider perceptron with GELU, no residual path;
        f: e with a parallel convolution of ``small``. No convolution has a bias. All of it is
        as in the published code.
    in_channels, out_channels : int
        Channels of the map before and after.
    kernel_size, small : int
        Odd.
    axes : int
        Number of spatial axes.

    References
    ----------
    .. [1] S. Agnihotri, J. Grabinski, M. Keuper, *Improving Feature Stability during
       Upsampling -- Spectral Artifacts and the Importance of Spatial Context*, ECCV 2024.

    Examples
    --------
    >>> DecoderBlock("f", 8, 4, kernel_size=11)(torch.zeros(2, 8, 5, 4)).shape
    torch.Size([2, 4, 5, 4])
    """

    def __init__(
        self,
        kind: FollowingBlock,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 7,
        *,
        small: int = 3,
        axes: int = 2,
    ) -> None:
        super().__init__()
        if kind not in get_args(FollowingBlock):
            raise ParameterError(f"kind={kind!r}: expected 'd', 'e' or 'f' (a, b, c upsample)")
        self.kind = kind
        self.layers: nn.Module
        inner = max(1, out_channels // 2)
        if kind == "d":
            self.layers = nn.Sequential(
                *_normalised_conv(in_channels, inner, axes),
                *_normalised_conv(inner, out_channels, axes),
            )
            return
        groups = gcd(in_channels, inner)
        conv = partial(same_size_conv, in_channels, inner, axes=axes, groups=groups, bias=False)
        self.large = conv(kernel_size)
        self.small = conv(small) if kind == "f" else None
        self.layers = nn.Sequential(
            nn.LayerNorm(inner, eps=NORM_EPS),
            nn.Linear(inner, EXPANSION * inner),
            nn.GELU(),
            nn.Linear(EXPANSION * inner, out_channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the size of ``x``, (B, in_channels, *spatial), and out_channels."""
        if self.kind == "d":
            y: Tensor = self.layers(x)
            return y
        y = self.large(x)
        if self.small is not None:
            y = torch.add(y, self.small(x))
        y = self.layers(y.movedim(1, -1))
        return y.movedim(-1, 1)


def _normalised_conv(inputs: int, outputs: int, axes: int) -> tuple[nn.Module, ...]:
    conv = same_size_conv(inputs, outputs, 3, axes=axes, bias=False)
    return conv, NORMS[axes](outputs), nn.ReLU()
