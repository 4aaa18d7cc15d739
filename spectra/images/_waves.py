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

from spectra.images._points import FOLD, FRACTIONS, OFF_AXIS, POINTS
from spectra.images._residuals import RESIDUALS, log_residuals, origin

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

SHORT = 12 * 23  # pixels: a shorter side has too few strips of 23, and gets narrower ones
TILE = 32  # pixels a side of a tile for points off the axes: four of its longest periods
# Bins beside a wave's own in which a scene would show as much: two to eleven turns of the phase
# over the picture, or rings two and three of the plane.
BESIDE = tuple(m for k in range(2, 12) for m in (k, -k))
_RING = tuple((y, x) for y in range(4) for x in range(-3, 4) if max(y, abs(x)) > 1 and (y or x > 0))
# Fractions of a bin: a wave that turns so far over the picture is not exactly of a lattice.
ASTRAY = (-0.75, -0.5, -0.35, -0.2, -0.1, 0.1, 0.2, 0.35, 0.5, 0.75)
_PAIRS = tuple((point.fy, point.fx) for point in OFF_AXIS)
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
    parts = []
    for plane in planes:
        residuals = log_residuals(plane)
        parts += [_one(residuals[which], first=origin(which)) for which in RESIDUALS]
    names = ("own", "places", "beside", "astray", "swing", "power")
    stacked = {name: np.stack([part[name] for part in parts]) for name in names}
    scatter = (np.abs(stacked["beside"]) ** 2).sum(-1)
    height, width = planes.shape[1:]
    return Waves(
        bins=parts[0]["bins"],
        scatter=scatter,
        own_scatter=np.abs(stacked["own"]) ** 2,
        short=(width < SHORT, height < SHORT),
        **stacked,
    )


def _one(residual: NDArray[np.float32], first: int) -> dict[str, NDArray[Any]]:
    """Return the sums of one reading, over all points; it begins at pixel ``first``."""
    height, width = residual.shape
    along_x = (np.ones(height, np.float32) / height) @ residual
    along_y = residual @ (np.ones(width, np.float32) / width)
    parts = [_strips(along_x, first), _strips(along_y, first), _tiles(residual, first)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


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


def _strips(profile: NDArray[np.float32], first: int) -> dict[str, NDArray[Any]]:
    """Return the sums along one axis of a residual that was averaged over the other."""
    results = _empty(len(FRACTIONS))
    short = len(profile) + 1 + first < SHORT  # of the picture's own side
    for width, index, frequencies in _groups(short):
        count = len(profile) // width
        pieces = profile[: count * width].reshape(count, width)
        wave = (pieces @ _basis(width, short)) * _starts(width, count, first, short=short)
        wave[:, frequencies == 0.5].imag = 0
        phases, blank = _phases(wave)
        turned = phases.T @ _turning(count)
        results["own"][index], results["places"][index] = phases.sum(0), (~blank).sum(0)
        results["beside"][index] = turned[:, : len(BESIDE)]
        results["astray"][index] = turned[:, len(BESIDE) :]
        results["bins"][index] = np.abs(BESIDE) <= count - 2
        results["swing"][index] = 2 * wave.sum(0) / max(count, 1)
        results["power"][index] = 4 * (np.abs(wave) ** 2).sum(0) / max(count, 1)
    return results


@cache
def _off_axis() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return (ky, kx) of the points off the axes, in eighths, and which of them are real."""
    ky, kx = (np.array([int(f * FOLD) for f in each]) for each in zip(*_PAIRS, strict=True))
    return ky, kx, np.array([point.real for point in OFF_AXIS])


@lru_cache(maxsize=64)
def _ring(rows: int, columns: int) -> tuple[NDArray[np.complex128], NDArray[np.bool_]]:
    """Return the turning phases of the bins beside, over all tiles, and which bins there are."""
    y, x = (axis.ravel() for axis in np.indices((rows, columns)))
    my, mx = np.array(_RING).T
    turning = np.exp(-2j * np.pi * (np.outer(y / rows, my) + np.outer(x / columns, mx)))
    return turning, (my <= rows - 2) & (np.abs(mx) <= columns - 2)


def _tiles(residual: NDArray[np.float32], first: int) -> dict[str, NDArray[Any]]:
    """Return the sums of the points off the axes, over square tiles."""
    results = _empty(len(OFF_AXIS))
    rows, columns = (side // TILE for side in residual.shape)
    if not rows or not columns:
        return results
    ky, kx, real = _off_axis()
    folded = np.fft.fft2(_folded(residual, rows, columns))
    wave = folded[:, :, ky, kx].reshape(rows * columns, -1).astype(complex)
    wave *= np.exp(-2j * np.pi * first * (ky + kx) / FOLD)
    wave[:, real].imag = 0
    phases, blank = _phases(wave)
    turning, results["bins"][:] = _ring(rows, columns)
    results["own"], results["places"] = phases.sum(0), (~blank).sum(0)
    results["beside"] = phases.T @ turning
    results["astray"][:] = results["own"][:, None]
    results["swing"] = 2 * wave.mean(0)
    results["power"] = 4 * (np.abs(wave) ** 2).mean(0)
    return results


@cache
def _fold() -> NDArray[np.float32]:
    """Return the window of a tile that also sums it onto one period, shape (32, 8)."""
    at = np.arange(TILE)
    window = np.sin(np.pi * (at + 0.5) / TILE) ** 2
    fold = np.zeros((TILE, FOLD), np.float32)
    fold[at, at % FOLD] = window / window.sum()
    return fold


def _folded(residual: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    """Return each windowed tile summed onto one period, shape (rows, columns, 8, 8)."""
    inner = np.ascontiguousarray(residual[: rows * TILE, : columns * TILE])
    across = inner.reshape(-1, TILE) @ _fold()
    down = _fold().T @ across.reshape(rows, TILE, columns * FOLD)
    return down.reshape(rows, FOLD, columns, FOLD).transpose(0, 2, 1, 3)


def _phases(wave: NDArray[np.complex128]) -> tuple[NDArray[np.complex128], NDArray[np.bool_]]:
    """Return waves of amplitude 1, and which had none: those become 0."""
    amplitude = np.abs(wave)
    blank = amplitude < _NOTHING
    return np.where(blank, 0, wave / np.where(blank, 1, amplitude)), blank


def _empty(points: int) -> dict[str, NDArray[Any]]:
    return {
        "own": np.zeros(points, complex),
        "places": np.zeros(points, np.int64),
        "beside": np.zeros((points, len(BESIDE)), complex),
        "bins": np.zeros((points, len(BESIDE)), bool),
        "astray": np.zeros((points, len(ASTRAY)), complex),
        "swing": np.zeros(points, complex),
        "power": np.zeros(points),
    }


assert len(_RING) == len(BESIDE)
assert len(POINTS) == 2 * len(FRACTIONS) + len(OFF_AXIS)
