"""Swapping in whole models: what changes, what does not, and what is refused."""

from copy import deepcopy

import pytest
import torch
from torch import nn
from torch.nn import functional

import spectra
from spectra.capture import discover
from spectra.errors import ConversionError, ModelError, NothingToAnalyseError, ParameterError
from spectra.remedy import LCTC, Plan, rebuild, swap
from spectra.remedy._shuffle import ShuffleConv
from support.swaps import Modules, picture, run


class Block(nn.Module):
    """A decoder block of a U-Net that calls interpolate itself."""

    def __init__(self, inputs, skip, outputs, mode="nearest"):
        super().__init__()
        self.mode = mode
        self.conv = nn.Conv2d(inputs + skip, outputs, 3, padding=1)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x, skip=None):
        x = functional.interpolate(x, scale_factor=2.0, mode=self.mode)
        if skip is not None:
            x = torch.cat([x, skip], 1)
        return torch.relu(self.norm(self.conv(x)))


class UNet(nn.Module):
    def __init__(self, mode="nearest"):
        super().__init__()
        self.encoder = nn.ModuleList(
            [nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 6, 3, 2, 1), nn.Conv2d(6, 8, 3, 2, 1)]
        )
        self.decoder = nn.ModuleList([Block(8, 6, 6, mode), Block(6, 4, 5, mode)])
        self.head = nn.Conv2d(5, 2, 1)

    def forward(self, x):
        skips = []
        for conv in self.encoder:
            x = torch.relu(conv(x))
            skips.append(x)
        x = self.decoder[0](x, skips[1])
        return self.head(self.decoder[1](x, skips[0]))


@pytest.mark.parametrize(
    ("mode", "exact"), [("nearest", True), ("bilinear", False), ("bicubic", False), ("area", True)]
)
def test_functional_calls_in_a_unet_are_replaced_without_changing_the_output(
    generator, mode, exact
):
    model, x = UNet(mode), picture(generator)
    swapped, plan = swap(model, "lctc9", example=x[:1])
    assert [entry.path for entry in plan.replaced] == ["decoder.0.swapped0", "decoder.1.swapped0"]
    assert swapped.decoder[0].swapped0.kernel_size == (9, 9)
    error = (run(swapped, x) - run(model, x)).abs().max()
    assert error == 0 if exact else error < 1e-5
    kinds = {step.kind for step in discover(swapped, x).steps}
    assert kinds == {"transposed_conv"}


def test_the_swapped_calls_are_trained(generator):
    swapped, _ = swap(UNet(), "lctc7+3", example=picture(generator))
    swapped.train()
    swapped(picture(generator)).square().sum().backward()
    for block in swapped.decoder:
        assert block.training
        for branch in (block.swapped0.large, block.swapped0.small):
            assert branch.weight.grad.abs().sum((0, 1)).min() > 0  # every tap, zeros included
        assert block.conv.weight.grad is not None


def test_a_converted_state_dict_loads_strictly_into_a_rebuilt_model(generator):
    model, x = UNet("bilinear"), picture(generator)
    swapped, plan = swap(model, "lctc7+3", example=x)
    fresh = rebuild(UNet("bilinear"), plan.to_json())
    fresh.load_state_dict(swapped.state_dict(), strict=True)
    assert torch.equal(run(fresh, x), run(swapped, x))


def test_the_plan_survives_json():
    _, plan = swap(UNet(), "lctc11", example=torch.zeros(1, 3, 8, 8))
    assert Plan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize("text", ["", "{}", '{"schema": "other"}', "[1, 2]"])
def test_a_text_that_is_no_plan_is_refused(text):
    with pytest.raises(ParameterError, match="is no plan of a swap"):
        Plan.from_json(text)


def test_a_plan_for_another_model_is_refused():
    _, plan = swap(UNet(), "lctc7", example=torch.zeros(1, 3, 8, 8))
    with pytest.raises(ParameterError, match=r"no module 'decoder.0'"):
        rebuild(nn.Sequential(nn.Conv2d(3, 3, 1)), plan)


def test_modules_are_replaced_where_they_are(generator):
    model, x = Modules(), picture(generator, 5, 7)
    swapped, plan = swap(model, "lctc7", example=x)
    assert {type(m) for m in (swapped.up1, swapped.up2, swapped.up3)} == {LCTC}
    torch.testing.assert_close(run(swapped, x), run(model, x), atol=1e-6, rtol=0)
    assert [entry.label for entry in plan.replaced] == ["up1", "up2", "up3"]
    assert [entry.groups for entry in plan.replaced] == [2, 4, 4]
    assert swapped.up2.large.bias is None


def test_everything_else_is_bit_identical_and_the_model_is_left_alone(generator):
    model, x = Modules().train(), picture(generator, 5, 7)
    before = deepcopy(model.state_dict())
    state = torch.get_rng_state()
    swapped, _ = swap(model, "lctc7", example=x, steps="up1")
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    assert model.training
    assert swapped.training
    assert isinstance(model.up1, nn.ConvTranspose2d)
    others = {k: v for k, v in swapped.state_dict().items() if not k.startswith("up1")}
    assert set(others) == {k for k in before if not k.startswith("up1")}
    assert all(torch.equal(before[k], v) for k, v in others.items())
    assert isinstance(swapped.up3, nn.Upsample)


class Functions(nn.Module):
    """All functions in one forward, one of them inside a child, one not upsampling."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 4, 4, 4))
        self.child = nn.Upsample(scale_factor=2)

    def forward(self, x):
        x = functional.interpolate(x, scale_factor=0.5)
        x = functional.conv_transpose2d(x, self.weight, None, 2, 1)
        x = self.child(x)
        x = functional.pixel_shuffle(x, 2)
        return functional.interpolate(x, size=(x.shape[2] * 2, x.shape[3]), mode="bilinear")


def test_each_call_of_one_forward_is_told_from_the_others(generator):
    model, x = Functions(), picture(generator)
    swapped, plan = swap(model, "lctc7", example=x, steps="(model)#1")
    assert [(e.path, e.kind) for e in plan.replaced] == [("swapped2", "pixel_shuffle")]
    torch.testing.assert_close(run(swapped, x), run(model, x), atol=1e-5, rtol=0)


def test_each_call_of_one_forward_becomes_its_own_layer(generator):
    model, x = Functions(), picture(generator)
    swapped, plan = swap(model, "lctc7", example=x)
    assert [(e.path, e.function) for e in plan.replaced] == [
        ("swapped1", "conv_transpose2d"),
        ("child", None),
        ("swapped2", "pixel_shuffle"),
        ("swapped3", "interpolate"),
    ]
    assert plan.replaced[-1].factor == (2, 1)
    torch.testing.assert_close(run(swapped, x), run(model, x), atol=1e-5, rtol=0)
    fresh = rebuild(Functions(), plan)
    fresh.load_state_dict(swapped.state_dict())
    assert torch.equal(run(fresh, x), run(swapped, x))


class Decoding(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        return x

    def decode(self, x):
        return self.conv(functional.interpolate(x, scale_factor=3))


def test_a_method_other_than_forward_is_substituted(generator):
    model, x = Decoding(), picture(generator)
    swapped, plan = swap(model, "lctc7", example=x, method="decode")
    torch.testing.assert_close(swapped.decode(x), model.decode(x))
    assert isinstance(rebuild(model, plan).swapped0, LCTC)
    assert swapped.decode(x).shape == (2, 3, 48, 72)


def test_copies_of_a_substituted_model_use_their_own_layers(generator):
    swapped, _ = swap(UNet(), "lctc7", example=picture(generator))
    copied, x = deepcopy(swapped), picture(generator)
    nn.init.zeros_(copied.decoder[1].swapped0.large.weight)
    assert not torch.equal(run(copied, x), run(swapped, x))
    nn.init.zeros_(swapped.decoder[1].swapped0.large.weight)
    assert torch.equal(run(copied, x), run(swapped, x))


def test_a_substituted_model_can_be_exported_and_pickled(generator, tmp_path):
    swapped, _ = swap(UNet(), "lctc7", example=picture(generator))
    swapped.eval()
    x = picture(generator)
    exported = torch.export.export(swapped, (x,)).module()
    torch.testing.assert_close(exported(x), run(swapped, x))
    torch.save(swapped, tmp_path / "whole.pt")
    whole = torch.load(tmp_path / "whole.pt", weights_only=False)
    assert torch.equal(run(whole, x), run(swapped, x))


def test_a_substituted_call_that_asks_for_another_size_is_refused(generator):
    class Sized(nn.Module):
        def forward(self, x):
            small = functional.max_pool2d(x, 2)
            return functional.interpolate(small, size=x.shape[2:])

    swapped, _ = swap(Sized(), "lctc7", example=picture(generator))
    with pytest.raises(ModelError, match=r"asked for \(15, 16\) from \(7, 8\)"):
        swapped(picture(generator, 15, 16))


def test_a_transposed_convolution_asked_for_a_size_is_kept(generator):
    class Sized(nn.Module):
        def __init__(self):
            super().__init__()
            self.up = nn.ConvTranspose2d(3, 3, 3, 2, 1)

        def forward(self, x):
            return self.up(x, output_size=[2 * n for n in x.shape[2:]])

    model, x = Sized(), picture(generator)
    swapped, _ = swap(model, "lctc7", example=x)
    torch.testing.assert_close(swapped(x), model(x))


def test_other_cures_take_the_place_of_any_step(generator):
    swapped, plan = swap(Modules(), "shuffle+box", init="default", example=picture(generator, 4, 4))
    assert isinstance(swapped.up1, ShuffleConv)
    assert swapped(picture(generator, 4, 4)).shape == (2, 4, 32, 32)
    rebuild(Modules(), plan).load_state_dict(swapped.state_dict())


def test_swapping_twice_grows_the_kernel(generator):
    model, x = Modules(), picture(generator, 4, 4)
    once, _ = swap(model, "lctc7+3", example=x)
    twice, plan = swap(once, "lctc11+3", example=x)
    assert twice.up1.kernel_size == (11, 11)
    torch.testing.assert_close(run(twice, x), run(model, x), atol=1e-6, rtol=0)
    assert len(plan.replaced) == 3


@pytest.mark.parametrize("wrap", [torch.nn.DataParallel, torch.optim.swa_utils.AveragedModel])
def test_wrappers_are_looked_through(generator, wrap):
    swapped, _ = swap(wrap(Modules()), "lctc7", example=picture(generator, 4, 4))
    assert isinstance(swapped.up1, LCTC)


def modulated():
    class Modulated(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(3, 3, 4, 4))

        def forward(self, x):
            return functional.conv_transpose2d(x, 2 * self.weight, stride=2, padding=1)

    return Modulated()


def lanczos():
    class Lanczos(nn.Module):
        def forward(self, x):
            return functional.interpolate(x, scale_factor=2, mode="lanczos", antialias=True)

    return Lanczos()


REFUSED = [
    (lambda: nn.ConvTranspose2d(3, 3, 9, 2, 4, 1), "lctc9 is the smallest that keeps it"),
    (lambda: nn.UpsamplingBilinear2d(scale_factor=2), "align_corners=True"),
    (lambda: nn.Upsample(scale_factor=1.5), "is no whole number"),
    (modulated, "computed in forward"),
    pytest.param(
        lanczos,
        "weighs the pixels at the borders anew",
        marks=pytest.mark.skipif(
            not hasattr(torch.ops.aten, "_upsample_lanczos2d_aa"), reason="this PyTorch has none"
        ),
    ),
]


@pytest.mark.parametrize(("make", "why"), REFUSED)
def test_what_cannot_be_swapped_says_why(generator, make, why):
    with pytest.raises(ConversionError, match=why):
        swap(make(), "lctc7", example=picture(generator))


def test_a_step_of_another_length_is_kept_by_an_lctc_only(generator):
    model, x = nn.ConvTranspose2d(3, 2, 3, 2), picture(generator)
    swapped, plan = swap(model, "lctc7+3", example=x)
    torch.testing.assert_close(run(swapped, x), run(model, x))
    assert plan.replaced[0].crop == ((-1, 0), (-1, 0))
    torch.testing.assert_close(run(rebuild(model, plan), x).shape, run(model, x).shape)
    with pytest.raises(ConversionError, match="an LCTC does"):
        swap(model, "nearest+conv3", init="default", example=x)


def test_a_partial_swap_lists_what_it_left(generator):
    model = nn.Sequential(nn.ConvTranspose2d(3, 3, 2, 2), nn.ConvTranspose2d(3, 3, 9, 2, 4, 1))
    with pytest.raises(ConversionError, match="leave them out with steps= or partial=True"):
        swap(model, "lctc7", example=picture(generator))
    swapped, plan = swap(model, "lctc7", example=picture(generator), partial=True)
    assert [r.label for r in plan.refused] == ["1"]
    assert isinstance(swapped[1], nn.ConvTranspose2d)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": "upp1"}, "steps='upp1' matches no upsampling step: the nearest are 'up1'"),
        ({"remedy": "lctc"}, "remedy='lctc': expected lctcK"),
        ({"init": "zero"}, "init='zero': expected one of keep"),
        ({"remedy": "nearest+conv3"}, "expected init='default'"),
    ],
)
def test_a_wrong_argument_is_named(generator, arguments, message):
    with pytest.raises(ParameterError, match=message):
        swap(Modules(), **{"example": picture(generator, 4, 4), **arguments})


def test_a_model_without_steps_is_refused(generator):
    with pytest.raises(NothingToAnalyseError, match="no upsampling step"):
        swap(nn.Conv2d(3, 3, 1), example=picture(generator))


def test_without_an_example_the_first_layer_says_what_fits(generator):
    model, x = UNet(), picture(generator)
    swapped, plan = spectra.swap(model, "lctc7", steps="decoder.1*")
    assert [entry.path for entry in plan.replaced] == ["decoder.1.swapped0"]
    assert torch.equal(run(swapped, x), run(model, x))


def test_steps_refused_for_one_reason_are_named_together(generator):
    class Many(nn.Module):
        def __init__(self):
            super().__init__()
            self.mix = nn.Conv2d(3, 3, 3, padding=1)

        def forward(self, x):
            for _ in range(5):
                x = self.mix(x).repeat_interleave(2, 3)
            return x

    model = nn.Sequential(Many())
    expected = r"lctc7: '0', '0#1', '0#2' and 2 more: it is repeat in the forward of Many[^;]*$"
    with pytest.raises(ConversionError, match=expected):
        swap(model, "lctc7", example=picture(generator, 4, 4))


class Fixed(nn.Module):
    """Upsamples by a filter that is a buffer."""

    def __init__(self):
        super().__init__()
        self.register_buffer("taps", torch.rand(3, 1, 4, 4))

    def forward(self, x):
        return functional.conv_transpose2d(x, self.taps, stride=2, padding=1, groups=3)


def test_a_filter_that_is_a_buffer_is_copied(generator):
    model, x = Fixed(), picture(generator)
    swapped, _ = swap(model, "lctc7", example=x)
    torch.testing.assert_close(run(swapped, x), run(model, x))
