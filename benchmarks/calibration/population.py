"""What the locked energy of a linear step is, in closed form, as seen through one tile.

For inputs of power ``S_i(f)`` (independent channels, mean ``mu_i``) the step's output has, on
its own grid, the cross-spectrum ``S(f, f + k/s) = sum_i H_i(f) S_i(s f) conj H_i(f + k/s) / s^d``.
A tile sees it through its window ``w`` and without its own mean:

    C(e, e') = sum_f A_e(f) conj A_e'(f + k/s) S(f, f + k/s),   A_e(f) = W(e - f) - m(f) W(e)

with ``m(f)`` the tile's mean of ``exp(2 pi i f n)``; at ``e' = e + k/s`` the second factor's mean
is nothing, as ``W(e')`` is zero there. On a torus the sum over ``f`` is exact.
"""

from __future__ import annotations

from itertools import product
from math import ceil, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration.upsampling import Step

Array = NDArray[np.float64]


def hann(tile: int) -> Array:
    """Return the periodic Hann window of unit mean square."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(tile) / tile)
    return window / np.sqrt(np.mean(window**2))


def torus_power(field: str, sides: tuple[int, ...]) -> Array:
    """Return the power of `white` or `1/f` noise of variance 1 at every torus frequency."""
    if field == "white":
        return np.ones(sides)
    radius = np.sqrt(sum(np.square(f) for f in np.ix_(*(np.fft.fftfreq(n) for n in sides))))
    power = np.zeros(sides)
    power[radius > 0] = radius[radius > 0] ** -2.0
    return power / power.mean()


def locked_share(step: Step, power: Array, tile: int, *, mean: float = 0.0) -> float:
    """Return the locked share of all power in the step's output.

    Parameters
    ----------
    step : Step
    power : ndarray, shape (*torus of the input)
        Power spectrum of every input channel.
    tile : int
        Side of a tile of the output.
    mean : float
        Mean level of every input channel.
    """
    d, factor = power.ndim, step.factor
    sides = tuple(n * s for n, s in zip(power.shape, factor, strict=True))
    transfer = np.fft.fftn(step.on_torus(sides), axes=range(2, 2 + d))
    repeated = np.tile(power, factor) / prod(factor)
    see = [_Seen(n, tile) for n in sides]
    bins = list(product(*(_base_band(tile, s) for s in factor)))
    locked, total = [], []
    for response in transfer:
        pattern = _pattern(response, factor, sides, tile, mean)
        own = (np.abs(response) ** 2).sum(0) * repeated
        everywhere = _through(own, see, same=True).real + np.abs(pattern) ** 2
        channel = 0.0
        for k in product(*map(range, factor)):
            if not any(k):
                continue
            shift = tuple(-(j * n // s) for j, n, s in zip(k, sides, factor, strict=True))
            moved = np.roll(response, shift, axis=tuple(range(1, 1 + d)))
            cross = _through((response * moved.conj()).sum(0) * repeated, see)
            step_bins = tuple(j * tile // s for j, s in zip(k, factor, strict=True))
            for e in bins:
                at = tuple((a + b) % tile for a, b in zip(e, step_bins, strict=True))
                value = cross[e] + pattern[e] * pattern[at].conj()
                channel += abs(value) ** 2 / everywhere[e]
            channel += 1.5**d * abs(pattern[step_bins]) ** 2
        locked.append(channel)
        total.append(everywhere.sum())
    return float(np.mean(np.array(locked) / np.array(total)))


class _Seen:
    """One axis of a tile's window on a torus of ``side`` frequencies."""

    def __init__(self, side: int, tile: int) -> None:
        f = np.arange(side) / side
        n = np.arange(tile)
        e = np.arange(tile) / tile
        phase = np.exp(2j * np.pi * np.subtract.outer(f, e)[..., None] * n)  # f, e, n
        self.window = (phase * hann(tile)).sum(-1).T / np.sqrt(tile)  # e, f
        self.mean = np.exp(2j * np.pi * np.outer(f, n)).mean(-1)  # f
        self.own = np.fft.fft(hann(tile)) / np.sqrt(tile)  # e


def _through(
    cross: NDArray[np.complex128] | Array, see: list[_Seen], *, same: bool = False
) -> NDArray[np.complex128]:
    """Return C(e, e + k/s) for every bin e, from S(f, f + k/s) at every torus frequency.

    Where both bins are the ``same`` (k = 0), the tile's mean is taken out of both factors.
    """
    squared = _weighted(cross, [np.abs(one.window) ** 2 for one in see])
    meeting = _weighted(cross, [one.own[:, None] * one.window.conj() * one.mean for one in see])
    if not same:
        return squared - meeting
    means = _weighted(cross, [np.abs(one.own[:, None] * one.mean) ** 2 for one in see])
    return squared - 2 * meeting.real + means


def _weighted(cross: NDArray[Any], weights: list[NDArray[Any]]) -> NDArray[np.complex128]:
    """Return the sum over torus frequencies of a spectrum times one weight (e, f) an axis."""
    seen = cross.astype(complex)
    for axis, weight in enumerate(weights):
        seen = np.moveaxis(np.tensordot(weight, seen, (1, axis)), 0, axis)
    return seen / cross.size


def _pattern(
    response: NDArray[np.complex128],
    factor: tuple[int, ...],
    sides: tuple[int, ...],
    tile: int,
    mean: float,
) -> NDArray[np.complex128]:
    """Return the spectrum of one tile of the response to a constant input."""
    d = len(factor)
    stuffed = np.zeros(sides)
    stuffed[tuple(slice(None, None, s) for s in factor)] = mean
    y = np.fft.ifftn(np.fft.fftn(stuffed) * response.sum(0)).real
    y = y[(slice(tile),) * d]
    window = np.ones(())
    for _ in range(d):
        window = np.multiply.outer(window, hann(tile))
    return np.fft.fftn((y - y.mean()) * window) / tile ** (d / 2)


def _base_band(tile: int, s: int) -> range:
    last = ceil(tile / (2 * s)) - 2
    return range(-last, last + 1)
