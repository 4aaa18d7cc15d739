"""What the locked energy of a linear step is, in closed form, as seen through one tile.

Maps are what a step of period ``P`` makes of Gaussian noise and of content that all of them share.
For inputs of power ``S_i(f)`` (independent channels) the noise has, on its own grid, the
cross-spectra ``S_j(f) = S(f, f + j/P) = sum_i H_i(f) S_i(P f) conj H_i(f + j/P) / P^d``. What is
read of a map is a weighted sum of its pixels, ``sum_f a(f) y(f)``, so that

    cov(a, b) = sum_j sum_f a(f) conj b(f + j/P) S_j(f);

on a torus the sum over ``f`` is exact. Read are the bins of a tile, with the weights
``W(e - f) - m(f) W(e)``, ``m`` those of its mean, the mean itself, and the mean of a whole map.
Content adds its means over the tiles of a map, and what differs from tile to tile.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import ceil, prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from benchmarks.calibration.upsampling import Step
    from spectra.spectrum import MapPlan
    from spectra.spectrum._view import View

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]
NEAR = 2  # bins, within which a line leaks
ROUGH = 35 / 18  # what a line's pattern takes of rough content, along an axis


def hann(tile: int) -> Array:
    """Return the periodic Hann window of unit mean square."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(tile) / tile)
    return window / np.sqrt(np.mean(window**2))


def torus_power(field: str, sides: tuple[int, ...]) -> Array:
    """Return the power of `white` or `1/f` noise of variance 1 at every torus frequency."""
    power = np.ones(sides)
    if field == "1/f":
        radius = np.sqrt(sum(np.square(f) for f in np.ix_(*(np.fft.fftfreq(n) for n in sides))))
        power = np.divide(1, radius**2, out=np.zeros(sides), where=radius > 0)
        power /= power.mean()
    return power


def locked_share(step: Step, power: Array, plan: MapPlan, content: Array | None = None) -> float:
    """Return the locked share of all power in the step's output, mean over its channels.

    Parameters
    ----------
    step : Step
    power : ndarray, shape (*torus of the input)
        Power spectrum of every input channel.
    plan : MapPlan
        How the output is cut. Its periods divide the step's and are the same along each axis.
    content : ndarray, shape (out, *spatial of the output), optional
        What the step makes of content that all maps share.
    """
    shares = []
    for channel, response in enumerate(_responses(step, power.shape)):
        noise = _Noise(response, power, step.factor[0])
        own = None if content is None else content[channel]
        seen = [_Seen(noise, own, view) for view in plan.views]
        locked = [_locked(one, seen[:place], plan) / one.total for place, one in enumerate(seen)]
        shares.append(sum(locked))
    return float(np.mean(shares))


def _locked(seen: _Seen, shorter: list[_Seen], plan: MapPlan) -> float:
    """Return the power of replicas and lines at one period, less what shorter ones charge."""
    tile, d, level = seen.tile, seen.axes, seen.level_variance
    bins = np.array(list(product(range(-seen.last, seen.last + 1), repeat=d)))
    lines = [np.zeros(d), *_lattice(max(view.period[0] for view in plan.views), d)]
    near = np.any([_apart(bins / tile, q) * tile < NEAR - 1e-9 for q in lines], axis=0)
    clear = near / level if level > 0 else np.zeros(len(bins))
    base = tuple((bins % tile).T)
    spread = seen.power[base] - np.abs(seen.with_level[base]) ** 2 * clear
    locked = 0.0
    for point in _lattice(seen.period, d):
        shift = np.round(point * tile).astype(int)
        target = tuple(((bins + shift) % tile).T)
        cross = seen.cross(tuple(shift))[base]
        cross -= seen.with_level[base] * seen.with_level[target].conj() * clear
        counts = spread > 1e-12 * seen.total
        for other in shorter:
            reach = (other.last + 0.5) / other.tile + 1e-9
            for q in _lattice(other.period, d):
                counts &= _apart(point + bins / tile, q) > reach
        locked += float((np.abs(cross[counts]) ** 2 / spread[counts]).sum())
        if not any(_apart(point, q) < 1e-9 for other in shorter for q in _lattice(other.period, d)):
            locked += seen.line(shift)
    return locked


def _lattice(period: int, axes: int) -> list[Array]:
    """Return the non-zero multiples of 1 / period in the full plane."""
    return [np.array(k) / period for k in product(range(period), repeat=axes) if any(k)]


def _apart(one: Array, other: Array) -> Array:
    """Return how far frequencies (..., axis) lie apart along the axis where they do most."""
    difference = one - other
    apart: Array = np.abs(difference - np.round(difference)).max(axis=-1)
    return apart


def _responses(step: Step, sides: tuple[int, ...]) -> Iterator[Complex]:
    """Yield the frequency response of every output channel, shape (in, *torus of the output)."""
    wide = tuple(n * s for n, s in zip(sides, step.factor, strict=True))
    yield from np.fft.fftn(step.on_torus(wide), axes=range(2, 2 + len(sides)))


class _Noise:
    """Cross-spectra of one output channel, and covariances of what is read of it."""

    def __init__(self, response: Complex, power: Array, period: int) -> None:
        self.period, self.side, self.axes = period, response.shape[1], power.ndim
        repeated = np.tile(power, (period,) * power.ndim) / period**power.ndim
        self._spectra = {
            j: (response * self._moved(response, j).conj()).sum(0) * repeated
            for j in product(range(period), repeat=power.ndim)
        }

    def _moved(self, response: Complex, j: tuple[int, ...]) -> Complex:
        shift = tuple(-i * self.side // self.period for i in j)
        return np.roll(response, shift, axis=tuple(range(1, 1 + self.axes)))

    def same(self, weight: Array, j: tuple[int, ...]) -> Complex:
        """Return ``sum_f weight(f) S_j(f)`` for a real weight (e, f) of each axis."""
        return _weighted(self._spectra[j], [weight] * self.axes)

    def covariance(self, a: Complex, b: Complex) -> Complex:
        """Return the covariance of what is read with weights (e, f) and (f,) of each axis."""
        total: Any = 0.0
        for j, spectrum in self._spectra.items():
            moved = [np.roll(b, -i * self.side // self.period) for i in j]
            total = total + _weighted(spectrum, [a * m.conj() for m in moved])
        return np.asarray(total)


class _Seen:
    """What one view sees of one output channel.

    Attributes
    ----------
    power : ndarray, shape (*tile)
        Variance of every bin of a tile without its mean.
    with_level : ndarray, shape (*tile)
        Covariance of every bin with the mean of its tile.
    level_variance, total : float
        Variance of the tiles' means, and all the power about the mean of each map.
    """

    def __init__(self, noise: _Noise, content: Array | None, view: View) -> None:
        (self.tile, *_), (self.period, *_), self.axes = view.tile, view.period, len(view.tile)
        self.last = ceil(self.tile / (2 * self.period)) - 2
        self._noise = noise
        tiles = view.tiles[0]
        one, whole = _Reading(noise.side, self.tile, 1), _Reading(noise.side, self.tile, tiles)
        self._squared = np.abs(one.bins) ** 2
        self._constant = _outer(one.own, self.axes)
        self._raw = noise.covariance(one.bins, one.mean)
        self._noise_level = noise.covariance(one.mean[None], one.mean).real.item()
        self._mean = np.zeros((self.tile,) * self.axes, complex)
        self._tiles = np.zeros((1, *self._mean.shape), complex)
        self.level_variance = self._noise_level
        self.with_level = self._raw - self._constant * self._noise_level
        self.power = self.cross((0,) * self.axes).real
        self.total = (
            noise.same(np.ones((1, noise.side)), (0,) * self.axes).real.item()
            - 2 * noise.covariance(whole.window[None], whole.mean).real.item()
            + noise.covariance(whole.mean[None], whole.mean).real.item()
        )
        if content is not None:
            self._add(content, view)

    def _add(self, content: Array, view: View) -> None:
        """Add content that is the same in all maps."""
        first, count, tile = view.margin[0], view.tiles[0], self.tile
        cuts = [
            content[tuple(slice(first + i * tile, first + (i + 1) * tile) for i in place)]
            for place in product(range(count), repeat=self.axes)
        ]
        inner = tuple(range(1, 1 + self.axes))
        tiles, window = np.stack(cuts), _outer(hann(tile), self.axes)
        level = tiles.mean(inner, keepdims=True)
        spectra = np.fft.fftn((tiles - level) * window, axes=inner, norm="forward")
        self._mean = spectra.mean(0)
        self._tiles = spectra - self._mean
        apart = level - level.mean()
        self.with_level = self.with_level + (self._tiles * apart).mean(0)
        self.power = self.power + (np.abs(self._tiles) ** 2).mean(0)
        self.level_variance += float((apart**2).mean())
        self.total += float((((tiles - level.mean()) * window) ** 2).mean())

    def cross(self, shift: tuple[int, ...]) -> Complex:
        """Return the covariance of every bin with the one ``shift`` bins away."""
        j = tuple(i * self._noise.period // self.tile for i in shift)
        axes = tuple(range(self.axes))
        constant, raw = (
            np.roll(x, tuple(-i for i in shift), axes) for x in (self._constant, self._raw)
        )
        noise = (
            self._noise.same(self._squared, j)
            - self._raw * constant.conj()
            - self._constant * raw.conj()
            + self._constant * constant.conj() * self._noise_level
        )
        moved = np.roll(self._tiles, tuple(-i for i in shift), tuple(1 + a for a in axes))
        return noise + (self._tiles * moved.conj()).mean(0)

    def line(self, place: NDArray[np.int64]) -> float:
        """Return the power of the line at a bin, less what is rough beside it."""
        steps = list(product((-1, 0, 1), repeat=self.axes))
        leakage = [prod((-0.5) ** abs(i) / 1.5**0.5 for i in step) for step in steps]
        around = [tuple((place + step) % self.tile) for step in steps]
        steady, follows = (
            sum(h * values[bin_] for h, bin_ in zip(leakage, around, strict=True))
            for values in (self._mean, self.with_level)
        )
        beside = [
            abs(self._mean[tuple((place + j * unit) % self.tile)]) ** 2
            for unit, on in zip(np.eye(self.axes, dtype=int), place, strict=True)
            for j in (-4, -3, -2, 2, 3, 4)
            if on
        ]
        followed = abs(follows) ** 2 / self.level_variance if self.level_variance > 0 else 0.0
        return float(abs(steady) ** 2 + followed - ROUGH**self.axes * np.mean(beside))


class _Reading:
    """How bins and means are read along one axis, as weights of the torus frequencies.

    Attributes
    ----------
    bins : ndarray, shape (e, f)
        A windowed tile.
    own : ndarray, shape (e,)
        The window itself.
    mean, window : ndarray, shape (f,)
        The mean over all tiles, plain and weighted by the square of each tile's window.
    """

    def __init__(self, side: int, tile: int, tiles: int) -> None:
        wave = np.exp(2j * np.pi * np.outer(np.arange(side) / side, np.arange(tile * tiles)))
        window = hann(tile)
        self.own = np.fft.fft(window, norm="forward")
        self.bins = np.fft.fft(wave[:, :tile] * window, axis=1, norm="forward").T
        self.mean = wave.mean(1)
        self.window = (wave * np.tile(window**2, tiles)).mean(1)


def _outer(values: NDArray[Any], axes: int) -> NDArray[Any]:
    outer: NDArray[Any] = np.ones(())
    for _ in range(axes):
        outer = np.multiply.outer(outer, values)
    return outer


def _weighted(spectrum: Complex, weights: list[NDArray[Any]]) -> Complex:
    """Return the sum over torus frequencies of a spectrum times one weight (e, f) an axis."""
    seen = spectrum.astype(complex)
    for axis, weight in enumerate(weights):
        seen = np.moveaxis(np.tensordot(weight, seen, (1, axis)), 0, axis)
    return seen / spectrum.size
