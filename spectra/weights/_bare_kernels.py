"""The upsampling kernels in bare weights, as far as these can tell."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from torch import Tensor

from spectra import kernel
from spectra._names import near
from spectra.errors import ParameterError
from spectra.weights._evidence import Evidence, evidence_for, named_as_transposed
from spectra.weights._held import (
    ASSUMED_STRIDE,
    Certainty,
    HeldKernels,
    Strides,
    UpsamplingKernel,
    stem_of,
)
from spectra.weights._hints import hints_for, likeliest_first
from spectra.weights._resolved import resolved
from spectra.weights._taps import as_numpy


def kernels_of_weights(
    weights: Mapping[str, Tensor],
    *,
    strides: Strides | None = None,
    shuffles: Mapping[str, int] | None = None,
) -> HeldKernels:
    """Return the upsampling kernels in bare weights: what must be one, or was named as one.

    Nothing in a state dict says whether a convolution is transposed, nor what its stride is. A bias
    as long as the second axis and not as the first settles the former, as does the vector of a
    spectral norm. Strides that are not given are taken for 2, padding as that which keeps the size:
    energies do not depend on it, delays do.

    Parameters
    ----------
    weights : mapping of str to Tensor
        Tensors by the names under which they were saved.
    strides : mapping of str to tuple of int, optional
        Pattern of a tensor's name, with or without ``.weight`` -> stride of the transposed
        convolution that it is; 1 says that it does not upsample.
    shuffles : mapping of str to int, optional
        Pattern of the name of a convolution's weight -> factor of the pixel shuffle after it.

    Raises
    ------
    ParameterError
        If a pattern matches no weight, or the weight it names cannot be what is said.
    """
    strides, shuffles = dict(strides or {}), dict(shuffles or {})
    tensors, notes = resolved(weights)
    candidates = {
        name: tensor
        for name, tensor in tensors.items()
        if 3 <= tensor.ndim <= 5 and tensor.is_floating_point() and tensor.numel()
    }
    for pattern in (*strides, *shuffles):
        _check_pattern(pattern, candidates)
    kernels: list[UpsamplingKernel] = []
    ambiguous: list[str] = []
    named_so = named_as_transposed(candidates)
    for name, tensor in candidates.items():
        stride = _value(strides, name)
        if stride is not None and set(stride) == {1}:
            continue
        factor = _value(shuffles, name)
        if factor is not None:
            kernels.append(_named_shuffle(name, tensor, factor))
            continue
        verdict = evidence_for(name, weights, tensor, likely=name in named_so)
        if stride is not None:
            kernels.append(_named(name, tensor, stride, verdict.groups))
        elif verdict.certainty is not None:
            kernels.append(_judged(name, tensor, verdict, verdict.certainty))
        elif verdict.possible:
            ambiguous.append(stem_of(name))
    settled = {one.name for one in kernels}
    settled |= {stem_of(name) for name in candidates if _value(strides, name) is not None}
    hints = hints_for(candidates, ambiguous, settled)
    return HeldKernels(tuple(kernels), likeliest_first(ambiguous, candidates), notes, hints)


def _judged(name: str, tensor: Tensor, verdict: Evidence, certainty: Certainty) -> UpsamplingKernel:
    """Return a weight that was judged to be transposed, of the usual stride."""
    evidence = f"{verdict.evidence}; stride {ASSUMED_STRIDE} assumed"
    taps = _transposed(name, tensor, (ASSUMED_STRIDE,) * (tensor.ndim - 2), verdict.groups)
    return UpsamplingKernel(
        stem_of(name), kind="transposed_conv", certainty=certainty, evidence=evidence, kernel=taps
    )


def _named(name: str, tensor: Tensor, stride: tuple[int, ...], groups: int) -> UpsamplingKernel:
    """Return a weight that the caller says is transposed."""
    axes = tensor.ndim - 2
    strides = stride * axes if len(stride) == 1 else stride
    if len(strides) != axes:
        expected = f"1 or {axes}" if axes > 1 else "1"
        message = f"stride of {stem_of(name)!r} has {len(stride)} numbers: expected {expected}"
        raise ParameterError(message)
    taps = _transposed(name, tensor, strides, groups)
    evidence = "named with its stride"
    return UpsamplingKernel(
        stem_of(name), kind="transposed_conv", certainty="named", evidence=evidence, kernel=taps
    )


def _named_shuffle(name: str, tensor: Tensor, factor: int) -> UpsamplingKernel:
    """Return a weight that the caller says stands before a pixel shuffle."""
    padding = tuple((k - 1) // 2 for k in tensor.shape[2:])
    try:
        taps = kernel.pixel_shuffle(as_numpy(tensor), factor=factor, padding=padding)
    except ParameterError as error:
        raise ParameterError(f"{stem_of(name)}: {error}") from error
    evidence = "named with its factor"
    return UpsamplingKernel(
        stem_of(name), kind="pixel_shuffle", certainty="named", evidence=evidence, kernel=taps
    )


def _transposed(name: str, tensor: Tensor, stride: tuple[int, ...], groups: int) -> kernel.Kernel:
    """Return the kernel of a transposed weight, padded so that it keeps the size."""
    pairs = [kernel.same_size_padding(k, s) for k, s in zip(tensor.shape[2:], stride, strict=True)]
    try:
        return kernel.transposed_conv(
            as_numpy(tensor),
            stride=stride,
            padding=tuple(padding for padding, _ in pairs),
            output_padding=tuple(max(0, extra) for _, extra in pairs),
            groups=groups,
        )
    except ParameterError as error:
        raise ParameterError(f"{stem_of(name)}: {error}") from error


def _check_pattern(pattern: str, candidates: Mapping[str, Tensor]) -> None:
    if not any(_matches(pattern, name) for name in candidates):
        stems = [stem_of(name) for name in candidates]
        close = near(pattern, stems, cutoff=0.3) or stems[:3] or ["no kernel at all"]
        message = f"{pattern!r} matches no weight with spatial axes: there are {', '.join(close)}"
        raise ParameterError(message)


def _value(values: Mapping[str, Any], name: str) -> Any:
    return next((v for pattern, v in values.items() if _matches(pattern, name)), None)


def _matches(pattern: str, name: str) -> bool:
    return any(n == pattern or fnmatchcase(n, pattern) for n in (name, stem_of(name)))
