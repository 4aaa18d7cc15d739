"""Which frequencies of one grid are whose on another: steps, output and inputs."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spectra.score._score import Measured

MOST_PERIOD, LEAST_PERIODS = 32, 6
INHERITED_RISE_DB, ERRORS = 3.0, 2.0
SURE_SIDE = 16  # of a map, from which on its ratio to the output is not the borders' doing


def period_in_output(
    factor: Sequence[int],
    step_shape: Sequence[int],
    output_shape: Sequence[int],
    later: Sequence[Sequence[int]] = (),
) -> tuple[int, ...] | None:
    """Return the period that a step's lattice has in the model's output, in its pixels.

    Parameters
    ----------
    factor : sequence of int
        The step's factor along each axis; empty where it has no lattice.
    step_shape, output_shape : sequence of int
        ``(channel, *spatial)`` of the step's output and of the model's.
    later : sequence of sequence of int
        Factors of the steps that run later. Borders are cropped and padded on the way, so the
        enlargement is taken to be a product of these where one is within an eighth.

    Returns
    -------
    tuple of int or None
        None where the output is not a whole multiple of the step's map.

    Examples
    --------
    >>> period_in_output((2, 2), (64, 32, 32), (3, 128, 128))
    (8, 8)
    >>> period_in_output((4,), (64, 51), (3, 3000), [(4,), (4,), (4,)])
    (256,)
    """
    sides, output = step_shape[1:], output_shape[1:]
    if not factor or len(sides) != len(output):
        return None
    enlarged = [
        _enlargement(side, final, [f[axis] for f in later if f])
        for axis, (side, final) in enumerate(zip(sides, output, strict=True))
    ]
    if None in enlarged:
        return None
    return tuple(s * e if s > 1 else 1 for s, e in zip(factor, enlarged, strict=True) if e)


def _enlargement(side: int, final: int, factors: Sequence[int]) -> int | None:
    """Return by which whole number a side grew to its final length, borders apart."""
    products = {1}
    for f in factors:
        products |= {p * f for p in products}
    likely = min(products, key=lambda p: abs(final - p * side))
    whole = max(round(final / side), 1)
    for candidate in (likely, whole) if side >= SURE_SIDE else (likely,):
        if abs(final - candidate * side) <= max(final / 8, 2 * candidate):
            return candidate
    return None


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
        room = (side - side // 8 * 2) // LEAST_PERIODS
        with_room = [d for d in divisors if d <= room]
        scored.append(max(with_room, default=min(divisors, default=1)))
    return tuple(scored)


def grid_ratio(
    input_shape: Sequence[int], output_shape: Sequence[int]
) -> tuple[Fraction, ...] | None:
    """Return output over input pixels along each axis; None where there is no common grid.

    Whole numbers and their inverses, borders of up to an eighth apart.
    """
    if len(input_shape) != len(output_shape) or min(input_shape[1:], default=1) <= 1:
        return None
    ratios = []
    for first, final in zip(input_shape[1:], output_shape[1:], strict=True):
        exact = Fraction(final, first)
        whole = Fraction(round(exact)) if exact >= 1 else Fraction(1, round(1 / exact))
        if abs(exact - whole) > whole / 8:
            return None
        ratios.append(whole)
    return tuple(ratios)


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
