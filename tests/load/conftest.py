"""A small decoder, and the absence of spandrel unless a test asks for it."""

import sys

import pytest
import torch
from torch import nn


@pytest.fixture(autouse=True)
def _without_spandrel(request, monkeypatch):
    if "spandrel" not in request.fixturenames:
        monkeypatch.setitem(sys.modules, "spandrel", None)


@pytest.fixture
def spandrel():
    """Return spandrel; the test is skipped where it cannot be imported."""
    try:
        import spandrel
    except Exception as error:
        pytest.skip(f"spandrel cannot be imported: {error}")
    return spandrel


class Decoder(nn.Module):
    """A convolution, a normalisation and a transposed convolution."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, width, 3, padding=1), nn.BatchNorm2d(width))
        self.up = nn.ConvTranspose2d(width, 3, 4, stride=2, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.up(torch.relu(self.body(x)))


@pytest.fixture
def decoder():
    torch.manual_seed(1)
    model = Decoder()
    with torch.no_grad():
        model.body[1].running_mean += 0.5
    return model.eval()


@pytest.fixture
def picture():
    return torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(2))


@pytest.fixture
def arch():
    """Return a factory of decoders with other weights than the fixture's."""

    def build(width: int = 4) -> nn.Module:
        torch.manual_seed(99)
        return Decoder(width)

    return build
