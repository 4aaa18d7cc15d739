"""A small decoder in training, on inputs and batches that are the same each time."""

import pytest
import torch
from torch import nn


class Decoder(nn.Sequential):
    """One transposed convolution among layers whose state a forward pass changes."""

    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.BatchNorm2d(8),
            nn.Dropout2d(0.1),
            nn.ReLU(),
            nn.ConvTranspose2d(8, 3, 3, stride=2, padding=1, output_padding=1),
        )


@pytest.fixture
def decoder():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Decoder()


@pytest.fixture
def inputs():
    return torch.rand(16, 3, 24, 24, generator=torch.Generator().manual_seed(1))
