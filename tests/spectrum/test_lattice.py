from fractions import Fraction
from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spectra.spectrum._lattice import lattice_points


@given(factor=st.integers(2, 64), n=st.integers(2, 16))
def test_zero_insertion_puts_energy_at_dc_and_replicas_only(factor, n):
    zeros = np.zeros(factor * n)
    zeros[::factor] = 1.0
    spectrum = np.abs(np.fft.rfft(zeros))
    loud = np.flatnonzero(spectrum > 1e-9 * spectrum.max()) / zeros.size
    replicas = sorted(abs(float(point.frequency[0])) for point in lattice_points((factor,)))
    np.testing.assert_allclose(loud[1:], replicas, atol=1e-12)


@given(period=st.lists(st.integers(1, 4), min_size=1, max_size=2).filter(lambda p: max(p) > 1))
def test_points_and_their_mirrors_are_all_non_zero_multiples_once(period):
    seen = []
    for point in lattice_points(tuple(period)):
        mirrored = tuple(-f % 1 for f in point.frequency)
        own = tuple(f % 1 for f in point.frequency)
        seen += [own] if own == mirrored else [own, mirrored]
        assert point.multiplicity == len({own, mirrored})
    every = {
        tuple(Fraction(k, s) for k, s in zip(index, period, strict=True))
        for index in product(*(range(s) for s in period))
        if any(index)
    }
    assert len(seen) == len(set(seen))
    assert set(seen) == every


def test_in_a_cascade_of_three_the_last_step_owns_the_checkerboard():
    points = {p.frequency: p.period for p in lattice_points((8,), (4,), (2,))}
    assert points == {
        (Fraction(1, 2),): (2,),
        (Fraction(1, 4),): (4,),
        (Fraction(1, 8),): (8,),
        (Fraction(3, 8),): (8,),
    }


def test_a_large_lattice_keeps_axes_and_diagonals():
    points = lattice_points((8, 8))
    assert all(len({abs(f) for f in p.frequency if f}) == 1 for p in points)
    whole = sum(p.multiplicity for p in points)
    assert whole == 7 + 7 + 13  # both axes, both diagonals, which share (1/2, 1/2)
