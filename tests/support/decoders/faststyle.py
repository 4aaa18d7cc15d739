"""Fast style transfer, four-fold down and up again by 3x3 transposed convolutions of stride 2."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import pad


class InstanceNorm(nn.Module):
    """Each picture's channels to mean 0 and population variance 1, then weight and bias."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        variance, mean = torch.var_mean(x, dim=(2, 3), correction=0, keepdim=True)
        weight, bias = self.weight[:, None, None], self.bias[:, None, None]
        return (x - mean) / torch.sqrt(variance + 1e-3) * weight + bias


def pad_same(x: Tensor, *, kernel: int, stride: int) -> Tensor:
    """Zero-pad so that a strided convolution gives ceil(n / stride); the odd zero comes last."""
    totals = [max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in x.shape[:1:-1]]
    return pad(x, [side for total in totals for side in (total // 2, total - total // 2)])


class FastStyle(nn.Module):
    """RGB in 0..255, (B, 3, H, W) -> RGB in about 0..1, (B, 3, H, W); sides multiples of 4."""

    def __init__(self) -> None:
        super().__init__()
        down, up = (3, 32, 64, 128), (128, 64, 32)
        self.conv = nn.ModuleList(
            nn.Conv2d(a, b, kernel, stride, bias=False)
            for (a, b), kernel, stride in zip(pairwise(down), (9, 3, 3), (1, 2, 2), strict=True)
        )
        self.conv_norm = nn.ModuleList(map(InstanceNorm, down[1:]))
        self.res = nn.ModuleList(nn.Conv2d(128, 128, 3, padding=1, bias=False) for _ in range(10))
        self.res_norm = nn.ModuleList(InstanceNorm(128) for _ in range(10))
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(a, b, 3, stride=2, bias=False) for a, b in pairwise(up)
        )
        self.up_norm = nn.ModuleList(map(InstanceNorm, up[1:]))
        self.out = nn.Conv2d(32, 3, 9, padding=4, bias=False)
        self.out_norm = InstanceNorm(3)

    def forward(self, rgb: Tensor) -> Tensor:
        x = rgb
        for conv, norm in zip(self.conv, self.conv_norm, strict=True):
            padded = pad_same(x, kernel=conv.kernel_size[0], stride=conv.stride[0])
            x = torch.relu(norm(conv(padded)))
        for i in range(0, 10, 2):
            inner = torch.relu(self.res_norm[i](self.res[i](x)))
            x = x + self.res_norm[i + 1](self.res[i + 1](inner))
        for up, norm in zip(self.up, self.up_norm, strict=True):
            height, width = x.shape[2:]
            x = torch.relu(norm(up(x)[:, :, : 2 * height, : 2 * width]))
        return (150 * torch.tanh(self.out_norm(self.out(x))) + 127.5) / 255


def faststyle() -> FastStyle:
    """Return the network that every published style fits."""
    return FastStyle()
