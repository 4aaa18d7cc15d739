"""Blocks of known kernel, and blocks that have none."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from spectra import kernel
from spectra.errors import ModelError, ParameterError
from spectra.probe import equivalent_kernel


def seeded(block):
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return block.double()


def applied(found, x):
    """What the kernel says the block does, by PyTorch's own transposed convolution."""
    run = {
        1: functional.conv_transpose1d,
        2: functional.conv_transpose2d,
        3: functional.conv_transpose3d,
    }[len(found.factor)]
    weight = torch.tensor(found.taps)
    return run(x, weight, stride=found.factor), found.first


@pytest.mark.parametrize(
    ("layer", "axes"),
    [
        (nn.ConvTranspose2d(3, 4, 7, 2, padding=3, output_padding=1), 2),
        (nn.ConvTranspose2d(3, 4, 2, 2), 2),
        (nn.ConvTranspose2d(4, 6, (3, 4), (3, 2), padding=1, groups=2), 2),
        (nn.ConvTranspose1d(3, 2, 5, 4, padding=2), 1),
        (nn.ConvTranspose3d(2, 2, 3, 2, padding=1), 3),
    ],
)
def test_probing_returns_the_weights_of_a_transposed_convolution(layer, axes):
    layer = seeded(layer)
    found = equivalent_kernel(layer, layer.in_channels, layer.stride)
    expected = kernel.transposed_conv(
        layer.weight.detach().numpy(),
        stride=layer.stride,
        padding=layer.padding,
        groups=layer.groups,
    )
    np.testing.assert_array_equal(found.taps, expected.taps)
    assert found.padding == layer.padding
    assert found.defect == 0
    assert found.spread == 0
    np.testing.assert_array_equal(
        found.offset,
        np.broadcast_to(layer.bias.detach().numpy().reshape(-1, *[1] * axes), found.offset.shape),
    )


@pytest.mark.parametrize(("size", "padding"), [(1, 0), (3, 1)])
def test_a_pixel_shuffle_has_a_kernel_and_a_periodic_offset(size, padding):
    block = seeded(nn.Sequential(nn.Conv2d(3, 8, size, padding=padding), nn.PixelShuffle(2)))
    found = equivalent_kernel(block, 3, (2, 2))
    expected = kernel.pixel_shuffle(block[0].weight.detach().numpy(), factor=2, padding=padding)
    np.testing.assert_allclose(found.taps, expected.taps, atol=1e-14)
    assert found.padding == expected.padding
    biases = block[0].bias.detach().numpy().reshape(2, 2, 2)
    np.testing.assert_allclose(found.offset, biases, atol=1e-14)
    assert found.is_lptv


@pytest.mark.parametrize(
    ("mode", "size", "first"), [("nearest", 4, -1), ("bilinear", 6, -2), ("bicubic", 10, -4)]
)
def test_interpolation_and_convolution_are_one_kernel(mode, size, first):
    block = seeded(
        nn.Sequential(nn.Upsample(scale_factor=2, mode=mode), nn.Conv2d(2, 3, 3, padding=1))
    )
    found = equivalent_kernel(block, 2, (2, 2))
    assert found.taps.shape == (2, 3, size, size)
    assert found.first == (first, first)
    fixed = kernel.interpolator(mode, 2).weight[0, 0]
    learned = block[1].weight.detach().numpy()
    for o in range(3):
        for i in range(2):  # a layer correlates: its kernel is flipped
            both = np.zeros((size, size))
            for y in range(3):
                for x in range(3):
                    side = len(fixed)
                    both[y : y + side, x : x + side] += learned[o, i, 2 - y, 2 - x] * fixed
            np.testing.assert_allclose(found.taps[i, o], both, atol=1e-13)
    assert found.is_lptv


class Parallel(nn.Module):
    def __init__(self):
        super().__init__()
        self.large = nn.ConvTranspose2d(4, 2, 7, 2, padding=3, output_padding=1, groups=2)
        self.small = nn.ConvTranspose2d(4, 2, 3, 2, padding=1, output_padding=1, groups=2)

    def forward(self, x):
        return self.large(x) + self.small(x)


def test_a_large_and_a_small_kernel_in_parallel_are_one_large_kernel():
    block = seeded(Parallel())
    found = equivalent_kernel(block, 4, (2, 2))
    large = kernel.transposed_conv(
        block.large.weight.detach().numpy(), stride=2, padding=3, groups=2
    ).taps
    small = kernel.transposed_conv(
        block.small.weight.detach().numpy(), stride=2, padding=1, groups=2
    ).taps
    large[..., 2:5, 2:5] += small
    np.testing.assert_allclose(found.taps, large, atol=1e-15)
    assert found.padding == (3, 3)


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic", "area"])
def test_interpolation_by_name_and_by_probing_agree(mode):
    found = equivalent_kernel(
        lambda x: functional.interpolate(x, scale_factor=3, mode=mode), 1, (3, 3)
    )
    expected = kernel.interpolator(mode, 3)
    np.testing.assert_allclose(found.taps, expected.taps, atol=1e-14)
    assert found.padding == expected.padding


def test_align_corners_has_no_kernel():
    found = equivalent_kernel(
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), 1, (2, 2)
    )
    assert found.defect > 0.01
    assert not found.is_lptv


def test_attention_has_no_kernel():
    class Attention(nn.Module):
        def forward(self, x):
            x = functional.interpolate(x, scale_factor=2)
            weights = torch.softmax(x.flatten(2).transpose(1, 2) @ x.flatten(2), -1)
            return (x.flatten(2) @ weights.transpose(1, 2)).reshape(x.shape)

    found = equivalent_kernel(Attention(), 2, (2,))
    assert not found.is_lptv


def test_a_non_linear_block_is_known_by_its_spread():
    layer = seeded(nn.ConvTranspose2d(2, 2, 4, 2, padding=1))
    assert equivalent_kernel(layer, 2, (2, 2)).spread == 0
    gated = equivalent_kernel(nn.Sequential(layer, nn.ReLU()), 2, (2, 2))
    assert gated.spread > 0.1
    assert not gated.is_lptv


def test_a_block_without_a_derivative_is_probed_by_differences():
    class Opaque(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return functional.interpolate(x, scale_factor=2, mode="bilinear")

    found = equivalent_kernel(Opaque.apply, 1, (2, 2))
    np.testing.assert_allclose(found.taps, kernel.interpolator("bilinear", 2).taps, atol=1e-14)


def test_the_block_is_left_as_it_came():
    block = seeded(nn.Sequential(nn.ConvTranspose2d(2, 2, 4, 2), nn.BatchNorm2d(2)))
    block.train()
    before = {k: v.clone() for k, v in block.state_dict().items()}
    state = torch.random.get_rng_state()
    equivalent_kernel(block, 2, (2, 2))
    assert all(m.training for m in block.modules())
    assert all(torch.equal(before[k], v) for k, v in block.state_dict().items())
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: equivalent_kernel(nn.Identity(), 0, (2,)), ParameterError, "channels=0"),
        (lambda: equivalent_kernel(nn.Identity(), 1, (2.5,)), ParameterError, "factor="),
        (lambda: equivalent_kernel(lambda x: x.mean(), 1, (2,)), ModelError, "the block made"),
        (lambda: equivalent_kernel(nn.Conv2d(3, 1, 3), 1, (2, 2)), ModelError, "failed"),
    ],
)
def test_what_cannot_be_probed_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
