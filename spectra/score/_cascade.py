"""Which frequencies of the output the inputs already had."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spectra.score._score import LatticeReading

INHERITED_RISE_DB, ERRORS = 3.0, 2.0


def inherited_points(
    output: LatticeReading,
    inputs: LatticeReading,
    ratio: Sequence[Fraction],
    input_p: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return which peaks of the output the inputs already had.

    A peak is inherited if the inputs' peak at the mapped frequency is significant and the
    output's locked power there is not more than 3 dB above it, give or take two standard
    errors of either.

    Parameters
    ----------
    output, inputs : LatticeReading
        What the lattice points of both show.
    ratio : sequence of Fraction
        Output over input pixels along each axis.
    input_p : ndarray, shape (point,)
        p of each lattice point of the inputs.
    """
    places = {_key(f): i for i, f in enumerate(inputs.lattice.frequency)}
    inherited = np.zeros(len(output.lattice.frequency), bool)
    ours, our_error = output.lattice.locked
    theirs, their_error = inputs.lattice.locked
    scale = np.array([float(r) for r in ratio])
    for index, frequency in enumerate(output.lattice.frequency):
        if (np.abs(frequency) * np.maximum(scale, 1) > 0.5).any():
            continue  # beyond the inputs' band: a replica
        mapped = frequency * scale
        place = places.get(_key(mapped), places.get(_key(-mapped)))
        if place is None or input_p[place] >= 0.05:
            continue
        # Both are estimates: only what is above the inputs' peak beyond chance was made on the way.
        most = max(theirs[place], 0.0) * 10 ** (INHERITED_RISE_DB / 10)
        error = np.hypot(our_error[index], their_error[place])
        inherited[index] = ours[index] <= most + ERRORS * error
    return inherited


def _key(frequency: NDArray[np.float64]) -> tuple[int, ...]:
    """Return a frequency modulo 1 as exact integers (a fine common denominator)."""
    return tuple(round(float(f) % 1 * 5040) % 5040 for f in frequency)
