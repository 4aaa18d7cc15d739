"""Paired differences, the p of turned signs, and Holm's correction."""

import numpy as np
import pytest
from scipy.stats import permutation_test, ttest_rel

from spectra.study._paired import holm, paired_difference


def test_interval_and_p_are_scipys(rng):
    first, second = rng.normal([[0.6], [0.0]], size=(2, 9))
    found = paired_difference(first, second)
    scipys = ttest_rel(first, second)
    interval = (found.mean - found.half_width, found.mean + found.half_width)
    assert interval == pytest.approx(tuple(scipys.confidence_interval(0.95)))
    assert found.p == pytest.approx(scipys.pvalue)


def test_the_p_of_signs_is_scipys_over_all_of_them(rng):
    first, second = rng.normal([[0.5], [0.0]], size=(2, 8))
    scipys = permutation_test(
        (first, second),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf,
    )
    assert paired_difference(first, second).p_signs == pytest.approx(scipys.pvalue)


def test_ten_pairs_on_one_side_are_as_clear_as_signs_can_be():
    found = paired_difference(np.arange(1.0, 11.0), np.zeros(10))
    assert found.p_signs == 2 / 1024


def test_pairs_that_are_not_whole_are_left_out():
    assert paired_difference([1.0, None, 3.0], [0.0, 1.0, None]) is None
    assert paired_difference([1.0, None, 3.0], [0.0, 1.0, 1.0]).pairs == 2


def test_holm_by_hand():
    """Least of three times 3, then times 2, then alone; never less than the one before."""
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.6]) == pytest.approx([1.0, 1.0])
