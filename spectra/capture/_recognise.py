"""Which dispatched operations upsample, and how to read kind, factor and kernel off a call.

Which operations these are, `spectra.kinds` says; here is one reader for each family of them. Both
vocabularies are read: the decomposed operations that reach a dispatch mode as a rule
(``aten.convolution``, ``aten.upsample_nearest2d``) and the undecomposed ones that reach it under
``torch.inference_mode`` and in traces (``aten.conv_transpose2d``, ``upsample_*.vec``,
``aten._convolution``).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache, partial
from math import isclose
from typing import Protocol

import torch
from torch import Tensor
from torch._ops import OpOverload

from spectra._checks import along_axes
from spectra.capture._recognised import Recognised
from spectra.follow import Dispatched, is_composite
from spectra.kinds import KINDS, Family, Kind

Recogniser = Callable[[Dispatched], Recognised | None]


class Reader(Protocol):
    """Reads the calls of one family of operations."""

    def __call__(self, call: Dispatched, kind: Kind, axes: int) -> Recognised | None:
        """Read a call of an operation of a kind, which is for so many axes; 0 for any number."""


def _sizes(tensor: Tensor, spatial: int) -> tuple[int, ...]:
    """Return the sizes of the last axes, which are space."""
    return tuple(tensor.shape[tensor.ndim - spatial :])


def _scale(source: Tensor, result: Tensor, spatial: int) -> tuple[Fraction, ...]:
    """Return output size over input size along each spatial axis."""
    pairs = zip(_sizes(result, spatial), _sizes(source, spatial), strict=True)
    return tuple(Fraction(grown, size) for grown, size in pairs)


def _transposed_conv(call: Dispatched, kind: Kind, axes: int) -> Recognised | None:
    """Read a convolution, most of which are not transposed and no step."""
    # The seventh argument of a convolution is "transposed". Every one of a model passes here while
    # it streams, so the plain ones leave before their arguments are named.
    if len(call.args) > 6 and call.args[6] is False:
        return None
    named = call.arguments
    transposed = named.get("transposed", True)  # conv_transpose2d does not say so
    if "grad_output" in named:
        # The gradient of a plain convolution by its input is a transposed convolution.
        if transposed or not isinstance(call.map, Tensor):
            return None
        named = named | {"input": named["grad_output"]}
    elif not transposed:
        return None
    source, weight = named["input"], named["weight"]
    spatial = weight.ndim - 2
    stride = along_axes(named["stride"], spatial)
    return Recognised(
        kind=kind,
        upsamples=max(stride) > 1,
        factor=stride,
        scale=_scale(source, call.map, spatial),
        spatial=spatial,
        channel=-spatial - 1,
        source=source,
        weight=weight,
        kernel_size=tuple(weight.shape[2:]),
        stride=stride,
        groups=named["groups"],
    )


def _pixel_shuffle(call: Dispatched, kind: Kind, axes: int) -> Recognised:
    """Read ``pixel_shuffle``."""
    named = call.arguments
    factor = int(named["upscale_factor"])
    return Recognised(
        kind=kind,
        upsamples=factor > 1,
        factor=(factor,) * axes,
        scale=_scale(named["self"], call.map, axes),
        spatial=axes,
        channel=-axes - 1,
        source=named["self"],
    )


def _resize(call: Dispatched, kind: Kind, axes: int) -> Recognised:
    """Read one mode of ``interpolate``."""
    named, result = call.arguments, call.map
    source = named["input"] if "input" in named else named["self"]
    scale = _scale(source, result, axes)
    asked = named.get("scale_factors") or [
        value for name, value in named.items() if name.startswith("scale")
    ]
    given = [value for value in asked if value is not None]
    corners = bool(named.get("align_corners"))
    reason = _no_lattice(scale, given, align_corners=corners)
    # One value spread over a map has no lattice and is no step. Where a ratio was asked for it is
    # one all the same: another input would have had more than one pixel.
    spread = not given and all(
        size == 1 for size, ratio in zip(_sizes(source, axes), scale, strict=True) if ratio > 1
    )
    return Recognised(
        kind=kind,
        upsamples=max(scale) > 1 and not spread,
        factor=() if reason else tuple(map(int, scale)),
        scale=scale,
        spatial=axes,
        channel=-axes - 1,
        source=source,
        reason=reason,
        spacing=_spacing(source, result, scale, given, align_corners=corners),
    )


def _pool(call: Dispatched, kind: Kind, axes: int) -> Recognised:
    """Read adaptive pooling, which is what ``mode="area"`` calls."""
    source, result = call.arguments["self"], call.map
    # A 1-D call arrives as a 2-D one whose rows were added for it.
    added = axes == 2 and source.shape[-2] == result.shape[-2] == 1
    spatial = 1 if added else axes
    scale = _scale(source, result, spatial)
    reason = _no_lattice(scale, [], align_corners=False)
    spread = all(size == 1 for size in _sizes(source, spatial))
    return Recognised(
        kind=kind,
        upsamples=max(scale) > 1 and not spread,
        factor=() if reason else tuple(map(int, scale)),
        scale=scale,
        spatial=spatial,
        channel=-axes - 1,
        source=source,
        reason=reason,
    )


def _unpool(call: Dispatched, kind: Kind, axes: int) -> Recognised:
    """Read ``max_unpool``."""
    source, result = call.arguments["self"], call.map
    added = axes == 2 and source.shape[-1] == result.shape[-1] == 1  # a 1-D call's columns
    if not added:
        return _by_size(kind, source, result, axes)
    found = _by_size(kind, source.squeeze(-1), result.squeeze(-1), 1)
    return replace(found, channel=-3, source=source, added=1)


def _grid_sample(call: Dispatched, kind: Kind, axes: int) -> Recognised:
    """Read ``grid_sample``, a step where its output is larger along some axes, smaller in none."""
    named = call.arguments
    reason = "grid_sample reads at positions of its own, on no whole-number lattice"
    source, result = named["input"], call.map
    found = _by_size(kind, source, result, axes or result.ndim - 2, reason=reason)
    return replace(found, positions=named["grid"])


def _fold(call: Dispatched, kind: Kind, axes: int) -> Recognised:
    """Read ``fold``: a transposed convolution that only places and adds patches."""
    named = call.arguments
    stride = tuple(named["stride"])
    return Recognised(
        kind=kind,
        upsamples=max(stride) > 1,
        factor=stride,
        scale=tuple(map(Fraction, stride)),
        spatial=axes,
        channel=-axes - 1,
        source=named["self"],
        kernel_size=tuple(named["kernel_size"]),
        stride=stride,
        before=(
            named["self"].shape[-2],
            *(n // s for n, s in zip(_sizes(call.map, axes), stride, strict=True)),
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
    return _by_size("other", source, result, result.ndim - 2)


def _by_size(
    kind: Kind, source: Tensor, result: Tensor, spatial: int, *, reason: str | None = None
) -> Recognised:
    """Return the reading of a call whose factor is what its sizes say."""
    scale = _scale(source, result, spatial)
    reason = reason or _no_lattice(scale, [], align_corners=False)
    return Recognised(
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


_READERS: dict[Family, Reader] = {
    "conv": _transposed_conv,
    "shuffle": _pixel_shuffle,
    "resize": _resize,
    "pool": _pool,
    "unpool": _unpool,
    "sample": _grid_sample,
    "fold": _fold,
}

RECOGNISERS: dict[OpOverload, Recogniser] = {
    getattr(packet, overload): partial(_READERS[row.family], kind=row.name, axes=axes)
    for row in KINDS.values()
    for name, axes in row.operations.items()
    if (packet := getattr(torch.ops.aten, name, None)) is not None
    for overload in packet.overloads()
    if "out" not in overload
}
"""Operation -> how to read a call of it."""

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
