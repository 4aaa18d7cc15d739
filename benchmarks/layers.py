"""What upsampling layers cost, and by which route: ``python benchmarks/bench.py layers``.

``python benchmarks/layers.py NAME`` prints the MiB that one forward and backward pass of a layer
needs beyond what was there before.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra.remedy import LCTC

IN, OUT, SIDE, BATCH = 32, 16, 64, 2
# Input channels, output channels, groups.
GROUPINGS = {
    "dense": (IN, OUT, 1),
    "grouped": (IN, OUT, OUT),  # as in the paper's code: two inputs to an output
    "depth-wise": (OUT, OUT, OUT),
}
SIZES: dict[str, tuple[int, int | None]] = {
    "2x2": (2, None),
    "3x3": (3, None),
    "LCTC 7": (7, None),
    "LCTC 7+3": (7, 3),
    "LCTC 11": (11, None),
    "LCTC 11+3": (11, 3),
    "LCTC 31": (31, None),
}
ROUTED = ("3x3", "LCTC 7", "LCTC 11", "LCTC 31")
EXACT = 1e-4  # of the largest output value, float32


def layer(size: str, grouping: str) -> LCTC:
    """Return an upsampling layer by the names of its size and grouping."""
    inputs, outputs, groups = GROUPINGS[grouping]
    large, small = SIZES[size]
    return LCTC(inputs, outputs, large, small=small, groups=groups)


def features(grouping: str) -> Tensor:
    """Return a map for a layer of this grouping, of which a gradient is wanted."""
    generator = torch.Generator().manual_seed(0)
    inputs = GROUPINGS[grouping][0]
    return torch.rand(BATCH, inputs, SIDE, SIDE, generator=generator).requires_grad_()


def forward(run: Callable[[Tensor], Tensor], x: Tensor) -> None:
    with torch.no_grad():
        run(x)


def forward_and_backward(run: Callable[[Tensor], Tensor], x: Tensor) -> None:
    run(x).sum().backward()


Route = Callable[[LCTC], Callable[[Tensor], Tensor]]


def pytorch(made: LCTC) -> Callable[[Tensor], Tensor]:
    """Return the transposed convolution as PyTorch runs it."""
    return made.large


def channels_last(made: LCTC) -> Callable[[Tensor], Tensor]:
    """Return it with the input made channels last, and the output channels first again."""
    return lambda x: made.large(x.contiguous(memory_format=torch.channels_last)).contiguous()


def shuffled(made: LCTC) -> Callable[[Tensor], Tensor]:
    """Return the same as a convolution, an output channel for each phase, and a pixel shuffle."""
    weight, reach = phase_weight(made.large)
    assert made.large.bias is not None
    outputs = 4 * made.out_channels
    conv = nn.Conv2d(made.in_channels, outputs, 2 * reach + 1, padding=reach, groups=made.groups)
    with torch.no_grad():
        conv.weight.copy_(weight)
        assert conv.bias is not None
        conv.bias.copy_(made.large.bias.repeat_interleave(4))
    return nn.Sequential(conv, nn.PixelShuffle(2))


def phase_weight(conv: nn.ConvTranspose2d) -> tuple[Tensor, int]:
    """Return the weights (4 out, in // groups, 2 reach + 1, ...) of the four phases, and reach.

    Output 2 m + r is the sum over d of input m + d by tap r + padding - 2 d.
    """
    k, padding, groups = conv.kernel_size[0], int(conv.padding[0]), conv.groups
    reach = max(padding // 2, (k - padding) // 2)
    side = 2 * (2 * reach + 1)
    before = 2 * reach - padding
    after = side - k - before
    w = functional.pad(conv.weight.detach(), (before, after, before, after))
    inputs, outputs, n = w.shape[0] // groups, w.shape[1], 2 * reach + 1
    # Tap index before + r + padding - 2 d = r + 2 (reach - d): pairs of taps, last d first.
    w = w.reshape(groups, inputs, outputs, n, 2, n, 2).flip(3, 5)
    return w.permute(0, 2, 4, 6, 1, 3, 5).reshape(4 * groups * outputs, inputs, n, n), reach


def by_fft(made: LCTC) -> Callable[[Tensor], Tensor]:
    """Return the same as a product of spectra: the input's repeats, upsampled by zeros."""
    conv, padding = made.large, int(made.large.padding[0])
    assert conv.bias is not None
    side = 2 * SIDE + conv.kernel_size[0] + 1
    side += side % 2
    groups = conv.groups

    def run(x: Tensor) -> Tensor:
        assert conv.bias is not None
        base = torch.fft.fft2(x, s=(side // 2, side // 2))
        spectrum = base.repeat(1, 1, 2, 2)[..., : side // 2 + 1].unflatten(1, (groups, -1))
        response = torch.fft.rfft2(conv.weight, s=(side, side)).unflatten(0, (groups, -1))
        made = torch.einsum("bgiyx,gioyx->bgoyx", spectrum, response).flatten(1, 2)
        y = torch.fft.irfft2(made, s=(side, side))
        kept = slice(padding, padding + 2 * SIDE)
        return y[..., kept, kept] + conv.bias[:, None, None]

    return run


def check(run: Callable[[Tensor], Tensor], made: LCTC, x: Tensor) -> None:
    """Raise unless a route computes what the layer does."""
    with torch.no_grad():
        expected = made.large(x)
        off = (run(x) - expected).abs().max() / expected.abs().max()
    assert off < EXACT, f"off by {off:.1e} of the output"


ROUTES: dict[str, Route] = {
    "the LCTC as it is": lambda made: made,
    "channels last": channels_last,
    "convolution and pixel shuffle": shuffled,
    "FFT": by_fft,
}


def routes(size: str, grouping: str) -> dict[str, Callable[[Tensor], Tensor]]:
    """Return the routes to one layer's output, PyTorch's own first, checked against it."""
    made, x = layer(size, grouping), features(grouping)
    found = {"PyTorch": pytorch(made)}
    for name, route in ROUTES.items():
        if name == "the LCTC as it is" and grouping == "dense":
            continue  # the same
        if name == "channels last" and grouping == "dense" and size == "LCTC 31":
            continue  # the weights' gradient takes 20 times as long
        if name == "FFT" and size in ("3x3", "LCTC 7"):
            continue
        found[name] = route(made)
        check(found[name], made, x)
    return found


def peak_mib(size: str, grouping: str) -> float:
    """Return the memory in MiB that one forward and backward pass adds to the process (Linux)."""
    made, x = layer(size, grouping), features(grouping)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak so far
    before = peak_kib()
    forward_and_backward(made, x)
    return (peak_kib() - before) / 1024


def peak_kib() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(peak_mib(*sys.argv[1].split(", ")))
