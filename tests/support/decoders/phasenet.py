"""PhaseNet, a one-dimensional U-Net that picks seismic arrivals; every step has factor 4."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import pad


def conv(inputs: int, outputs: int, *, stride: int = 1) -> nn.Conv1d:
    return nn.Conv1d(inputs, outputs, 7, stride, padding=3 if stride == 1 else 0, bias=False)


def norm(channels: int) -> nn.BatchNorm1d:
    return nn.BatchNorm1d(channels, eps=1e-3)


def pad_same(x: Tensor) -> Tensor:
    """Zero-pad so that kernel 7 with stride 4 gives ceil(n / 4); the larger half comes last."""
    n = x.shape[-1]
    total = max((-(-n // 4) - 1) * 4 + 7 - n, 0)
    return pad(x, (total // 2, total - total // 2))


def centre(x: Tensor, length: int) -> Tensor:
    start = (x.shape[-1] - length) // 2
    return x[..., start : start + length]


class PhaseNet(nn.Module):
    """Components of mean 0 and deviation 1, (B, 3, T) -> logits of noise, P, S, (B, 3, T)."""

    def __init__(self) -> None:
        super().__init__()
        widths = (8, 16, 32, 64, 128)
        self.inp, self.inp_bn = nn.Conv1d(3, 8, 7, padding=3), norm(8)
        self.down1 = nn.ModuleList(conv(a, b) for a, b in pairwise((8, *widths)))
        self.down1_bn = nn.ModuleList(map(norm, widths))
        self.down3 = nn.ModuleList(conv(a, a, stride=4) for a in widths[:-1])
        self.down3_bn = nn.ModuleList(map(norm, widths[:-1]))
        self.up0 = nn.ModuleList(
            nn.ConvTranspose1d(b, a, 7, stride=4, bias=False) for a, b in pairwise(widths)
        )
        self.up0_bn = nn.ModuleList(map(norm, widths[:-1]))
        self.up1 = nn.ModuleList(conv(2 * a, a) for a in widths[:-1])
        self.up1_bn = nn.ModuleList(map(norm, widths[:-1]))
        self.out = nn.Conv1d(8, 3, 1)

    def forward(self, components: Tensor) -> Tensor:
        x = torch.relu(self.inp_bn(self.inp(components)))
        skips = []
        for level in range(4):
            skip = torch.relu(self.down1_bn[level](self.down1[level](x)))
            x = torch.relu(self.down3_bn[level](self.down3[level](pad_same(skip))))
            skips.append(skip)
        x = torch.relu(self.down1_bn[4](self.down1[4](x)))
        for level in reversed(range(4)):
            kept = self.up0[level](x)[..., 1 : 1 + 4 * x.shape[-1]]
            grown = torch.relu(self.up0_bn[level](kept))
            both = torch.cat([skips[level], centre(grown, skips[level].shape[-1])], dim=1)
            x = torch.relu(self.up1_bn[level](self.up1[level](both)))
        return self.out(x)


def phasenet() -> PhaseNet:
    """Return the network for three components."""
    return PhaseNet()
