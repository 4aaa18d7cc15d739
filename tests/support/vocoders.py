"""Small vocoders: of a known kernel, and of HiFi-GAN's shape."""

import torch
from torch import nn
from torch.nn.functional import leaky_relu


def planted(first, second, strides):
    """Return zero insertion and a known filter, twice: all that is in its output is known."""
    net = nn.Sequential()
    for taps, stride in zip((first, second), strides, strict=True):
        up = nn.ConvTranspose1d(1, 1, len(taps), stride=stride, bias=False)
        up.weight.data = torch.as_tensor(taps, dtype=torch.float32)[None, None]
        net.append(up)
    return net


class Vocoder(nn.Module):
    """Mels (B, C, T) to sound (B, 1, T times the strides), as HiFi-GAN does it."""

    def __init__(self, mels=8, strides=(4, 2), norm=lambda layer: layer):
        super().__init__()
        widths = [16 >> i for i in range(len(strides) + 1)]
        self.pre = norm(nn.Conv1d(mels, widths[0], 3, padding=1))
        self.ups = nn.ModuleList(
            norm(nn.ConvTranspose1d(wide, narrow, 2 * s, s, s // 2))
            for wide, narrow, s in zip(widths, widths[1:], strides, strict=False)
        )
        self.post = norm(nn.Conv1d(widths[-1], 1, 3, padding=1))

    def forward(self, x):
        x = self.pre(x)
        for up in self.ups:
            x = up(leaky_relu(x, 0.1))
        return torch.tanh(self.post(leaky_relu(x, 0.1)))


class TimeFirst(nn.Module):
    """The same for mels (B, T, C), which returns (B, L)."""

    def __init__(self, vocoder):
        super().__init__()
        self.vocoder = vocoder

    def forward(self, x):
        return self.vocoder(x.mT)[:, 0]


class TimeAlone(nn.Module):
    """The same for waveforms (B, T) that have no axis of channels."""

    def __init__(self, vocoder):
        super().__init__()
        self.vocoder = vocoder

    def forward(self, x):
        if x.ndim != 2:
            raise ValueError(f"expected (B, T), got {tuple(x.shape)}")
        return self.vocoder(x[:, None])


def vocoder(**how):
    """Return a vocoder with weights that are always the same."""
    torch.manual_seed(0)
    return Vocoder(**how)
