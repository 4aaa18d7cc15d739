"""Nothing and unknown are told apart, each with its reason, on a small decoder."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from spectra import Options, analyze, gather, score
from spectra.capture import example_input, find_steps
from spectra.inputs import open_inputs
from spectra.report._pictures import _middle
from spectra.score._at_output import at_output
from spectra.score._scores import _control_gap


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


def silent(*_):
    """Report nothing."""


@pytest.fixture(scope="module")
def run():
    return measured(Decoder(), noise(16, 1, 24, 24))


def measured(model, x, *, crop=None):
    """Return what passed a model, and its scores."""
    inputs = None if x is None else open_inputs(x)
    example = example_input(model, inputs, crop=crop)
    found = find_steps(model, example, Options(), progress=silent)
    passed = gather.run(model, found, inputs, Options(), progress=silent)
    return passed, score.run(passed, inputs, seed=0, progress=silent)


def with_periods(run, *periods, reason=None):
    """Return a run in which the steps have other periods in the output."""
    passed, scores = run
    reasons = tuple(None if period else reason for period in periods)
    found = replace(passed.found, periods=periods, period_reasons=reasons)
    return replace(passed, found=found), scores


def judged(run, index=0, *, own=None, inherited=False):
    """Return what of a step is at the output, whose every peak may be inherited."""
    passed, scores = run
    output = scores.measured["output"]
    points = np.full(0 if output is None else len(output.lattice.frequency), inherited)
    own = own or scores.steps[index].own
    return at_output(passed, index, own, output=output, inherited=points)


def test_what_arrives_has_a_number_and_no_reason(run):
    there, own = judged(run, 1), run[1].steps[1].own
    assert (there.verdict, there.reason, there.shared_with) == ("present", None, ())
    assert there.change_db == pytest.approx(there.locked_dbc - own.asr_dbc)


def test_what_later_layers_remove_is_none_with_its_p():
    there = judged(measured(Decoder(blur=True), noise(16, 1, 24, 24)))
    assert (there.verdict, there.locked_dbc, there.change_db) == ("none", None, None)
    assert there.p >= 0.05
    assert there.reason == f"no grid at its frequencies (p = {there.p:.2g})"


def test_an_unknown_period_is_unknown_with_the_steps_own_reason(run):
    there = judged(with_periods(run, None, (2, 2), reason="the ratio 1.5 is not whole"))
    assert (there.verdict, there.p) == ("insufficient", None)
    assert there.reason == "the ratio 1.5 is not whole"


def test_a_grid_of_one_pixel_is_gone(run):
    there = judged(with_periods(run, (1, 1), (2, 2)))
    assert (there.verdict, there.reason) == ("none", "later layers shrink its grid to one pixel")


def test_without_inputs_nothing_is_known():
    model = nn.Sequential(nn.Conv2d(1, 1, 1), Decoder())
    there = judged(measured(model, None, crop=16))
    assert (there.verdict, there.reason) == ("insufficient", "no inputs")


def test_an_output_that_was_not_scored_says_why():
    there = judged(measured(Decoder(), noise(1, 1, 24, 24)))
    assert there.verdict == "insufficient"
    assert "not scored: too few: " in there.reason


def test_an_output_too_small_for_one_period_is_scored_at_its_divisor():
    """In 28 px there is room for period 2 of the first step's 4: both steps share what is there."""
    small = measured(Decoder(), noise(16, 1, 7, 7))
    assert [judged(small, i).verdict for i in (0, 1)] == ["present", "present"]
    assert [judged(small, i).shared_with for i in (0, 1)] == [("last",), ("first",)]


def test_steps_with_the_same_frequencies_name_each_other(run):
    shared = with_periods(run, (2, 2), (2, 2))
    assert judged(shared, 0).shared_with == ("last",)
    assert judged(shared, 1).shared_with == ("first",)


def test_peaks_that_the_inputs_already_had_are_none_of_the_step(run):
    there = judged(run, inherited=True)
    assert (there.verdict, there.locked_dbc, there.p) == ("none", None, None)
    assert there.reason == "every peak at its frequencies is inherited from the inputs"


def test_a_change_needs_more_than_bounds():
    """Zeros between equal pixels are all locked, in the step's map as in the output."""
    model = nn.ConvTranspose2d(2, 2, 1, 2, output_padding=1)
    there = judged(measured(model, noise(16, 2, 1, 1).expand(-1, -1, 24, 24).contiguous()))
    assert (there.verdict, there.locked_dbc, there.change_db) == ("present", None, None)
    assert there.locked_lower_dbc > 40
    assert there.reason == "all the power may be locked: only a lower bound is known"


def test_a_change_from_a_bound_is_not_told(run):
    own = replace(run[1].steps[1].own, asr_dbc=None, asr_lower_dbc=30.0)
    there = judged(run, own=own)
    assert there.locked_dbc is not None
    assert there.change_db is None


def test_a_change_needs_a_grid_at_the_step(run):
    own = replace(run[1].steps[1].own, verdict="none")
    assert judged(run, own=own).change_db is None


def test_inputs_clear_the_model_only_where_they_were_scored_alike(run):
    passed, scores = run
    assert scores.control_gap is None
    apart = replace(passed, found=replace(passed.found, ratio=None))
    assert _control_gap(apart) == "input and output share no common grid"
    same_size = nn.Sequential(nn.AvgPool2d(2), nn.Upsample(scale_factor=2))
    _, small = measured(same_size, noise(16, 1, 8, 8))
    assert small.control_gap.startswith("inputs of 8x8 are too small")


def test_a_step_whose_period_is_not_known_is_not_said_to_show_no_grid(monkeypatch):
    """An output that no touch reaches as it should: the answer says that nobody knows."""

    def unfollowed(model, found, _example):
        reasons = ("it cannot be followed",) * len(found.steps)
        return replace(found, periods=(None,) * len(found.steps), period_reasons=reasons)

    monkeypatch.setattr("spectra.capture._find.follow_periods", unfollowed)
    where = analyze(Decoder(), noise(16, 1, 24, 24)).summary.answer["where"]
    assert where == (
        "born at first (nearest, x2); what of it reaches the output is not known: it cannot be "
        "followed"
    )


def test_no_pattern_is_drawn_where_no_period_is_known(run):
    passed, _ = run
    assert set(_middle(passed).data_vars) == {"output", "grid"}
    plan = replace(passed.output.plan, period=(1, 1))
    unknown = replace(passed, output=replace(passed.output, plan=plan))
    assert _middle(unknown) is None
