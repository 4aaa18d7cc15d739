"""Two DCGAN generators that grow pictures out of noise by transposed convolutions only."""

from torch import Tensor, nn


def grow(
    inputs: int, outputs: int, kernel: int, stride: int, *, padding: int = 0, bias: bool
) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(inputs, outputs, kernel, stride, padding, bias=bias)


class FaceGenerator(nn.Module):
    """Uniform noise in -1..1, (B, 100) or (B, 100, 1, 1) -> RGB in -1..1, (B, 3, 32, 32)."""

    def __init__(self) -> None:
        super().__init__()
        self.generator_deconv = nn.Sequential(
            nn.Sequential(grow(100, 256, 4, 1, bias=False), nn.BatchNorm2d(256)),
            nn.Sequential(
                nn.Conv2d(256, 128, 3, padding=1, bias=False),
                nn.BatchNorm2d(128),
                nn.LeakyReLU(0.2),
            ),
            nn.Sequential(
                grow(128, 64, 4, 2, padding=1, bias=False), nn.BatchNorm2d(64), nn.LeakyReLU(0.2)
            ),
            nn.Sequential(
                grow(64, 32, 4, 2, padding=1, bias=False), nn.BatchNorm2d(32), nn.LeakyReLU(0.2)
            ),
            nn.Sequential(grow(32, 3, 4, 2, padding=1, bias=True), nn.Tanh()),
        )

    def forward(self, noise: Tensor) -> Tensor:
        return self.generator_deconv(noise.reshape(len(noise), 100, 1, 1))


class DigitGenerator(nn.Module):
    """Normal noise, (B, 64) or (B, 64, 1, 1) -> gray in -1..1, (B, 1, 28, 28)."""

    def __init__(self) -> None:
        super().__init__()
        self.gen = nn.Sequential(
            nn.Sequential(grow(64, 256, 3, 2, bias=True), nn.BatchNorm2d(256), nn.ReLU()),
            nn.Sequential(grow(256, 128, 4, 1, bias=True), nn.BatchNorm2d(128), nn.ReLU()),
            nn.Sequential(grow(128, 64, 3, 2, bias=True), nn.BatchNorm2d(64), nn.ReLU()),
            nn.Sequential(grow(64, 1, 4, 2, bias=True), nn.Tanh()),
        )

    def forward(self, noise: Tensor) -> Tensor:
        return self.gen(noise.reshape(len(noise), 64, 1, 1))


def face() -> FaceGenerator:
    """Return the generator of 32x32 faces."""
    return FaceGenerator()


def digit() -> DigitGenerator:
    """Return the generator of 28x28 digits."""
    return DigitGenerator()
