"""The upsampling kernels of a model's modules."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from spectra import capture
from spectra.probe import equivalent_kernel
from spectra.weights import kernels_of_model, kernels_of_weights
from spectra.weights._resolved import resolved


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    "wrap",
    [
        parametrizations.weight_norm,
        lambda m: parametrizations.weight_norm(m, dim=1),
        parametrizations.spectral_norm,
        nn.utils.weight_norm,
        nn.utils.spectral_norm,
    ],
)
def test_normalised_weights_are_multiplied_out(wrap, generator):
    layer = nn.ConvTranspose2d(6, 4, 4, 2)
    wrapped = wrap(layer)
    with torch.no_grad():
        for parameter in wrapped.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
        wrapped.eval()
        wrapped(torch.zeros(1, 6, 4, 4))  # hooks fill in the weight
    used = wrapped.weight.detach()
    weights, notes = resolved(wrapped.state_dict())
    assert notes == ()
    torch.testing.assert_close(weights["weight"], used, rtol=1e-5, atol=1e-6)
    (of_weights,) = kernels_of_weights(wrapped.state_dict()).kernels
    (of_model,) = kernels_of_model(nn.Sequential(wrapped))
    np.testing.assert_allclose(of_weights.kernel.weight, used.numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(of_model.kernel.weight, used.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_an_old_weight_norm_that_was_never_run_is_resolved_too():
    """After loading, the hook's weight is that of the initialisation until a forward pass."""
    source, target = (nn.utils.weight_norm(nn.ConvTranspose1d(2, 3, 4, 2)) for _ in range(2))
    target.load_state_dict(source.state_dict())
    source(torch.zeros(1, 2, 4))
    (found,) = kernels_of_model(nn.Sequential(target))
    np.testing.assert_allclose(found.kernel.weight, source.weight.detach().numpy(), rtol=1e-6)


class Attributes(nn.Module):
    """Convolutions and shuffles as attributes, as super-resolution networks have them."""

    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(3, 8, 3, padding=1)
        self.shuffle = nn.PixelShuffle(2)
        self.conv = nn.Conv2d(2, 3, 3, padding=1)
        self.up = nn.Upsample(scale_factor=2, mode="bilinear")

    def forward(self, x):
        return self.conv(self.up(self.shuffle(self.body(x))))


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("seen", [False, True])
def test_convolutions_beside_shuffles_and_interpolations_belong_to_them(seen, wrapped):
    model = Attributes().double()
    given = model if seen else nn.Sequential(model.body, model.shuffle, model.up, model.conv)
    given = nn.DataParallel(given) if wrapped else given
    found = capture.discover(given, torch.zeros(1, 3, 8, 8)) if seen else None
    kernels = kernels_of_model(given, found)
    shuffle, interpolation = kernels
    assert [one.kind for one in kernels] == ["pixel_shuffle", "bilinear+conv"]
    for layer, blocks, channels in (
        (shuffle, (model.body, model.shuffle), 3),
        (interpolation, (model.up, model.conv), 2),
    ):
        probed = equivalent_kernel(nn.Sequential(*blocks), channels, (2, 2))
        np.testing.assert_allclose(layer.kernel.taps, probed.taps, atol=1e-12)
        assert layer.kernel.padding == probed.padding


def test_a_shuffle_without_a_convolution_has_no_kernel():
    unseen = kernels_of_model(Attributes())  # without a forward pass nobody knows what follows what
    assert [one.kind for one in unseen] == ["bilinear"]
    assert kernels_of_model(nn.Sequential(nn.ReLU(), nn.PixelShuffle(2))) == ()


def test_align_corners_is_left_out():
    up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
    assert kernels_of_model(nn.Sequential(up)) == ()
