"""STTR-light: disparity of a stereo pair."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from spectra._checks import check_positive
from spectra.errors import ModelError, ParameterError
from spectra.models._disparity import Correlation, Matched, RegressionHead
from spectra.models._relative_attention import StereoTransformer
from spectra.models._stereo_features import LEAST, SppBackbone, Tokenizer
from spectra.models._upsampling import PUBLISHED, Upsampler, Upsampling
from spectra.remedy._lctc import Init

StereoHead = Literal["transformer", "correlation"]


class STTR(nn.Module):
    """Find the disparity of a stereo pair: STTR-light [1]_.

    Its steps are ``tokenizer.up.0.convTrans`` and ``tokenizer.up.1.convTrans``: 3x3 transposed
    convolutions of stride 2, whose output of 2 n + 1 is cut to 2 n. The disparity, found at a
    quarter of the size, is enlarged by ``nearest``. Names of the weights are the published ones.

    Parameters
    ----------
    width : int
        Channels of the first convolution; 16 is published, and the tokens have 8 times as many.
    head : {"transformer", "correlation"}
        The published matching, or the cosine of the tokens, which trains in minutes.
    heads, layers : int
        Of the transformer.
    upsampler : str or callable
        ``"published"``, or what replaces it, see `spectra.remedy.make_layer`.
    grouped : bool, optional
        Whether upsampling kernels are grouped; by default as in the published code of LCTC.
    start : {"default", "sinc", "icnr"}
        Start of transposed kernels that were asked for by name.

    Raises
    ------
    ParameterError
        If an argument has another value.

    References
    ----------
    .. [1] Z. Li et al., *Revisiting stereo depth estimation from a sequence-to-sequence
       perspective with transformers*, ICCV 2021.

    Examples
    --------
    >>> net = STTR(4, head="correlation", upsampler="lctc7+3")
    >>> net(torch.rand(1, 6, 122, 140)).shape
    torch.Size([1, 1, 122, 140])
    """

    def __init__(
        self,
        width: int = 16,
        *,
        head: StereoHead = "transformer",
        heads: int = 4,
        layers: int = 6,
        upsampler: Upsampler = PUBLISHED,
        grouped: bool | None = None,
        start: Init = "default",
    ) -> None:
        super().__init__()
        upsampling = Upsampling(upsampler, grouped, start)
        if head not in get_args(StereoHead):
            expected = " or ".join(map(repr, get_args(StereoHead)))
            raise ParameterError(f"head={head!r}: expected {expected}")
        check_positive("width", width)
        tokens = 8 * width
        if tokens % check_positive("heads", heads):
            raise ParameterError(f"heads={heads}: expected a divisor of {tokens}, the 8 x width")
        self.backbone = SppBackbone(width)
        channels = (4 * width, 8 * width, 8 * width)
        self.tokenizer = Tokenizer(width, channels, tokens, upsampling)
        self.transformer, self.regression_head = None, None
        if head == "transformer":
            self.transformer = StereoTransformer(tokens, heads, layers)
            self.regression_head = RegressionHead(width)
        else:
            self.correlation = Correlation()
        self._start()

    def forward(self, x: Tensor) -> Tensor:
        """Return the disparity of the left view in pixels, (B, 1, H, W).

        Parameters
        ----------
        x : Tensor, shape (B, 6, H, W) or (B, 3, H, W)
            Left and right view along the channels; or a picture that is both, of which only the
            maps inside are of interest.
        """
        return self.matched(x).disparity

    def matched(self, x: Tensor) -> Matched:
        """Return disparity, occlusion and plan of what `forward` takes."""
        if x.ndim != 4 or x.shape[1] not in (3, 6):
            raise ModelError(
                f"an input of shape {tuple(x.shape)}: expected (B, 6, H, W), the left and the "
                "right view along the channels, or (B, 3, H, W)"
            )
        left, right = x.chunk(2, dim=1) if x.shape[1] == 6 else (x, x)
        return self.match(left, right)

    def match(self, left: Tensor, right: Tensor) -> Matched:
        """Return disparity and occlusion of a pair of views, (B, 3, H, W) each.

        Raises
        ------
        ModelError
            If the views are too small for the largest pooled window.
        """
        if min(left.shape[-2:]) < LEAST:
            raise ModelError(
                f"a view of {left.shape[-2]}x{left.shape[-1]} pixels: STTR pools an eighth of its "
                f"size by 16 and needs at least {LEAST} a side: give larger pictures or a larger "
                "--crop, such as 128"
            )
        tokens = self.tokenizer(self.backbone(torch.cat([left, right])))
        one, other = tokens.chunk(2)
        if self.transformer is None or self.regression_head is None:
            matched: Matched = self.correlation(one, other, left)
        else:
            matched = self.regression_head(self.transformer(one, other), left)
        return matched

    def _start(self) -> None:
        """Start convolutions as published: normal, by the outputs' share."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
