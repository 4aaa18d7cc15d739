"""Exact conversion, against PyTorch's own operations, borders included."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations, weight_norm

from spectra.errors import ConversionError, ParameterError
from spectra.kernel import attainable_bound, rejection_db
from spectra.remedy import LCTC, convert

TOLERANCE = {torch.float32: 1e-6, torch.float64: 1e-12}
TRANSPOSED = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
# kernel, stride, padding, output padding, smallest size at factor 2 that holds it
TRAINED = [
    (2, 2, 0, 0, 2),
    (3, 2, 1, 1, 3),
    (4, 2, 1, 0, 5),
    (5, 2, 2, 1, 5),
    (6, 2, 2, 0, 7),
    (9, 2, 4, 1, 9),
    (4, 4, 0, 0, 2),
    (8, 4, 2, 0, 5),
    (3, 3, 0, 0, 2),
    (9, 3, 3, 0, 6),
]


def assert_same(made, expected):
    """Compare relative to the output's scale, which is what the promise is made for."""
    assert made.shape == expected.shape
    scale = expected.abs().max().clamp(min=1)
    assert (made - expected).abs().max() <= TOLERANCE[expected.dtype] * scale


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [(1, 1), (9, 7), (8, 8)])
@pytest.mark.parametrize(("k", "s", "p", "extra", "smallest"), TRAINED)
@pytest.mark.parametrize("groups", [1, 2])
def test_a_transposed_convolution_is_kept(generator, dtype, size, k, s, p, extra, smallest, groups):
    module = nn.ConvTranspose2d(4, 6, k, s, p, extra, groups=groups, dtype=dtype)
    x = torch.randn(2, 4, *size, generator=generator, dtype=dtype)
    for remedy in {f"lctc{smallest}", "lctc11", "lctc11+3"}:
        assert_same(convert(module, remedy)(x), module(x))


@settings(max_examples=50)
@given(
    axes=st.integers(1, 3),
    k=st.integers(1, 6),
    s=st.integers(2, 4),
    p=st.integers(0, 4),
    d=st.integers(1, 2),
    groups=st.sampled_from([1, 2]),
    bias=st.booleans(),
    size=st.lists(st.integers(1, 4), min_size=3, max_size=3),
    extra=st.integers(0, 3),
    seed=st.integers(0, 99),
)
def test_every_transposed_convolution_is_kept_and_stays_as_long_as_it_is(
    axes, k, s, p, d, groups, bias, size, extra, seed
):
    assume(extra < s)
    assume(min(size[:axes]) * s - s + d * (k - 1) + 1 + extra - 2 * p > 0)
    assume(d * (k - 1) + 1 <= 12)
    module = TRANSPOSED[axes](4, 2, k, s, p, extra, groups, bias, d).double()
    x = torch.randn(
        1, 4, *size[:axes], dtype=torch.float64, generator=torch.Generator().manual_seed(seed)
    )
    first, second = ("lctc31+15", "lctc33") if axes < 3 else ("lctc17+15", "lctc19")  # of volumes
    layer = convert(module, first)
    assert_same(layer(x), module(x))
    assert_same(layer.merge()(x), module(x))
    assert_same(convert(layer, second)(x), module(x))


def test_a_stride_for_each_axis_is_kept(generator):
    module = nn.ConvTranspose2d(2, 3, (4, 3), (2, 1), (1, 1)).double()
    x = torch.randn(1, 2, 5, 1, generator=generator, dtype=torch.float64)
    layer = convert(module, "lctc7")
    assert layer.kernel_size == (7, 5)
    assert_same(layer(x), module(x))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("factor", [2, 3, 4, 5])
@pytest.mark.parametrize("size", [(1, 1), (3, 5)])
@pytest.mark.parametrize("remedy", ["lctc2", "lctc7", "lctc11+3"])
def test_a_pixel_shuffle_is_kept_bit_for_bit(generator, dtype, factor, size, remedy):
    module = nn.PixelShuffle(factor)
    x = torch.randn(2, 3 * factor**2, *size, generator=generator, dtype=dtype)
    layer = convert(module, remedy, channels=x.shape[1], like=x)
    assert torch.equal(layer(x), module(x))


def test_the_bias_of_each_phase_before_a_pixel_shuffle_passes(generator):
    conv, module = nn.Conv2d(4, 12, 3, padding=1), nn.PixelShuffle(2)
    x = torch.randn(1, 4, 5, 3, generator=generator)
    layer = convert(module, "lctc7", channels=12)
    assert torch.equal(layer(conv(x)), module(conv(x)))
    assert conv.bias.reshape(3, 4).std(1).min() > 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("factor", [2, 3, 4, (2, 1), (1, 3)])
@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(1, 1), (7, 9), (2, 3)])
def test_an_interpolation_is_kept_to_its_borders(generator, dtype, factor, mode, size):
    module = nn.Upsample(scale_factor=factor, mode=mode)
    x = torch.randn(2, 3, *size, generator=generator, dtype=dtype)
    for remedy in ("lctc9", "lctc11+3"):
        made = convert(module, remedy, channels=3, like=x)(x)
        assert made.dtype == dtype
        # In float32 PyTorch rounds the ratio 1 / 3: its own error is up to 5e-6.
        expected = module(x.double()).to(dtype)
        assert_same(made, expected)


@pytest.mark.parametrize(
    ("mode", "axes"), [("linear", 1), ("nearest", 1), ("trilinear", 3), ("nearest", 3)]
)
def test_interpolations_of_one_and_three_axes_are_kept(generator, mode, axes):
    module = nn.Upsample(scale_factor=3, mode=mode)
    x = torch.randn(2, 2, *(1, 4, 3)[:axes], generator=generator, dtype=torch.float64)
    assert_same(convert(module, "lctc7", channels=2, axes=axes, like=x)(x), module(x))


@pytest.mark.parametrize(("mode", "smallest"), [("nearest", 2), ("bilinear", 5), ("bicubic", 9)])
def test_the_smallest_size_that_holds_an_interpolation_is_the_one_known(mode, smallest):
    module = nn.Upsample(scale_factor=2, mode=mode)
    convert(module, f"lctc{smallest}", channels=1)
    if smallest > 3:
        with pytest.raises(ConversionError, match=f"lctc{smallest} is the smallest"):
            convert(module, f"lctc{smallest - 2}", channels=1)


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize(("factor", "groups"), [(2, 1), (3, 1), (2, 3)])
@pytest.mark.parametrize("size", [(1, 1), (5, 4)])
def test_a_convolution_and_its_shuffle_become_one_kernel(generator, k, factor, groups, size):
    conv = nn.Conv2d(6, 3 * factor**2, k, padding=k // 2, groups=groups).double()
    with torch.no_grad():
        conv.bias.copy_(torch.randn(3).repeat_interleave(factor**2))
    module = nn.Sequential(conv, nn.PixelShuffle(factor))
    x = torch.randn(2, 6, *size, generator=generator, dtype=torch.float64)
    layer = convert(module, "lctc11")
    assert layer.groups == groups
    assert_same(layer(x), module(x))


def test_a_small_lctc_grows_into_a_large_one(generator):
    small = LCTC(4, 2, 7, small=3, groups=2).double()
    x = torch.randn(1, 4, 3, 1, generator=generator, dtype=torch.float64)
    grown = convert(small, "lctc11+5")
    assert grown.kernel_size == (11, 11)
    assert_same(grown(x), small(x))


def test_a_converted_interpolation_grows_with_its_borders(generator):
    module = nn.Upsample(scale_factor=2, mode="bicubic")
    x = torch.randn(1, 2, 3, 1, generator=generator, dtype=torch.float64)
    layer = convert(convert(module, "lctc9", channels=2, like=x), "lctc15")
    assert_same(layer(x), module(x))


@pytest.mark.parametrize("remedy", ["lctc7", "lctc11+3"])
@pytest.mark.parametrize("module", [nn.ConvTranspose2d(4, 4, 2, 2), nn.PixelShuffle(2)])
def test_gradients_reach_the_embedded_zeros(generator, remedy, module):
    layer = convert(module, remedy, channels=4)
    x = torch.randn(1, 4, 9, 9, generator=generator)
    layer(x).square().sum().backward()
    assert (layer.large.weight == 0).float().mean() > 0.5
    assert (layer.large.weight.grad != 0).all()
    assert layer.small is None or (layer.small.weight.grad != 0).all()


@pytest.mark.parametrize(
    "module",
    [
        nn.ConvTranspose2d(3, 3, 4, 2, 1),
        nn.PixelShuffle(3),
        nn.Upsample(scale_factor=2, mode="bilinear"),
    ],
)
def test_a_sinc_start_keeps_the_mean_gain_and_the_delay(module):
    """A slow ramp passes a sinc at the delay of what it replaces."""
    channels = 9 if isinstance(module, nn.PixelShuffle) else 3
    if isinstance(module, nn.ConvTranspose2d):
        nn.init.zeros_(module.bias)
        with torch.no_grad():
            module.weight.copy_(
                torch.eye(3)[..., None, None]
                * torch.tensor([0.25, 0.75, 0.75, 0.25]).outer(
                    torch.tensor([0.25, 0.75, 0.75, 0.25])
                )
            )
    ramp = torch.arange(24.0).reshape(1, 1, 1, 24).expand(1, channels, 24, 24)
    layer = convert(module, "lctc11", init="sinc", channels=channels)
    if isinstance(module, nn.PixelShuffle):
        expected = functional.interpolate(ramp[:, :3], scale_factor=3, mode="bilinear")
    else:
        expected = module(ramp)
    inner = slice(20, -20)
    deviation = (layer(ramp) - expected)[..., inner, inner].abs().max()
    assert deviation < 0.1  # half a pixel would be 0.25, a whole one 0.5


@pytest.mark.parametrize("remedy", ["lctc7", "lctc11", "lctc15"])
def test_a_sinc_start_in_place_of_bilinear_is_within_1_1_db_of_the_bound(remedy):
    layer = convert(nn.Upsample(scale_factor=2, mode="bilinear"), remedy, init="sinc", channels=1)
    size = layer.kernel_size[0] - 1  # what is symmetric about half a pixel
    bound = attainable_bound(size, 2).rejection_db
    assert rejection_db(layer.kernel()) > bound - 1.1


@pytest.mark.parametrize("init", ["icnr", "default"])
def test_a_random_start_takes_the_shape_of_the_source_only(init):
    module = nn.ConvTranspose2d(4, 6, 2, 2, groups=2)
    layer = convert(module, "lctc7", init=init)
    assert (layer.groups, layer.in_channels, layer.out_channels) == (2, 4, 6)
    assert layer.large.weight.abs().max() > 0


@pytest.mark.parametrize("normalise", [parametrizations.weight_norm, weight_norm])
@pytest.mark.parametrize("dim", [0, 1, None])
@pytest.mark.filterwarnings("ignore:.*weight_norm.*is deprecated:FutureWarning")
def test_weight_norm_survives(generator, normalise, dim):
    module = normalise(nn.ConvTranspose1d(4, 6, 4, 2, 1).double(), dim=dim)
    layer = convert(module, "lctc7+3")
    x = torch.randn(1, 4, 9, generator=generator, dtype=torch.float64)
    assert_same(layer(x), module(x))
    assert_same(layer.merge()(x), module(x))
    length, direction = layer.large.parametrizations.weight.parameters()
    assert length.numel() == {0: 4, 1: 6, None: 1}[dim]
    layer(x).square().sum().backward()
    assert (direction.grad != 0).all()


@pytest.mark.parametrize("normalise", [parametrizations.spectral_norm, nn.utils.spectral_norm])
def test_a_spectrally_normalised_weight_is_kept_as_it_is(generator, normalise):
    module = normalise(nn.ConvTranspose2d(4, 6, 4, 2, 1).double()).eval()
    x = torch.randn(1, 4, 5, 5, generator=generator, dtype=torch.float64)
    assert_same(convert(module, "lctc7")(x), module(x))


def test_mode_dtype_and_frozen_weights_are_kept():
    module = nn.ConvTranspose2d(2, 2, 2, 2, dtype=torch.bfloat16).eval().requires_grad_(False)
    layer = convert(module, "lctc7+3")
    assert not layer.training
    assert {p.dtype for p in layer.parameters()} == {torch.bfloat16}
    assert not any(p.requires_grad for p in layer.parameters())


def test_converting_draws_no_random_numbers_and_leaves_the_module_alone():
    module = nn.ConvTranspose2d(2, 2, 2, 2)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    state = torch.get_rng_state()
    convert(module, "lctc7+3")
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())


class Cropped(nn.ConvTranspose2d):
    def forward(self, x):
        return super().forward(x)[..., :-1, :-1]


REFUSED = [
    (nn.ConvTranspose2d(1, 1, 12, 2, 0), "lctc13 is the smallest that keeps it"),
    (nn.ConvTranspose2d(1, 1, 3, 1, 1), "its stride is 1"),
    (nn.ConvTranspose2d(1, 1, 9, 2, 4, 1), "lctc9 is the smallest that keeps it"),
    (nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), "align_corners=True"),
    (nn.UpsamplingBilinear2d(scale_factor=2), "align_corners=True"),
    (nn.Upsample(scale_factor=1.5), "its ratio 1.5x1.5 is no whole number"),
    (nn.Upsample(scale_factor=0.5), "its ratio 0.5x0.5 is no whole number"),
    (nn.Upsample(size=(8, 8)), "fixes the output's size"),
    (nn.MaxUnpool2d(2), "MaxUnpool2d cannot be converted"),
    (nn.Conv2d(1, 1, 3), "Conv2d cannot be converted"),
    (Cropped(1, 1, 2, 2), "Cropped has a forward of its own"),
    (nn.Sequential(nn.Conv2d(1, 4, 3), nn.PixelShuffle(2)), "changes the size of its map"),
    (nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.PixelShuffle(2)), "differ from phase"),
    (nn.Sequential(nn.Conv2d(4, 4, 1, groups=4), nn.PixelShuffle(2)), "cut through the phases"),
    (nn.PixelShuffle(2), "3 channels are no multiple of 4"),
]


@pytest.mark.parametrize(("module", "why"), REFUSED)
def test_what_cannot_be_kept_says_why(module, why):
    with pytest.raises(ConversionError, match=why):
        convert(module, "lctc7", channels=3)


def test_a_parallel_kernel_that_does_not_reach_the_output_is_refused():
    module = nn.ConvTranspose2d(1, 1, 9, 2)
    with pytest.raises(ConversionError, match="begins 4 pixels before its input"):
        convert(module, "lctc11+3")
    with pytest.raises(ConversionError, match="begins 4 pixels before its input"):
        convert(module, "lctc5", init="sinc")


def test_channels_that_nobody_knows_are_asked_for():
    with pytest.raises(ConversionError, match="give its input channels"):
        convert(nn.PixelShuffle(2))


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_a_script_module_is_refused():
    with pytest.raises(ConversionError, match=r"ConvTranspose2d is a ScriptModule.*before"):
        convert(torch.jit.script(nn.ConvTranspose2d(1, 1, 2, 2)))


def test_names_that_are_unknown_are_refused():
    with pytest.raises(ParameterError, match="init='zero': expected one of keep, sinc"):
        convert(nn.ConvTranspose2d(1, 1, 2, 2), init="zero")
    with pytest.raises(ParameterError, match="holds no weights of what was there"):
        convert(nn.ConvTranspose2d(1, 1, 2, 2), "nearest+conv3")


def test_repetition_at_the_border_is_what_makes_bilinear_exact(generator):
    """Without it the border is wrong by much more than rounding, which the test above would see."""
    layer = convert(nn.Upsample(scale_factor=2, mode="bilinear"), "lctc5", channels=1)
    x = torch.rand(1, 1, 6, 6, generator=generator) + 1
    plain = LCTC(1, 1, 5, bias=False)
    plain.large.weight.data.copy_(layer.large.weight)
    assert (plain(x) - layer(x)).abs().max() > 0.5
    assert np.isclose((plain(x) - layer(x))[..., 2:-2, 2:-2].abs().max().item(), 0, atol=1e-6)
