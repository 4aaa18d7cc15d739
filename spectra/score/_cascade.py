"""Which frequencies of one grid are whose on another: steps, output and inputs."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from spectra._room import LEAST_PERIODS, usual_margin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spectra.score._score import Measured

MOST_PERIOD = 32  # pixels
INHERITED_RISE_DB, ERRORS = 3.0, 2.0


def scored_periods(periods: Sequence[tuple[int, ...] | None]) -> list[tuple[int, ...]]:
    """Return the different periods at which the output is scored."""
    return sorted({p for p in periods if p is not None and max(p) > 1})


def scored_period(period: Sequence[int], shape: Sequence[int]) -> tuple[int, ...]:
    """Return the longest period whose lattice lies in that of ``period`` and that has room.

    At most 32 pixels, and at most a sixth of what the margin of an eighth leaves of the map.

    Parameters
    ----------
    period : sequence of int
        Along each axis.
    shape : sequence of int
        ``(channel, *spatial)`` of the map.

    Examples
    --------
    >>> scored_period((32, 18), (3, 256, 128))
    (32, 9)
    >>> scored_period((64, 64), (3, 360, 480))
    (32, 32)
    """
    scored = []
    for length, side in zip(period, shape[1:], strict=True):
        divisors = [d for d in range(2, MOST_PERIOD + 1) if length % d == 0]
        room = (side - 2 * usual_margin(side)) // LEAST_PERIODS
        with_room = [d for d in divisors if d <= room]
        scored.append(max(with_room, default=min(divisors, default=1)))
    return tuple(scored)


def control_periods(
    periods: Sequence[tuple[int, ...]], ratio: Sequence[Fraction] | None, axes: int
) -> list[tuple[int, ...]]:
    """Return the periods at which the inputs are scored.

    Those of the output mapped to the inputs' grid, and 2: a checkerboard of the inputs' own
    is worth knowing whatever the model does.
    """
    own = (2,) * axes
    if ratio is None:
        return [own]
    mapped = {
        tuple(int(s / r) if (s / r).denominator == 1 else 1 for s, r in zip(p, ratio, strict=True))
        for p in periods
    }
    return sorted({own, *(p for p in mapped if max(p) > 1)})


def owned_by(measured: Measured, period: Sequence[int]) -> NDArray[np.bool_]:
    """Return which lattice points belong to steps of one period."""
    owned: NDArray[np.bool_] = (measured.lattice.period == np.array(period)).all(axis=1)
    return owned


def inherited_points(
    output: Measured, inputs: Measured, ratio: Sequence[Fraction], input_p: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return which peaks of the output the inputs already had.

    A peak is inherited if the inputs' peak at the mapped frequency is significant and the
    output's locked power there is not more than 3 dB above it, give or take two standard
    errors of either.

    Parameters
    ----------
    output, inputs : Measured
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
        most = max(theirs[place], 0.0) * 10 ** (INHERITED_RISE_DB / 10)
        error = np.hypot(our_error[index], their_error[place])
        inherited[index] = ours[index] <= most + ERRORS * error
    return inherited


def phase_line_power(phase_mean: NDArray[np.float64], frequency: NDArray[np.float64]) -> float:
    """Return the power of the lines in the mean pattern of a grid.

    Parameters
    ----------
    phase_mean : ndarray, shape (channel, *period)
        Mean of each polyphase component.
    frequency : ndarray, shape (point, axis)
        Lattice points, cycles/pixel; each also stands for its mirror image.
    """
    period = np.array(phase_mean.shape[1:])
    spectrum = np.abs(np.fft.fftn(phase_mean, axes=range(1, phase_mean.ndim), norm="forward")) ** 2
    power = 0.0
    for point in frequency:
        bins = {tuple(np.round(sign * point * period).astype(int) % period) for sign in (1, -1)}
        power += sum(float(spectrum[(slice(None), *b)].mean()) for b in bins)
    return power


def _key(frequency: NDArray[np.float64]) -> tuple[int, ...]:
    """Return a frequency modulo 1 as exact integers (a fine common denominator)."""
    return tuple(round(float(f) % 1 * 5040) % 5040 for f in frequency)
