"""The whole path on small models with known faults."""

import json
from dataclasses import asdict, replace
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import spectra
from spectra import Options
from spectra.errors import InputError, ModelError, NothingToAnalyseError, ParameterError
from spectra.run import list_steps
from spectra.score._score import read_lattice
from spectra.score._score import score as score_of

SIDE = 48
PLAIN = Options(
    blame=False
)  # for all that taking grids away, most of a run's time, says nothing of


class Ideal(nn.Module):
    """Doubles the sides by zero-padding the spectrum; the gain of one phase may be off."""

    def __init__(self, gain=1.0):
        super().__init__()
        self.gain = gain
        self.up = nn.ConvTranspose2d(1, 1, 1, stride=2, output_padding=1, bias=False)
        nn.init.ones_(self.up.weight)

    def forward(self, x):
        y = self.up(x)
        spectrum = torch.fft.fft2(y)
        for axis in (-2, -1):
            f = torch.fft.fftfreq(y.shape[axis]).abs()
            keep = (f < 0.25).float() + 0.5 * (f == 0.25)
            spectrum = spectrum * keep.view(-1, 1) if axis == -2 else spectrum * keep
        y = 4 * torch.fft.ifft2(spectrum).real
        mask = torch.ones_like(y)
        mask[..., ::2, ::2] = self.gain
        return y * mask


class Inheriting(nn.Module):
    """Hands its input on, with a faint detour through a pooled and enlarged copy."""

    def forward(self, x):
        return x + 1e-6 * nn.functional.interpolate(nn.functional.avg_pool2d(x, 2), scale_factor=2)


def pictures(count=16, channels=1, side=SIDE, *, seed=0):
    """Return smooth random pictures in 0..1, red noise without a grid."""
    noise = torch.randn(
        count, channels, 2 * side, 2 * side, generator=torch.Generator().manual_seed(seed)
    )
    f = torch.fft.fftfreq(2 * side)
    radius = torch.sqrt(f[:, None] ** 2 + f**2).clamp_min(1 / side)
    smooth = torch.fft.ifft2(torch.fft.fft2(noise) / radius).real[..., :side, :side]
    return (0.5 + smooth / (8 * smooth.std())).clamp(0, 1)


def test_a_faulty_phase_is_found_and_charged_to_no_step_before_it():
    """What the step itself leaves is gone before the phase goes wrong."""
    result = spectra.analyze(Ideal(gain=1.1), pictures(), options=Options(blame=True))
    assert result.verdict == "present"
    assert result.worst is None
    assert result.summary.blame.standing == "none"
    assert result.summary.output.score.period == (2, 2)
    assert not result.summary.answer.keys() & {"why", "try"}


def test_without_a_grid_in_the_output_no_step_is_taken_away():
    """Ten forward passes are not spent on nothing."""
    summary = spectra.analyze(Ideal(), pictures(), options=Options(blame=True)).summary
    assert summary.blame.forwards == 0
    assert {row.at_output.without_reason for row in summary.steps} == {"the output shows no grid"}


def test_ideal_interpolation_leaves_nothing_in_the_output():
    result = spectra.analyze(Ideal(), pictures(), options=PLAIN)
    assert result.verdict == "none"
    assert result.summary.steps[0].score.verdict == "present"  # zero insertion, unfiltered
    assert "removed by later layers" in result.summary.answer["where"]


def test_a_checkerboard_of_the_inputs_is_not_blamed_on_the_model():
    y, x = np.mgrid[:SIDE, :SIDE]
    board = torch.as_tensor((-1.0) ** (x + y), dtype=torch.float32)
    result = spectra.analyze(Inheriting(), pictures() + 0.05 * board, options=PLAIN)
    assert result.summary.input.score.verdict == "present"
    assert (0.5, 0.5) in result.summary.output.inherited
    assert result.verdict == "none"


@pytest.mark.parametrize("times", [1, 2])
def test_a_checkerboard_of_the_inputs_is_not_charged_to_a_step(times):
    """There and back by rearranging is the identity: what comes out was brought along."""
    y, x = np.mgrid[:SIDE, :SIDE]
    board = torch.as_tensor((-1.0) ** (x + y), dtype=torch.float32)
    there_and_back = [nn.PixelUnshuffle(2), nn.PixelShuffle(2)]
    summary = spectra.analyze(
        nn.Sequential(*there_and_back * times), pictures() + 0.05 * board, options=PLAIN
    ).summary
    assert [row.score.verdict for row in summary.steps] == ["none"] * times
    assert {row.inherited for row in summary.steps} == {((0.5, 0.5),)}
    assert summary.worst is None


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (nn.ConvTranspose1d(2, 2, 4, stride=2, padding=1), (2, 512)),
        (nn.Sequential(nn.Conv2d(2, 8, 3, padding=1), nn.PixelShuffle(2)), (2, 48, 48)),
        (nn.Upsample(scale_factor=3, mode="bicubic"), (2, 32, 32)),
        (nn.ConvTranspose3d(1, 1, 3, stride=2, padding=1, output_padding=1), (1, 16, 16, 16)),
    ],
)
def test_one_two_and_three_axes_are_scored(model, shape):
    torch.manual_seed(0)
    x = torch.rand(16, *shape, generator=torch.Generator().manual_seed(1))
    result = spectra.analyze(model, x, options=PLAIN)
    assert result.verdict == "present"
    assert len(result.worst.factor) == len(shape) - 1


def test_numbers_survive_the_trip_through_json_and_netcdf(tmp_path):
    result = spectra.analyze(nn.Upsample(scale_factor=2), pictures(), options=PLAIN)
    result.save(tmp_path / "out", formats=("json", "nc"))
    stored = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert stored["schema"] == "spectra.summary/1.1"
    assert stored["verdict"] == result.verdict
    tree = spectra.report.read_tree(tmp_path / "out" / "spectra.nc")
    for group in ("input", "output", "steps/0"):
        np.testing.assert_array_equal(
            tree[group]["mean_log_spectrum"], result.data[group]["mean_log_spectrum"]
        )
    again = read_lattice(tree["steps/0"].to_dataset())
    assert score_of(again, tree["steps/0"].to_dataset()) == result.summary.steps[0].score


def test_the_same_run_gives_the_same_numbers_whatever_the_batch():
    model = nn.Upsample(scale_factor=2, mode="bilinear")
    one, other = (
        spectra.analyze(model, pictures(), options=replace(PLAIN, batch=batch)).summary.output.score
        for batch in (3, 16)
    )
    assert one.asr_dbc == pytest.approx(other.asr_dbc, abs=1e-5)
    assert one.p == other.p


def test_a_model_without_a_step_is_nothing_to_analyse():
    with pytest.raises(NothingToAnalyseError, match="no upsampling step"):
        spectra.analyze(nn.Conv2d(1, 1, 3), pictures())


def test_a_pattern_without_a_step_names_those_there_are():
    model = nn.Sequential(nn.Upsample(scale_factor=2))
    with pytest.raises(NothingToAnalyseError, match="are '0'"):
        spectra.analyze(model, pictures(), options=Options(steps="decoder.*"))


def test_a_layer_pattern_without_a_module_is_refused():
    model = nn.Sequential(nn.Upsample(scale_factor=2))
    with pytest.raises(ParameterError, match="matches no module"):
        spectra.analyze(model, pictures(), options=Options(layers=("decoder",)))


class Parallel(nn.Module):
    """Adds what two layers make of the same map: one step of several operations."""

    def __init__(self, large, small):
        super().__init__()
        self.large, self.small = large, small

    def forward(self, x):
        return self.large(x) + self.small(x)


def test_layers_asked_for_are_measured_as_well():
    model = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.Upsample(scale_factor=2))
    result = spectra.analyze(model, pictures(), options=replace(PLAIN, layers=("0",)))
    assert "mean_log_spectrum" in result.data["layers/0"]


def test_without_inputs_the_flat_field_alone_answers():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ConvTranspose2d(8, 3, 3, stride=2))
    result = spectra.analyze(model)
    row = result.summary.steps[0]
    assert row.score.verdict == "insufficient"
    assert row.score.reason == "no inputs"
    assert row.flat_field.line_dbc > -40


def test_an_input_with_wrong_channels_names_the_module_and_both_numbers():
    with pytest.raises((ModelError, InputError), match="channels"):
        spectra.analyze(nn.ConvTranspose2d(3, 3, 2, stride=2), pictures())


def test_steps_are_listed_without_being_scored():
    found = list_steps(
        nn.Sequential(nn.Upsample(scale_factor=2), nn.PixelShuffle(2)), pictures(channels=4)
    )
    assert [(s.name, s.kind, s.factor) for s in found.steps] == [
        ("0", "nearest", (2, 2)),
        ("1", "pixel_shuffle", (2, 2)),
    ]


def test_the_model_leaves_as_it_came():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.PixelShuffle(2)
    ).train()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    state = torch.random.get_rng_state()
    spectra.analyze(model, pictures())
    assert model.training
    assert model[1].training
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


class Overwriting(nn.Module):
    """Normalises its input in place before it doubles it."""

    def forward(self, x):
        x[..., ::2, ::2] *= 1.2
        return nn.functional.interpolate(x, scale_factor=2, mode="bilinear")


def test_a_model_that_writes_into_its_input_does_not_spoil_the_control_row():
    result = spectra.analyze(Overwriting(), pictures(), options=PLAIN)
    assert result.summary.input.score.verdict == "none"


class Unpadded(nn.Module):
    """Hands the middle of its input on, with a faint enlarged copy."""

    def forward(self, x):
        y = x + 1e-6 * nn.functional.interpolate(nn.functional.avg_pool2d(x, 2), scale_factor=2)
        return y[..., 2:-2, 2:-2]


def test_a_checkerboard_is_inherited_through_cropped_borders_too():
    y, x = np.mgrid[:SIDE, :SIDE]
    board = torch.as_tensor((-1.0) ** (x + y), dtype=torch.float32)
    result = spectra.analyze(Unpadded(), pictures() + 0.05 * board, options=PLAIN)
    assert (0.5, 0.5) in result.summary.output.inherited
    assert result.verdict == "none"


@pytest.mark.parametrize("blame", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_choosing_steps_does_not_change_what_is_charged_to_them(blame):
    model = nn.Sequential(
        nn.Upsample(scale_factor=2, mode="bicubic"), nn.Upsample(scale_factor=2, mode="nearest")
    )
    few = pictures(side=32)
    whole = spectra.analyze(model, few, options=Options(blame=blame))
    alone = spectra.analyze(model, few, options=Options(blame=blame, steps="0"))
    assert [row.name for row in alone.summary.steps] == ["0"]
    assert alone.summary.steps[0].at_output == whole.summary.steps[0].at_output


def test_a_module_used_at_two_sizes_gives_two_layers():
    relu = nn.ReLU()
    model = nn.Sequential(relu, nn.Upsample(scale_factor=2), relu)
    result = spectra.analyze(model, pictures(), options=replace(PLAIN, layers=("0",)))
    assert len(result.data["layers"].children) == 2


def test_what_is_summed_up_of_a_layer_is_not_taken_for_the_models():
    """A step of several operations ends at a sum; the sums over a layer's map are not it."""
    pair = Parallel(nn.ConvTranspose1d(3, 8, 7, 2, 3, 1), nn.ConvTranspose1d(3, 8, 3, 2, 1, 1))
    model, x = nn.Sequential(pair, nn.Conv1d(8, 3, 3, padding=1)), torch.rand(16, 3, 64)
    result = spectra.analyze(model, x, options=replace(PLAIN, layers=("*",)))
    alone = spectra.analyze(model, x, options=PLAIN)
    assert result.summary.steps == alone.summary.steps


def test_what_passes_through_is_charged_to_nobody():
    """The step is there, but what the output shows at its frequencies is the inputs' own."""
    y, x = np.mgrid[:SIDE, :SIDE]
    board = torch.as_tensor((-1.0) ** (x + y), dtype=torch.float32)
    result = spectra.analyze(Inheriting(), pictures() + 0.05 * board, options=PLAIN)
    assert result.summary.steps[0].at_output.locked_dbc is None


def test_outputs_that_are_not_finite_are_told():
    model = nn.Sequential(nn.Upsample(scale_factor=2), nn.Threshold(0.5, float("nan")))
    result = spectra.analyze(model, pictures(), options=PLAIN)
    assert "non_finite" in {warning.id for warning in result.summary.warnings}


def test_the_kernel_of_each_step_stands_beside_it():
    """Transposed convolutions and shuffles by their weights, interpolations by their name."""
    from spectra import kernel

    model = nn.Sequential(
        nn.ConvTranspose2d(3, 4, 3, 2, padding=1, output_padding=1),
        nn.Conv2d(4, 8, 3, padding=1),
        nn.PixelShuffle(2),
        nn.Upsample(scale_factor=2),
    )
    steps = spectra.analyze(model, torch.rand(16, 3, 8, 8), options=PLAIN).summary.steps
    weights = [model[i].weight.detach().numpy() for i in (0, 1)]
    expected = (
        kernel.transposed_conv(weights[0], stride=2, padding=1, output_padding=1),
        kernel.pixel_shuffle(weights[1], factor=2, padding=1),
        kernel.interpolator("nearest", 2),
    )
    assert [step.kernel for step in steps] == [kernel.measure(k) for k in expected]


def shuffled_by_hand(x):
    b, c, h, w = x.shape
    y = x.permute(0, 2, 3, 1).reshape(b, h, w, c // 4, 2, 2)
    return y.permute(0, 1, 4, 2, 5, 3).reshape(b, 2 * h, 2 * w, c // 4).permute(0, 3, 1, 2)


def numbers(summary):
    """Return what is said of the first step and of the output."""
    (step, *_), output = summary.steps, summary.output
    return [
        {name: value for name, value in asdict(row).items() if isinstance(value, float | str)}
        for row in (step.score, step.at_output, step.flat_field, output.score)
    ]


def test_a_shuffle_written_out_in_another_layout_reads_as_the_operation_does():
    """The same network twice: the maps are the same numbers, so must be every answer."""

    class Network(nn.Module):
        def __init__(self, shuffle):
            super().__init__()
            torch.manual_seed(0)
            self.first = nn.Conv2d(3, 16, 3, padding=1)
            self.last = nn.Conv2d(4, 3, 3, padding=1)
            self.shuffle = shuffle

        def forward(self, x):
            return self.last(self.shuffle(self.first(x)).relu())

    pictures = torch.rand(16, 3, 48, 48, generator=torch.Generator().manual_seed(1))
    shuffle, by_hand = (
        spectra.analyze(Network(how), pictures, options=PLAIN).summary
        for how in (partial(F.pixel_shuffle, upscale_factor=2), shuffled_by_hand)
    )
    assert by_hand.steps[0].kind == "depth_to_space"
    assert shuffle.steps[0].kind == "pixel_shuffle"
    for one, other in zip(numbers(by_hand), numbers(shuffle), strict=True):
        assert one == pytest.approx(other, abs=1e-3)  # float32 sums in another order


def test_a_pattern_that_matches_no_step_is_said_when_listing_too():
    model = nn.Sequential(nn.Upsample(scale_factor=2))
    with pytest.raises(NothingToAnalyseError, match=r"matches no upsampling step.*'0'"):
        list_steps(model, torch.rand(1, 3, 8, 8), options=Options(steps="z*"))


def test_grey_levels_are_told_of_pictures_not_of_logits(tmp_path):
    """As many channels as the inputs: taken for pictures; else nobody knows their range."""
    from skimage.io import imsave

    noise = np.random.default_rng(0).integers(0, 256, (16, 32, 32, 3), dtype=np.uint8)
    for number, picture in enumerate(noise):
        imsave(tmp_path / f"{number}.png", picture, check_contrast=False)
    torch.manual_seed(0)
    for channels, told in ((3, True), (2, False)):
        model = nn.Sequential(nn.ConvTranspose2d(3, channels, 3, stride=2), nn.Sigmoid())
        score = spectra.analyze(model, tmp_path, options=PLAIN).summary.output.score
        assert score.verdict == "present"
        assert (score.grey_levels is not None) is told


class OneByOne(nn.Module):
    """Holds the batch of one with which it was exported."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.up = nn.ConvTranspose2d(1, 1, 3, 2, 1, 1)

    def forward(self, x):
        return self.up(x).reshape(1, 1, 2 * x.shape[2], 2 * x.shape[3])


def test_a_model_of_one_input_at_a_time_is_fed_one_by_one():
    x = pictures(side=32)
    whole = spectra.analyze(OneByOne().up, x, options=PLAIN).summary
    found = spectra.analyze(OneByOne(), x, options=PLAIN).summary
    assert found.verdict == whole.verdict == "present"
    assert found.output.score.asr_dbc == pytest.approx(whole.output.score.asr_dbc, abs=1e-3)


class Drifting(nn.Module):
    """Returns, or enlarges, less of each input than of the one before."""

    def __init__(self, *, inside):
        super().__init__()
        self.up, self.inside, self.calls = nn.Upsample(scale_factor=2), inside, 0

    def forward(self, x):
        self.calls += 1
        rows = x.shape[2] - self.calls
        y = self.up(x[:, :, :rows] if self.inside else x)
        return F.interpolate(y, (64, 64)) if self.inside else y[:, :, :rows]


@pytest.mark.parametrize(("inside", "what"), [(True, "up"), (False, "the output")])
def test_maps_that_change_their_size_are_named(inside, what):
    with pytest.raises(ModelError, match=f"the size of {what} changes from input to input"):
        spectra.analyze(Drifting(inside=inside), pictures(side=32))
