"""The other cures, the decoder blocks, and the names."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from spectra.errors import ParameterError
from spectra.kernel import checkerboard, rejection_db, transposed_conv, windowed_sinc
from spectra.probe import equivalent_kernel
from spectra.remedy import LCTC, DecoderBlock, make_layer, parse_remedy, upsampling_block
from spectra.remedy._resize import ResizeConv, SincConv
from spectra.remedy._shuffle import Blur, ShuffleConv, shuffle

NAMES = (
    "lctc7",
    "lctc11+3",
    "tc2",
    "tc5",
    "nearest+conv3",
    "bilinear+conv5",
    "shuffle",
    "shuffle1",
    "shuffle+box",
    "shuffle+binomial",
    "sinc11",
)


def kernel_of(layer, channels):
    found = equivalent_kernel(layer, channels, (2, 2))
    return transposed_conv(found.taps, stride=2, padding=found.padding)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("factor", [(2,), (3,), (2, 2), (4, 2), (2, 2, 2)])
def test_every_cure_gives_exactly_factor_times_its_input(name, factor):
    layer = make_layer(name, 4, 6, factor=factor, groups=2)
    size = (3, 1, 2)[: len(factor)]
    expected = tuple(n * s for n, s in zip(size, factor, strict=True))
    assert layer(torch.zeros(2, 4, *size)).shape == (2, 6, *expected)


@pytest.mark.parametrize("name", [n for n in NAMES if "tc" not in n])
def test_every_other_cure_starts_without_lines(name):
    torch.manual_seed(0)
    layer = make_layer(name, 4, 4, factor=(2, 2)).double()
    level = torch.randn(1, 4, 1, 1, dtype=torch.float64).expand(1, 4, 24, 24)
    inner = layer(level)[..., 12:-12, 12:-12]
    assert inner.std(dim=(-2, -1)).max() < 1e-6 * inner.abs().max()  # sinc taps are float32


def test_a_shuffle_is_pytorchs(generator):
    x = torch.randn(2, 18, 3, 5, generator=generator)
    assert torch.equal(shuffle(x, (3, 3)), functional.pixel_shuffle(x, 3))


def test_a_shuffle_of_three_axes_puts_each_channel_at_its_phase(generator):
    x = torch.randn(1, 12, 2, 2, 2, generator=generator)
    y = shuffle(x, (2, 3, 2))
    for channel in range(12):
        phase = np.unravel_index(channel, (2, 3, 2))
        picked = y[0, 0, phase[0] :: 2, phase[1] :: 3, phase[2] :: 2]
        assert torch.equal(picked, x[0, channel])


def test_an_icnr_shuffle_is_nearest_interpolation_after_its_first_phases(generator):
    layer = ShuffleConv(4, 3, factor=3)
    x = torch.randn(1, 4, 5, 4, generator=generator)
    conv = layer.conv
    once = functional.conv2d(x, conv.weight[::9], conv.bias[::9], padding=1)
    torch.testing.assert_close(layer(x), functional.interpolate(once, scale_factor=3))


@pytest.mark.parametrize(("kind", "taps"), [("box", [0.5, 0.5]), ("binomial", [0.25, 0.5, 0.25])])
def test_a_blur_has_the_taps_it_is_named_for(kind, taps):
    impulse = torch.zeros(1, 1, 7)
    impulse[..., 3] = 1
    response = Blur([2], kind)(impulse)[0, 0].numpy()
    np.testing.assert_allclose(response[response > 0], taps)


@pytest.mark.parametrize("kind", ["box", "binomial"])
@pytest.mark.parametrize("factor", [(2, 2), (3, 3), (4, 2)])
def test_a_blur_removes_every_pattern_of_its_period(generator, kind, factor):
    pattern = torch.randn(1, 3, *factor, generator=generator, dtype=torch.float64)
    grid = pattern.repeat(1, 1, 6, 6)
    inner = Blur(factor, kind)(grid)[..., 8:-8, :]
    inner = inner[..., 4:-4]
    torch.testing.assert_close(
        inner, pattern.mean((-2, -1), keepdim=True).expand_as(inner), atol=1e-14, rtol=0
    )


def test_a_sinc_convolution_upsamples_with_the_kernel_of_its_name():
    layer = SincConv(1, 1, 11, conv_size=1, bias=False).double()
    nn.init.ones_(layer.conv.weight)
    assert rejection_db(kernel_of(layer, 1)) == pytest.approx(
        rejection_db(windowed_sinc(11)), abs=1e-3
    )


def test_a_sinc_convolution_keeps_a_constant_to_its_borders():
    layer = SincConv(1, 1, 3, conv_size=1, bias=False).double()
    nn.init.ones_(layer.conv.weight)
    torch.testing.assert_close(
        layer(torch.ones(1, 1, 3, 3, dtype=torch.float64)), torch.ones(1, 1, 6, 6).double()
    )


def test_a_resize_convolution_is_interpolation_then_convolution(generator):
    layer = ResizeConv(2, 3, 5, mode="bilinear", factor=(2, 3))
    x = torch.randn(1, 2, 4, 3, generator=generator)
    large = functional.interpolate(x, size=(8, 9), mode="bilinear")
    torch.testing.assert_close(layer(x), layer.conv(large))


@pytest.mark.parametrize(("name", "taps"), [("tc2", 2), ("tc3", 3), ("tc4", 4), ("lctc2", 3)])
def test_a_plain_transposed_convolution_has_the_taps_of_its_name(name, taps):
    assert make_layer(name, 4, 2).kernel_size == (taps, taps)


@pytest.mark.parametrize(("factor", "taps"), [(3, 3), (4, 4), (8, 8)])
def test_tc2_neither_overlaps_nor_leaves_gaps_at_any_factor(factor, taps):
    assert make_layer("tc2", 1, 1, factor=(factor,)).kernel_size == (taps,)


def test_the_size_of_a_shuffle_is_that_of_its_convolution():
    sizes = {
        n: make_layer(n, 4, 2).conv.kernel_size[0] for n in ("shuffle", "shuffle1", "shuffle5")
    }
    assert sizes == {"shuffle": 3, "shuffle1": 1, "shuffle5": 5}


def test_a_start_is_given_to_transposed_kernels_and_refused_by_others():
    torch.manual_seed(0)
    assert not make_layer("lctc7+3", 4, 2, init="sinc").small.weight.any()
    with pytest.raises(ParameterError, match="init='sinc' is for lctcK and tcK; shuffle has its"):
        make_layer("shuffle", 4, 2, init="sinc")


def test_fixed_taps_are_no_parameters_and_not_saved():
    layer = SincConv(1, 1, 7)
    assert set(layer.state_dict()) == {"conv.weight", "conv.bias"}
    assert list(Blur([2]).parameters()) == []


def test_blocks_a_b_c_have_the_kernels_of_the_figure():
    kernels = [
        (block.kernel_size, block.small and block.small.kernel_size)
        for block in (upsampling_block(kind, 8, 4, 7) for kind in "abc")
    ]
    assert kernels == [((3, 3), None), ((7, 7), None), ((7, 7), (3, 3))]


def test_the_upsampler_of_the_published_code_has_its_number_of_parameters():
    """Restormer, 7x7 + 3x3 grouped by outputs, without biases: shared paper numbers."""
    widths = [(384, 192), (192, 96), (96, 48)]
    layers = [LCTC(n, m, 7, small=3, groups=m) for n, m in widths]
    assert sum(p.numel() for layer in layers for p in layer.parameters()) == 39_648


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("kind", ["d", "e", "f"])
def test_blocks_d_e_f_keep_the_size(kind, axes):
    block = DecoderBlock(kind, 4, 6, kernel_size=7, axes=axes)
    size = (5, 2, 3)[:axes]
    assert block(torch.zeros(2, 4, *size)).shape == (2, 6, *size)


def test_block_d_is_two_convolutions_of_half_the_width():
    block = DecoderBlock("d", 8, 6)
    convs = [m for m in block.modules() if isinstance(m, nn.Conv2d)]
    assert [(c.in_channels, c.out_channels, c.kernel_size) for c in convs] == [
        (8, 3, (3, 3)),
        (3, 6, (3, 3)),
    ]


@pytest.mark.parametrize(("kind", "taps"), [("e", 49), ("f", 49 + 9)])
def test_blocks_e_and_f_have_the_parameters_of_their_definition(kind, taps):
    block = DecoderBlock(kind, 8, 12, kernel_size=7)
    spatial = 6 * 4 * taps  # 8 to 6 channels in 2 groups of 4 inputs, no bias
    perceptron = 2 * 6 + (6 * 24 + 24) + (24 * 12 + 12)
    assert sum(p.numel() for p in block.parameters()) == spatial + perceptron


def test_block_e_without_weights_beyond_the_norm_has_no_residual_path(generator):
    block = DecoderBlock("e", 4, 4)
    nn.init.zeros_(block.layers[-1].weight)
    nn.init.zeros_(block.layers[-1].bias)
    assert not block(torch.randn(1, 4, 5, 5, generator=generator)).any()


@pytest.mark.parametrize(
    "name", ["lctc", "lctc0", "lctc7+0", "tc", "tc0", "tc7+3", "shuffle0", "conv3", "LCTC7", ""]
)
def test_a_name_that_stands_for_nothing_is_refused(name):
    with pytest.raises(ParameterError, match="expected lctcK"):
        parse_remedy(name)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: upsampling_block("d", 4, 4), "kind='d': expected 'a', 'b' or 'c'"),
        (lambda: DecoderBlock("a", 4, 4), "kind='a': expected 'd', 'e' or 'f'"),
        (lambda: Blur([2], "gauss"), "kind='gauss': expected one of box, binomial"),
        (lambda: ResizeConv(1, 1, mode="cubic"), "mode='cubic'"),
        (lambda: ResizeConv(1, 1, 4), "kernel_size=4: expected odd"),
        (lambda: SincConv(1, 1, 3, factor=4), "leaves gaps"),
    ],
)
def test_a_wrong_argument_is_named(make, message):
    with pytest.raises(ParameterError, match=message):
        make()


def test_a_trained_line_is_what_the_other_cures_can_or_cannot_relearn():
    """The sinc and the blur have no line for any weights; a plain shuffle has."""
    torch.manual_seed(0)
    for name, has_line in (("shuffle", True), ("shuffle+box", False), ("sinc7", False)):
        layer = make_layer(name, 2, 2, factor=(2, 2)).double()
        for parameter in layer.parameters():
            nn.init.normal_(parameter)
        rms = checkerboard(kernel_of(layer, 2)).rms.max()
        assert bool(rms > 0.1) is has_line
