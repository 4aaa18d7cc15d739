"""NAFNet, and the Baseline network that it was made from."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra._checks import check_positive
from spectra.errors import ParameterError
from spectra.models._local_mean import LocalMean
from spectra.models._norms import ChannelNorm
from spectra.models._padded import padded
from spectra.models._upsampling import PUBLISHED, Upsampler, Upsampling, published_shuffle
from spectra.remedy._lctc import Init
from spectra.remedy._shuffle import same_size_conv


class NAFNet(nn.Module):
    """Restore a picture by a U-shaped network without non-linear activations [1]_.

    Each level halves the map and doubles its channels on the way down, and undoes both on the way
    up: a 1x1 convolution and a pixel shuffle, ``ups.N``, to which the map of the same size from the
    way down is added. The picture itself is added to the output. Names of the weights are the
    published ones.

    Parameters
    ----------
    width : int
        Channels at full resolution; 32 and 64 are published.
    encoder_blocks, decoder_blocks : sequence of int
        Blocks of each level on the way down, and up from the smallest.
    middle_blocks : int
        Blocks at the smallest resolution.
    channels : int
        Channels of the picture.
    decoder_kernel : int
        Side of the depth-wise convolutions on the way up, odd. Above 3, a parallel one of 3 is
        added to each, as in block f of the LCTC paper's Fig. 4: the control of its H2.
    baseline : bool
        Blocks of the Baseline network: GELU and channel attention instead of products of halves.
    local : int, optional
        Side in input pixels of the window whose mean replaces the mean of the picture (TLC):
        1.5 times the training size, 384 for crops of 256. The published PSNRs are of that.
        By default the mean is that of the picture.
    upsampler : str or callable
        ``"published"``, or what replaces it, see `spectra.remedy.make_layer`.
    grouped : bool, optional
        Whether upsampling kernels are grouped; by default as in the published code of LCTC.
    start : {"default", "sinc", "icnr"}
        Start of transposed kernels that were asked for by name.

    Raises
    ------
    ParameterError
        If the numbers do not belong together.

    References
    ----------
    .. [1] L. Chen et al., *Simple baselines for image restoration*, ECCV 2022.

    Examples
    --------
    >>> net = NAFNet(8, encoder_blocks=(1, 1), decoder_blocks=(1, 1), upsampler="lctc7+3")
    >>> net(torch.zeros(1, 3, 30, 33)).shape
    torch.Size([1, 3, 30, 33])
    """

    def __init__(
        self,
        width: int = 32,
        *,
        encoder_blocks: Sequence[int] = (1, 1, 1, 28),
        middle_blocks: int = 1,
        decoder_blocks: Sequence[int] = (1, 1, 1, 1),
        channels: int = 3,
        decoder_kernel: int = 3,
        baseline: bool = False,
        local: int | None = None,
        upsampler: Upsampler = PUBLISHED,
        grouped: bool | None = None,
        start: Init = "default",
    ) -> None:
        super().__init__()
        upsampling = Upsampling(upsampler, grouped, start)
        check_positive("width", width)
        if len(encoder_blocks) != len(decoder_blocks) or not encoder_blocks:
            raise ParameterError(
                f"encoder_blocks={tuple(encoder_blocks)} and decoder_blocks="
                f"{tuple(decoder_blocks)}: expected one number for each level in both"
            )
        if local is not None:
            check_positive("local", local)
        levels = len(encoder_blocks)
        widths = [width << level for level in range(levels + 1)]

        def blocks(count: int, level: int, kernel: int = 3) -> nn.Sequential:
            window = None if local is None else max(1, local >> level)
            kind = BaselineBlock if baseline else NAFBlock
            return nn.Sequential(*(kind(widths[level], window, kernel) for _ in range(count)))

        self.intro = nn.Conv2d(channels, width, 3, padding=1)
        self.encoders = nn.ModuleList(blocks(n, i) for i, n in enumerate(encoder_blocks))
        self.downs = nn.ModuleList(nn.Conv2d(w, 2 * w, 2, stride=2) for w in widths[:-1])
        self.middle_blks = blocks(middle_blocks, levels)
        self.ups = nn.ModuleList(
            upsampling.layer(2 * w, w, 2, published=published_shuffle(2 * w, w, 1))
            for w in widths[-2::-1]
        )
        self.decoders = nn.ModuleList(
            blocks(n, levels - 1 - i, decoder_kernel) for i, n in enumerate(decoder_blocks)
        )
        self.ending = nn.Conv2d(width, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the restored picture, (B, channels, H, W), of the size of ``x``."""
        height, width = x.shape[-2:]
        picture = padded(x, 1 << len(self.downs))
        y = self.intro(picture)
        kept = []
        for encoder, down in zip(self.encoders, self.downs, strict=True):
            y = encoder(y)
            kept.append(y)
            y = down(y)
        y = self.middle_blks(y)
        for up, decoder, beside in zip(self.ups, self.decoders, kept[::-1], strict=True):
            y = decoder(up(y) + beside)
        restored: Tensor = self.ending(y) + picture
        return restored[..., :height, :width]


class NAFBlock(nn.Module):
    """Mix pixels, then channels; what other blocks activate, this one multiplies.

    Parameters
    ----------
    width : int
        Channels of the map.
    window : int, optional
        Side of the window for local means.
    kernel : int
        Side of the depth-wise convolution.
    """

    def __init__(self, width: int, window: int | None = None, kernel: int = 3) -> None:
        super().__init__()
        self.norm1, self.norm2 = ChannelNorm(width), ChannelNorm(width)
        self.conv1 = nn.Conv2d(width, 2 * width, 1)
        self.conv2 = _depthwise(2 * width, kernel)
        self.sca = nn.Sequential(_mean(window), nn.Conv2d(width, width, 1))
        self.conv3 = nn.Conv2d(width, width, 1)
        self.conv4 = nn.Conv2d(width, 2 * width, 1)
        self.conv5 = nn.Conv2d(width, width, 1)
        self.beta, self.gamma = _gain(width), _gain(width)

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the shape of ``x``, (B, width, H, W)."""
        y = _product(self.conv2(self.conv1(self.norm1(x))))
        x = x + self.beta * self.conv3(y * self.sca(y))
        mixed: Tensor = self.conv5(_product(self.conv4(self.norm2(x))))
        return x + self.gamma * mixed


class BaselineBlock(nn.Module):
    """The block of the Baseline network: GELU, and channel attention through a sigmoid.

    Parameters
    ----------
    width : int
        Channels of the map.
    window : int, optional
        Side of the window for local means.
    kernel : int
        Side of the depth-wise convolution.
    """

    def __init__(self, width: int, window: int | None = None, kernel: int = 3) -> None:
        super().__init__()
        self.norm1, self.norm2 = ChannelNorm(width), ChannelNorm(width)
        self.conv1 = nn.Conv2d(width, width, 1)
        self.conv2 = _depthwise(width, kernel)
        self.se = nn.Sequential(
            _mean(window),
            nn.Conv2d(width, width // 2, 1),
            nn.ReLU(),
            nn.Conv2d(width // 2, width, 1),
            nn.Sigmoid(),
        )
        self.conv3 = nn.Conv2d(width, width, 1)
        self.conv4 = nn.Conv2d(width, 2 * width, 1)
        self.conv5 = nn.Conv2d(2 * width, width, 1)
        self.beta, self.gamma = _gain(width), _gain(width)

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the shape of ``x``, (B, width, H, W)."""
        y = functional.gelu(self.conv2(self.conv1(self.norm1(x))))
        x = x + self.beta * self.conv3(y * self.se(y))
        mixed: Tensor = self.conv5(functional.gelu(self.conv4(self.norm2(x))))
        return x + self.gamma * mixed


class ParallelDepthwise(nn.Module):
    """A large depth-wise convolution and one of 3 beside it, added.

    Parameters
    ----------
    width : int
        Channels of the map.
    kernel : int
        Side of the large one, odd.
    """

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.large = same_size_conv(width, width, kernel, axes=2, groups=width)
        self.small = same_size_conv(width, width, 3, axes=2, groups=width)

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the shape of ``x``."""
        y: Tensor = self.large(x) + self.small(x)
        return y


def _depthwise(width: int, kernel: int) -> nn.Module:
    if kernel > 3:
        return ParallelDepthwise(width, kernel)
    return same_size_conv(width, width, kernel, axes=2, groups=width)


def _product(x: Tensor) -> Tensor:
    """Return the product of the two halves of the channels."""
    first, second = x.chunk(2, dim=1)
    return first * second


def _mean(window: int | None) -> nn.Module:
    return nn.AdaptiveAvgPool2d(1) if window is None else LocalMean(window)


def _gain(width: int) -> nn.Parameter:
    """Return gains of a residual path that starts closed."""
    return nn.Parameter(torch.zeros(1, width, 1, 1))
