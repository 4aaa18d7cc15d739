"""Products of distinct groups against their slow definition, term by term."""

from itertools import permutations

import numpy as np
import pytest

from spectra.score._distinct import Distinct


def sums(rng, groups, pairs=3):
    """Return centred group sums of A and B, of conj A B, and unequal numbers of blocks."""
    n = rng.integers(1, 4, (groups, 1)).astype(float)
    a, b, s = (rng.normal(size=(3, groups, pairs, 2)) @ [1, 1j]) * n
    a -= n * a.sum(0) / n.sum()
    b -= n * b.sum(0) / n.sum()
    return n, a, b, s


def mean_of_distinct(count, n, *factors):
    """Return the mean of a product over all choices of ``count`` different groups."""
    chosen = list(permutations(range(len(n)), count))
    products = sum(np.prod([f[g] for f, g in zip(factors, c, strict=True)], axis=0) for c in chosen)
    return products / sum(np.prod([n[g, 0] for g in c]) for c in chosen)


def slow_squared_covariance(s, a, b, n):
    return (
        mean_of_distinct(2, n, s, s.conj())
        - 2 * mean_of_distinct(3, n, s, a, b.conj()).real
        + mean_of_distinct(4, n, a, a.conj(), b, b.conj())
    ).real


def without(fold, *arrays):
    return arrays if fold == 0 else [np.delete(x, fold - 1, axis=0) for x in arrays]


@pytest.mark.parametrize("groups", [5, 7])
def test_a_squared_covariance_is_the_mean_over_distinct_groups_in_every_fold(groups):
    n, a, b, s = sums(np.random.default_rng(groups), groups)
    found = Distinct(n).squared_covariance(s, a, b)
    assert len(found) == groups + 1
    for fold, row in enumerate(found):
        expected = slow_squared_covariance(*without(fold, s, a, b, n))
        np.testing.assert_allclose(row, expected, rtol=1e-10)


def test_a_squared_mean_is_the_mean_over_pairs_of_groups():
    n, _, b, _ = sums(np.random.default_rng(2), 6)
    for fold, row in enumerate(Distinct(n).squared_mean(b)):
        kept, blocks = without(fold, b, n)
        expected = mean_of_distinct(2, blocks, kept, kept.conj()).real
        np.testing.assert_allclose(row, expected, rtol=1e-10)


def test_it_is_free_of_bias_where_nothing_is_predicted():
    """Independent A and B with means of their own: the square of their covariance is 0."""
    rng, trials, n = np.random.default_rng(3), 20_000, np.ones((5, 1))
    a, b = (rng.normal(size=(2, 5, trials, 2)) @ [1, 1j]) + np.array([2, 3j])[:, None, None]
    s = a.conj() * b
    mean_a, mean_b = a.mean(0), b.mean(0)
    s = s - a.conj() * mean_b - mean_a.conj() * b + mean_a.conj() * mean_b
    found = Distinct(n).squared_covariance(s, a - mean_a, b - mean_b)[0]
    assert abs(found.mean()) < 3 * found.std() / np.sqrt(trials)
