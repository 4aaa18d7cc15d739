"""What holds for every network: sizes, gradients, modes, seeds, steps, and bad options."""

import pytest
import torch
from torch import nn

from spectra import models
from spectra.capture import discover
from spectra.errors import ModelError, ParameterError
from spectra.remedy import swap

SMALL = {
    "nafnet_small": (3, 3),
    "restormer_small": (3, 3),
    "unet_small": (3, 21),
    "vit_dpt_small": (3, 21),
    "sttr_small": (6, 1),
}
SIDES = {"sttr_small": (122, 139)}
UPSAMPLERS = (
    "published",
    "tc2",
    "tc3",
    "lctc7+3",
    "lctc11+3",
    "nearest+conv3",
    "bilinear+conv3",
    "shuffle",
    "shuffle+box",
    "sinc11",
)
FACTORS = {
    "nafnet_small": {"ups.0": 2, "ups.1": 2},
    "restormer_small": {"up4_3": 2, "up3_2": 2, "up2_1": 2},
    "unet_small": {"decoder2.up": 2, "decoder3.up": 2, "decoder4.up": 2, "last.lastup": 4},
    "vit_dpt_small": {"reassemble.0.resize": 4, "reassemble.1.resize": 2},
    "sttr_small": {"tokenizer.up.0.convTrans": 2, "tokenizer.up.1.convTrans": 2},
}
FIXED = ("last.lastup",)
KINDS = {
    "tc": "transposed_conv",
    "lctc": "transposed_conv",
    "sinc": "transposed_conv",
    "nearest": "nearest",
    "bilinear": "bilinear",
    "shuffle": "pixel_shuffle",
}


def made(name, **options):
    torch.manual_seed(0)
    return getattr(models, name)(**options).eval()


def a_picture(name, *sides):
    sides = sides or SIDES.get(name, (45, 70))
    return torch.rand(1, SMALL[name][0], *sides, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", SMALL)
def test_an_input_of_any_size_gives_an_output_of_that_size(name):
    x = a_picture(name)
    with torch.no_grad():
        assert made(name)(x).shape == (1, SMALL[name][1], *x.shape[-2:])


@pytest.mark.parametrize("name", SMALL)
def test_gradients_reach_every_weight_of_the_upsampling_layers_and_the_input(name):
    net = made(name, upsampler="lctc7+3").train()
    for parameter in net.parameters():  # residual paths that start closed let nothing through
        if not parameter.any():
            nn.init.constant_(parameter, 0.1)
    x = a_picture(name).requires_grad_()
    net(torch.cat([x, x])).square().mean().backward()
    assert x.grad.any()
    for path in FACTORS[name]:
        for parameter in net.get_submodule(path).parameters():
            assert parameter.grad.any()


@pytest.mark.parametrize("name", ["nafnet_small", "restormer_small", "sttr_small"])
def test_training_mode_computes_what_evaluation_does_where_no_statistic_is_kept(name):
    net, x = made(name), a_picture(name)
    with torch.no_grad():
        assert torch.equal(net.eval()(x), net.train()(x))


@pytest.mark.parametrize("name", SMALL)
def test_the_same_seed_makes_the_same_network(name):
    one, other = made(name, upsampler="lctc7+3"), made(name, upsampler="lctc7+3")
    for (key, value), again in zip(
        one.state_dict().items(), other.state_dict().values(), strict=True
    ):
        assert torch.equal(value, again), key


def check_steps(name, upsampler, taps=None):
    net = made(name, upsampler=upsampler)
    sides = (128, 128) if name == "sttr_small" else (64, 64)
    steps = discover(net, a_picture(name, *sides)).steps
    for path, factor in FACTORS[name].items():
        inside = [s for s in steps if s.name == path or s.name.startswith(f"{path}.")]
        assert [s.factor for s in inside] == [(factor, factor)], path
        family = upsampler.rstrip("0123456789+").partition("+")[0]
        if upsampler != "published" and path not in FIXED:
            assert inside[0].kind == KINDS[family]
        if taps and path not in FIXED:
            assert inside[0].kernel_size == (taps[factor],) * 2
    others = [s for s in steps if not any(s.name.startswith(path) for path in FACTORS[name])]
    assert {s.kind for s in others} <= {"bilinear", "nearest"}


@pytest.mark.parametrize(
    ("name", "upsampler", "taps"),
    [
        ("nafnet_small", "published", None),
        ("restormer_small", "lctc7+3", {2: 7}),
        ("unet_small", "tc3", {2: 3}),
        ("vit_dpt_small", "lctc11+3", {2: 11, 4: 23}),
        ("sttr_small", "published", {2: 3}),
    ],
)
def test_every_step_of_a_network_is_found_with_its_factor_and_kernel(name, upsampler, taps):
    check_steps(name, upsampler, taps)


@pytest.mark.slow
@pytest.mark.parametrize("upsampler", UPSAMPLERS)
@pytest.mark.parametrize("name", SMALL)
def test_every_step_of_every_network_is_found_with_every_upsampler(name, upsampler):
    check_steps(name, upsampler)


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_a_larger_kernel_can_be_swapped_into_a_network_without_a_change(name):
    net = made(name)
    x = a_picture(name, 128, 128)
    new, plan = swap(net, "lctc11", example=x)
    assert not plan.refused
    with torch.no_grad():
        before, after = net(x), new(x)
    assert (after - before).abs().max() < 1e-5 * before.abs().max()


def test_a_callable_makes_every_layer_from_its_channels_and_factor():
    asked = []

    def make(inputs, outputs, factor):
        asked.append((inputs, outputs, factor))
        return nn.ConvTranspose2d(inputs, outputs, factor, stride=factor)

    net = made("vit_dpt_small", upsampler=make)
    assert asked == [(16, 16, 4), (32, 32, 2)]
    assert net(a_picture("vit_dpt_small")).shape == (1, 21, 45, 70)


@pytest.mark.parametrize(
    ("upsampler", "grouped", "groups"),
    [
        ("published", None, [1, 1]),
        ("published", True, [16, 8]),
        ("tc2", None, [1, 1]),
        ("tc2", True, [16, 8]),
        ("lctc7+3", None, [16, 8]),
        ("lctc7+3", False, [1, 1]),
        ("nearest+conv3", None, [1, 1]),
        ("shuffle", True, [16, 8]),
    ],
)
def test_grouping_is_the_authors_by_default_and_the_caller_s_otherwise(upsampler, grouped, groups):
    net = made("nafnet_small", upsampler=upsampler, grouped=grouped)
    convs = [
        next(m for m in up.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d))
        for up in net.ups
    ]
    assert [conv.groups for conv in convs] == groups


def test_a_sinc_start_leaves_no_line_of_a_constant():
    net = made("unet_small", upsampler="lctc7+3", start="sinc")
    flat = torch.randn(1, 128, 1, 1).expand(1, 128, 12, 12)
    inner = net.decoder2.up(flat)[..., 8:-8, 8:-8]
    assert inner.std((-2, -1)).max() < 1e-6 * inner.abs().max()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: models.nafnet_small(upsampler="lctc"), "upsampler='lctc': expected lctcK"),
        (lambda: models.nafnet_small(upsampler=3), "upsampler=3: expected 'published', a name"),
        (lambda: models.nafnet_small(grouped="no"), "grouped='no': expected True, False or None"),
        (lambda: models.nafnet_small(start="zero"), "start='zero': expected one of default"),
        (lambda: models.nafnet_small(start="sinc"), "start='sinc' is for transposed kernels"),
        (
            lambda: models.nafnet_small(upsampler=lambda *_: nn.Identity(), grouped=True),
            "grouped=True and start='default' are for an upsampler that is named",
        ),
        (
            lambda: models.nafnet_small(upsampler=lambda *_: nn.Identity()),
            r"upsampler\(32, 16, 2\) turned \(1, 32, 4, 4\) into \(1, 32, 4, 4\): expected",
        ),
        (lambda: models.nafnet_small(upsampler=lambda *_: 3), "returned a int: expected a module"),
        (lambda: models.NAFNet(0), "width=0 is not a count"),
        (lambda: models.NAFNet(8, encoder_blocks=(1,)), "expected one number for each level"),
        (lambda: models.NAFNet(8, local=0), "local=0 is not a count"),
        (lambda: models.Restormer(8, heads=(1, 2, 3, 4)), "width=8 does not fit heads"),
        (lambda: models.Restormer(8, blocks=(1, 1)), r"blocks=\(1, 1\): expected 4 numbers"),
        (lambda: models.Restormer(8, in_channels=1), "in_channels=1 and out_channels=3"),
        (lambda: models.UNet("vgg"), "encoder='vgg': expected one of resnet18, resnet50"),
        (lambda: models.UNet("resnet18", block="a"), "block='a': expected 'd', 'e' or 'f'"),
        (lambda: models.UNet("resnet18", width=1), "width=1: expected at least 2"),
        (lambda: models.STTR(4, head="argmax"), "head='argmax': expected 'transformer' or"),
        (lambda: models.STTR(4, heads=5), "heads=5: expected a divisor of 32"),
        (lambda: models.ViTDPT(64, heads=5), "heads=5: expected a divisor of width=64"),
        (lambda: models.ViTDPT(64, heads=4, depth=2), "depth=2: expected at least 4 blocks"),
        (lambda: models.ViTDPT(64, heads=4, reassembled=(8,)), "expected 4 counts of channels"),
    ],
)
def test_a_wrong_option_is_named(make, message):
    with pytest.raises(ParameterError, match=message):
        make()


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("sttr_small", (1, 6, 96, 160), "96x160 pixels: STTR pools .* at least 121 a side"),
        ("sttr_small", (1, 4, 128, 128), r"expected \(B, 6, H, W\)"),
        ("restormer_small", (1, 3, 4, 20), "4x20 pixels cannot be mirrored .* at least 5 pixels"),
        ("nafnet_small", (3, 20, 20), r"shape \(3, 20, 20\): expected \(B, C, H, W\)"),
    ],
)
def test_an_input_that_does_not_fit_is_refused_in_one_line(name, shape, message):
    with pytest.raises(ModelError, match=message):
        made(name)(torch.zeros(shape))


def test_padding_is_what_no_output_pixel_far_from_the_border_sees():
    """A NAFNet of 3x3 kernels whose global means are taken out is local."""
    net = made("nafnet_small", local=1)
    x = a_picture("nafnet_small", 64, 61)
    with torch.no_grad():
        whole, cut = net(x), net(x[..., :60, :])
    torch.testing.assert_close(whole[..., :24, :24], cut[..., :24, :24])
