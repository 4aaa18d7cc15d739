"""waifu2x upconv_7, valid convolutions and one transposed convolution that crops its own rim."""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import leaky_relu, pad


class UpConv7(nn.Module):
    """RGB in 0..1, (B, 3, H, W) -> (B, 3, 2 H, 2 W); sides above 7."""

    def __init__(self) -> None:
        super().__init__()
        widths = pairwise((3, 16, 32, 64, 128, 128, 256))
        self.conv = nn.ModuleList(nn.Conv2d(a, b, 3) for a, b in widths)
        self.deconv = nn.ConvTranspose2d(256, 3, 4, stride=2, padding=3)

    def forward(self, rgb: Tensor) -> Tensor:
        features = pad(rgb, (7, 7, 7, 7), mode="reflect")
        for conv in self.conv:
            features = leaky_relu(conv(features), 0.1)
        return self.deconv(features)


def upconv7() -> UpConv7:
    """Return the network that both published weights (plain and light denoising) fit."""
    return UpConv7()
