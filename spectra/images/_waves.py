"""How the phases of a picture's waves agree from place to place.

A grid has the same phase everywhere in a picture. Scenes do not know where pixels are: their
waves have another phase at each place. Long straight edges join places, so along an axis each
strip of columns (or rows) is averaged over its whole length first and counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from spectra.images._folded import Folded, fold
from spectra.images._points import FOLD, FRACTIONS, OFF_AXIS, POINTS
from spectra.images._residuals import RESIDUALS, log_residuals, origin

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

SHORT = 12 * 23  # pixels: a shorter side has too few strips of 23, and gets narrower ones
# Bins beside a wave's own in which a scene would show as much: two to eleven turns of the phase
# over the picture, or rings two and three of the plane.
BESIDE = tuple(m for k in range(2, 12) for m in (k, -k))
_RING = tuple((y, x) for y in range(4) for x in range(-3, 4) if max(y, abs(x)) > 1 and (y or x > 0))
# Fractions of a bin: a wave that turns so far over the picture is not exactly of a lattice.
ASTRAY = (-0.75, -0.5, -0.35, -0.2, -0.1, 0.1, 0.2, 0.35, 0.5, 0.75)
_PAIRS = tuple((point.fy, point.fx) for point in OFF_AXIS)
_REAL = np.array([point.real for point in OFF_AXIS])
SUMS = ("own", "places", "beside", "astray", "swing", "power")
_NOTHING = 1e-5  # of a wave's amplitude in log residual, below which a place is blank


@dataclass(frozen=True, eq=False)
class Waves:
    """Sums over the places of one picture, or of many with one origin.

    The first axis is that of the readings (channel by channel, each residual), the second that
    of `POINTS`.

    Attributes
    ----------
    own : ndarray of complex128, shape (reading, point)
        Sum of the unit phases of all places.
    places : ndarray of int, shape (reading, point)
        How many places there are: strips on an axis, tiles off it. Blank ones do not count.
    beside : ndarray of complex128, shape (reading, point, 20)
        The same sums with a turning phase: what a scene, which has no lattice, gives.
    scatter : ndarray of float64, shape (reading, point)
        Sum over pictures of the power of all these: pictures of one scene add up to more.
    own_scatter : ndarray of float64, shape (reading, point)
        Sum over pictures of the power of ``own``: pictures with one origin add up to more.
    bins : ndarray of bool, shape (point, 20)
        Which of these there are.
    astray : ndarray of complex128, shape (reading, point, 10)
        The same sums for frequencies a fraction of a bin beside the lattice.
    swing : ndarray of complex128, shape (reading, point)
        Amplitude of the wave that all places share, in the logarithm of the residual: 0.1 makes
        the grain rise and fall by 0.9 dB.
    power : ndarray of float64, shape (reading, point)
        Mean square of that amplitude at each place by itself.
    short : tuple of bool
        Whether strips along (x, y) are the narrower ones of small pictures.
    """

    own: NDArray[np.complex128]
    places: NDArray[np.int64]
    beside: NDArray[np.complex128]
    scatter: NDArray[np.float64]
    own_scatter: NDArray[np.float64]
    bins: NDArray[np.bool_]
    astray: NDArray[np.complex128]
    swing: NDArray[np.complex128]
    power: NDArray[np.float64]
    short: tuple[bool, bool] = (False, False)

    def __add__(self, other: Waves) -> Waves:
        """Return the sums over two pictures with one origin; means are weighted by places."""
        places = self.places + other.places
        mine = self.places / np.maximum(places, 1)
        return Waves(
            self.own + other.own,
            places=places,
            beside=self.beside + other.beside,
            scatter=self.scatter + other.scatter,
            own_scatter=self.own_scatter + other.own_scatter,
            bins=self.bins & other.bins,
            astray=self.astray + other.astray,
            swing=mine * self.swing + (1 - mine) * other.swing,
            power=mine * self.power + (1 - mine) * other.power,
            short=(self.short[0] or other.short[0], self.short[1] or other.short[1]),
        )


def waves(planes: NDArray[np.float32]) -> Waves:
    """Return the sums over the places of one picture.

    Parameters
    ----------
    planes : ndarray of float32, shape (channel, y, x)
        In grey levels of 255, at least 48 pixels a side.
    """
    folded = [[fold(each) for each in log_residuals(plane).values()] for plane in planes]
    parts = [
        _sums(channels, first=origin(which))
        for which, channels in zip(RESIDUALS, zip(*folded, strict=True), strict=True)
    ]
    stacked = {name: _by_channel([part[name] for part in parts]) for name in SUMS}
    scatter = (np.abs(stacked["beside"]) ** 2).sum(-1)
    height, width = planes.shape[1:]
    return Waves(
        bins=parts[0]["bins"],
        scatter=scatter,
        own_scatter=np.abs(stacked["own"]) ** 2,
        short=(width < SHORT, height < SHORT),
        **stacked,
    )


def _sums(channels: Sequence[Folded], first: int) -> dict[str, NDArray[Any]]:
    """Return the sums of one residual of all channels, over all points; it begins at ``first``."""
    along_x, along_y, tiles = (np.stack(each) for each in zip(*channels, strict=True))
    parts = [_strips(along_x, first), _strips(along_y, first), _tiles(tiles, first)]
    whole = {name: np.concatenate([part[name] for part in parts], axis=1) for name in SUMS}
    return {**whole, "bins": np.concatenate([part["bins"] for part in parts])}


def _by_channel(residuals: list[NDArray[Any]]) -> NDArray[Any]:
    """Return sums of each residual, of (channel, ...), as readings: channel by channel."""
    stacked = np.stack(residuals, axis=1)
    return stacked.reshape(-1, *stacked.shape[2:])


def strip_width(fraction: Fraction, *, short: bool = False) -> int:
    """Return the pixels across a strip, a prime in which the frequency has at least two periods.

    Strips of a whole number of periods would let a strong wave leak into its neighbours with the
    same phase everywhere; those of 11, 17, 23 or 37 pixels turn the phase of what leaks.

    Parameters
    ----------
    fraction : Fraction
        Cycles per pixel.
    short : bool
        Whether the picture is so small that it has too few of the wider strips.
    """
    if fraction.denominator <= 3 or (short and 4 * fraction >= 1):
        return 11
    if 8 * fraction < 1:
        return 37
    return 17 if short else 23


@cache
def _groups(short: bool) -> tuple[tuple[int, NDArray[np.int64], NDArray[np.float64]], ...]:
    """Return the widths of strips, with the places of their frequencies in `FRACTIONS`."""
    widths = np.array([strip_width(f, short=short) for f in FRACTIONS])
    values = np.array([float(f) for f in FRACTIONS])
    held = {int(width): np.flatnonzero(widths == width) for width in np.unique(widths)}
    return tuple((width, index, values[index]) for width, index in held.items())


@cache
def _basis(width: int, short: bool) -> NDArray[np.complex128]:
    """Return the windowed waves of a strip, blind to its mean, shape (width, frequency)."""
    frequencies = next(values for each, _, values in _groups(short) if each == width)
    x = np.arange(width)
    window = np.sin(np.pi * (x + 0.5) / width) ** 2
    wave = window[:, None] * np.exp(-2j * np.pi * np.outer(x, frequencies))
    level = np.outer(window, wave.sum(0) / window.sum())
    basis: NDArray[np.complex128] = (wave - level) / window.sum()
    return basis


@lru_cache(maxsize=256)
def _starts(width: int, count: int, first: int, *, short: bool) -> NDArray[np.complex128]:
    """Return the angle of each wave where each strip starts, shape (strip, frequency)."""
    frequencies = next(values for each, _, values in _groups(short) if each == width)
    turns = np.outer(first + width * np.arange(count), frequencies)
    return cast("NDArray[np.complex128]", np.exp(-2j * np.pi * turns))


@lru_cache(maxsize=256)
def _turning(count: int) -> NDArray[np.complex128]:
    """Return the turning phases of `BESIDE` and `ASTRAY` over some strips."""
    places = np.arange(count) / max(count, 1)
    turns = np.outer(places, (*BESIDE, *ASTRAY))
    return cast("NDArray[np.complex128]", np.exp(-2j * np.pi * turns))


def _strips(profiles: NDArray[np.float32], first: int) -> dict[str, NDArray[Any]]:
    """Return the sums along one axis, of residuals (channel, x) averaged over the other."""
    channels, length = profiles.shape
    results = _empty(channels, len(FRACTIONS))
    short = length + 1 + first < SHORT  # of the picture's own side
    for width, index, frequencies in _groups(short):
        count = length // width
        pieces = profiles[:, : count * width].reshape(channels, count, width)
        wave = (pieces @ _basis(width, short)) * _starts(width, count, first, short=short)
        wave[..., frequencies == 0.5].imag = 0
        found = _agreement(wave, _turning(count))
        for name in SUMS:
            results[name][:, index] = found[name]
        results["bins"][index] = np.abs(BESIDE) <= count - 2
    return results


@lru_cache(maxsize=64)
def _ring(rows: int, columns: int) -> tuple[NDArray[np.complex128], NDArray[np.bool_]]:
    """Return the turning phases of the bins beside, over all tiles, and which bins there are."""
    y, x = (axis.ravel() for axis in np.indices((rows, columns)))
    my, mx = np.array(_RING).T
    turning = np.exp(-2j * np.pi * (np.outer(y / rows, my) + np.outer(x / columns, mx)))
    return turning, (my <= rows - 2) & (np.abs(mx) <= columns - 2)


def _tiles(folded: NDArray[np.float32], first: int) -> dict[str, NDArray[Any]]:
    """Return the sums of the points off the axes, over tiles (channel, row, 8, column, 8)."""
    channels, rows, _, columns, _ = folded.shape
    if not rows or not columns:
        return _empty(channels, len(OFF_AXIS))
    tiles = folded.transpose(0, 1, 3, 2, 4).reshape(channels, rows * columns, FOLD**2)
    wave = tiles @ _eighths(first)
    wave[..., _REAL].imag = 0
    turning, bins = _ring(rows, columns)
    found = _agreement(wave, turning)
    own = found["own"]
    astray = np.broadcast_to(own[..., None], (*own.shape, len(ASTRAY)))
    return {**found, "astray": astray, "bins": np.broadcast_to(bins, (len(OFF_AXIS), len(bins)))}


@cache
def _eighths(first: int) -> NDArray[np.complex128]:
    """Return the waves off the axes over one period that begins at ``first``, shape (64, point)."""
    y, x = (first + axis.reshape(-1, 1) for axis in np.indices((FOLD, FOLD)))
    fy, fx = np.array(_PAIRS, float).T
    waves: NDArray[np.complex128] = np.exp(-2j * np.pi * (y * fy + x * fx))
    return waves


def _agreement(
    wave: NDArray[np.complex128], turning: NDArray[np.complex128]
) -> dict[str, NDArray[Any]]:
    """Return the sums over places of waves (channel, place, point).

    ``turning`` holds the phases of `BESIDE`, and of `ASTRAY` where they follow, at each place.
    """
    phases, blank = _phases(wave)
    turned = phases.swapaxes(1, 2) @ turning
    return {
        "own": phases.sum(1),
        "places": (~blank).sum(1),
        "beside": turned[..., : len(BESIDE)],
        "astray": turned[..., len(BESIDE) :],
        "swing": 2 * wave.sum(1) / max(wave.shape[1], 1),
        "power": 4 * (np.abs(wave) ** 2).sum(1) / max(wave.shape[1], 1),
    }


def _phases(wave: NDArray[np.complex128]) -> tuple[NDArray[np.complex128], NDArray[np.bool_]]:
    """Return waves of amplitude 1, and which had none: those become 0."""
    amplitude = np.abs(wave)
    blank = amplitude < _NOTHING
    return np.where(blank, 0, wave / np.where(blank, 1, amplitude)), blank


def _empty(channels: int, points: int) -> dict[str, NDArray[Any]]:
    return {
        "own": np.zeros((channels, points), complex),
        "places": np.zeros((channels, points), np.int64),
        "beside": np.zeros((channels, points, len(BESIDE)), complex),
        "astray": np.zeros((channels, points, len(ASTRAY)), complex),
        "swing": np.zeros((channels, points), complex),
        "power": np.zeros((channels, points)),
        "bins": np.zeros((points, len(BESIDE)), bool),
    }


assert len(_RING) == len(BESIDE)
assert len(POINTS) == 2 * len(FRACTIONS) + len(OFF_AXIS)
