from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from spectra.capture import discover
from spectra.errors import ConversionError
from spectra.explain._advice import find_advice
from spectra.explain._cause import find_cause
from spectra.explain._summary import BlameRow, Finding, StepName
from spectra.explain._verdict import blame_row, overall_verdict, worst_step
from spectra.kernel import interpolator, measure, transposed_conv
from spectra.probe import FlatLines, Removals
from spectra.probe._removed import Together, Without
from spectra.remedy import make_layer, swap
from spectra.repair import Offer, balance
from spectra.score import AtOutput, LockedChange, Score
from support.summaries import FAINT, GONE, NOTHING, OUTPUT, PRESENT, UNKNOWN, reaching, step

INSUFFICIENT = Score(reason="too small")
FLAT = FlatLines(-15.0, 256, True, None)
EVEN = FlatLines(None, 256, True, "no line above rounding")


def test_the_verdict_is_the_outputs():
    assert overall_verdict(NOTHING, [step("up", PRESENT)]) == "none"
    assert overall_verdict(FAINT, [step("up", PRESENT)]) == "suspect"


def test_without_a_scored_output_the_verdict_is_that_of_the_worst_step():
    steps = [step("a", NOTHING), step("b", FAINT), step("c", INSUFFICIENT)]
    assert overall_verdict(INSUFFICIENT, steps) == "suspect"
    assert overall_verdict(INSUFFICIENT, []) == "insufficient"


def test_where_a_step_was_not_scored_nobody_says_that_there_is_none():
    steps = [step("a", NOTHING), step("b", INSUFFICIENT)]
    assert overall_verdict(INSUFFICIENT, steps) == "insufficient"
    assert overall_verdict(INSUFFICIENT, steps[:1]) == "none"


def test_unknown_at_the_output_is_not_zero():
    """Before a step whose grid is gone comes one of which nobody knows, however faint."""
    gone = replace(step("gone", PRESENT), at_output=GONE)
    unknown = replace(step("unknown", FAINT), at_output=UNKNOWN)
    heard = replace(step("heard", FAINT), at_output=reaching(-60.0))
    assert worst_step([gone, unknown]).name == "unknown"
    assert worst_step([gone, unknown, heard]).name == "heard"
    assert worst_step([gone]).name == "gone"


def test_a_lower_end_stands_in_for_an_energy_without_estimate():
    bound = replace(PRESENT, asr_dbc=None, asr_ci95_dbc=None, asr_lower_dbc=31.2)
    steps = [replace(step(name, PRESENT), at_output=UNKNOWN) for name in ("a", "b")]
    assert worst_step([steps[0], replace(steps[1], score=bound)]).name == "b"


def test_the_worst_step_is_the_one_that_reaches_the_output_strongest():
    loud = replace(step("loud", PRESENT), at_output=AtOutput(-30.0, -16.8, None))
    heard = replace(step("heard", FAINT), at_output=AtOutput(-20.0, 13.4, None))
    clean = replace(step("clean", NOTHING), at_output=AtOutput(-5.0, None, None))
    assert worst_step([loud, heard, clean]).name == "heard"


def test_where_no_output_is_known_the_worst_step_is_the_strongest_at_its_own_maps():
    unknown = AtOutput(None, None, None)
    steps = [replace(step(n, s), at_output=unknown) for n, s in (("a", FAINT), ("b", PRESENT))]
    assert worst_step(steps).name == "b"
    assert worst_step([step("a", NOTHING)]) is None


@pytest.mark.parametrize(
    ("kind", "kernel", "line", "replica", "flat", "cause"),
    [
        ("transposed_conv", (3, 3), -14.0, -21.0, FLAT, "phase_imbalance"),
        ("transposed_conv", (4, 4), -14.0, -21.0, FLAT, "phase_imbalance"),
        ("transposed_conv", (4, 4), -50.0, -21.0, EVEN, "kernel_leaks"),
        ("transposed_conv", (9, 9), -24.0, -25.0, replace(FLAT, line_dbc=-59.0), "kernel_leaks"),
        ("transposed_conv", (9, 9), -24.0, -25.0, replace(FLAT, line_dbc=-43.0), "phase_imbalance"),
        ("pixel_shuffle", None, -14.0, -21.0, FLAT, "phase_imbalance"),
        ("depth_to_space", None, -14.0, -21.0, FLAT, "phase_imbalance"),
        ("zero_insertion", (4, 4), -50.0, -21.0, EVEN, "kernel_leaks"),
        ("unpool", None, -14.0, -21.0, FLAT, "gaps"),
        ("repeat", None, None, -13.0, EVEN, "fixed_kernel_leaks"),
        ("nearest", None, None, -13.0, EVEN, "fixed_kernel_leaks"),
    ],
)
def test_the_cause_follows_from_kernel_and_flat_field(kind, kernel, line, replica, flat, cause):
    score = replace(PRESENT, line_dbc=line, replica_dbc=replica)
    assert find_cause(kind, (2, 2), kernel, score, flat).id == cause


@pytest.mark.parametrize(
    ("dilation", "stride", "says"),
    [
        (2, 2, "the 3x3 kernel of dilation 2x2 misses phases of its stride, so it leaves pixels"),
        (3, 2, None),
        (1, 4, "the 3x3 kernel is smaller than its stride, so it leaves pixels"),
    ],
)
def test_a_dilated_kernel_leaves_gaps_where_its_taps_meet_few_phases(dilation, stride, says):
    score = replace(PRESENT, line_dbc=-14.0, replica_dbc=-21.0)
    at = {"kernel_size": (3, 3), "score": score, "flat": FLAT, "dilation": (dilation, dilation)}
    found = find_cause("transposed_conv", (stride, stride), **at)
    assert (found.id == "gaps") == (says is not None)
    assert found.text.startswith(says or "")


@pytest.mark.parametrize(
    ("taps", "cause"),
    [
        (np.ones((4, 4, 3, 3)), "uneven_overlap"),
        (np.random.default_rng(0).normal(size=(4, 4, 3, 3)), "phase_imbalance"),
        (np.ones((4, 4, 4, 4)), "phase_imbalance"),
    ],
)
def test_the_overlap_is_the_cause_only_where_phases_follow_it(taps, cause):
    """Of random taps, trained or not, the phases differ for more than their numbers."""
    kernel = measure(transposed_conv(taps, stride=2))
    found = find_cause("transposed_conv", (2, 2), taps.shape[2:], PRESENT, FLAT, kernel=kernel)
    assert found.id == cause


@pytest.mark.parametrize(
    ("preceded", "cause"), [(True, "kernel_leaks"), (False, "phase_imbalance")]
)
def test_lines_are_copies_only_where_something_before_may_have_some(preceded, cause):
    """A mean level far above the content makes the line of a constant look small."""
    score = replace(PRESENT, line_dbc=11.0, replica_dbc=2.0)
    found = find_cause("transposed_conv", (2, 2), (3, 3), score, FLAT, preceded=preceded)
    assert found.id == cause


class Own(nn.ConvTranspose2d):
    """Is swapped where its own forward makes the call."""

    def forward(self, x):
        return 2 * super().forward(x)


LAYERS = {
    "3x3": (nn.ConvTranspose2d(4, 4, 3, stride=2, padding=1, output_padding=1), "lctc7", True),
    "9x9": (nn.ConvTranspose2d(4, 4, 9, stride=2, padding=4, output_padding=1), "lctc11", True),
    "dilated": (nn.ConvTranspose2d(4, 4, 3, stride=2, dilation=2), "lctc7", False),
    "1-D": (nn.ConvTranspose1d(4, 4, 8, stride=4, padding=2), "lctc7", True),
    "LCTC": (make_layer("lctc7+3", 4, 4), "lctc11", True),
    "gaps": (nn.ConvTranspose2d(4, 4, 1, stride=2, output_padding=1), "lctc7", False),
    "shuffle": (nn.PixelShuffle(2), "lctc7", False),
    "bicubic": (nn.Upsample(scale_factor=2, mode="bicubic"), "lctc11", False),
    "nearest": (nn.Upsample(scale_factor=3, mode="nearest"), "lctc7", False),
    "aligned": (nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), None, False),
    "own": (Own(4, 4, 3, stride=2), "lctc7", True),
}


@pytest.mark.parametrize("name", LAYERS)
def test_what_is_offered_is_what_the_tool_does_and_what_is_not_it_refuses(name):
    layer, larger, balanced = LAYERS[name]
    model = nn.Sequential(layer).eval()
    axes = 1 if isinstance(layer, nn.ConvTranspose1d) else 2
    inputs = torch.rand(2, 4, *[16] * axes, generator=torch.Generator().manual_seed(0))
    found = discover(model, inputs[:1])
    (offer,) = Offer.of_steps(model, found, inputs[:1])
    assert (offer.larger, offer.no_balance is None) == (larger, balanced)
    assert (offer.no_swap is None) == (larger is not None)
    done = balance(model, inputs).steps[0]
    assert (done.reason is None) == balanced
    if larger is None:
        with pytest.raises(ConversionError):
            swap(model, "lctc31", example=inputs[:1])
        return
    new, plan = swap(model, larger, example=inputs[:1])
    assert max(plan.replaced[0].kernel_size) > max(found.steps[0].kernel_size or (0,))
    torch.testing.assert_close(new(inputs), model(inputs), atol=1e-5, rtol=1e-4)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_of_code_that_is_frozen_nothing_is_offered():
    model = torch.jit.script(nn.Sequential(nn.Upsample(scale_factor=2)))
    example = torch.zeros(1, 4, 8, 8)
    (offer,) = Offer.of_steps(model, discover(model, example), example)
    assert offer.frozen == "torch.jit.script or torch.jit.trace"
    assert (offer.larger, offer.no_balance is None) == (None, False)


def test_a_step_without_a_grid_has_neither_cause_nor_advice():
    assert find_cause("nearest", (2, 2), None, NOTHING, EVEN) is None
    assert find_advice(replace(step("up", NOTHING), cause=None), Offer(larger="lctc7")) is None


@pytest.mark.parametrize("factor", [(2, 2), (8, 8, 8), ()])
def test_of_an_interpolation_too_large_or_of_unknown_taps_no_numbers_are_told(factor):
    row = replace(step("up", PRESENT, kind="antialiased"), factor=factor)
    row = replace(row, cause=Finding("fixed_kernel_leaks", ""))
    assert find_advice(row, Offer(larger="lctc7")).text.startswith(
        "a windowed sinc in place of antialiased: spectra swap with the same model, inputs "
        "and reading options, and --with"
    )
    known = replace(row, kernel=measure(interpolator("bilinear", 2)), factor=factor or (8, 8, 8))
    assert find_advice(known, Offer(larger="lctc7")).text.count("rejects") in (0, 2)


def test_where_nobody_needs_advice_none_is_given():
    assert find_advice(step("up", PRESENT), None) is None


def test_a_step_that_does_not_reach_the_output_needs_no_advice():
    unfelt = AtOutput(reason="touching its map did not change the output")
    row = replace(step("up", PRESENT), cause=Finding("gaps", ""))
    assert find_advice(row, Offer(larger="lctc7")) is not None
    assert find_advice(replace(row, at_output=unfelt), Offer(larger="lctc7")) is None


NONE, LESS, MORE = (LockedChange(db, (db - 1, db + 1), db + 1) for db in (0.0, -12.0, 6.0))


def blamed(*changes, output=OUTPUT, together=(), **options):
    names = ("a", "b", "c")[: len(changes)]
    rows = [step(name, PRESENT) for name in names]
    removals = Removals(tuple(Without(c, c) for c in changes), together, inputs=16, forwards=6)
    row = blame_row(removals, rows, output, **options)
    return row, worst_step(rows, row)


def test_the_step_without_which_the_output_has_least_is_the_worst():
    row, worst = blamed(NONE, LESS, MORE)
    assert (row.standing, row.step, worst.name) == ("step", StepName("b", 0), "b")
    assert (row.inputs, row.forwards) == (16, 6)


@pytest.mark.parametrize(
    ("changes", "standing", "names"),
    [
        ((LESS, LESS, NONE), "several", ("a", "b")),
        ((MORE, LockedChange(-2.0, (-5.0, 1.0), 1.0), NONE), "not told apart", ("b",)),
        ((NONE, MORE, NONE), "none", ()),
    ],
)
def test_where_no_step_is_to_blame_none_is_the_worst(changes, standing, names):
    row, worst = blamed(*changes)
    assert worst is None
    assert (row.standing, row.step, row.steps) == (
        standing,
        None,
        tuple(StepName(n, 0) for n in names),
    )


def test_where_the_output_has_no_grid_the_worst_step_is_the_strongest():
    row, worst = blamed(LESS, output=NOTHING, floor_dbc=-40.0)
    assert (row, worst.name) == (BlameRow(), "a")


def test_below_the_floor_no_step_is_the_worst():
    row, worst = blamed(LESS, MORE, floor_dbc=-20.0)  # the output holds -22 dBc
    assert (row.standing, worst) == ("faint", None)


def test_a_lone_step_with_a_grid_that_the_output_has_is_named_where_removal_names_none():
    """However faint, and unless its map lost most of its grid and the output nothing."""
    row, worst = blamed(LESS, floor_dbc=-20.0)
    assert (row.standing, worst.name) == ("only", "a")
    row, worst = blamed(NONE)
    assert (row.standing, worst.name) == ("only", "a")
    still = LockedChange(0.0, (-0.5, 0.5), 0.5)
    innocent = Removals((Without(still, still, taken=LESS),), inputs=16, forwards=6)
    assert blame_row(innocent, [dropping(0.0)], OUTPUT).standing == "none"


def dropping(drop, **score):
    """Return a step without whose mean pattern the output's lines fall so far."""
    made = step("a", replace(PRESENT, **score))
    return replace(made, at_output=replace(made.at_output, line_drop_db=drop))


LINES = replace(OUTPUT, line_dbc=-22.0, replica_dbc=-40.0)


@pytest.mark.parametrize(
    ("row", "output", "standing"),
    [
        (dropping(9.9), LINES, "only"),
        (dropping(0.04), LINES, "none"),
        (dropping(0.04), replace(LINES, line_dbc=None), "only"),
        (dropping(None, line_dbc=None), LINES, "none"),
        (dropping(None), LINES, "only"),
    ],
)
def test_a_lone_step_is_not_named_for_lines_that_are_not_its_own(row, output, standing):
    found = Removals((Without(NONE, NONE),), inputs=16, forwards=2)
    assert blame_row(found, [row], output).standing == standing


def test_a_layer_that_makes_lines_of_what_is_left_does_not_acquit_a_step():
    """Its grid was taken away in the main, and the output kept its own; its lines fall by 10 dB."""
    still = LockedChange(0.0, (-0.5, 0.5), 0.5)
    innocent = Removals((Without(still, still, taken=LESS),), inputs=16, forwards=6)
    assert blame_row(innocent, [dropping(9.9)], LINES).standing == "only"


def test_a_step_at_whose_frequencies_the_output_has_next_to_nothing_shares_no_blame():
    """What is taken out of its maps is what an earlier step has left there, too."""
    quiet = step("b", PRESENT)
    there = replace(quiet.at_output, locked_dbc=-36.7)
    both = Removals((Without(LESS, LESS), Without(LESS, LESS)), inputs=16, forwards=3)
    earlier = replace(step("a", PRESENT), period_in_output=(4, 4))
    later = replace(quiet, at_output=there, period_in_output=(2, 2))
    assert blame_row(both, [earlier, later], OUTPUT).step == StepName("a", 0)
    loud = replace(quiet, period_in_output=(2, 2))
    assert blame_row(both, [earlier, loud], OUTPUT).standing == "several"
    # of two steps the one with the longer period has not taken the other's along
    other = replace(later, period_in_output=(8, 8))
    assert blame_row(both, [earlier, other], OUTPUT).standing == "several"


def test_what_steps_of_one_period_do_to_each_other_is_told_by_their_names():
    row, worst = blamed(LESS, MORE, MORE, together=(Together((1, 2), (2, 2), NONE, NONE),))
    assert (row.relation, row.related) == ("cancelling", (StepName("b", 0), StepName("c", 0)))
    assert worst.name == "a"
