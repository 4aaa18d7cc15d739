"""Large context transposed convolution: the paper's remedy as a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, cast, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra import _walk as walk
from spectra._checks import PerAxis, per_axis
from spectra.errors import ParameterError
from spectra.kernel import Kernel, transposed_conv
from spectra.remedy._grouped import grouped_is_faster, upsample_grouped
from spectra.remedy._initialise import embedded, random_mixing, repeated_weight, sinc_weight
from spectra.remedy._sizes import check_size, geometry

Init = Literal["default", "sinc", "icnr"]
INITS: tuple[str, ...] = get_args(Init)


class LCTC(nn.Module):
    """Upsample by a transposed convolution of large kernel, optionally beside a small one [1]_.

    The output is exactly ``factor`` times the input, for every kernel of at least ``factor``
    taps. The two kernels are summed; `merge` makes them one.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the map before and after.
    kernel_size : int or sequence of int
        Taps of the large kernel along each axis; at least the factor. The paper: 7 and 11.
    small : int or sequence of int, optional
        Taps of the parallel kernel; the paper: 3. By default there is none.
    factor : int or sequence of int
        Upsampling factor.
    groups : int
        1: dense; ``out_channels``: each output channel from its own inputs, as in the paper's
        code; ``in_channels``: depth-wise.
    bias : bool
        Each kernel has its own.
    axes : int
        1, 2 or 3 spatial axes.
    init : {"default", "sinc", "icnr"}
        PyTorch's random weights; a windowed sinc mixed over channels at random, the small kernel
        zero; random weights equal for all phases, the small kernel zero.
    edge : int or sequence of int
        Input pixels by which the border is repeated before, and cropped after: with it the
        layer can be the interpolations of PyTorch.
    crop : sequence of (int, int), optional
        Output pixels left out before and after, along each axis; negative: made beyond. For
        converted layers whose output is not ``factor`` times their input.

    Raises
    ------
    ParameterError
        If the numbers do not belong together.

    References
    ----------
    .. [1] S. Agnihotri, J. Grabinski, M. Keuper, *Improving Feature Stability during
       Upsampling -- Spectral Artifacts and the Importance of Spatial Context*, ECCV 2024.

    Examples
    --------
    >>> layer = LCTC(16, 8, 7, small=3, groups=8, init="sinc")
    >>> layer(torch.zeros(1, 16, 5, 1)).shape
    torch.Size([1, 8, 10, 2])
    """

    large: nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d
    small: nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: PerAxis = 7,
        *,
        small: PerAxis | None = None,
        factor: PerAxis = 2,
        groups: int = 1,
        bias: bool = True,
        axes: int = 2,
        init: Init = "default",
        edge: PerAxis = 0,
        crop: Sequence[tuple[int, int]] | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        if axes not in walk.TRANSPOSED:
            raise ParameterError(f"axes={axes!r}: expected 1, 2 or 3")
        if init not in INITS:
            raise ParameterError(f"init={init!r}: expected one of {', '.join(INITS)}")
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups:
                raise ParameterError(f"groups={groups} does not divide {name}={channels}")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.factor = per_axis("factor", factor, axes, least=1)
        self.edge = per_axis("edge", edge, axes, least=0)
        self.crop = ((0, 0),) * axes if crop is None else tuple((b, a) for b, a in crop)
        made = {"groups": groups, "bias": bias, "device": device, "dtype": dtype}
        self.large = self._branch("kernel_size", kernel_size, made)
        self.small = None if small is None else self._branch("small", small, made)
        self._start(init)

    @property
    def axes(self) -> int:
        """Number of spatial axes."""
        return len(self.factor)

    @property
    def kernel_size(self) -> tuple[int, ...]:
        """Taps of the large kernel along each axis."""
        return tuple(self.large.weight.shape[2:])

    def forward(self, x: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """Return ``x``, (B, in_channels, *spatial), ``factor`` times as large.

        ``output_size`` is taken where callers of ``ConvTranspose2d`` give it, and must be what
        the layer makes anyway.
        """
        if output_size is not None:
            self._check(x, output_size)
        if any(self.edge):
            x = functional.pad(x, [e for e in self.edge[::-1] for _ in "12"], mode="replicate")
        y = _upsampled(self.large, x)
        return y if self.small is None else torch.add(y, _upsampled(self.small, x))

    @torch.no_grad()
    def merge(self) -> LCTC:
        """Return a layer of one kernel that computes the same: faster, for inference."""
        weight, bias = self.merged_weight(), self.merged_bias()
        merged = LCTC(
            self.in_channels,
            self.out_channels,
            tuple(weight.shape[2:]),
            factor=self.factor,
            groups=self.groups,
            bias=bias is not None,
            axes=self.axes,
            edge=self.edge,
            crop=self.crop,
            device=weight.device,
            dtype=weight.dtype,
        )
        merged.large.weight.copy_(weight)
        if bias is not None and merged.large.bias is not None:
            merged.large.bias.copy_(bias)
        return merged.train(self.training)

    def merged_weight(self) -> Tensor:
        """Return the weights of both kernels in one, (in, out // groups, *size), differentiable."""
        if self.small is None:
            return self.large.weight
        size = tuple(
            max(pair) for pair in zip(self.kernel_size, self.small.weight.shape[2:], strict=True)
        )
        padding, _ = geometry(size, self.factor)
        total: Tensor | int = 0
        for branch in (self.large, self.small):
            own, _ = geometry(branch.weight.shape[2:], self.factor)
            before = [p - q for p, q in zip(padding, own, strict=True)]
            total = total + embedded(branch.weight, before, size)
        assert isinstance(total, Tensor)
        return total

    def merged_bias(self) -> Tensor | None:
        """Return the sum of the biases, None where there are none."""
        if self.large.bias is None or self.small is None or self.small.bias is None:
            return self.large.bias
        return self.large.bias + self.small.bias

    def kernel(self) -> Kernel:
        """Return the merged kernel for `spectra.kernel`."""
        weight = self.merged_weight().detach().double().cpu().numpy()
        padding, extra = geometry(weight.shape[2:], self.factor)
        return transposed_conv(
            weight, stride=self.factor, padding=padding, output_padding=extra, groups=self.groups
        )

    def extra_repr(self) -> str:
        """Return what the repr of the kernels does not say."""
        edge = f", edge={self.edge}" if any(self.edge) else ""
        crop = f", crop={self.crop}" if any(map(any, self.crop)) else ""
        return f"factor={self.factor}{edge}{crop}"

    def _branch(
        self, name: str, size: PerAxis, made: dict[str, Any]
    ) -> nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d:
        sizes = per_axis(name, size, self.axes, least=1)
        check_size(name, sizes, self.factor)
        padding, extra = geometry(sizes, self.factor)
        # What `edge` adds to the input, and `crop` leaves out, is cropped by so much more padding.
        places = list(zip(self.factor, self.edge, self.crop, strict=True))
        cropped = tuple(p + s * e + b for p, (s, e, (b, _)) in zip(padding, places, strict=True))
        extra = tuple(more + b - a for more, (*_, (b, a)) in zip(extra, places, strict=True))
        if min(cropped) < 0 or any(
            not 0 <= n < s for n, s in zip(extra, self.factor, strict=True) if s > 1
        ):
            message = (
                f"crop={self.crop} does not fit {name}={sizes} at factor {self.factor}: expected a "
                "larger kernel, or as many pixels before as after"
            )
            raise ParameterError(message)
        return walk.TRANSPOSED[self.axes](
            self.in_channels,
            self.out_channels,
            sizes,  # type: ignore[arg-type]
            stride=self.factor,  # type: ignore[arg-type]
            padding=cropped,  # type: ignore[arg-type]
            output_padding=extra,  # type: ignore[arg-type]
            **made,
        )

    @torch.no_grad()
    def _start(self, init: Init) -> None:
        if init == "default":
            return
        size, weight = self.kernel_size, self.large.weight
        padding, _ = geometry(size, self.factor)
        channels = self.in_channels, self.out_channels
        if init == "sinc":
            mixing = random_mixing(weight.shape[0], weight.shape[1])
            started = sinc_weight(mixing, size, self.factor, padding)
        else:
            started = repeated_weight(*channels, size, self.factor, padding, groups=self.groups)
        weight.copy_(started)
        if self.small is not None:
            nn.init.zeros_(self.small.weight)

    def _check(self, x: Tensor, output_size: Sequence[int]) -> None:
        sides = zip(self.factor, x.shape[-self.axes :], self.crop, strict=True)
        made = [s * n - before - after for s, n, (before, after) in sides]
        if list(output_size)[-self.axes :] != made:
            message = (
                f"output_size={tuple(output_size)} from an input of {tuple(x.shape)}: an LCTC "
                f"makes exactly {tuple(made)}; pad the model's input to a multiple of its stride"
            )
            raise ParameterError(message)


def _upsampled(branch: nn.Module, x: Tensor) -> Tensor:
    if grouped_is_faster(branch, x):
        return upsample_grouped(cast("nn.ConvTranspose2d", branch), x)
    y: Tensor = branch(x)
    return y
