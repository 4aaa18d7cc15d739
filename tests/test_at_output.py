"""Nothing and unknown are told apart, each with its reason, on a small decoder."""

from copy import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from spectra import Options
from spectra._at_output import at_output
from spectra._conclusion import _control_gap, _inherited, crop_with_pattern, summarise
from spectra._evidence import gather
from spectra.inputs import open_inputs
from spectra.load import load_model
from spectra.score import Score


class Decoder(nn.Module):
    """Doubles twice by nearest neighbours; may blur each doubling well enough to hide it."""

    def __init__(self, *, blur=False):
        super().__init__()
        self.first = nn.Upsample(scale_factor=2)
        self.last = nn.Upsample(scale_factor=2)
        self.blur = blur

    def forward(self, x):
        y = self.last(self.first(x))
        if not self.blur:
            return y
        spectrum = torch.fft.fft2(y)
        keep = [torch.fft.fftfreq(n).abs() < 0.1 for n in y.shape[-2:]]
        return torch.fft.ifft2(spectrum * (keep[0][:, None] & keep[1])).real


def noise(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def evidence():
    return gathered(Decoder(), noise(16, 1, 24, 24))


def gathered(model, x, **options):
    return gather(model, None if x is None else open_inputs(x), Options(**options), lambda *_: None)


def replaced(evidence, **values):
    """Return a copy of evidence that says something else."""
    changed = copy(evidence)
    changed.__dict__.update(values)
    return changed


def with_periods(evidence, *periods, reason=None):
    """Return a copy of evidence in which the steps have other periods in the output."""
    reasons = tuple(None if period else reason for period in periods)
    found = replace(evidence.discovery, periods=periods, period_reasons=reasons)
    return replaced(evidence, discovery=found)


def judged(evidence, index=0):
    return at_output(evidence, index, evidence.steps[index].score(), _inherited(evidence))


def test_what_arrives_has_a_number_and_no_reason(evidence):
    there, own = judged(evidence, 1), evidence.steps[1].score()
    assert (there.verdict, there.reason, there.shared_with) == ("present", None, ())
    assert there.change_db == pytest.approx(there.locked_dbc - own.asr_dbc)


def test_what_later_layers_remove_is_none_with_its_p():
    there = judged(gathered(Decoder(blur=True), noise(16, 1, 24, 24)))
    assert (there.verdict, there.locked_dbc, there.change_db) == ("none", None, None)
    assert there.p >= 0.05
    assert there.reason == f"no grid at its frequencies (p = {there.p:.2g})"


def test_an_unknown_period_is_unknown_with_the_steps_own_reason(evidence):
    there = judged(with_periods(evidence, None, (2, 2), reason="the ratio 1.5 is not whole"))
    assert (there.verdict, there.p) == ("insufficient", None)
    assert there.reason == "the ratio 1.5 is not whole"


def test_a_grid_of_one_pixel_is_gone(evidence):
    there = judged(with_periods(evidence, (1, 1), (2, 2)))
    assert (there.verdict, there.reason) == ("none", "later layers shrink its grid to one pixel")


def test_without_inputs_nothing_is_known():
    model = nn.Sequential(nn.Conv2d(1, 1, 1), Decoder())
    there = judged(gathered(model, None, crop=16))
    assert (there.verdict, there.reason) == ("insufficient", "no inputs")


def test_an_output_that_was_not_scored_says_why():
    there = judged(gathered(Decoder(), noise(1, 1, 24, 24)))
    assert there.verdict == "insufficient"
    assert "not scored: too few: " in there.reason


def test_an_output_too_small_for_one_period_is_scored_at_its_divisor():
    """In 28 px there is room for period 2 of the first step's 4: both steps share what is there."""
    small = gathered(Decoder(), noise(16, 1, 7, 7))
    assert [judged(small, i).verdict for i in (0, 1)] == ["present", "present"]
    assert [judged(small, i).shared_with for i in (0, 1)] == [("last",), ("first",)]


def test_steps_with_the_same_frequencies_name_each_other(evidence):
    shared = with_periods(evidence, (2, 2), (2, 2))
    assert judged(shared, 0).shared_with == ("last",)
    assert judged(shared, 1).shared_with == ("first",)


def test_peaks_that_the_inputs_already_had_are_none_of_the_step(evidence):
    every = np.ones(len(evidence.output.measured.lattice.frequency), bool)
    there = at_output(evidence, 0, Score(), every)
    assert (there.verdict, there.locked_dbc, there.p) == ("none", None, None)
    assert there.reason == "every peak at its frequencies is inherited from the inputs"


def test_a_change_needs_more_than_bounds():
    """Zeros between equal pixels are all locked, in the step's map as in the output."""
    model = nn.ConvTranspose2d(2, 2, 1, 2, output_padding=1)
    there = judged(gathered(model, noise(16, 2, 1, 1).expand(-1, -1, 24, 24).contiguous()))
    assert (there.verdict, there.locked_dbc, there.change_db) == ("present", None, None)
    assert there.locked_lower_dbc > 40
    assert there.reason == "all the power may be locked: only a lower bound is known"


def test_a_change_from_a_bound_is_not_told(evidence):
    own = replace(evidence.steps[1].score(), asr_dbc=None, asr_lower_dbc=30.0)
    there = at_output(evidence, 1, own, _inherited(evidence))
    assert there.locked_dbc is not None
    assert there.change_db is None


def test_a_change_needs_a_grid_at_the_step(evidence):
    own = replace(evidence.steps[1].score(), verdict="none")
    assert at_output(evidence, 1, own, _inherited(evidence)).change_db is None


def test_inputs_clear_the_model_only_where_they_were_scored_alike(evidence):
    assert _control_gap(evidence) is None
    apart = replaced(evidence, found=replace(evidence.found, ratio=None))
    assert _control_gap(apart) == "input and output share no common grid"
    same_size = nn.Sequential(nn.AvgPool2d(2), nn.Upsample(scale_factor=2))
    small = gathered(same_size, noise(16, 1, 8, 8))
    assert _control_gap(small).startswith("inputs of 8x8 are too small")


def test_a_step_whose_period_is_not_known_is_not_said_to_show_no_grid(evidence):
    unknown = with_periods(evidence, None, None, reason="it cannot be followed")
    inputs = open_inputs(noise(16, 1, 24, 24))
    where = summarise(unknown, load_model(Decoder()), inputs, 0.0).answer["where"]
    assert where == (
        "born at first (nearest, x2); what of it reaches the output is not known: it cannot be "
        "followed"
    )


def test_no_pattern_is_drawn_where_no_period_is_known(evidence):
    assert set(crop_with_pattern(evidence)) == {"output", "locked"}
    unknown = copy(evidence)
    unknown.output = gathered(nn.Sequential(nn.Upsample(scale_factor=2)), noise(16, 1, 8, 8)).output
    plan = replace(unknown.output.statistics.plan, period=(1, 1))
    unknown.output.statistics.plan = plan
    assert crop_with_pattern(unknown) == {}
