"""Balance, against the minimum-norm solution by least squares and what a constant becomes."""

from copy import deepcopy
from itertools import product

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from spectra.capture import quiet
from spectra.errors import NothingToAnalyseError, ParameterError
from spectra.inputs import open_inputs
from spectra.remedy import LCTC, convert
from spectra.repair import balance
from spectra.repair._equalise import equalised_phases, equalised_taps, phase_levels
from spectra.repair._lines import line_db, mean_pattern


def least_norm(weight, bias, mean, factor, padding):
    """Return the least change (dw, db) of one output channel that evens its phases, by lstsq."""
    size = weight.shape[1:]
    unknown = weight.size + (bias is not None)
    rows, wanted = [], []
    for p in product(*map(range, factor)):
        inside = np.zeros(weight.shape)
        for n in product(*map(range, size)):
            if all((a - b) % s == q for a, b, s, q in zip(n, padding, factor, p, strict=True)):
                inside[(slice(None), *n)] = mean
        rows.append(np.append(inside.ravel(), [1.0] if bias is not None else []))
        wanted.append(-(inside * weight).sum())
    wanted = np.array(wanted) - np.mean(wanted)  # the mean level stays
    change = np.linalg.lstsq(np.array(rows), wanted, rcond=None)[0]
    assert len(change) == unknown
    shift = change[weight.size] if bias is not None else 0.0
    return change[: weight.size].reshape(weight.shape), shift


@pytest.mark.parametrize(
    ("k", "s", "p", "extra"), [(3, 2, 1, 1), (4, 2, 1, 0), (5, 3, 1, 0), (2, 2, 0, 0)]
)
@pytest.mark.parametrize("has_bias", [True, False])
@pytest.mark.parametrize("groups", [1, 2])
def test_the_change_is_the_least_that_evens_the_phases(generator, k, s, p, extra, has_bias, groups):
    layer = nn.ConvTranspose2d(4, 2, k, s, p, extra, groups, has_bias).double()
    mean = torch.randn(4, generator=generator, dtype=torch.float64)
    how = {"factor": (s, s), "padding": (p, p), "groups": groups}
    levels = phase_levels(layer.weight, mean, **how)
    weight, bias = equalised_taps(layer.weight, layer.bias, mean, levels, **how)
    for o in range(2):
        own = slice(None) if groups == 1 else slice(2 * o, 2 * o + 2)
        column = o if groups == 1 else 0
        old = layer.weight.detach().numpy()[own, column]
        change, shift = least_norm(old, layer.bias, mean.numpy()[own], (s, s), (p, p))
        np.testing.assert_allclose(weight.numpy()[own, column] - old, change, atol=1e-12)
        if has_bias:
            assert float(bias[o] - layer.bias.detach()[o]) == pytest.approx(shift, abs=1e-12)


@pytest.mark.parametrize("has_bias", [True, False])
def test_the_change_before_a_shuffle_is_the_least_that_evens_the_phases(generator, has_bias):
    conv = nn.Conv2d(3, 8, 3, padding=1, bias=has_bias).double()
    mean = torch.randn(3, generator=generator, dtype=torch.float64)
    weight, bias = equalised_phases(conv.weight, conv.bias, mean, volume=4, groups=1)
    old = conv.weight.detach().numpy().reshape(2, 4, -1)
    row = np.repeat(mean.numpy(), 9)
    for o in range(2):
        offsets = conv.bias.detach().numpy().reshape(2, 4)[o] if has_bias else np.zeros(4)
        level = old[o] @ row + offsets
        for q in range(4):
            constraint = np.append(row, [1.0] if has_bias else [])
            wanted = [level.mean() - level[q]]
            change = np.linalg.lstsq(constraint[None], wanted, rcond=None)[0]
            made = weight.numpy().reshape(2, 4, -1)[o, q] - old[o, q]
            np.testing.assert_allclose(made, change[: len(row)], atol=1e-12)
            if has_bias:
                shift = bias.reshape(2, 4)[o, q] - offsets[q]
                assert float(shift) == pytest.approx(change[-1], abs=1e-12)


def networks():
    torch.manual_seed(0)
    trunk = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU())
    return {
        "transposed": nn.Sequential(
            trunk,
            nn.ConvTranspose2d(8, 8, 3, 2, 1, 1, groups=2),
            nn.ReLU(),
            nn.ConvTranspose2d(8, 3, 5, 2, 2, 1, bias=False),
        ),
        "shuffle": nn.Sequential(trunk, nn.Conv2d(8, 12, 3, padding=1), nn.PixelShuffle(2)),
        "lctc": nn.Sequential(trunk, LCTC(8, 3, 7, small=3)),
        "weight norm": nn.Sequential(
            trunk, parametrizations.weight_norm(nn.ConvTranspose2d(8, 3, 4, 2, 1))
        ),
    }


@pytest.mark.parametrize("name", ["transposed", "shuffle", "lctc", "weight norm"])
def test_a_constant_input_leaves_no_line_at_any_step(name):
    model = networks()[name].double()
    level = torch.tensor([0.2, 0.5, 0.9], dtype=torch.float64).reshape(1, 3, 1, 1)
    inputs = level.expand(1, 3, 96, 96)  # borders hardly move the means
    done = balance(model, inputs)
    assert done.steps
    for step in done.steps:
        assert step.reason is None
        assert step.change > 0
        assert step.line_before_db > (step.line_after_db or -300) + 20


@pytest.mark.parametrize("name", ["transposed", "shuffle"])
def test_at_the_very_means_of_its_input_a_balanced_step_makes_no_pattern(generator, name):
    """With circular borders nothing but the phases matters: the mean pattern is exactly flat."""
    model = networks()[name].double()
    inputs = torch.rand(4, 3, 24, 24, generator=generator, dtype=torch.float64)
    done = balance(model, inputs)
    last = done.model[-1] if name == "transposed" else done.model[-2:]
    with torch.no_grad(), quiet(done.model):
        entering = done.model[:-1](inputs) if name == "transposed" else done.model[:-2](inputs)
        flat = entering.mean((0, 2, 3)).reshape(1, -1, 1, 1).expand(1, -1, 16, 16)
        inner = last(flat)[..., 8:-8, 8:-8]
    assert inner.std((-2, -1)).max() < 1e-12


def test_the_mean_level_stays(generator):
    layer = nn.ConvTranspose2d(3, 2, 5, 2, 2, 1).double()
    x = torch.rand(2, 3, 32, 32, generator=generator, dtype=torch.float64)
    done = balance(layer, x)
    flat = x.mean((0, 2, 3)).reshape(1, -1, 1, 1).expand(1, -1, 8, 8)
    means = [f(flat)[..., 4:-4, 4:-4].mean((0, 2, 3)) for f in (layer, done.model)]
    torch.testing.assert_close(*means, atol=1e-12, rtol=0)


def test_a_decoder_without_later_layers_loses_its_output_lines_and_little_else(generator):
    """Nothing after the last step can miss the grid that it made."""
    model = networks()["shuffle"]
    done = balance(model, torch.rand(8, 3, 32, 32, generator=generator))
    assert done.output_after_db < done.output_before_db - 20
    error = (done.model(x := torch.rand(1, 3, 32, 32, generator=generator)) - model(x)).square()
    pattern = mean_pattern(model(x).detach(), (2, 2))
    grid = pattern.var((1, 2), correction=0).mean()
    assert float(error.detach().mean()) == pytest.approx(float(grid), rel=0.05)


def test_layers_that_were_trained_with_the_lines_miss_them():
    """What balance does to the hidden steps of a trained decoder shows in the PSNR it returns."""
    from safetensors.torch import load_file

    from spectra import demo

    decoder = demo.small()
    decoder.load_state_dict(load_file(demo.weights("small")))
    done = balance(decoder, torch.from_numpy(demo.photographs()[::4]))
    for step in done.steps:
        assert step.line_after_db < step.line_before_db - 20
    assert done.psnr_db < 20
    assert done.output_after_db > done.output_before_db


def test_the_model_given_is_left_as_it_was(generator):
    model = networks()["weight norm"].train()
    before = deepcopy(model.state_dict())
    balance(model, torch.rand(2, 3, 16, 16, generator=generator))
    assert model.training
    assert not any(m._forward_pre_hooks or m._forward_hooks for m in model.modules())
    after = model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_only_the_selected_step_changes(generator):
    model = networks()["transposed"]
    done = balance(model, torch.rand(2, 3, 16, 16, generator=generator), steps="3")
    assert [step.name for step in done.steps] == ["3"]
    assert torch.equal(done.model[1].weight, model[1].weight)
    assert not torch.equal(done.model[3].weight, model[3].weight)


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 3, 4, 4))

    def forward(self, x):
        return functional.conv_transpose2d(x, self.weight, stride=2, padding=1)


SKIPPED = [
    (nn.Upsample(scale_factor=2), "nearest has no weights"),
    (nn.Sequential(nn.Conv2d(3, 12, 1), nn.ReLU(), nn.PixelShuffle(2)), "directly before it"),
    (Functional(), "it is a functional call"),
    (nn.utils.parametrizations.spectral_norm(nn.ConvTranspose2d(3, 3, 2, 2)), "SpectralNorm"),
    (nn.ConvTranspose2d(3, 3, 2, 3, output_padding=1), "a phase has no tap"),
    (nn.ConvTranspose2d(3, 3, 3, 2, 2, 1, dilation=2), "its kernel is dilated"),
]


@pytest.mark.parametrize(("model", "why"), SKIPPED)
def test_a_step_that_cannot_be_balanced_says_why(generator, model, why):
    (step,) = balance(model, torch.rand(1, 3, 8, 8, generator=generator)).steps
    assert why in step.reason
    assert step.change == 0


def test_balancing_a_functional_step_works_after_converting_it(generator):
    model = nn.Sequential(nn.Conv2d(3, 12, 1), nn.ReLU(), convert(nn.PixelShuffle(2), channels=12))
    (step,) = balance(model, torch.rand(4, 3, 32, 32, generator=generator)).steps
    assert step.line_after_db is None or step.line_after_db < step.line_before_db - 20


def test_a_name_that_matches_nothing_lists_the_nearest(generator):
    model = nn.Sequential()
    model.add_module("decoder_up", nn.ConvTranspose2d(3, 3, 2, 2))
    with pytest.raises(ParameterError, match="the nearest are 'decoder_up'"):
        balance(model, torch.rand(1, 3, 8, 8, generator=generator), steps="decodr_up*")


def test_a_model_without_steps_is_nothing_to_balance():
    with pytest.raises(NothingToAnalyseError, match="no upsampling step"):
        balance(nn.Conv2d(3, 3, 1), torch.zeros(1, 3, 8, 8))


def test_the_lines_of_a_known_pattern_have_its_power(generator):
    """Noise of variance v and a checkerboard of amplitude a: a^2 over a^2 + v."""
    noise = 0.5 * torch.randn(8, 1, 256, 256, generator=generator, dtype=torch.float64)
    grid = torch.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=torch.float64).repeat(128, 128)
    assert line_db(noise + grid, (2, 2)) == pytest.approx(10 * np.log10(1 / 1.25), abs=0.02)
    np.testing.assert_allclose(mean_pattern(grid[None, None], (2, 2))[0], [[1, -1], [-1, 1]])
    assert line_db(grid[None, None].abs(), (2, 2)) is None


def test_a_map_smaller_than_the_period_is_refused():
    with pytest.raises(ParameterError, match="holds no period"):
        mean_pattern(torch.zeros(1, 1, 2, 8), (4, 4))


def test_a_file_and_an_array_are_inputs_too(generator, tmp_path):
    net = nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=1)
    x = torch.rand(4, 4, 16, 16, generator=generator)
    np.save(tmp_path / "x.npy", x.numpy())
    expected = balance(net, x)
    for inputs in (x.numpy(), tmp_path / "x.npy", open_inputs(x)):
        assert balance(net, inputs).psnr_db == expected.psnr_db
