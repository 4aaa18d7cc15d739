"""Which dispatched operations upsample, and how to read kind, factor and kernel off a call.

There is one recogniser for each operation, in one table (`RECOGNISERS`). Both vocabularies are
here: the decomposed operations that reach a dispatch mode as a rule (``aten.convolution``,
``aten.upsample_nearest2d``) and the undecomposed ones that reach it under
``torch.inference_mode`` and in traces (``aten.conv_transpose2d``, ``upsample_*.vec``,
``aten._convolution``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from math import isclose
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload

from spectra.capture._recognised import Family, Recognised
from spectra.capture._steps import Kind
from spectra.follow import Dispatched, is_composite

Recogniser = Callable[[Dispatched], Recognised | None]


def _per_axis(values: Sequence[int], spatial: int) -> tuple[int, ...]:
    """Return an argument for each spatial axis: one number stands for all of them."""
    return tuple(values) * spatial if len(values) == 1 else tuple(values)


def _sizes(tensor: Tensor, spatial: int) -> tuple[int, ...]:
    """Return the sizes of the last axes, which are space."""
    return tuple(tensor.shape[tensor.ndim - spatial :])


def _scale(source: Tensor, result: Tensor, spatial: int) -> tuple[Fraction, ...]:
    """Return output size over input size along each spatial axis."""
    pairs = zip(_sizes(result, spatial), _sizes(source, spatial), strict=True)
    return tuple(Fraction(grown, size) for grown, size in pairs)


def _convolution(call: Dispatched) -> Recognised | None:
    """Read ``aten.convolution`` and ``aten._convolution``, most of which are no step."""
    # The seventh argument is "transposed". Every convolution of a model passes here while it
    # streams, so the plain ones leave before their arguments are named.
    if len(call.args) > 6 and not call.args[6]:
        return None
    named = call.arguments
    return _transposed_conv(named, call.result) if named["transposed"] else None


def _conv_transpose(call: Dispatched) -> Recognised:
    """Read ``aten.conv_transpose1d`` to ``3d``."""
    return _transposed_conv(call.arguments, call.result)


def _transposed_conv(named: Mapping[str, Any], result: Tensor) -> Recognised:
    """Return the reading of a transposed convolution from its arguments by name."""
    source, weight = named["input"], named["weight"]
    spatial = weight.ndim - 2
    stride = _per_axis(named["stride"], spatial)
    return Recognised(
        family="conv",
        kind="transposed_conv",
        upsamples=max(stride) > 1,
        factor=stride,
        scale=_scale(source, result, spatial),
        spatial=spatial,
        channel=-spatial - 1,
        source=source,
        weight=weight,
        kernel_size=tuple(weight.shape[2:]),
        stride=stride,
        groups=named["groups"],
    )


def _convolution_backward(call: Dispatched) -> Recognised | None:
    """Read the gradient of a convolution by its input: a transposed convolution."""
    named, result = call.arguments, call.result
    if named["transposed"] or not isinstance(result[0], Tensor):
        return None
    return _transposed_conv(named | {"input": named["grad_output"]}, result[0])


def _pixel_shuffle(call: Dispatched) -> Recognised:
    """Read ``pixel_shuffle``."""
    named = call.arguments
    factor = int(named["upscale_factor"])
    return Recognised(
        family="shuffle",
        kind="pixel_shuffle",
        upsamples=factor > 1,
        factor=(factor, factor),
        scale=_scale(named["self"], call.result, 2),
        spatial=2,
        channel=-3,
        source=named["self"],
    )


def _resize(kind: Kind, spatial: int) -> Recogniser:
    """Return the recogniser of one mode of ``interpolate``."""

    def read(call: Dispatched) -> Recognised:
        named, result = call.arguments, call.result
        source = named["input"] if "input" in named else named["self"]
        scale = _scale(source, result, spatial)
        asked = named.get("scale_factors") or [
            value for name, value in named.items() if name.startswith("scale")
        ]
        given = [value for value in asked if value is not None]
        corners = bool(named.get("align_corners"))
        reason = _no_lattice(scale, given, align_corners=corners)
        # One value spread over a map has no lattice and is no step. Where a ratio was asked for
        # it is one all the same: another input would have had more than one pixel.
        spread = not given and all(
            size == 1
            for size, ratio in zip(_sizes(source, spatial), scale, strict=True)
            if ratio > 1
        )
        return Recognised(
            family="resize",
            kind=kind,
            upsamples=max(scale) > 1 and not spread,
            factor=() if reason else tuple(map(int, scale)),
            scale=scale,
            spatial=spatial,
            channel=-spatial - 1,
            source=source,
            reason=reason,
            spacing=_spacing(source, result, scale, given, align_corners=corners),
        )

    return read


def _area(spatial: int) -> Recogniser:
    """Return the recogniser of adaptive pooling, which is what ``mode="area"`` calls."""

    def read(call: Dispatched) -> Recognised:
        source, result = call.arguments["self"], call.result
        # A 1-D call arrives as a 2-D one whose rows were added for it.
        added = spatial == 2 and source.shape[-2] == result.shape[-2] == 1
        axes = 1 if added else spatial
        scale = _scale(source, result, axes)
        reason = _no_lattice(scale, [], align_corners=False)
        spread = all(size == 1 for size in _sizes(source, axes))
        return Recognised(
            family="pool",
            kind="area",
            upsamples=max(scale) > 1 and not spread,
            factor=() if reason else tuple(map(int, scale)),
            scale=scale,
            spatial=axes,
            channel=-spatial - 1,
            source=source,
            reason=reason,
        )

    return read


def _unpool(spatial: int) -> Recogniser:
    """Return the recogniser of ``max_unpool``."""

    def read(call: Dispatched) -> Recognised:
        source, result = call.arguments["self"], call.result
        added = spatial == 2 and source.shape[-1] == result.shape[-1] == 1  # a 1-D call's columns
        if not added:
            return _by_size("unpool", "unpool", source, result, spatial)
        found = _by_size("unpool", "unpool", source.squeeze(-1), result.squeeze(-1), 1)
        return replace(found, channel=-3, source=source, added=1)

    return read


def _grid_sample(call: Dispatched) -> Recognised:
    """Read ``grid_sample``, a step where its output is larger along some axes, smaller in none."""
    named = call.arguments
    reason = "grid_sample reads at positions of its own, on no whole-number lattice"
    source, result = named["input"], call.result
    spatial = result.ndim - 2
    found = _by_size("sample", "grid_sample", source, result, spatial, reason=reason)
    return replace(found, positions=named["grid"])


def _fold(call: Dispatched) -> Recognised:
    """Read ``fold``: a transposed convolution that only places and adds patches."""
    named = call.arguments
    stride = tuple(named["stride"])
    return Recognised(
        family="fold",
        kind="fold",
        upsamples=max(stride) > 1,
        factor=stride,
        scale=tuple(map(Fraction, stride)),
        spatial=2,
        channel=-3,
        source=named["self"],
        kernel_size=tuple(named["kernel_size"]),
        stride=stride,
        before=(
            named["self"].shape[-2],
            *(n // s for n, s in zip(_sizes(call.result, 2), stride, strict=True)),
        ),
    )


def _black_box(call: Dispatched) -> Recognised | None:
    """Read an operation of which nothing is known but the sizes of what goes in and out."""
    result = call.result
    if not isinstance(result, Tensor) or not 3 <= result.ndim <= 5:
        return None
    like = (len(result), result.ndim)
    source = next(
        (
            a
            for a in call.args
            if isinstance(a, Tensor) and a.ndim >= 3 and (len(a), a.ndim) == like
        ),
        None,
    )
    if source is None or 0 in source.shape:
        return None
    return _by_size("other", "other", source, result, result.ndim - 2)


def _by_size(
    family: Family,
    kind: Kind,
    source: Tensor,
    result: Tensor,
    spatial: int,
    *,
    reason: str | None = None,
) -> Recognised:
    """Return the reading of a call whose factor is what its sizes say."""
    scale = _scale(source, result, spatial)
    reason = reason or _no_lattice(scale, [], align_corners=False)
    return Recognised(
        family=family,
        kind=kind,
        upsamples=max(scale) > 1 and min(scale) >= 1 and max(_sizes(source, spatial)) > 1,
        factor=() if reason else tuple(map(int, scale)),
        scale=scale,
        spatial=spatial,
        channel=-spatial - 1,
        source=source,
        reason=reason,
    )


def _no_lattice(
    scale: Sequence[Fraction], asked: Sequence[float], *, align_corners: bool
) -> str | None:
    """Say why a resize has no lattice, or None where every ratio is a whole number."""
    if align_corners:
        return "align_corners=True puts the samples on no whole-number lattice"
    for ratio in scale:
        if ratio.denominator > 1:
            return f"the ratio {float(ratio):.4g} is not a whole number"
    for wanted, ratio in zip(asked, scale, strict=False):
        if not isclose(wanted, ratio, rel_tol=1e-6):
            return f"the ratio {wanted:.4g} is not a whole number"
    return None


def _spacing(
    source: Tensor,
    result: Tensor,
    scale: Sequence[Fraction],
    asked: Sequence[float],
    *,
    align_corners: bool,
) -> tuple[Fraction, ...]:
    """Return how many output pixels lie between two input pixels along each axis.

    It is the ratio that was asked for, where one was: sizes are rounded, positions are not.
    """
    if align_corners:
        pairs = zip(_sizes(source, len(scale)), _sizes(result, len(scale)), strict=True)
        return tuple(Fraction(max(after - 1, 1), max(before - 1, 1)) for before, after in pairs)
    if len(asked) == len(scale):
        return tuple(Fraction(wanted).limit_denominator(64) for wanted in asked)
    return tuple(scale)


_RESIZES: dict[str, tuple[Kind, int]] = {
    "upsample_nearest1d": ("nearest", 1),
    "upsample_nearest2d": ("nearest", 2),
    "upsample_nearest3d": ("nearest", 3),
    "_upsample_nearest_exact1d": ("nearest", 1),
    "_upsample_nearest_exact2d": ("nearest", 2),
    "_upsample_nearest_exact3d": ("nearest", 3),
    "upsample_linear1d": ("linear", 1),
    "upsample_bilinear2d": ("bilinear", 2),
    "upsample_bicubic2d": ("bicubic", 2),
    "upsample_trilinear3d": ("trilinear", 3),
    "_upsample_bilinear2d_aa": ("antialiased", 2),
    "_upsample_bicubic2d_aa": ("antialiased", 2),
    "_upsample_lanczos2d_aa": ("antialiased", 2),
}

_BY_NAME: dict[str, Recogniser] = {
    "convolution": _convolution,
    "_convolution": _convolution,
    "conv_transpose1d": _conv_transpose,
    "conv_transpose2d": _conv_transpose,
    "conv_transpose3d": _conv_transpose,
    "pixel_shuffle": _pixel_shuffle,
    "adaptive_avg_pool1d": _area(1),
    "adaptive_avg_pool2d": _area(2),
    "adaptive_avg_pool3d": _area(3),
    "_adaptive_avg_pool2d": _area(2),
    "_adaptive_avg_pool3d": _area(3),
    "max_unpool2d": _unpool(2),
    "max_unpool3d": _unpool(3),
    "grid_sampler": _grid_sample,
    "grid_sampler_2d": _grid_sample,
    "grid_sampler_3d": _grid_sample,
    "cudnn_grid_sampler": _grid_sample,
    "col2im": _fold,
    "convolution_backward": _convolution_backward,
} | {name: _resize(*what) for name, what in _RESIZES.items()}

FAMILIES: dict[str, Family] = {
    "pixel_shuffle": "shuffle",
    "interpolate": "resize",
    "upsample": "resize",
    **{f"conv_transpose{d}d": "conv" for d in (1, 2, 3)},
    **{f"adaptive_avg_pool{d}d": "pool" for d in (1, 2, 3)},
    **dict.fromkeys(_RESIZES, "resize"),
    **dict.fromkeys(("max_unpool2d", "max_unpool3d"), "unpool"),
    **dict.fromkeys(("grid_sampler", "grid_sample"), "sample"),
    **dict.fromkeys(("col2im", "fold"), "fold"),
}
"""Family of each operation by the name under which it stands in a TorchScript graph."""

RECOGNISERS: dict[OpOverload, Recogniser] = {
    getattr(packet, overload): recogniser
    for name, recogniser in _BY_NAME.items()
    if (packet := getattr(torch.ops.aten, name, None)) is not None
    for overload in packet.overloads()
    if "out" not in overload
}
"""Operation -> how to read a call of it: the one place to add an operation."""

# Namespaces of torch itself. Of those of extensions nothing is known but sizes.
_OWN = ("aten", "prim", "prims", "profiler", "c10d", "_c10d_functional", "rngprims", "inductor")


@cache
def recogniser_of(func: OpOverload) -> Recogniser | None:
    """Return how to read a call of an operation, None where it never is a step by itself."""
    return RECOGNISERS.get(func) or (None if func.namespace in _OWN else _black_box)


@cache
def comes_apart(func: OpOverload) -> bool:
    """Tell whether an operation is to be seen as the several others of which torch makes it.

    One of the table stays whole: its parts would be a step of another name, or none.
    """
    return is_composite(func) and recogniser_of(func) is None
