"""Every form of upsampling is found, and its look-alikes are not."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from spectra.capture import discover
from spectra.errors import ModelError

PICTURE = torch.zeros(1, 4, 8, 12)
SIGNAL = torch.zeros(1, 4, 16)
VOLUME = torch.zeros(1, 4, 4, 6, 8)


class Functional(nn.Module):
    """A module whose forward is one function, so that no submodule gives a name."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def interpolation(**options):
    return Functional(lambda x: F.interpolate(x, **options))


def transposed(d, **options):
    weight = torch.ones(4, 2, *[3] * d)
    call = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}[d]
    return Functional(lambda x: call(x, weight, **options))


UPSAMPLERS = [
    ("transposed 1-D", SIGNAL, transposed(1, stride=2), "transposed_conv", (2,)),
    ("transposed 2-D", PICTURE, transposed(2, stride=3), "transposed_conv", (3, 3)),
    ("transposed, one axis", PICTURE, transposed(2, stride=(1, 2)), "transposed_conv", (1, 2)),
    ("transposed 3-D", VOLUME, transposed(3, stride=2), "transposed_conv", (2, 2, 2)),
    (
        "pixel shuffle",
        PICTURE,
        Functional(lambda x: F.pixel_shuffle(x, 2)),
        "pixel_shuffle",
        (2, 2),
    ),
    ("nearest 1-D", SIGNAL, interpolation(scale_factor=3), "nearest", (3,)),
    ("nearest 2-D", PICTURE, interpolation(size=(16, 24)), "nearest", (2, 2)),
    ("nearest 3-D", VOLUME, interpolation(scale_factor=2), "nearest", (2, 2, 2)),
    ("exact 1-D", SIGNAL, interpolation(scale_factor=2, mode="nearest-exact"), "nearest", (2,)),
    ("exact 2-D", PICTURE, interpolation(scale_factor=2, mode="nearest-exact"), "nearest", (2, 2)),
    ("linear", SIGNAL, interpolation(scale_factor=2, mode="linear"), "linear", (2,)),
    ("bilinear", PICTURE, interpolation(scale_factor=(1, 2), mode="bilinear"), "bilinear", (1, 2)),
    ("bicubic", PICTURE, interpolation(scale_factor=4, mode="bicubic"), "bicubic", (4, 4)),
    ("trilinear", VOLUME, interpolation(scale_factor=2, mode="trilinear"), "trilinear", (2,) * 3),
    ("area 1-D", SIGNAL, interpolation(scale_factor=2, mode="area"), "area", (2,)),
    ("area 2-D", PICTURE, interpolation(scale_factor=2, mode="area"), "area", (2, 2)),
    ("area 3-D", VOLUME, interpolation(scale_factor=2, mode="area"), "area", (2, 2, 2)),
    (
        "antialiased",
        PICTURE,
        interpolation(scale_factor=2, mode="bicubic", antialias=True),
        "antialiased",
        (2, 2),
    ),
    ("aligned corners", PICTURE, nn.UpsamplingBilinear2d(scale_factor=2), "bilinear", ()),
    ("ratio 1.5", PICTURE, interpolation(scale_factor=1.5, mode="bilinear"), "bilinear", ()),
    ("ratio 2.05 rounded", PICTURE, interpolation(scale_factor=2.05), "nearest", ()),
    ("grows and shrinks", PICTURE, interpolation(size=(16, 6)), "nearest", ()),
]


@pytest.mark.parametrize("undecomposed", [False, True], ids=["decomposed", "inference mode"])
@pytest.mark.parametrize(
    ("example", "model", "kind", "factor"),
    [case[1:] for case in UPSAMPLERS],
    ids=[case[0] for case in UPSAMPLERS],
)
def test_every_form_of_upsampling_is_one_step(example, model, kind, factor, undecomposed):
    if undecomposed:
        model = Functional(torch.inference_mode()(model))
    found = discover(model, example)
    (step,) = found.steps
    with torch.no_grad():
        output = model(example)
    assert (step.kind, step.factor) == (kind, factor)
    assert step.input_shape == tuple(example.shape[1:])
    assert step.output_shape == found.output_shape == tuple(output.shape[1:])
    assert (step.reason is None) == bool(factor)
    assert found.growth == ()


LOOKALIKES = [
    ("down-sampling", PICTURE, interpolation(scale_factor=0.5)),
    ("same size", PICTURE, interpolation(size=(8, 12))),
    ("stride 1", PICTURE, transposed(2)),
    ("stride 1, grouped", PICTURE, nn.ConvTranspose2d(4, 4, 5, groups=2)),
    ("pooling", PICTURE, nn.AdaptiveAvgPool2d(1)),
    ("pooling to a grid", PICTURE, nn.AdaptiveAvgPool2d(3)),
    ("shuffle by 1", PICTURE, nn.PixelShuffle(1)),
    ("unshuffle", PICTURE, nn.PixelUnshuffle(2)),
    ("convolution", PICTURE, nn.Conv2d(4, 4, 3, padding=4)),
    ("zero padding", PICTURE, Functional(lambda x: F.pad(x, (3, 3, 3, 3)))),
    ("reflection", PICTURE, nn.ReflectionPad2d(3)),
    ("cropping", PICTURE, Functional(lambda x: x[..., 1:-1, 2:-2])),
    ("features", PICTURE, nn.Linear(12, 48)),
    (
        "pooled value spread again",
        PICTURE,
        Functional(lambda x: F.interpolate(F.adaptive_avg_pool2d(x, 1), size=x.shape[2:])),
    ),
]


@pytest.mark.parametrize(
    ("example", "model"), [case[1:] for case in LOOKALIKES], ids=[case[0] for case in LOOKALIKES]
)
def test_lookalikes_are_neither_steps_nor_growth(example, model):
    found = discover(model, example)
    assert found.steps == ()
    assert found.growth == ()
    assert set(found.total_stride) == {1}


class PositionTable(nn.Module):
    """Resizes a learned table to the input's size: nothing of the picture passes through it."""

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(1, 4, 4, 6))

    def forward(self, x):
        return x + F.interpolate(self.table, size=x.shape[2:], mode="bicubic")


def test_a_resized_position_table_is_no_step():
    found = discover(PositionTable(), PICTURE)
    assert found.steps == ()
    assert [mark.optional for mark in found.signature] == [True]


def test_what_is_written_in_place_and_seen_through_views_depends_on_the_input():
    def through_a_buffer(x):
        buffer = torch.zeros(1, 4, 16, 12)
        buffer[:, :, 4:12].copy_(x)
        return F.interpolate(buffer.view(1, 4, 192)[..., :96], scale_factor=2)

    assert len(discover(Functional(through_a_buffer), PICTURE).steps) == 1


def test_what_depends_on_computed_weights_alone_counts_too():
    class Modulated(nn.Module):
        def forward(self, x):
            weight = torch.ones(4, 1, 3, 3) * x.reshape(4, 1, 1, 1)
            return F.conv_transpose2d(torch.ones(1, 4, 8, 8), weight, stride=2)

    found = discover(Modulated(), torch.zeros(1, 4))
    assert [step.kind for step in found.steps] == ["transposed_conv"]
    assert found.total_stride == ()


def test_an_unbatched_map_and_a_stack_of_frames_keep_their_channel_axis():
    def both(x):
        one = F.conv_transpose2d(x[0], torch.ones(4, 2, 2, 2), stride=2)
        frames = torch.stack([x, x], 1)
        return F.pixel_shuffle(frames, 2)[:, 0] + one[:1]

    shapes = [step.output_shape for step in discover(Functional(both), PICTURE).steps]
    assert shapes == [(2, 16, 24), (1, 16, 24)]


def test_transposed_convolutions_tell_kernel_stride_and_groups():
    (step,) = discover(nn.ConvTranspose2d(4, 6, (4, 3), stride=(2, 1), groups=2), PICTURE).steps
    assert (step.kernel_size, step.stride, step.groups) == ((4, 3), (2, 1), 2)


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Upsample(scale_factor=2)
        self.body = nn.Sequential(nn.Conv2d(4, 4, 1), nn.ConvTranspose2d(4, 4, 2, 2))

    def forward(self, x):
        x = self.up(self.body(self.up(x)))
        return F.interpolate(F.interpolate(x, scale_factor=2), scale_factor=2, mode="bicubic")


def test_steps_are_named_by_their_module_and_numbered_within_it():
    labels = [step.label for step in discover(Shared(), PICTURE).steps]
    assert labels == ["up", "body.1", "up#1", "(model)", "(model)#1"]


def test_a_parallel_wrapper_leaves_no_trace_in_the_names():
    assert discover(nn.DataParallel(Shared()), PICTURE) == discover(Shared(), PICTURE)


def test_compiled_models_and_parts_run_as_python_and_keep_their_names():
    model = Shared()
    model.body = torch.compile(model.body, backend="eager")
    model.body(PICTURE)  # compiled before anyone looks
    assert discover(torch.compile(model, backend="eager"), PICTURE) == discover(Shared(), PICTURE)


@pytest.mark.parametrize(
    ("size", "strides", "expected"),
    [(64, (2, 2), 4), (65, (2, 2, 2), 8), (63, (2, 2), 4), (64, (3,), 3), (81, (3, 3), 9)],
)
def test_the_total_stride_is_how_far_the_encoder_reduces(size, strides, expected):
    layers = [nn.Conv2d(1, 1, 3, stride, 1) for stride in strides]
    model = nn.Sequential(*layers, nn.Upsample(scale_factor=2))
    assert discover(model, torch.zeros(1, 1, size, size)).total_stride == (expected, expected)


def test_squeeze_and_excite_does_not_count_as_total_stride():
    class Gated(nn.Module):
        def forward(self, x):
            gate = F.adaptive_avg_pool2d(x, 1)
            return F.interpolate(F.avg_pool2d(x, 2) * gate, scale_factor=2)

    assert discover(Gated(), PICTURE).total_stride == (2, 2)


def test_pyramid_pooling_does_not_count_as_total_stride():
    class Pyramid(nn.Module):
        def forward(self, x):
            deep = F.avg_pool2d(x, 2)
            pooled = F.interpolate(F.adaptive_avg_pool2d(deep, 2), size=deep.shape[2:])
            return F.interpolate(deep + pooled, scale_factor=2)

    assert discover(Pyramid(), PICTURE).total_stride == (2, 2)


def test_strides_that_were_rounded_up_are_multiplied_level_by_level():
    """3000 samples become 750, 188, 47 and 12, and 3000 / 12 = 250 is not the stride."""

    class Levels(nn.Module):
        def forward(self, x):
            skips = []
            for _ in range(4):
                skips.append(x)
                x = F.avg_pool1d(x, 4, ceil_mode=True)
            for skip in reversed(skips):
                x = F.interpolate(x, scale_factor=4)[..., : skip.shape[-1]] + skip
            return x

    assert discover(Levels(), torch.zeros(1, 1, 3000)).total_stride == (256,)


def by_matrices(x):
    """Bilinear interpolation as two products with a matrix: nothing tells it from a layer."""
    rows, columns = (torch.eye(n).repeat_interleave(2, 0) for n in x.shape[2:])
    return rows @ x @ columns.T


def test_growth_without_a_step_is_listed_at_the_innermost_module():
    inner = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), Functional(by_matrices))
    found = discover(nn.Sequential(inner, nn.Upsample(scale_factor=2)), PICTURE)
    assert [g.name for g in found.growth] == ["0.1"]
    assert found.growth[0].output_shape == (4, 16, 24)


def test_a_signal_whose_channels_come_last_grows_by_its_steps():
    class Vocoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.up = nn.Conv1d(8, 4, 3, padding=1), nn.ConvTranspose1d(4, 1, 4, 4)

        def forward(self, frames):
            return self.up(self.first(frames.transpose(1, 2)))

    found = discover(Vocoder(), torch.zeros(1, 40, 8))
    assert [step.factor for step in found.steps] == [(4,)]
    assert found.growth == ()


def test_growth_in_the_models_own_forward_is_listed_as_the_model():
    (growth,) = discover(Functional(by_matrices), PICTURE).growth
    assert (growth.name, growth.input_shape, growth.output_shape) == ("", (4, 8, 12), (4, 16, 24))


def test_a_selection_is_numbered_anew_and_still_checks_every_operation():
    found = discover(Shared(), PICTURE).select(lambda step: step.name == "up")
    assert [step.label for step in found.steps] == ["up", "up#1"]
    assert [mark.step for mark in found.signature] == [0, None, 1, None, None]


def test_a_failing_module_is_named():
    model = nn.Sequential(nn.Identity(), nn.Sequential(nn.Conv2d(3, 4, 1)))
    with pytest.raises(ModelError, match=r"in '1.0' \(Conv2d\).*expected input"):
        discover(model, PICTURE)


def test_frames_that_are_sampled_finely_are_enlarged():
    """The first axis holds places of one axis, and not those of a map that is looked up."""

    class Sampled(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Conv3d(3, 4, 3, padding=1)

        def forward(self, x):
            frames = self.first(x).transpose(1, 2).flatten(0, 1)
            theta = torch.eye(2, 3).expand(len(frames), -1, -1)
            grid = F.affine_grid(theta, [*frames.shape[:2], 12, 16], align_corners=False)
            return F.grid_sample(frames, grid, align_corners=False)

    (step,) = discover(Sampled(), torch.zeros(1, 3, 5, 6, 8)).steps
    assert (step.kind, step.output_shape) == ("grid_sample", (4, 12, 16))
