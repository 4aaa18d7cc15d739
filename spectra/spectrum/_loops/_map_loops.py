"""Compiled loops over maps and their spectra; see `spectra.spectrum._loops`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spectra.spectrum._loops._compile import compiled, inlined
from spectra.spectrum._moments import CONSTANT

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRACTION_BITS, OFFSET = 23, 127  # of the exponent in a number of single precision
FRACTION, BITS_OF_1 = 0x007FFFFF, 0x3F800000
FAR = 4.0  # squared, from a map's mean in its deviations: from there on digits would be lost


@inlined
def _sum(
    whole: NDArray[np.float32], corner: tuple[int, int], sides: tuple[int, int], level: np.float32
) -> float:
    """Return the sum of what a part of a map has over a level."""
    total = 0.0
    for y in range(sides[0]):
        row = whole[corner[0] + y, corner[1] : corner[1] + sides[1]]
        of_row = np.float32(0)
        for x in range(sides[1]):
            of_row += row[x] - level
        total += float(of_row)
    return total


@inlined
def _about(
    whole: NDArray[np.float32],
    corner: tuple[int, int],
    sides: tuple[int, int],
    level: np.float32,
    columns: NDArray[np.float32],
) -> tuple[float, float]:
    """Return mean and mean square of what a part of a map has over a level, in one pass.

    ``columns`` is overwritten by its sums over the rows of each phase.
    """
    columns[:] = 0
    square, total = 0.0, 0.0
    for y in range(sides[0]):
        row = whole[corner[0] + y, corner[1] : corner[1] + sides[1]]
        column = columns[y % columns.shape[0]]
        of_row = np.float32(0)
        for x in range(sides[1]):
            apart = row[x] - level
            column[x] += apart
            of_row += apart * apart
        square += float(of_row)
    for y in range(columns.shape[0]):
        for x in range(sides[1]):
            total += columns[y, x]
    count = sides[0] * sides[1]
    return total / count, square / count


@inlined
def _put(row: NDArray[np.float32], into: NDArray[np.float64]) -> None:
    """Add a row to another one, and begin it again."""
    for x in range(row.size):
        into[x] += row[x]
        row[x] = 0


@compiled(
    "void(float32[:,:,::1], UniTuple(UniTuple(int64,2),3), UniTuple(float32[::1],2),"
    "float32[:,:,::1],"
    "Tuple((float32[::1], float32[::1], boolean[::1], boolean[::1], float64[:,:,::1])))"
)
def standardise(
    maps: NDArray[np.float32],
    cut: tuple[tuple[int, int], ...],
    windows: tuple[NDArray[np.float32], ...],
    seen: NDArray[np.float32],
    moments: tuple[NDArray[Any], ...],
) -> None:
    """Write the windowed tiles of maps of unit variance, and the moments of the maps.

    Parameters
    ----------
    maps : ndarray, shape (map, y, x)
    cut : tuple of tuple of int
        First pixel and sides of what counts of a map, and tiles along each axis from that pixel on.
    windows : tuple of ndarray
        What a tile is multiplied by along each axis.
    seen : ndarray, shape (map * tile, *side)
        Is overwritten; zero for maps that do not count.
    moments : tuple of ndarray, shape (map, ...)
        Those of `spectra.spectrum._moments.Moments`, in their order; are overwritten.
    """
    start, inner, tiles = cut
    window_y, window_x = windows
    mean, deviation, finite, varied, phases = moments
    down, across = window_y.size, window_x.size
    many, count = tiles[0] * tiles[1], inner[0] * inner[1]
    period = phases.shape[1:]
    columns = np.empty((period[0], inner[1]), np.float32)
    for number in range(maps.shape[0]):
        whole = maps[number]
        level = np.float32(_sum(whole, start, (1, inner[1]), np.float32(0)) / inner[1])
        apart, square = _about(whole, start, inner, level=level, columns=columns)
        if apart * apart > FAR * (square - apart * apart):  # a row that is not like the others
            level += np.float32(apart)
            apart, square = _about(whole, start, inner, level=level, columns=columns)
        variance = square - apart * apart
        spread = np.float32(np.sqrt(0.0 if variance < 0 else variance))  # a NaN stays one
        finite[number] = np.isfinite(spread)
        for y in range(period[0]):
            for x in range(period[1]):
                total = 0.0
                for place in range(x, inner[1], period[1]):
                    total += columns[y, place]
                phase = total * period[0] * period[1] / count + level
                phases[number, y, x] = phase if finite[number] else 0
        level += np.float32(apart)
        varied[number] = finite[number] and spread > CONSTANT * abs(level)
        mean[number] = level if finite[number] else 0
        deviation[number] = spread if finite[number] else 0
        for place in range(many):
            tile = seen[number * many + place]
            if not varied[number]:
                tile[:] = 0
                continue
            corner = (start[0] + place // tiles[1] * down, start[1] + place % tiles[1] * across)
            own = level
            if many > 1:  # a map that is one tile has lost its mean
                total = _sum(whole, corner, (down, across), level)
                own = level + np.float32(total / (down * across))
            for y in range(down):
                row, made = whole[corner[0] + y, corner[1] : corner[1] + across], tile[y]
                scale = window_y[y] / spread
                for x in range(across):
                    made[x] = (row[x] - own) * (scale * window_x[x])


@compiled(
    "void(float32[:,:,::1], UniTuple(int64,2), float32, float64[:,:,::1],"
    "Tuple((float32[:,::1], int32[:,::1])))"
)
def add_powers(
    parts: NDArray[np.float32],
    place: tuple[int, int],
    floor: float,
    powers: NDArray[np.float64],
    product: tuple[NDArray[np.float32], NDArray[np.int32]],
) -> None:
    """Add the powers of some spectra, and multiply a product by them.

    A sum of logs is the log of a product. Its exponent is counted apart, as single precision holds
    it, so that the rest stays between 1 and 2 and one log is enough for all maps.

    Parameters
    ----------
    parts : ndarray, shape (map, ky, 2 * kx)
        Real and imaginary parts in turn.
    place : tuple of int
        Number of the first of these maps among those of all images, and how many an image has.
    floor : float
        Added to each power in the product.
    powers : ndarray, shape (image, ky, kx)
        Sums over the maps of each image.
    product : tuple of ndarray, shape (ky, kx)
        Fraction and exponent: the product over all maps is ``fraction * 2 ** exponent``.
    """
    first, each = place
    fraction, exponent = product
    maps, half = parts.shape[0], powers.shape[2]
    bits = fraction.view(np.int32)
    total = np.empty(half, np.float32)  # of these maps of one image: a row that stays at hand
    for y in range(parts.shape[1]):
        of_all, bits_of, power_of_2 = fraction[y], bits[y], exponent[y]
        number, image = 0, first // each
        total[:] = 0
        while number < maps:
            if (first + number) // each != image:
                _put(total, powers[image, y])
                image = (first + number) // each
            one = parts[number, y]
            if number + 2 < maps and (first + number + 2) // each == image:
                two, three = parts[number + 1, y], parts[number + 2, y]
                for x in range(half):
                    of_one = one[2 * x] * one[2 * x] + one[2 * x + 1] * one[2 * x + 1]
                    of_two = two[2 * x] * two[2 * x] + two[2 * x + 1] * two[2 * x + 1]
                    of_three = three[2 * x] * three[2 * x] + three[2 * x + 1] * three[2 * x + 1]
                    total[x] += of_one + of_two + of_three
                    # single precision holds the product of three
                    of_all[x] *= (of_one + floor) * (of_two + floor) * (of_three + floor)
                number += 3
            else:
                for x in range(half):
                    of_one = one[2 * x] * one[2 * x] + one[2 * x + 1] * one[2 * x + 1]
                    total[x] += of_one
                    of_all[x] *= of_one + floor
                number += 1
            for x in range(half):
                held = bits_of[x]
                power_of_2[x] += (held >> FRACTION_BITS) - OFFSET
                bits_of[x] = (held & FRACTION) | BITS_OF_1
        _put(total, powers[image, y])


@compiled("void(float32[:,:,::1], float64[:,::1])")
def add_squares(parts: NDArray[np.float32], power: NDArray[np.float64]) -> None:
    """Add the powers of spectra, shape (map, ky, 2 * kx), to their sum, shape (ky, kx)."""
    total = np.zeros(power.shape[1], np.float32)
    for y in range(power.shape[0]):
        for number in range(parts.shape[0]):
            row = parts[number, y]
            for x in range(total.size):
                total[x] += row[2 * x] * row[2 * x] + row[2 * x + 1] * row[2 * x + 1]
        _put(total, power[y])


@compiled(
    "void(float64[:,:,::1], int64[::1], Tuple((int64[::1], int64[::1], float64[::1])),"
    "float64[:,::1], float64[:,::1])"
)
def add_images(
    powers: NDArray[np.float64],
    counted: NDArray[np.int64],
    rings: tuple[NDArray[Any], ...],
    total: NDArray[np.float64],
    profile: NDArray[np.float64],
) -> None:
    """Add the half planes of images to their sum, and what rings have of them to a profile.

    Parameters
    ----------
    powers : ndarray, shape (image, ky, kx)
        Sums over the maps of each image.
    counted : ndarray, shape (image,)
        How many maps those are.
    rings : tuple of ndarray
        Bins of a folded plane ring by ring; where each ring begins, and the last one ends; and the
        share of each of these bins in the mean of its ring.
    total : ndarray, shape (ky, kx)
    profile : ndarray, shape (2, ring)
        Sum of the means, and of their squares.
    """
    bins, first, share = rings
    images, rows, half = powers.shape
    folded = np.empty((rows // 2 + 1, half))
    flat = folded.reshape(-1)
    for image in range(images):
        for y in range(rows):
            row, into = powers[image, y], total[y]
            for x in range(half):
                into[x] += row[x]
        for y in range(folded.shape[0]):
            row, mirrored = powers[image, y], powers[image, (rows - y) % rows]
            twice = 0.0 if y == (rows - y) % rows else 1.0
            for x in range(half):
                folded[y, x] = row[x] + twice * mirrored[x]
        for ring in range(profile.shape[1]):
            mean = 0.0
            for place in range(first[ring], first[ring + 1]):
                mean += share[place] * flat[bins[place]]
            mean /= max(counted[image], 1)
            profile[0, ring] += mean
            profile[1, ring] += mean * mean
