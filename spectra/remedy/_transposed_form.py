"""An upsampling step of a network, written as the transposed convolution that it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from spectra import _walk as walk
from spectra.errors import ConversionError
from spectra.kernel import interpolator
from spectra.kinds import FIXED_TAPS, MODES
from spectra.remedy._lctc import LCTC
from spectra.remedy._shuffle import shuffle
from spectra.remedy._sizes import geometry
from spectra.weights import effective_weight

NO_KERNEL = (
    "align_corners=True puts the output pixels at changing places between the input's, which no "
    "kernel does: use align_corners=False and train again"
)


@dataclass(frozen=True, eq=False)
class TransposedForm:
    """A step as a transposed convolution that makes ``factor`` times its input, and its crop.

    Attributes
    ----------
    weight : Tensor, shape (in, out // groups, *size)
        Taps, as PyTorch lays those of a transposed convolution out.
    bias : Tensor, shape (out,), or None
        What is added to each output channel.
    factor, padding : tuple of int
        Tap n stands ``n - padding`` output pixels after its input sample.
    groups : int
        Groups of channels that do not mix.
    edge : bool
        Whether pixels beyond the border are the border's, instead of 0.
    crop : tuple of (int, int)
        Output pixels left out before and after, along each axis; negative: made beyond.
    """

    weight: Tensor
    bias: Tensor | None
    factor: tuple[int, ...]
    padding: tuple[int, ...]
    groups: int
    edge: bool = False
    crop: tuple[tuple[int, int], ...] = ()

    @property
    def axes(self) -> int:
        """Number of spatial axes."""
        return len(self.factor)

    @property
    def size(self) -> tuple[int, ...]:
        """Taps along each axis."""
        return tuple(self.weight.shape[2:])

    @property
    def channels(self) -> tuple[int, int]:
        """Number of input and of output channels."""
        return self.weight.shape[0], self.weight.shape[1] * self.groups

    @property
    def centre(self) -> tuple[float, ...]:
        """Where the middle of the taps stands, in output pixels after the input sample."""
        return tuple((k - 1) / 2 - p for k, p in zip(self.size, self.padding, strict=True))


def transposed_form(
    module: nn.Module,
    *,
    channels: int | None = None,
    axes: int | None = None,
    like: Tensor | None = None,
) -> TransposedForm:
    """Return a module as a transposed convolution.

    Parameters
    ----------
    module : Module
        ConvTranspose of one to three axes, PixelShuffle, Upsample, LCTC, or a Sequential of a
        convolution and a PixelShuffle.
    channels : int, optional
        Input channels, for modules that do not know them: PixelShuffle, Upsample.
    axes : int, optional
        Spatial axes, for ``Upsample(mode="nearest")``; 2 by default.
    like : Tensor, optional
        Gives dtype and device where the module has no weights.

    Raises
    ------
    ConversionError
        If the module is no such thing; the text says why.
    """
    if isinstance(module, torch.jit.ScriptModule):
        raise ConversionError(
            f"{_what(module)} is a ScriptModule, whose code is frozen: convert the module before "
            "torch.jit.script or torch.jit.trace sees it"
        )
    if isinstance(module, LCTC):
        return _from_lctc(module)
    for kind in walk.TRANSPOSED.values():
        if isinstance(module, kind):
            _check_forward(module, kind)
            return form_of_transposed(
                effective_weight(module),
                module.bias,
                stride=module.stride,
                padding=[int(p) for p in module.padding],
                output_padding=module.output_padding,
                dilation=module.dilation,
                groups=module.groups,
            )
    if isinstance(module, nn.PixelShuffle):
        return form_of_shuffle(_known(channels, module), (module.upscale_factor,) * 2, like=like)
    if isinstance(module, nn.Upsample):
        _check_forward(module, nn.Upsample)
        return _from_upsample(module, _known(channels, module), axes, like)
    if isinstance(module, nn.Sequential) and len(module) == 2:
        conv, second = module
        if isinstance(conv, nn.Conv2d) and isinstance(second, nn.PixelShuffle):
            return _from_conv_and_shuffle(conv, second.upscale_factor)
    raise ConversionError(
        f"{_what(module)} cannot be converted: expected ConvTranspose1d, 2d or 3d, PixelShuffle, "
        "Upsample, LCTC, or Sequential(Conv2d, PixelShuffle)"
    )


def form_of_transposed(
    weight: Tensor,
    bias: Tensor | None,
    *,
    stride: Sequence[int],
    padding: Sequence[int],
    output_padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
) -> TransposedForm:
    """Return a transposed convolution whose dilation is written out as zeros.

    Its output may be longer or shorter than stride times its input: the rest is the form's crop,
    as many pixels before as after, or one more after.

    Raises
    ------
    ConversionError
        If nothing is upsampled.
    """
    factor = tuple(stride)
    if prod(factor) < 2:
        raise ConversionError("its stride is 1: it does not upsample")
    left_out = [
        s - ((k - 1) * d + 1 + extra - 2 * p)
        for s, k, d, extra, p in zip(
            factor, weight.shape[2:], dilation, output_padding, padding, strict=True
        )
    ]
    # The side of the odd pixel is the one for which an output padding exists.
    before = [t // 2 if s % 2 == 0 else -(-t // 2) for t, s in zip(left_out, factor, strict=True)]
    return TransposedForm(
        _undilated(weight, dilation),
        bias=bias,
        factor=factor,
        padding=tuple(p - b for p, b in zip(padding, before, strict=True)),
        groups=groups,
        crop=tuple((b, t - b) for b, t in zip(before, left_out, strict=True)),
    )


def form_of_shuffle(
    channels: int, factor: Sequence[int], *, like: Tensor | None = None
) -> TransposedForm:
    """Return a pixel shuffle of so many input channels: one delta for each of them.

    Whatever made the channels, a bias of each phase included, passes unchanged.
    """
    factor, volume = tuple(factor), prod(factor)
    if channels % volume:
        message = f"{channels} channels are no multiple of {volume}: no pixel shuffle by {factor}"
        raise ConversionError(message)
    options = _options(like)
    deltas = torch.eye(volume, **options).reshape(volume, 1, *factor)
    weight = deltas.repeat(channels // volume, *[1] * (len(factor) + 1))
    return TransposedForm(
        weight, bias=None, factor=factor, padding=(0,) * len(factor), groups=channels // volume
    )


def form_of_interpolation(
    mode: str, channels: int, factor: Sequence[int], *, like: Tensor | None = None
) -> TransposedForm:
    """Return one of PyTorch's interpolations by whole numbers as a depth-wise kernel.

    Parameters
    ----------
    mode : str
        A mode of ``torch.nn.functional.interpolate``, with ``align_corners=False``.
    channels : int
        Input channels, each of which is interpolated by itself.
    factor : sequence of int
        One for each axis.
    like : Tensor, optional
        Gives dtype and device.
    """
    kernel = interpolator(FIXED_TAPS[mode], tuple(factor))
    taps = torch.from_numpy(kernel.weight).to(**_options(like))
    weight = taps.expand(channels, *taps.shape[1:]).clone()
    edge = MODES[mode].reach > 0
    return TransposedForm(
        weight, bias=None, factor=tuple(factor), padding=kernel.padding, groups=channels, edge=edge
    )


def whole_factor(scale: Sequence[float] | float, axes: int) -> tuple[int, ...]:
    """Return a scale as one whole number an axis.

    Raises
    ------
    ConversionError
        If a number is not whole, or nothing grows.
    """
    scales = tuple(scale) if isinstance(scale, Sequence) else (scale,) * axes
    if any(s != int(s) or s < 1 for s in scales) or max(scales) < 2:
        raise ConversionError(
            f"its ratio {'x'.join(f'{float(s):.6g}' for s in scales)} is no whole number above 1: "
            "output pixels lie at changing places between the input's, which no kernel does"
        )
    return tuple(int(s) for s in scales)


def _from_lctc(layer: LCTC) -> TransposedForm:
    weight = layer.merged_weight()
    padding, _ = geometry(weight.shape[2:], layer.factor)
    bias = layer.merged_bias()
    return TransposedForm(
        weight,
        bias=bias,
        factor=layer.factor,
        padding=padding,
        groups=layer.groups,
        edge=any(layer.edge),
        crop=layer.crop,
    )


def _from_upsample(
    module: nn.Upsample, channels: int, axes: int | None, like: Tensor | None
) -> TransposedForm:
    if module.align_corners:
        raise ConversionError(NO_KERNEL)
    if module.scale_factor is None:
        raise ConversionError(
            f"size={module.size} fixes the output's size and not the factor: use scale_factor"
        )
    count = MODES[module.mode].axes or axes or 2
    factor = whole_factor(module.scale_factor, count)
    return form_of_interpolation(module.mode, channels, factor, like=like)


def _from_conv_and_shuffle(conv: nn.Conv2d, factor: int) -> TransposedForm:
    """Return a convolution and the shuffle after it as one dense kernel."""
    _check_forward(conv, nn.Conv2d)
    size = conv.kernel_size
    named = {"same": [k // 2 for k in size], "valid": [0, 0]}
    padding = named[conv.padding] if isinstance(conv.padding, str) else list(conv.padding)
    same = all(k == 2 * p + 1 for k, p in zip(size, padding, strict=True))
    plain = conv.padding_mode == "zeros" or not any(padding)
    if not (same and plain and set(conv.stride) == set(conv.dilation) == {1}):
        raise ConversionError(
            f"{conv} changes the size of its map or pads it with other than zeros: convert the "
            "PixelShuffle alone"
        )
    volume, groups = factor**2, conv.groups
    outputs = conv.out_channels // volume
    if outputs % groups:
        raise ConversionError(
            f"the {groups} groups of {conv} cut through the phases of one output channel: "
            "convert the PixelShuffle alone"
        )
    bias = None
    if conv.bias is not None:
        phases = conv.bias.detach().reshape(outputs, volume)
        bias = phases[:, 0]
        if not torch.equal(phases, bias[:, None].expand_as(phases)):
            spread = float((phases - phases.mean(1, keepdim=True)).abs().max())
            raise ConversionError(
                f"the biases of {conv} differ from phase to phase (by up to {spread:.3g}): a grid "
                "that no transposed convolution makes; convert the PixelShuffle alone"
            )
    # A layer correlates: input sample j meets tap a in output pixel j + p - a.
    weight = effective_weight(conv).flip(-1, -2)
    weight = weight.reshape(groups, outputs // groups, volume, conv.in_channels // groups, *size)
    weight = weight.transpose(1, 3).transpose(2, 3)  # group, in, out, phase, y, x
    taps = shuffle(weight.flatten(0, 1).flatten(1, 2), (factor, factor))
    starts = tuple(factor * (k - 1 - p) for k, p in zip(size, padding, strict=True))
    return TransposedForm(taps, bias=bias, factor=(factor, factor), padding=starts, groups=groups)


def _undilated(weight: Tensor, dilation: Sequence[int]) -> Tensor:
    """Return the weight with the zeros between its taps written out."""
    if set(dilation) == {1}:
        return weight
    size = [(k - 1) * d + 1 for k, d in zip(weight.shape[2:], dilation, strict=True)]
    spread = weight.new_zeros(*weight.shape[:2], *size)
    places: tuple[Any, ...] = (..., *(slice(None, None, d) for d in dilation))
    spread[places] = weight
    return spread


def _check_forward(module: nn.Module, kind: type[nn.Module]) -> None:
    """Raise where a subclass computes something else."""
    if type(module).forward is not kind.forward:
        raise ConversionError(
            f"{type(module).__name__} has a forward of its own, which {kind.__name__}'s weights do "
            "not describe"
        )


def _known(channels: int | None, module: nn.Module) -> int:
    if channels is None:
        message = f"channels=None, and {_what(module)} does not know them: give its input channels"
        raise ConversionError(message)
    return channels


def _options(like: Tensor | None) -> dict[str, Any]:
    if like is None:
        return {"dtype": torch.get_default_dtype(), "device": torch.get_default_device()}
    return {"dtype": like.dtype, "device": like.device}


def _what(module: nn.Module) -> str:
    return str(getattr(module, "original_name", type(module).__name__))
