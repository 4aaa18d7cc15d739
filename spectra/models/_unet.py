"""The U-Net of the paper's segmentation: an encoder, three steps by 2 and one by 4."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from spectra._checks import check_positive
from spectra.errors import ParameterError
from spectra.models._convnext import ConvNeXt
from spectra.models._padded import padded
from spectra.models._resnet import ResNet
from spectra.models._upsampling import (
    PUBLISHED,
    Upsampler,
    Upsampling,
    published_transposed,
)
from spectra.remedy import DecoderBlock
from spectra.remedy._blocks import FollowingBlock
from spectra.remedy._lctc import Init

Encoder = Literal["resnet18", "resnet50", "convnext_tiny"]
_ENCODERS: dict[str, tuple[Callable[..., ResNet | ConvNeXt], int]] = {
    "resnet18": (partial(ResNet, (2, 2, 2, 2)), 64),
    "resnet50": (partial(ResNet, (3, 4, 6, 3), bottleneck=True), 64),
    "convnext_tiny": (partial(ConvNeXt, (3, 3, 9, 3)), 96),
}
TOTAL = 32  # total stride of the encoders
LAST = 4  # factor of the last step


class UNet(nn.Module):
    """Label every pixel: the decoder of the paper behind a ResNet or ConvNeXt encoder [1]_.

    The steps ``decoder2.up``, ``decoder3.up`` and ``decoder4.up`` double the map, in the published
    baseline by 2x2 transposed convolutions; ``last.lastup``, 4x4 of stride 4, is the same whatever
    the upsampler. The paper's spectra of features are those of ``last.lastup``.

    Parameters
    ----------
    encoder : {"resnet18", "resnet50", "convnext_tiny"}
        What makes the maps; its weights are named as in timm, under ``encoder``.
    classes : int
        Channels of the output; PASCAL VOC has 21.
    channels : int
        Channels of the picture.
    width : int, optional
        Channels of the encoder's stem; by default the published 64 and 96.
    block : {"d", "e", "f"}
        What follows each step, see `spectra.remedy.DecoderBlock`.
    block_kernel : int
        Taps of the blocks e and f.
    upsampler : str or callable
        ``"published"``, or what replaces it, see `spectra.remedy.make_layer`.
    grouped : bool, optional
        Whether upsampling kernels are grouped; by default as in the published code: kernels of
        more than two taps are, and size and grouping change together.
    start : {"default", "sinc", "icnr"}
        Start of transposed kernels that were asked for by name.

    Raises
    ------
    ParameterError
        If an argument has another value.

    Notes
    -----
    The published code wraps a batch normalisation in the last ReLU such that it never runs; here
    there is none.

    References
    ----------
    .. [1] S. Agnihotri, J. Grabinski, M. Keuper, *Improving Feature Stability during
       Upsampling -- Spectral Artifacts and the Importance of Spatial Context*, ECCV 2024.

    Examples
    --------
    >>> net = UNet("resnet18", classes=5, width=8, upsampler="lctc7+3", block="f")
    >>> net(torch.zeros(1, 3, 50, 70)).shape
    torch.Size([1, 5, 50, 70])
    """

    def __init__(
        self,
        encoder: Encoder = "resnet50",
        *,
        classes: int = 21,
        channels: int = 3,
        width: int | None = None,
        block: FollowingBlock = "d",
        block_kernel: int = 7,
        upsampler: Upsampler = PUBLISHED,
        grouped: bool | None = None,
        start: Init = "default",
    ) -> None:
        super().__init__()
        upsampling = Upsampling(upsampler, grouped, start)
        if encoder not in _ENCODERS:
            expected = ", ".join(get_args(Encoder))
            raise ParameterError(f"encoder={encoder!r}: expected one of {expected}")
        if block not in get_args(FollowingBlock):
            raise ParameterError(f"block={block!r}: expected 'd', 'e' or 'f'")
        check_positive("classes", classes)
        make, usual = _ENCODERS[encoder]
        self.encoder = make(width=usual if width is None else width, channels=channels)
        stem, _, second, third, fourth = _widths(self.encoder, width)
        follow = partial(DecoderBlock, block, kernel_size=block_kernel)

        self.decoder1 = DecoderBlock("d", fourth, fourth)
        self.decoder2 = _Decoder(fourth, upsampling, follow)
        self.decoder3 = _Decoder(third, upsampling, follow)
        self.decoder4 = _Decoder(second, upsampling, follow)
        self.last = nn.ModuleDict()
        if second // 2 != stem:
            self.last["up"] = nn.Conv2d(second // 2, stem, 1)
        self.last["conv"] = nn.Conv2d(2 * stem, stem, 1)
        self.last["lastup"] = nn.ConvTranspose2d(stem, stem, LAST, stride=LAST)
        self.last["out"] = nn.Conv2d(stem, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits, (B, classes, H, W), of ``x``, (B, channels, H, W)."""
        height, width = x.shape[-2:]
        stem, first, second, third, fourth = self.encoder(padded(x, TOTAL))
        y = self.decoder1(fourth)
        y = self.decoder2(y, third)
        y = self.decoder3(y, second)
        y = self.decoder4(y, first)
        if "up" in self.last:
            y = self.last["up"](y)
        y = self.last["conv"](torch.cat([stem, y], 1)).relu()
        logits: Tensor = self.last["out"](self.last["lastup"](y))
        return logits[..., :height, :width]


class _Decoder(nn.Module):
    """One step by 2, beside the encoder's map of that size, and the block behind both."""

    def __init__(
        self, inputs: int, upsampling: Upsampling, follow: Callable[[int, int], nn.Module]
    ) -> None:
        super().__init__()
        half = inputs // 2
        self.up = upsampling.layer(inputs, half, 2, published=published_transposed(inputs, half, 2))
        self.up_conv = follow(inputs, half)

    def forward(self, x: Tensor, beside: Tensor) -> Tensor:
        y: Tensor = self.up_conv(torch.cat([beside, self.up(x)], 1))
        return y


def _widths(encoder: ResNet | ConvNeXt, width: int | None) -> tuple[int, ...]:
    widths = encoder.widths
    if widths[0] < 2:
        raise ParameterError(f"width={width!r}: expected at least 2 channels")
    return widths
