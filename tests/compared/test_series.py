"""Checkpoints are put in order, and the first grid is named."""

from dataclasses import replace

import pytest

from spectra.compared import Side, numbered, series
from spectra.severity import Graded
from support.summaries import NOTHING, OUTPUT, UNSCORED, summary


@pytest.mark.parametrize(
    ("names", "unit", "numbers"),
    [
        (["epoch10", "epoch2", "epoch1"], "epoch", (10, 2, 1)),
        (["net-2x-epoch01", "net-2x-epoch12"], "epoch", (1, 12)),
        (["epoch=1-step=500", "epoch=2-step=900"], "step", (500, 900)),
        (["step100_epoch1", "step200_epoch2"], "step", (100, 200)),
        (["1", "2", "3"], "number", (1, 2, 3)),
    ],
)
def test_numbers_are_read_from_names(names, unit, numbers):
    assert numbered(names) == (unit, numbers)


@pytest.mark.parametrize(
    "names",
    [
        ["small", "lctc"],
        ["a1", "b2"],
        ["x4-epoch1", "x4-epoch1"],
        ["x2-e1", "x4-e1", "x4-e2"],
        ["sr-x2", "sr-x3", "sr-x4"],
        ["a"],
    ],
)
def test_names_that_differ_in_more_than_a_count_are_no_series(names):
    assert numbered(names) is None


def side(name, score, word=None):
    base = summary()
    graded = Graded(word, "yardstick") if word else None
    output = replace(base.output, score=score)
    return Side.of(name, replace(base, output=output, severity=graded))


def test_points_are_in_order_and_the_first_grid_is_named():
    sides = [side("c", OUTPUT, "visible"), side("a", NOTHING, "none"), side("b", OUTPUT, "faint")]
    found = series(sides, "epoch", (10, 1, 2))
    assert [point.number for point in found.points] == [1, 2, 10]
    assert (found.first_present, found.first_visible) == (2, 10)
    assert found.answer == "a grid is first PRESENT at epoch 2; first visible at epoch 10"


def test_what_was_not_seen_is_not_said_to_be_absent():
    unknown = series([side(n, UNSCORED) for n in "abc"], "epoch", (1, 2, 3))
    assert unknown.answer == "no output was tested"
    unseen = series([side(n, NOTHING, "none") for n in "abc"], "step", (1, 2, 3))
    assert unseen.answer == "a grid is present at no checkpoint tested; visible at none"
    partly = series([side("a", NOTHING), side("b", OUTPUT, "faint")], "step", (1, 2))
    assert partly.answer == "a grid is first PRESENT at step 2"
