"""What the weights of each step of a running model say by themselves."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from spectra import capture, kernel, weights


def measured(model, *shape):
    model = model.double()
    found = capture.discover(model, torch.zeros(1, *shape, dtype=torch.float64))
    return weights.measures_of_steps(model, found)


def test_a_transposed_convolution_is_measured_by_its_taps():
    layer = nn.ConvTranspose2d(4, 2, (4, 3), (2, 1), padding=1, groups=2)
    (own,) = measured(nn.Sequential(nn.ReLU(), layer), 4, 8, 8)
    taps = layer.weight.detach().numpy()
    assert own == kernel.measure(kernel.transposed_conv(taps, stride=(2, 1), padding=1, groups=2))


@pytest.mark.parametrize("wrap", [parametrizations.weight_norm, parametrizations.spectral_norm])
def test_a_weight_that_forward_computes_is_the_one_measured(wrap):
    layer = wrap(nn.ConvTranspose1d(3, 2, 5, 3))
    (own,) = measured(nn.Sequential(layer).eval(), 3, 16)
    used = layer.weight.detach().numpy()
    assert own == kernel.measure(kernel.transposed_conv(used, stride=3))


class Shared(nn.Module):
    """One shuffle after two convolutions, as super-resolution networks for 4x have it."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 12, 3, padding=1)
        self.second = nn.Conv2d(3, 12, 5, padding=2)
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, x):
        return self.shuffle(self.second(self.shuffle(self.first(x))))


def test_a_shuffle_that_two_convolutions_feed_is_two_kernels():
    model = Shared()
    both = measured(model, 3, 8, 8)
    for own, conv, padding in zip(both, (model.first, model.second), (1, 2), strict=True):
        taps = conv.weight.detach().numpy()
        assert own == kernel.measure(kernel.pixel_shuffle(taps, factor=2, padding=padding))


def test_an_interpolation_is_measured_without_the_convolution_after_it():
    model = nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(1, 1, 3))
    (own,) = measured(model, 1, 8, 8)
    assert own == kernel.measure(kernel.interpolator("bilinear", (2, 2)))


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.transposed = nn.Parameter(torch.ones(1, 4, 4, 4))
        self.plain = nn.Parameter(torch.ones(4, 4, 3, 3))

    def forward(self, x):
        y = functional.conv_transpose2d(x, self.transposed, stride=2, padding=1)
        return functional.pixel_shuffle(functional.conv2d(y, self.plain), 2)


UNKNOWN = {
    "functional": (Functional(), 1),
    "no convolution before": (nn.Sequential(nn.Conv2d(3, 12, 1), nn.ReLU(), nn.PixelShuffle(2)), 3),
    "written into": (
        nn.Sequential(nn.Conv2d(3, 12, 1), nn.ReLU(inplace=True), nn.PixelShuffle(2)),
        3,
    ),
    "a convolution that skips pixels": (
        nn.Sequential(nn.Conv2d(3, 12, 3, stride=2), nn.PixelShuffle(2)),
        3,
    ),
    "ratio that is not whole": (nn.Upsample(scale_factor=1.5), 3),
    "align_corners": (nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), 3),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_known_is_not_measured(name):
    model, channels = UNKNOWN[name]
    found = measured(model, channels, 12, 12)
    assert found
    assert set(found) == {None}


def test_a_kernel_of_zeros_has_no_numbers():
    layer = nn.ConvTranspose2d(2, 2, 4, 2)
    nn.init.zeros_(layer.weight)
    assert measured(layer, 2, 8, 8) == (None,)


def test_measuring_leaves_a_model_in_training_as_it_came():
    layer = parametrizations.spectral_norm(nn.ConvTranspose2d(3, 3, 4, 2, 1))
    model = nn.Sequential(layer).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    weights.measures_of_steps(model, capture.discover(model, torch.zeros(1, 3, 8, 8)))
    after = model.state_dict()
    assert model.training
    for name, value in before.items():
        np.testing.assert_array_equal(value.numpy(), after[name].numpy())
