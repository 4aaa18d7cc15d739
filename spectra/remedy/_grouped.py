"""Large grouped transposed convolutions on a CPU, by the route that is fast there.

PyTorch takes as long for a transposed convolution of two inputs to each output, the grouping of
the paper's code, as for a dense one of the same channels. The same taps applied depth-wise, and
the maps then added, take a fraction of it. The gradients of depth-wise kernels in turn are
faster channels last. ``python benchmarks/bench.py layers`` measures both; docs/remedies.md holds
the numbers.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils._python_dispatch import _get_current_dispatch_mode

LEAST_TAPS = 7  # below, nothing is gained
MOST_INPUTS = 2  # for each output: beyond, training is slower than PyTorch's own route


def faster_by_parts(branch: nn.Module, x: Tensor) -> bool:
    """Tell whether `upsample_by_parts` does for this layer and input, and is the faster route.

    It is not for float64, other devices and other groupings. Where someone watches (hooks, a
    dispatch mode, a trace, the compiler, a transform of `torch.func`) the operation is left as it
    stands: it is what they look for.
    """
    return (
        isinstance(branch, nn.ConvTranspose2d)
        and branch.groups == branch.out_channels > 1
        and branch.in_channels <= MOST_INPUTS * branch.groups
        and min(branch.kernel_size) >= LEAST_TAPS
        and x.device.type == "cpu"
        and x.dtype == branch.weight.dtype == torch.float32
        and x.ndim == 4
        and (branch.in_channels > branch.groups or _trains(branch, x))
        and not _watched(branch, x)
    )


def upsample_by_parts(branch: nn.ConvTranspose2d, x: Tensor) -> Tensor:
    """Return what ``branch(x)`` does, up to rounding, laid out as ``x`` is.

    Each input channel is upsampled by its own taps; what belongs to one output is added.
    """
    given = torch.channels_last if _is_channels_last(x) else torch.contiguous_format
    if _trains(branch, x):
        x = x.contiguous(memory_format=torch.channels_last)
    alone = branch.in_channels == branch.out_channels
    y = functional.conv_transpose2d(
        x,
        branch.weight,
        branch.bias if alone else None,
        stride=cast("tuple[int, int]", branch.stride),
        padding=cast("tuple[int, int]", branch.padding),
        output_padding=cast("tuple[int, int]", branch.output_padding),
        groups=branch.in_channels,
    )
    if not alone:
        y = y[:, 0::2] + y[:, 1::2]
        if branch.bias is not None:
            y = y + branch.bias[:, None, None]
    return y.contiguous(memory_format=given)


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
