"""What two results say together, where what changed is known."""

from dataclasses import replace
from math import log10

import numpy as np
import pytest
import torch
from torch import nn

from spectra import analyze
from spectra.compared import Side, pair
from spectra.signals import power_law_noise
from support.compared import FAST, pictures, result
from support.summaries import NOTHING, OUTPUT, summary


def side(name, made):
    return Side.of(name, made.summary, made.data)


def compared(before, after):
    return pair(side("before", before), side("after", after))


def bare(name, made):
    """Return a side of which only the summary is known."""
    return Side.of(name, made.summary)


def of(found, where):
    return next(row for row in found.rows if row.where == where)


def test_a_planted_improvement_is_better_and_its_reverse_worse():
    there, back = compared(result(0.3), result(0.1)), compared(result(0.1), result(0.3))
    assert there.outcome == "better"
    assert back.outcome == "worse"
    assert all(row.change.paired for row in there.rows if row.where != "input")
    assert of(there, "output").change.db == pytest.approx(-of(back, "output").change.db)
    assert there.answer["helped"].startswith("better: the output's grid is ")
    assert there.answer["helped"].removeprefix("better").replace("weaker", "stronger") == (
        back.answer["helped"].removeprefix("worse")
    )


def test_the_same_result_twice_is_exactly_no_difference():
    found = compared(result(0.3), result(0.3))
    assert found.outcome == "no difference"
    for row in found.rows:
        if row.where != "input":
            assert row.change.db == 0
            assert row.change.ci95_db == pytest.approx((0, 0), abs=1e-9)
    assert found.answer["helped"] == "no difference: the output's grid is the same on every input"
    assert found.needed is None


def test_other_inputs_make_two_runs_and_a_wider_interval():
    paired, apart = compared(result(0.3), result(0.1)), compared(result(0.3), result(0.1, seed=1))
    change = of(apart, "output").change
    assert not change.paired
    assert change.half_width_db > 1.5 * of(paired, "output").change.half_width_db
    assert apart.unpaired == "other inputs"
    assert apart.answer["basis"] == "two runs apart, their intervals combined: other inputs"


def test_one_picture_more_makes_two_runs():
    apart = compared(result(0.3), result(0.1, count=17))
    assert apart.unpaired == "16 inputs before, 17 after"
    assert apart.outcome == "better"


def shuffled(*factors):
    """Return an identity that adds a grid at the period of each factor."""
    layers = []
    for factor in factors:
        uneven = nn.Conv2d(3 * factor**2, 3 * factor**2, 1)
        nn.init.dirac_(uneven.weight)
        uneven.bias.data[:] = torch.linspace(-0.2, 0.2, factor**2).repeat(3)
        layers += [nn.PixelUnshuffle(factor), uneven, nn.PixelShuffle(factor)]
    return nn.Sequential(*layers)


@pytest.mark.parametrize("periods", [((4, 2), (2,)), ((2,), (2, 4)), ((2,), (4,))])
def test_the_same_inputs_are_known_again_where_periods_differ(periods):
    made = [analyze(shuffled(*each), pictures(), options=FAST) for each in periods]
    assert compared(*made).unpaired is None
    others = analyze(shuffled(*periods[1]), pictures(seed=1), options=FAST)
    assert compared(made[0], others).unpaired == "other inputs"


def test_a_period_that_is_not_scored_after_did_not_become_better():
    before, after = (analyze(shuffled(*each), pictures(), options=FAST) for each in ((4, 2), (2,)))
    for found in (compared(before, after), compared(after, before)):
        assert found.outcome == "not known"
        assert "was not scored at period 4 px, where it had a grid" in found.answer["helped"]


def test_without_stored_sums_the_intervals_alone_are_combined():
    apart = pair(bare("a", result(0.3)), bare("b", result(0.1)))
    assert not of(apart, "output").change.paired
    assert of(apart, "output").change.ci95_db is not None
    there = of(apart, "at output").change
    assert there.db is not None
    assert there.ci95_db is there.lower_db is there.upper_db is None
    assert there.reason == "no interval is stored"


def test_a_change_is_what_stands_beside_it():
    for found in (compared(result(0.3), result(0.1)), compared(result(0.3), result(0.1, seed=1))):
        for row in found.rows:
            if row.change.db is not None:
                apart = row.after.asr_dbc - row.before.asr_dbc
                assert row.change.db == pytest.approx(apart, abs=1e-6)


def test_a_step_of_another_kind_is_shown_as_both():
    found = compared(result(0.3), result(0.0, kind="bilinear"))
    assert of(found, "own maps").kinds == ("transposed_conv", "bilinear")
    assert "other kinds: 1: transposed_conv -> bilinear" in found.answer["steps"]
    assert of(found, "output").change.paired  # borders differ, pictures do not
    assert (found.only_before, found.only_after) == ((), ())


def test_what_is_below_the_floor_gives_a_bound_and_no_number():
    base = result(0.3)
    floor = replace(NOTHING, asr_upper_dbc=-60.0)
    clean = replace(base.summary, output=replace(base.summary.output, score=floor))
    found = pair(side("a", base), replace(side("b", base), summary=clean, places={}))
    change = of(found, "output").change
    assert change.db is None
    assert change.upper_db == pytest.approx(-60.0 - base.summary.output.score.asr_ci95_dbc[0])
    assert found.outcome == "better"
    assert "at least" in found.answer["helped"]


def test_two_clean_outputs_do_not_differ():
    base = result(0.3)
    clean = replace(base.summary, output=replace(base.summary.output, score=NOTHING))
    sides = [replace(side(name, base), summary=clean) for name in "ab"]
    found = pair(*sides)
    assert found.outcome == "no difference"
    assert found.answer["helped"] == "no difference: neither output shows a grid"


def test_numbers_measured_in_another_way_are_not_compared():
    older = replace(result(0.3).summary, schema="spectra.summary/1")
    old = replace(side("a", result(0.3)), summary=older)
    found = pair(old, side("b", result(0.1)))
    assert found.outcome == "not known"
    assert "spectra.summary/1, spectra.summary/1.1" in found.answer["helped"]
    assert all(row.change.db is None and row.change.reason for row in found.rows)
    assert "basis" not in found.answer
    assert pair(old, old).outcome == "no difference"


def test_without_inputs_lines_of_a_constant_are_compared():
    found = compared(result(0.3, count=0), result(0.1, count=0))
    assert found.outcome == "not known"
    flat = of(found, "flat field").change
    # One of four phases is (1 + g) times the others: lines of 3 g^2 / (4 + g)^2 of the mean.
    lines = [10 * log10(3 * g**2 / (4 + g) ** 2) for g in (0.3, 0.1)]
    assert flat.db == pytest.approx(lines[1] - lines[0], abs=0.05)
    assert flat.ci95_db is None
    assert "a constant input leaves changes most at 1" in found.answer["helped"]


def test_inputs_on_one_side_only_are_named():
    found = compared(result(0.3, count=0), result(0.1))
    assert "the result before had no inputs" in found.answer["helped"]
    assert "basis" not in found.answer


def test_an_output_that_is_too_small_makes_no_answer():
    found = compared(result(0.3, count=4, side=16), result(0.3, count=4, side=16))
    assert found.outcome == "not known"
    assert "too few" in found.answer["helped"]
    assert found.smallest_db is found.needed is None


def test_signals_are_compared_as_pictures_are():
    noise = power_law_noise((16, 1, 256), seed=0, exponent=1.0, axes=1)
    signals = torch.from_numpy(np.asarray(noise, np.float32))
    up = nn.ConvTranspose1d(1, 1, 4, stride=2, padding=1, bias=False)
    up.weight.data[:] = torch.tensor([1.0, 3.0, 3.0, 1.5]) / 4
    linear = nn.Upsample(scale_factor=2, mode="linear")
    made = [analyze(nn.Sequential(net), signals, options=FAST) for net in (up, linear)]
    found = compared(*made)
    assert found.outcome == "better"
    assert of(found, "own maps").kinds == ("transposed_conv", "linear")


def test_peaks_inherited_on_one_side_are_left_out_on_both():
    base = result(0.3)
    output = replace(base.summary.output, inherited=((0.5, 0.5),))
    other = replace(side("b", base), summary=replace(base.summary, output=output))
    row = of(pair(side("a", base), other), "output")
    assert row.change.db == 0
    assert row.before == replace(row.after)
    assert row.before.asr_dbc < base.summary.output.score.asr_dbc
    assert row.notes


def test_the_inputs_needed_grow_with_the_square_of_what_is_missing():
    """Half a decibel with an interval of 2 dB to either side: 16 times as many inputs."""
    base = summary()
    score, louder = (
        replace(
            OUTPUT,
            asr_dbc=dbc,
            asr_ci95_dbc=(dbc - 1.4, dbc + 1.4),
            asr_lower_dbc=dbc - 1.4,
            asr_upper_dbc=dbc + 1.4,
        )
        for dbc in (-20.0, -19.5)
    )
    sides = [
        Side.of(name, replace(base, output=replace(base.output, score=each)))
        for name, each in (("a", score), ("b", louder))
    ]
    found = pair(*sides)
    assert found.outcome == "no difference"
    assert found.smallest_db == pytest.approx(2.0, rel=0.1)
    assert found.needed == pytest.approx(64 * (found.smallest_db / 0.5) ** 2, rel=0.1)
    assert f"about {found.needed} pictures" in found.answer["helped"]
