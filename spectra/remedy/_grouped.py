"""Large grouped transposed convolutions on a CPU, by the routes that are fast there.

PyTorch takes as long for a transposed convolution of two inputs to each output, the grouping of
the paper's code, as for a dense one of the same channels. The same taps applied depth-wise, and
the maps then added, take a fraction of it. The gradients of depth-wise kernels in turn are
faster channels last, and those of 15 and more taps by far as products of spectra.
``python benchmarks/bench.py layers`` measures it; docs/results/costs.md holds the numbers.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils._python_dispatch import _get_current_dispatch_mode

LEAST_TAPS = 7  # below, nothing is gained
LEAST_SPECTRAL_TAPS = 15
MOST_INPUTS = 2  # for each output: beyond, training is slower than PyTorch's own route

Pair = tuple[int, int]


def grouped_is_faster(branch: nn.Module, x: Tensor) -> bool:
    """Tell whether `upsample_grouped` does for this layer and input, and is the faster route.

    It is not for float64, other devices and other groupings. Where someone watches (hooks, a
    dispatch mode, a trace, the compiler, a transform of `torch.func`) the operation is left as it
    stands: it is what they look for.
    """
    return (
        isinstance(branch, nn.ConvTranspose2d)
        and branch.groups == branch.out_channels > 1
        and not _watched(branch, x)
        and branch.in_channels <= MOST_INPUTS * branch.groups
        and min(branch.kernel_size) >= LEAST_TAPS
        and x.device.type == "cpu"
        and x.dtype == branch.weight.dtype == torch.float32
        and x.ndim == 4
        and x.numel() > 0
        and (branch.in_channels > branch.groups or _trains(branch, x))
    )


def upsample_grouped(branch: nn.ConvTranspose2d, x: Tensor) -> Tensor:
    """Return what ``branch(x)`` does, up to rounding, laid out as ``x`` is.

    Each input channel is upsampled by its own taps; what belongs to one output is added.
    """
    given = torch.channels_last if _is_channels_last(x) else torch.contiguous_format
    if _trains(branch, x) and min(branch.kernel_size) >= LEAST_SPECTRAL_TAPS:
        y = _with_bias(branch, _by_spectra(branch, x))
    elif _trains(branch, x):
        y = _depth_wise(branch, x.contiguous(memory_format=torch.channels_last))
    else:
        y = _depth_wise(branch, x)
    return y.contiguous(memory_format=given)


def _depth_wise(branch: nn.ConvTranspose2d, x: Tensor) -> Tensor:
    alone = branch.in_channels == branch.out_channels
    y = functional.conv_transpose2d(
        x,
        branch.weight,
        branch.bias if alone else None,
        stride=cast("Pair", branch.stride),
        padding=cast("Pair", branch.padding),
        output_padding=cast("Pair", branch.output_padding),
        groups=branch.in_channels,
    )
    return y if alone else _with_bias(branch, _added(branch, y))


def _by_spectra(branch: nn.ConvTranspose2d, x: Tensor) -> Tensor:
    """Zeros between samples repeat the input's spectrum, the kernel's response multiplies it.

    Periods are as long as the whole output before it is cropped, so that nothing wraps.
    """
    axes = list(
        zip(
            x.shape[-2:],
            branch.stride,
            branch.kernel_size,
            cast("Pair", branch.padding),
            branch.output_padding,
            strict=True,
        )
    )
    low = [_smooth(-(-((n - 1) * s + k + more) // s)) for n, s, k, _, more in axes]
    period = [m * s for m, s in zip(low, branch.stride, strict=True)]
    repeated = torch.fft.fft2(x, s=low).repeat(1, 1, *branch.stride)[..., : period[1] // 2 + 1]
    response = torch.fft.rfft2(branch.weight[:, 0], s=period)
    y: Tensor = torch.fft.irfft2(_added(branch, repeated * response), s=period)
    rows, columns = (slice(p, (n - 1) * s + k + more - p) for n, s, k, p, more in axes)
    return y[..., rows, columns]


def _added(branch: nn.ConvTranspose2d, y: Tensor) -> Tensor:
    """Return the sum of the maps that belong to one output."""
    return y if branch.in_channels == branch.groups else y[:, 0::2] + y[:, 1::2]


def _with_bias(branch: nn.ConvTranspose2d, y: Tensor) -> Tensor:
    return y if branch.bias is None else y + branch.bias[:, None, None]


def _smooth(least: int) -> int:
    """Return the next number that has no prime factor above 5, for which the FFT is fast."""
    rest = least
    for prime in (2, 3, 5):
        while rest % prime == 0:
            rest //= prime
    return least if rest == 1 else _smooth(least + 1)


def _trains(branch: nn.Module, x: Tensor) -> bool:
    wanted = x.requires_grad or any(p.requires_grad for p in branch.parameters())
    return torch.is_grad_enabled() and wanted


def _watched(branch: nn.Module, x: Tensor) -> bool:
    return bool(
        torch.compiler.is_compiling()
        or torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
        or _get_current_dispatch_mode() is not None
        or torch._C._functorch.is_functorch_wrapped_tensor(x)
        or branch._forward_hooks
        or branch._forward_pre_hooks
        or branch._backward_hooks
        or branch._backward_pre_hooks
    )


def _is_channels_last(x: Tensor) -> bool:
    channels_last = x.is_contiguous(memory_format=torch.channels_last)
    return channels_last and not x.is_contiguous()
