"""Interpolations followed or preceded by a convolution."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra._checks import PerAxis, per_axis
from spectra.errors import ParameterError
from spectra.kinds import MODES
from spectra.remedy._initialise import sinc_weight
from spectra.remedy._shuffle import same_size_conv
from spectra.remedy._sizes import check_size, geometry

ResizeMode = Literal["nearest", "bilinear"]
RESIZES: tuple[str, ...] = get_args(ResizeMode)
LINEAR = {kind.axes: mode for mode, kind in MODES.items() if kind.interpolator == "bilinear"}
"""Mode of the interpolation that is linear along each axis, by number of axes."""


class ResizeConv(nn.Module):
    """Upsample by interpolation, then convolve (resize-convolution) [1]_.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the map before and after.
    kernel_size : int or sequence of int
        Taps of the convolution, odd.
    mode : {"nearest", "bilinear"}
        Bilinear is linear along each axis.
    factor : int or sequence of int
        Upsampling factor along each axis.
    groups : int
        Groups of the convolution.
    bias : bool
        Whether the convolution has one.
    axes : int
        Number of spatial axes.

    References
    ----------
    .. [1] A. Odena, V. Dumoulin, C. Olah, *Deconvolution and checkerboard artifacts*, 2016.

    Examples
    --------
    >>> ResizeConv(8, 4, mode="bilinear", factor=3)(torch.zeros(1, 8, 5, 4)).shape
    torch.Size([1, 4, 15, 12])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: PerAxis = 3,
        *,
        mode: ResizeMode = "nearest",
        factor: PerAxis = 2,
        groups: int = 1,
        bias: bool = True,
        axes: int = 2,
    ) -> None:
        super().__init__()
        if mode not in RESIZES:
            raise ParameterError(f"mode={mode!r}: expected one of {', '.join(RESIZES)}")
        self.factor, self.mode = per_axis("factor", factor, axes, least=1), mode
        self.conv = same_size_conv(
            in_channels, out_channels, kernel_size, axes=axes, groups=groups, bias=bias
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x``, (B, in_channels, *spatial), ``factor`` times as large."""
        mode = "nearest" if self.mode == "nearest" else LINEAR[len(self.factor)]
        large = functional.interpolate(x, scale_factor=[float(s) for s in self.factor], mode=mode)
        y: Tensor = self.conv(large)
        return y

    def extra_repr(self) -> str:
        """Return what the convolution's repr does not say."""
        return f"factor={self.factor}, mode={self.mode!r}"


class SincConv(nn.Module):
    """Convolve, then upsample each channel by a fixed Kaiser-windowed sinc.

    The transposed convolution is not trained, so that training cannot bring a grid into it;
    the convolution before it, at the low resolution, is all there is to learn.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the map before and after.
    kernel_size : int or sequence of int
        Taps of the sinc; at least the factor.
    conv_size : int or sequence of int
        Taps of the convolution, odd.
    factor : int or sequence of int
        Upsampling factor along each axis.
    groups : int
        Groups of the convolution.
    bias : bool
        Whether the convolution has one.
    axes : int
        Number of spatial axes.

    Examples
    --------
    >>> SincConv(8, 4, 11)(torch.zeros(1, 8, 5, 4)).shape
    torch.Size([1, 4, 10, 8])
    """

    taps: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: PerAxis = 11,
        *,
        conv_size: PerAxis = 3,
        factor: PerAxis = 2,
        groups: int = 1,
        bias: bool = True,
        axes: int = 2,
    ) -> None:
        super().__init__()
        self.conv = same_size_conv(
            in_channels, out_channels, conv_size, axes=axes, groups=groups, bias=bias
        )
        self.factor = per_axis("factor", factor, axes, least=1)
        size = per_axis("kernel_size", kernel_size, axes, least=1)
        check_size("kernel_size", size, self.factor)
        padding, self._extra = geometry(size, self.factor)
        # One input pixel more at each border; its share of the output is cropped.
        self._padding = tuple(p + s for p, s in zip(padding, self.factor, strict=True))
        one = torch.ones(1, 1, dtype=torch.float64)
        taps = sinc_weight(one, size, self.factor, padding)
        self.register_buffer("taps", taps.to(torch.get_default_dtype()), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x``, (B, in_channels, *spatial), ``factor`` times as large."""
        small = self.conv(x)
        axes, channels = len(self.factor), small.shape[1]
        small = functional.pad(small, [1, 1] * axes, mode="replicate")
        weight = self.taps.expand(channels, 1, *self.taps.shape[2:])
        return _TRANSPOSE[axes](
            small, weight, None, self.factor, self._padding, self._extra, channels
        )

    def extra_repr(self) -> str:
        """Return what the convolution's repr does not say."""
        return f"kernel_size={tuple(self.taps.shape[2:])}, factor={self.factor}"


_TRANSPOSE = {
    1: functional.conv_transpose1d,
    2: functional.conv_transpose2d,
    3: functional.conv_transpose3d,
}
