"""Restormer: attention between channels, at four resolutions."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra._checks import check_positive
from spectra.errors import ParameterError
from spectra.models._norms import ChannelNorm
from spectra.models._padded import padded
from spectra.models._upsampling import PUBLISHED, Upsampler, Upsampling, published_shuffle
from spectra.remedy._lctc import Init

LEVELS = 4
NORM_EPS = 1e-5


class Restormer(nn.Module):
    """Restore a picture by transposed attention at four resolutions [1]_.

    Its steps are ``up4_3``, ``up3_2`` and ``up2_1``: a 3x3 convolution and a pixel shuffle each.
    Names of the weights are the published ones.

    Parameters
    ----------
    width : int
        Channels at full resolution; 48 is published.
    blocks, heads : sequence of int
        Blocks and heads of attention at each resolution, the largest first.
    refinement : int
        Blocks after the decoder, at full resolution.
    expansion : float
        How much wider the gated perceptrons are.
    in_channels, out_channels : int
        Channels of the picture before and after.
    norm_bias : bool
        Normalisation with mean and bias (deblurring), or without (denoising).
    dual_pixel : bool
        Add the first map, not the picture, to the output: defocus deblurring of two views.
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
    .. [1] S. W. Zamir et al., *Restormer: efficient transformer for high-resolution image
       restoration*, CVPR 2022.

    Examples
    --------
    >>> net = Restormer(8, blocks=(1, 1, 1, 1), refinement=1, upsampler="tc2")
    >>> net(torch.zeros(1, 3, 30, 33)).shape
    torch.Size([1, 3, 30, 33])
    """

    def __init__(
        self,
        width: int = 48,
        *,
        blocks: Sequence[int] = (4, 6, 6, 8),
        heads: Sequence[int] = (1, 2, 4, 8),
        refinement: int = 4,
        expansion: float = 2.66,
        in_channels: int = 3,
        out_channels: int = 3,
        norm_bias: bool = True,
        dual_pixel: bool = False,
        upsampler: Upsampler = PUBLISHED,
        grouped: bool | None = None,
        start: Init = "default",
    ) -> None:
        super().__init__()
        upsampling = Upsampling(upsampler, grouped, start)
        _check(width, blocks, heads)
        check_positive("in_channels", in_channels)
        check_positive("out_channels", out_channels)
        if not dual_pixel and in_channels != out_channels:
            raise ParameterError(
                f"in_channels={in_channels} and out_channels={out_channels}: expected equal "
                "numbers where the picture is added to the output"
            )
        one, two, three, four = (width << level for level in range(LEVELS))

        def level(channels: int, index: int, count: int | None = None) -> nn.Sequential:
            made = blocks[index] if count is None else count
            return nn.Sequential(
                *(_Block(channels, heads[index], expansion, norm_bias) for _ in range(made))
            )

        def up(channels: int) -> nn.Module:
            half = channels // 2

            def published(groups: int) -> nn.Module:
                return _Wrapped(published_shuffle(channels, half, 3)(groups))

            return upsampling.layer(channels, half, 2, published=published)

        self.patch_embed = _Embedding(in_channels, one)
        self.encoder_level1 = level(one, 0)
        self.down1_2 = _halving(one)
        self.encoder_level2 = level(two, 1)
        self.down2_3 = _halving(two)
        self.encoder_level3 = level(three, 2)
        self.down3_4 = _halving(three)
        self.latent = level(four, 3)
        self.up4_3 = up(four)
        self.reduce_chan_level3 = nn.Conv2d(four, three, 1, bias=False)
        self.decoder_level3 = level(three, 2)
        self.up3_2 = up(three)
        self.reduce_chan_level2 = nn.Conv2d(three, two, 1, bias=False)
        self.decoder_level2 = level(two, 1)
        self.up2_1 = up(two)
        self.decoder_level1 = level(two, 0)
        self.refinement = level(two, 0, refinement)
        self.skip_conv = nn.Conv2d(one, two, 1, bias=False) if dual_pixel else None
        self.output = nn.Conv2d(two, out_channels, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the restored picture, (B, out_channels, H, W), of the size of ``x``."""
        height, width = x.shape[-2:]
        picture = padded(x, 1 << (LEVELS - 1), border="reflect")
        first = self.patch_embed(picture)
        one = self.encoder_level1(first)
        two = self.encoder_level2(self.down1_2(one))
        three = self.encoder_level3(self.down2_3(two))
        y = self.latent(self.down3_4(three))
        y = self.reduce_chan_level3(torch.cat([self.up4_3(y), three], 1))
        y = self.decoder_level3(y)
        y = self.reduce_chan_level2(torch.cat([self.up3_2(y), two], 1))
        y = self.decoder_level2(y)
        y = self.decoder_level1(torch.cat([self.up2_1(y), one], 1))
        y = self.refinement(y)
        if self.skip_conv is None:
            y = self.output(y) + picture
        else:
            y = self.output(y + self.skip_conv(first))
        restored: Tensor = y[..., :height, :width]
        return restored


class _Block(nn.Module):
    """Attention between channels, then a gated perceptron, each around a residual path."""

    def __init__(self, width: int, heads: int, expansion: float, norm_bias: bool) -> None:
        super().__init__()
        self.norm1 = _Wrapped(ChannelNorm(width, eps=NORM_EPS, bias=norm_bias))
        self.attn = ChannelAttention(width, heads)
        self.norm2 = _Wrapped(ChannelNorm(width, eps=NORM_EPS, bias=norm_bias))
        self.ffn = GatedPerceptron(width, int(width * expansion))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        y: Tensor = x + self.ffn(self.norm2(x))
        return y


class ChannelAttention(nn.Module):
    """Attention whose queries and keys are whole channels, compared by their cosine.

    The table of weights is (width / heads)² in size, whatever the size of the picture.

    Parameters
    ----------
    width, heads : int
        Channels of the map, and in how many parts they attend apart.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.qkv = nn.Conv2d(width, 3 * width, 1, bias=False)
        self.qkv_dwconv = nn.Conv2d(
            3 * width, 3 * width, 3, padding=1, groups=3 * width, bias=False
        )
        self.project_out = nn.Conv2d(width, width, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the shape of ``x``, (B, width, H, W)."""
        mixed = self.qkv_dwconv(self.qkv(x)).flatten(2)
        query, key, value = (part.unflatten(1, (self.heads, -1)) for part in mixed.chunk(3, dim=1))
        query, key = functional.normalize(query, dim=-1), functional.normalize(key, dim=-1)
        weights = ((query @ key.transpose(-2, -1)) * self.temperature).softmax(dim=-1)
        y: Tensor = self.project_out((weights @ value).reshape(x.shape))
        return y


class GatedPerceptron(nn.Module):
    """A perceptron of each pixel and its neighbours, one half gated by the other.

    Parameters
    ----------
    width, hidden : int
        Channels of the map, and of each half inside.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.project_in = nn.Conv2d(width, 2 * hidden, 1, bias=False)
        self.dwconv = nn.Conv2d(2 * hidden, 2 * hidden, 3, padding=1, groups=2 * hidden, bias=False)
        self.project_out = nn.Conv2d(hidden, width, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the shape of ``x``, (B, width, H, W)."""
        gate, value = self.dwconv(self.project_in(x)).chunk(2, dim=1)
        y: Tensor = self.project_out(functional.gelu(gate) * value)
        return y


class _Embedding(nn.Module):
    """The first convolution, under its published name."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.proj(x)
        return y


class _Wrapped(nn.Module):
    """A module whose weights stand under ``body`` in the published files."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.body(x)
        return y


def _halving(channels: int) -> nn.Module:
    conv = nn.Conv2d(channels, channels // 2, 3, padding=1, bias=False)
    return _Wrapped(nn.Sequential(conv, nn.PixelUnshuffle(2)))


def _check(width: int, blocks: Sequence[int], heads: Sequence[int]) -> None:
    check_positive("width", width)
    for name, values in (("blocks", blocks), ("heads", heads)):
        if len(values) != LEVELS or min(values) < 1:
            raise ParameterError(f"{name}={tuple(values)}: expected {LEVELS} numbers of at least 1")
    if width % 2 or any((width << level) % h for level, h in enumerate(heads)):
        raise ParameterError(
            f"width={width} does not fit heads={tuple(heads)}: expected an even width of which "
            "each level's share divides by its heads"
        )
