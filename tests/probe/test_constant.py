"""What a constant leaves: a planted vocoder whose lines are known in closed form."""

import numpy as np
import pytest
import torch
from torch import nn

import spectra
from spectra import Options
from spectra.errors import ParameterError
from spectra.probe import parse_probe
from spectra.run import analyze
from support.vocoders import planted, vocoder

LEVEL, RATE = -11.5, 16000.0
FIRST = [0.02, 0.1, 0.3, 0.34, 0.25, 0.12, 0.03]
SECOND = [0.1, 0.4, 0.5, 0.3, 0.05]


def response(taps, f):
    return np.sum(np.array(taps) * np.exp(-2j * np.pi * f * np.arange(len(taps))))


def line_dbfs(k):
    """A constant c through zero insertion by 4 and h, by 2 and g: (c / 8) H(k / 4) G(k / 8)."""
    amplitude = abs(LEVEL / 8 * response(FIRST, k / 4) * response(SECOND, k / 8))
    return 20 * np.log10(amplitude * (1 if k == 4 else 2) / (np.sqrt(0.5) if k == 4 else 1))


@pytest.fixture(scope="module")
def shown():
    options = Options(probe=f"constant={LEVEL}", sample_rate=RATE, blame=False)
    return analyze(planted(FIRST, SECOND, (4, 2)), None, options=options).summary.probe


def test_the_lines_of_a_planted_vocoder_have_the_levels_of_the_closed_form(shown):
    first, second = shown.steps
    own = [line_dbfs(k) for k in (1, 2, 3)]
    total = 10 * np.log10(sum(10 ** (level / 10) for level in own))
    assert first.line_dbfs == pytest.approx(total, abs=1e-3)
    assert first.strongest_dbfs == pytest.approx(max(own), abs=1e-3)
    assert second.line_dbfs == pytest.approx(line_dbfs(4), abs=1e-3)
    assert first.converged
    assert second.converged


def test_they_lie_at_multiples_of_the_rate_over_the_product_of_later_factors(shown):
    own = [line_dbfs(k) for k in (1, 2, 3)]
    assert shown.period == 8
    assert [step.strongest_hz for step in shown.steps] == [
        RATE / 8 * (1 + int(np.argmax(own))),
        RATE / 2,
    ]


def test_nothing_else_is_in_the_output(shown):
    assert shown.rest_dbfs is None or shown.rest_dbfs < -120
    lines = [line_dbfs(k) for k in (1, 2, 3, 4)]
    total = 10 * np.log10(sum(10 ** (level / 10) for level in lines))
    assert shown.rms_dbfs == pytest.approx(total, abs=1e-3)


def test_silence_through_layers_without_bias_leaves_nothing():
    options = Options(probe="silence", blame=False)
    probe = analyze(planted(FIRST, SECOND, (4, 2)), None, options=options).summary.probe
    assert [step.line_dbfs for step in probe.steps] == [None, None]
    assert probe.line_upper_dbfs is None


def test_a_kernel_that_removes_its_replicas_leaves_no_line():
    """Linear interpolation by 2: H(1/2) = 0."""
    options = Options(probe="constant=1", blame=False)
    net = planted([0.5, 1.0, 0.5], [0.5, 1.0, 0.5], (2, 2))
    summary = analyze(net, None, options=options).summary
    assert [step.line_dbfs for step in summary.probe.steps] == [None, None]
    assert summary.answer["probe"].startswith("a constant of 1 leaves no line above")


def test_noise_that_the_model_adds_is_told_to_be_no_line():
    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = planted(FIRST, SECOND, (4, 2))

        def forward(self, x):
            y = self.net(x)
            return y + 3 * torch.randn(y.shape)

    options = Options(probe=f"constant={LEVEL}", blame=False)
    probe = analyze(Noisy(), None, options=options).summary.probe
    assert probe.rest_dbfs == pytest.approx(20 * np.log10(3 * np.sqrt(2)), abs=1)


def test_beside_inputs_the_lines_stand_over_the_power_of_outputs():
    x = torch.randn(4, 8, 48, generator=torch.Generator().manual_seed(0))
    net = vocoder()
    result = analyze(net, x, options=Options(probe="constant=-2", blame=False))
    with torch.no_grad():
        power = 10 * np.log10(float(net(x).square().mean()) / 0.5)
    for step in result.summary.probe.steps:
        # the power of outputs is measured without their margins
        assert step.line_dbfs - step.line_dbc == pytest.approx(power, abs=0.1)


def test_a_picture_model_is_shown_the_constant_and_has_no_lines_in_time():
    net = nn.ConvTranspose2d(3, 3, 3, stride=2, padding=1, output_padding=1)
    summary = spectra.run.analyze(net, None, options=Options(probe="constant=0.25")).summary
    assert "no signal along time" in summary.answer["probe"]
    assert summary.steps[0].flat_field.line_dbc is not None


@pytest.mark.parametrize("text", ["constant", "constant=", "constant=nan", "constant=1e99", "hum"])
def test_what_is_no_probe_is_refused(text):
    with pytest.raises(ParameterError, match=r"expected silence, or constant=VALUE"):
        parse_probe(text)
