"""At which periods the output and the inputs are scored."""

from fractions import Fraction

import pytest

from spectra.capture._grids import control_periods, different_periods, scored_period


@pytest.mark.parametrize(
    ("period", "scored"),
    [((2, 4), (2, 4)), ((32, 18), (32, 18)), ((27, 24), (27, 24)), ((37, 64), (1, 32))],
)
def test_a_long_period_is_scored_at_its_largest_divisor(period, scored):
    assert scored_period(period, (3, 360, 480)) == scored


def test_a_period_without_room_for_six_of_it_is_scored_at_a_divisor_that_has():
    assert scored_period((32, 32), (3, 128, 256)) == (16, 32)  # 96 and 192 px inside the margin
    assert scored_period((8, 8), (3, 10, 10)) == (2, 2)


def test_each_period_is_scored_once():
    assert different_periods([(4, 4), (2, 2), None, (2, 2), (1, 1)]) == ((2, 2), (4, 4))


def test_the_control_is_scored_at_the_mapped_periods_and_at_its_own_checkerboard():
    one, four = (Fraction(1),) * 2, (Fraction(4),) * 2
    assert control_periods([(4, 4), (2, 2)], one, 2) == ((2, 2), (4, 4))
    assert control_periods([(4, 4), (2, 2)], four, 2) == ((2, 2),)
    assert control_periods([(8, 8)], (Fraction(8, 3),) * 2, 2) == ((2, 2), (3, 3))
    assert control_periods([(4, 4)], None, 2) == ((2, 2),)
