"""Which step is named, given what its removal did."""

from math import inf

import pytest

from spectra.explain._blame import blame, relation
from spectra.probe._removed import Removals, Together, Without
from spectra.score import LockedChange


def change(db, low=None, high=None):
    interval = None if low is None else (low, high)
    return LockedChange(db, interval, high)


def told(*outputs):
    return Removals(tuple(Without(output, output) for output in outputs))


def named(*outputs, **options):
    return blame(told(*outputs), output_dbc=-20.0, **options)


CLEAR, FAINT, STILL = change(-12, -14, -10), change(-1, -2, 0.5), change(0.0, 0.0, 0.0)
NOTHING_LEFT = LockedChange(None, None, -15.0)


def test_the_largest_fall_is_named():
    assert named(STILL, CLEAR, FAINT).step == 1
    assert named(CLEAR, change(-5, -6, -4)).step == 0


def test_nothing_above_zero_left_is_the_deepest_fall():
    overlapping = change(-14, -17, -12)
    assert named(overlapping, STILL, NOTHING_LEFT).steps == (0, 2)
    assert named(change(-5, -6, -4), STILL, NOTHING_LEFT).step == 2


def test_an_interval_up_to_zero_names_none():
    found = named(FAINT, STILL)
    assert (found.standing, found.step, found.steps) == ("not told apart", None, (0,))


def test_falls_whose_intervals_overlap_are_several():
    found = named(change(-5, -6, -4), change(-6, -7, -5), STILL)
    assert (found.standing, found.steps) == ("several", (0, 1))


def test_a_rival_that_may_have_fallen_as_much_is_not_told_apart():
    found = named(CLEAR, change(-8, None, 3.0))
    assert (found.standing, found.steps) == ("not told apart", (0, 1))


def test_what_falls_only_without_all_is_several():
    rising = change(6, 5, 7)
    both = Together((0, 1), (2, 2), CLEAR, CLEAR)
    removals = Removals((Without(rising, rising), Without(rising, rising)), (both,))
    assert blame(removals, output_dbc=-20).standing == "several"


def test_where_nothing_falls_none_is():
    assert named(change(3, 2, 4), STILL).standing == "none"


@pytest.mark.parametrize(("output_dbc", "standing"), [(-41.0, "faint"), (-39.0, "step")])
def test_below_the_floor_none_is_named(output_dbc, standing):
    assert blame(told(CLEAR), output_dbc=output_dbc, floor_dbc=-40.0).standing == standing
    assert blame(told(CLEAR), output_dbc=output_dbc).standing == "step"


def test_without_an_output_none_is_named():
    assert blame(told(CLEAR), output_dbc=None, floor_dbc=-40.0).standing == "faint"
    assert blame(Removals((Without(reason="no inputs"),)), output_dbc=-9).standing == "not measured"


def related(first, second, both, quarter=None):
    steps = (Without(first, first, quarter), Without(second, second))
    together = Together((0, 1), (2, 2), both, both)
    return relation(Removals(steps, (together,)), 0)


def test_signs_tell_what_two_steps_do_to_each_other():
    """The changes are those of planted decoders, of local lines and replicas."""
    alone, rise = change(-5.4, -5.7, -5.1), change(18, 17, 20)
    assert related(alone, alone, change(-22.8, -23.8, -22)) == ("adding", None)
    assert related(rise, rise, change(0.1, -0.2, 0.3)) == ("cancelling", None)
    louder = related(
        change(6.6, 6, 7), change(10, 9, 11), change(-18, -20, -17), change(-12, -14, -9)
    )
    assert louder == ("louder", 0)


@pytest.mark.parametrize("both", [change(-6, -7, -5), change(-11, -12, -10), None])
def test_no_more_than_the_sum_is_no_adding(both):
    alone = change(-5.4, -5.7, -5.1)
    assert related(alone, alone, both) is None


def test_what_is_not_measured_tells_nothing():
    together = Together((0, 1), (2, 2), CLEAR, CLEAR)
    removals = Removals((Without(CLEAR, CLEAR), Without(reason="not measured")), (together,))
    assert relation(removals, 0) is None
    assert related(CLEAR, LockedChange(None, None, -inf), CLEAR) is None
