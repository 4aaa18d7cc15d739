"""A monitor measures a training and leaves it bit for bit as it would have been."""

import copy
import random
import warnings

import numpy as np
import pytest
import torch
from torch import nn

import spectra
from spectra.errors import ParameterError
from support.left_as_it_came import State


def train(decoder, *, steps=6, monitor=None, autocast=False, first=1):
    """Train by batches from three generators that a measurement could disturb."""
    optimizer = torch.optim.Adam(decoder.parameters(), lr=1e-2)
    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002
    random.seed(3)
    for step in range(first, first + steps):
        x = torch.rand(4, 3, 16, 16) + random.random()
        target = torch.full((4, 3, 32, 32), np.random.rand())  # noqa: NPY002
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            loss = nn.functional.mse_loss(decoder(x).float(), target)
            loss.backward()
            optimizer.step()
            if monitor is not None:
                monitor.step(step)
                assert torch.is_autocast_enabled("cpu") == autocast
    return decoder


def watched(decoder, inputs, **given):
    """Return a monitor that measures at each second step and raises what goes wrong."""
    return spectra.Monitor(decoder, inputs, **{"every": 2, "share": None, "strict": True, **given})


@pytest.mark.parametrize("autocast", [False, True])
def test_a_run_with_and_without_a_monitor_ends_in_the_same_weights(decoder, inputs, autocast):
    other = copy.deepcopy(decoder)
    monitor = watched(decoder, inputs)
    train(decoder, monitor=monitor, autocast=autocast, steps=4)
    train(other, autocast=autocast, steps=4)
    assert [tick.step for tick in monitor.ticks] == [1, 2, 4]
    with_it, without = decoder.state_dict(), other.state_dict()
    assert all(torch.equal(with_it[name], without[name]) for name in without)
    assert int(with_it["1.num_batches_tracked"]) == 4


def test_a_measurement_leaves_gradients_modes_hooks_and_generators(decoder, inputs):
    decoder(inputs).sum().backward()
    decoder[1].eval()
    gradients = [p.grad.clone() for p in decoder.parameters()]
    state = State(decoder)
    watched(decoder, inputs).measure()
    assert list(state.differences(decoder)) == []
    assert all(torch.equal(p.grad, g) for p, g in zip(decoder.parameters(), gradients, strict=True))


def test_a_measurement_reads_what_an_analysis_of_the_same_inputs_reads(decoder, inputs):
    tick = watched(decoder, inputs).measure()
    result = spectra.analyze(decoder, inputs, options=spectra.Options(blame=False))
    summary = result.summary
    assert tick.output == summary.output.score
    assert tick.severity == summary.severity.word
    assert tick.steps == {step.label: step.score for step in summary.steps}


def test_the_second_measurement_reads_what_a_first_one_would(decoder, inputs):
    monitor = watched(decoder, inputs)
    monitor.step(1)
    with torch.no_grad():
        decoder[4].weight[:, :, 0, 0] += 1
    monitor.step(2)
    assert monitor.ticks[1].output != monitor.ticks[0].output
    assert monitor.ticks[1].output == watched(decoder, inputs).measure().output


class Planted(nn.Module):
    """An enlargement of smooth maps, with a grid of an amplitude that can be set."""

    amplitude = 0.0

    def forward(self, x):
        large = nn.functional.interpolate(x, scale_factor=2, mode="bicubic")
        checks = (-1.0) ** (torch.arange(large.shape[-1]) + torch.arange(large.shape[-2])[:, None])
        return large + self.amplitude * checks


def test_the_first_step_with_a_visible_grid_is_remembered(inputs):
    smooth = nn.functional.interpolate(inputs, scale_factor=4, mode="bicubic")
    logged, planted = [], Planted()
    monitor = watched(planted, smooth, every=1, log=lambda values, step: logged.append(values))
    monitor.step()
    planted.amplitude = 0.3  # of values between 0 and 1
    monitor.step()
    monitor.step()
    assert [tick.severity for tick in monitor.ticks] == ["faint", "strong", "strong"]
    assert (monitor.first_present, monitor.first_visible) == (1, 2)
    assert "spectra/first_visible" not in logged[0]
    assert logged[2]["spectra/first_visible"] == 2
    assert [values["spectra/severity"] for values in logged] == [1, 3, 3]
    assert logged[1]["spectra/output_dbc"] == monitor.ticks[1].output.told_dbc


@pytest.mark.slow
def test_steps_are_counted_where_the_loop_gives_no_number(decoder, inputs):
    monitor = watched(decoder, inputs, every=3)
    assert [monitor.step() is not None for _ in range(4)] == [True, False, True, False]


def test_a_number_that_jumps_over_a_multiple_is_measured(decoder, inputs):
    monitor = watched(decoder, inputs, every=10)
    measured = [n for n in (4, 8, 12, 16, 20) if monitor.step(n) is not None]
    assert measured == [4, 12, 20]


@pytest.mark.slow
def test_a_model_that_gets_another_step_in_training_is_discovered_again(decoder, inputs):
    monitor = watched(decoder, inputs)
    monitor.step(1)
    decoder.append(nn.ConvTranspose2d(3, 3, 2, stride=2))
    monitor.step(2)
    assert [list(tick.steps) for tick in monitor.ticks] == [["4"], ["4", "5"]]


def test_what_goes_wrong_is_warned_of_once_and_ends_no_training(decoder, inputs):
    monitor = spectra.Monitor(decoder, inputs[:, :2], every=1, share=None)
    with pytest.warns(RuntimeWarning, match=r"spectra\.Monitor at step 1: ModelError"):
        monitor.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # said once
        monitor.measure()
    assert [tick.error is None for tick in monitor.ticks] == [False]
    with pytest.raises(spectra.SpectraError):
        spectra.Monitor(decoder, inputs[:, :2], strict=True).step()


def test_a_writer_that_fails_ends_no_training(decoder, inputs):
    def full(_values, _step):
        raise OSError("no space left")

    monitor = spectra.Monitor(decoder, inputs, log=full)
    with pytest.warns(RuntimeWarning, match="no space left"):
        tick = monitor.step()
    assert tick.error is None


@pytest.mark.slow
def test_measurements_stay_within_their_share_of_time(decoder, inputs):
    monitor = spectra.Monitor(decoder, inputs, every=1, share=0.01, strict=True)
    assert monitor.step() is not None
    with pytest.warns(RuntimeWarning, match="more than its share"):
        assert [monitor.step() for _ in range(5)] == [None] * 5
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # said once
        assert monitor.step() is None
    assert monitor.measure() is not None


@pytest.mark.slow
def test_a_resumed_training_goes_on_with_its_measurements(decoder, inputs):
    monitor = watched(decoder, inputs)
    monitor.step(1)
    monitor.step(2)
    again = watched(decoder, inputs)
    again.load_state_dict(monitor.state_dict())
    assert again.step(3) is None
    assert again.step(4) is not None
    assert [tick.step for tick in again.ticks] == [1, 2, 4]


@pytest.mark.slow
def test_an_averaged_and_a_wrapped_model_are_measured_as_the_model_within(decoder, inputs):
    averaged = torch.optim.swa_utils.AveragedModel(decoder)
    own = watched(decoder, inputs).measure()
    assert watched(averaged, inputs).measure().output == own.output
    assert watched(nn.DataParallel(decoder), inputs).measure().output == own.output


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"every": 0}, "every=0"),
        ({"share": 2}, "share=2"),
        ({"log": 5}, "log=5: expected a SummaryWriter"),
        ({"log": "log.txt"}, "expected a name that ends in .csv"),
    ],
)
def test_an_argument_that_cannot_be_used_is_told_before_the_training(decoder, inputs, given, said):
    with pytest.raises(ParameterError, match=said):
        spectra.Monitor(decoder, inputs, **given)


def test_only_a_module_can_be_monitored(inputs):
    with pytest.raises(ParameterError, match=r"expected a torch\.nn\.Module"):
        spectra.Monitor("net.ckpt", inputs)
