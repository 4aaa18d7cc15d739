"""A small decoder, and the absence of spandrel unless a test asks for it."""

import importlib.util
import sys
from pathlib import Path

import pytest
import torch
from torch import nn


@pytest.fixture(autouse=True)
def _without_spandrel(request, monkeypatch):
    if "spandrel" not in request.fixturenames:
        monkeypatch.setitem(sys.modules, "spandrel", None)


@pytest.fixture
def spandrel(monkeypatch):
    """Return the folder of spandrel, of which nothing is imported, beside a broken torchvision."""
    spec = importlib.util.find_spec("spandrel")
    if spec is None:
        pytest.skip("spandrel is not installed")
    for name in [name for name in sys.modules if name.partition(".")[0] == "spandrel"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torchvision", None)
    return Path(spec.origin).parent


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
