"""A vision transformer with a dense prediction decoder: transposed convolutions and bilinear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from spectra._checks import check_positive
from spectra.errors import ParameterError
from spectra.models._padded import padded
from spectra.models._upsampling import (
    PUBLISHED,
    Upsampler,
    Upsampling,
    published_transposed,
)
from spectra.models._vit import ViT
from spectra.remedy._lctc import Init

PATCH = 16
STAGES = 4


class ViTDPT(nn.Module):
    """Label every pixel: a plain transformer whose tokens are reassembled and fused [1]_.

    Tokens of four depths become maps at a quarter to a thirty-second of the picture's size. The
    steps ``reassemble.0.resize`` (by 4) and ``reassemble.1.resize`` (by 2) are transposed
    convolutions whose taps do not overlap; ``fusion.N`` and the head double the map by bilinear
    interpolation, whatever the upsampler.

    Parameters
    ----------
    width, depth, heads : int
        Of the transformer; 384, 12 and 6 are ViT-S. Its weights are named as in timm, under
        ``encoder``.
    features : int
        Channels of the decoder.
    reassembled : sequence of int, optional
        Channels of the four maps before they are brought to ``features``; by default a quarter,
        half, and all of ``width`` twice.
    classes, channels : int
        Channels of the output and of the picture.
    upsampler : str or callable
        ``"published"``, or what replaces it, see `spectra.remedy.make_layer`.
    grouped : bool, optional
        Whether upsampling kernels are grouped; by default all but those of ``"published"`` and
        ``"tc2"``.
    start : {"default", "sinc", "icnr"}
        Start of transposed kernels that were asked for by name.

    Raises
    ------
    ParameterError
        If the numbers do not belong together.

    Notes
    -----
    The paper names no transformer that can be rebuilt; this is the one whose decoder has
    transposed convolutions. Bilinear steps have ``align_corners=False``, so that they have a
    lattice; the token of the class is not read out.

    References
    ----------
    .. [1] R. Ranftl, A. Bochkovskiy, V. Koltun, *Vision transformers for dense prediction*,
       ICCV 2021.

    Examples
    --------
    >>> import torch
    >>> net = ViTDPT(16, depth=4, heads=2, features=8, classes=5, upsampler="lctc7+3")
    >>> net(torch.zeros(1, 3, 40, 64)).shape
    torch.Size([1, 5, 40, 64])
    """

    def __init__(
        self,
        width: int = 384,
        *,
        depth: int = 12,
        heads: int = 6,
        features: int = 128,
        reassembled: Sequence[int] | None = None,
        classes: int = 21,
        channels: int = 3,
        upsampler: Upsampler = PUBLISHED,
        grouped: bool | None = None,
        start: Init = "default",
    ) -> None:
        super().__init__()
        upsampling = Upsampling(upsampler, grouped, start)
        check_positive("features", features)
        if check_positive("width", width) % check_positive("heads", heads):
            raise ParameterError(f"heads={heads}: expected a divisor of width={width}")
        if check_positive("depth", depth) < STAGES:
            raise ParameterError(f"depth={depth}: expected at least {STAGES} blocks")
        inner = (width // 4, width // 2, width, width) if reassembled is None else reassembled
        if len(inner) != STAGES or min(inner) < 1:
            raise ParameterError(
                f"reassembled={tuple(inner)}: expected {STAGES} counts of channels"
            )
        taken = [depth * (stage + 1) // STAGES - 1 for stage in range(STAGES)]
        self.encoder = ViT(width, depth, heads, patch=PATCH, taken=taken, channels=channels)
        first, second, third, fourth = inner
        self.reassemble = nn.ModuleList(
            (
                _Reassemble(width, first, features, _up(upsampling, first, 4)),
                _Reassemble(width, second, features, _up(upsampling, second, 2)),
                _Reassemble(width, third, features, nn.Identity()),
                _Reassemble(width, fourth, features, nn.Conv2d(fourth, fourth, 3, 2, 1)),
            )
        )
        self.fusion = nn.ModuleList(_Fusion(features) for _ in range(STAGES))
        self.head = nn.Sequential(
            nn.Conv2d(features, features, 3, padding=1, bias=False),
            nn.BatchNorm2d(features),
            nn.ReLU(),
            nn.Conv2d(features, classes, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits, (B, classes, H, W), of ``x``, (B, channels, H, W)."""
        height, width = x.shape[-2:]
        maps = self.encoder(padded(x, 2 * PATCH))
        maps = [part(m) for part, m in zip(self.reassemble, maps, strict=True)]
        y: Tensor | None = None
        for fuse, beside in zip(self.fusion, maps[::-1], strict=True):
            y = fuse(beside, y)
        logits = _doubled(self.head(y))
        return logits[..., :height, :width]


class _Reassemble(nn.Module):
    """Tokens of one depth become a map of the decoder's channels at another resolution."""

    def __init__(self, inputs: int, inner: int, outputs: int, resize: nn.Module) -> None:
        super().__init__()
        self.project = nn.Conv2d(inputs, inner, 1)
        self.resize = resize
        self.layer = nn.Conv2d(inner, outputs, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layer(self.resize(self.project(x)))
        return y


class _Fusion(nn.Module):
    """A map and what came from the smaller ones, convolved and doubled."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.beside, self.both = _residual(width), _residual(width)
        self.project = nn.Conv2d(width, width, 1)

    def forward(self, beside: Tensor, x: Tensor | None) -> Tensor:
        y = beside if x is None else x + beside + self.beside(beside)
        fused: Tensor = self.project(_doubled(y + self.both(y)))
        return fused


def _up(upsampling: Upsampling, channels: int, factor: int) -> nn.Module:
    published = published_transposed(channels, channels, factor)
    return upsampling.layer(channels, channels, factor, published=published)


def _residual(width: int) -> nn.Sequential:
    convs: list[Any] = [nn.Conv2d(width, width, 3, padding=1) for _ in range(2)]
    return nn.Sequential(nn.ReLU(), convs[0], nn.ReLU(), convs[1])


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="bilinear")
