"""The interval of a ratio, against a draw of many and against its closed form."""

from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra.score._ratio import Estimate, ratio_interval

values = st.floats(0.1, 10)
reaches = st.floats(0.001, 5)


def even(value, reach):
    return Estimate(value, below=reach, above=reach)


def test_an_exact_pair_has_an_interval_of_one_point():
    assert ratio_interval(even(3.0, 0.0), even(1.5, 0.0)) == (2.0, 2.0)


@given(over=values, under=values, a=reaches, b=reaches, share=st.floats(-0.99, 0.99))
def test_turned_around_it_is_the_reciprocal(over, under, a, b, share):
    shared = share * a * b
    low, high = ratio_interval(even(over, a), even(under, b), shared=shared)
    turned = ratio_interval(even(under, b), even(over, a), shared=shared)
    assert turned[0] == pytest.approx(1 / high if high < inf else 0.0)
    assert turned[1] == pytest.approx(1 / low if low > 0 else inf)


@given(over=values, under=values, a=reaches, b=reaches, share=st.floats(-0.99, 0.99))
def test_it_leaves_out_1_just_where_the_difference_leaves_out_0(over, under, a, b, share):
    """Where either number may be zero only one end is known, and that end may tell less."""
    shared = share * a * b
    low, high = ratio_interval(even(over, a), even(under, b), shared=shared)
    reach = sqrt(a**2 + b**2 - 2 * shared)
    apart = abs(over - under) > reach * (1 + 1e-9)
    if low > 1 + 1e-9 or high < 1 - 1e-9:
        assert abs(over - under) > reach * (1 - 1e-9)
    if apart and over > a and under > b:
        assert low > 1 or high < 1


@pytest.mark.parametrize("shared", [0.0, 0.9])
def test_it_covers_the_ratio_of_two_means_in_95_of_100(shared, rng):
    truth, spread = np.array([2.0, 1.0]), 0.25 * np.array([[1.0, shared], [shared, 1.0]])
    held = 0
    for over, under in rng.multivariate_normal(truth, spread / 9, size=4000):
        reach = 1.96 * 0.5 / 3
        ends = ratio_interval(even(over, reach), even(under, reach), shared=shared * reach**2)
        held += ends[0] <= 2.0 <= ends[1]
    assert held / 4000 == pytest.approx(0.95, abs=0.012)  # three standard errors


def test_uneven_reaches_count_on_the_side_that_they_are_on():
    over = Estimate(4.0, below=0.5, above=2.0)
    low, high = ratio_interval(over, even(1.0, 0.0))
    assert (low, high) == pytest.approx((3.5, 6.0))
