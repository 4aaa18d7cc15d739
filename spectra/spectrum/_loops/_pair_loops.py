"""Compiled loops over tiles and their pairs of bins; see `spectra.spectrum._loops`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spectra.spectrum._loops._compile import compiled, inlined
from spectra.spectrum._reductions import CLIP

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Singles = NDArray[np.float32]
    Doubles = NDArray[np.float64]
    Places = NDArray[np.int64]

# Each of these parts writes to one array, as a loop over several is not made of wide instructions.


@inlined
def _read(bins: Doubles, places: Places, into: Doubles) -> None:
    """Read bins, whose real and imaginary part are moved as one number of eight bytes."""
    for place in range(places.size):
        into[place] = bins[places[place]]


@inlined
def _turn(bins: Singles, sign: Singles) -> None:
    """Multiply imaginary parts."""
    for place in range(sign.size):
        bins[2 * place + 1] *= sign[place]


@inlined
def _add(bins: Singles, share: float, into: Doubles) -> None:
    for place in range(into.size):
        into[place] += bins[place] * share


@inlined
def _add_power(bins: Singles, share: float, into: Doubles) -> None:
    for place in range(into.size):
        a, b = float(bins[2 * place]), float(bins[2 * place + 1])
        into[place] += (a * a + b * b) * share


@inlined
def _add_some(bins: Singles, places: Places, share: float, into: Doubles) -> None:
    for place in range(places.size):
        into[2 * place] += bins[2 * places[place]] * share
        into[2 * place + 1] += bins[2 * places[place] + 1] * share


@inlined
def _add_product(ours: Singles, theirs: Singles, share: float, into: Doubles) -> None:
    for pair in range(into.size // 2):
        a, b = float(ours[2 * pair]), float(ours[2 * pair + 1])
        c, d = float(theirs[2 * pair]), float(theirs[2 * pair + 1])
        into[2 * pair] += (a * c + b * d) * share
        into[2 * pair + 1] += (a * d - b * c) * share


@inlined
def _add_coherence(
    ours: Singles, theirs: Singles, turned: Doubles, edges: Places, into: Doubles
) -> None:
    for cell in range(into.size // 2):
        real, imaginary, own, other = 0.0, 0.0, 0.0, 0.0
        for pair in range(edges[2 * cell], edges[2 * cell + 1]):
            a, b = float(ours[2 * pair]), float(ours[2 * pair + 1])
            c, d = float(theirs[2 * pair]), float(theirs[2 * pair + 1])
            real += a * c + b * d
            imaginary += (a * d - b * c) * turned[pair]
            own += a * a + b * b
            other += c * c + d * d
        scale = np.sqrt(own) * np.sqrt(other)
        if scale > 0:
            into[2 * cell] += real / scale
            into[2 * cell + 1] += imaginary / scale


@compiled(
    "void(float32[:,:,:,::1], float64[:,:,::1], UniTuple(int64[::1],2),"
    "Tuple((int64[::1], float32[::1], int64[::1], int64[::1], float64[::1], int64[::1],"
    "int64[::1], int64[::1])),"
    "UniTuple(float64[:,:,::1],8))"
)
def add_pairs(
    spectra: Singles,
    level: Doubles,
    where: tuple[Places, ...],
    tables: tuple[NDArray[Any], ...],
    sums: tuple[Doubles, ...],
) -> None:
    """Add base band, replicas, their products and coherences; see `spectra.spectrum._pair_sums`.

    Parameters
    ----------
    spectra : ndarray, shape (block, channel, tile, 2 * bin of half a plane)
        Real and imaginary parts in turn.
    level : ndarray, shape (block, channel, tile)
        Means of the tiles.
    where : tuple of ndarray, shape (block,)
        Group and slot of each block.
    tables : tuple of ndarray
        Of each bin of the base band where it stands in half a plane, and the sign of its imaginary
        part; of each pair its base-band bin, where its replica stands, and by which the imaginary
        part of its product is multiplied in its cell; where the pairs of each cell begin and end;
        and the bins and pairs near a line.
    sums : tuple of ndarray, shape (group, channel, ...)
        ``base_power``, ``base``, ``replica``, ``cross``, ``base_level``, ``replica_level``,
        ``replica_power`` of one group, and ``cell`` by slot, of no cells where no test follows;
        parts of complex ones in turn.
    """
    place, sign, of_pair, replica_place, turned, edges, near_bin, near_pair = tables
    base_power, base, replica, cross, base_level, replica_level, replica_power, cells = sums
    own = np.empty(2 * place.size, np.float32)
    ours, theirs = np.empty(2 * of_pair.size, np.float32), np.empty(2 * of_pair.size, np.float32)
    blocks, channels, tiles, _ = spectra.shape
    share = 1 / tiles
    for block in range(blocks):
        group, slot = where[0][block], where[1][block]
        for channel in range(channels):
            for tile in range(tiles):
                bins = spectra[block, channel, tile].view(np.float64)
                _read(bins, place, own.view(np.float64))
                _turn(own, sign)
                _read(own.view(np.float64), of_pair, ours.view(np.float64))
                _read(bins, replica_place, theirs.view(np.float64))
                _add(own, share, base[group, channel])
                _add_power(own, share, base_power[group, channel])
                _add(theirs, share, replica[group, channel])
                _add_power(theirs, share, replica_power[0, channel])
                _add_product(ours, theirs, share, cross[group, channel])
                _add_coherence(ours, theirs, turned, edges, into=cells[slot, channel])
                weight = level[block, channel, tile] * share
                _add_some(own, near_bin, weight, base_level[group, channel])
                _add_some(theirs, near_pair, weight, replica_level[group, channel])


@compiled(
    "void(float32[:,:,:,::1], float64[:,:,::1], UniTuple(int64[::1],2),"
    "Tuple((int64[::1], float32[::1], float64[::1], int64, int64)),"
    "Tuple((float64[:,:,::1], float64[:,:,::1], float64[:,:,:,::1], float64[:,:,::1],"
    "float64[:,:,::1], float64[:,:,::1])))"
)
def add_lines(
    spectra: Singles,
    level: Doubles,
    where: tuple[Places, ...],
    tables: tuple[Any, ...],
    sums: tuple[Doubles, ...],
) -> None:
    """Add the lines at lattice points; see `spectra.spectrum._line_sums`.

    Parameters
    ----------
    spectra, level, where
        See `add_pairs`.
    tables : tuple
        Where lines with the bins next to them, then the bins beside them, then DC and the bins next
        to it stand in half a plane, and the signs of their imaginary parts; how a line leaks; how
        many bins lie beside each line, and of how many of those the means are kept.
    sums : tuple of ndarray, shape (group, channel, ...)
        ``line``, ``line_level``, ``beside``, ``line_power`` of one group, and ``mark`` by slot, of
        no points where no test follows; then what a constant leaks to, shape
        (block, channel, tile), which is overwritten.
    """
    place, sign, leakage, neighbours, steady = tables
    line, line_level, beside, line_power, mark, constant = sums
    own = np.empty(2 * place.size, np.float32)
    near, points = leakage.size, line.shape[2] // 2
    blocks, channels, tiles, _ = spectra.shape
    share = 1 / tiles
    for block in range(blocks):
        group, slot = where[0][block], where[1][block]
        for channel in range(channels):
            for tile in range(tiles):
                _read(spectra[block, channel, tile].view(np.float64), place, own.view(np.float64))
                _turn(own, sign)
                weight = level[block, channel, tile] * share
                for point in range(points):
                    first = 2 * point * near
                    real, imaginary = 0.0, 0.0
                    for bin_ in range(near):
                        real += own[first + 2 * bin_] * leakage[bin_]
                        imaginary += own[first + 2 * bin_ + 1] * leakage[bin_]
                    line[group, channel, 2 * point] += real * share
                    line[group, channel, 2 * point + 1] += imaginary * share
                    line_level[group, channel, 2 * point] += real * weight
                    line_level[group, channel, 2 * point + 1] += imaginary * weight
                    a, b = float(own[first + near - 1]), float(own[first + near])
                    size = a * a + b * b
                    line_power[0, channel, point] += size * share
                    first = 2 * (points * near + point * neighbours)
                    for part in range(2 * steady):
                        beside[group, channel, point, part] += own[first + part] * share
                    if point < mark.shape[2] // 2:
                        power = 0.0
                        for part in range(first, first + 2 * neighbours):
                            power += float(own[part]) * float(own[part])
                        power /= neighbours
                        if power > 0:
                            clipped = CLIP / np.sqrt(max(size / power, CLIP * CLIP))
                            rate = clipped / np.sqrt(power)
                            mark[slot, channel, 2 * point] += a * rate
                            mark[slot, channel, 2 * point + 1] += b * rate
                leaked = 0.0
                for bin_ in range(near):
                    leaked += own[own.size - 2 * near + 2 * bin_] * leakage[bin_]
                constant[block, channel, tile] = leaked


@compiled("void(float32[:,:,:,::1], int64, boolean, float64[:,:,::1])")
def plane_powers(spectra: Singles, columns: int, mirrored: bool, powers: Doubles) -> None:
    """Write the power of full planes, of which spectra are the bins of one half.

    Parameters
    ----------
    spectra : ndarray, shape (block, channel, tile, 2 * bin)
    columns : int
        Bins of a half plane along its last axis.
    mirrored : bool
        Whether its last column stands in the full plane once, as the first one does.
    powers : ndarray, shape (block, channel, tile)
        Is overwritten.
    """
    blocks, channels, tiles, twice = spectra.shape
    for block in range(blocks):
        for channel in range(channels):
            for tile in range(tiles):
                bins, total = spectra[block, channel, tile], 0.0
                for first in range(0, twice, 2 * columns):
                    row = bins[first : first + 2 * columns]
                    of_row = np.float32(0)
                    for place in range(row.size):
                        of_row += row[place] * row[place]
                    once = row[0] * row[0] + row[1] * row[1]
                    if mirrored:
                        once += row[-2] * row[-2] + row[-1] * row[-1]
                    total += 2 * float(of_row) - float(once)
                powers[block, channel, tile] = total


@compiled("void(float32[:,:,:,::1], int64, int64[::1], float64[:,:,:,::1], float64[:,:,::1])")
def add_phases(
    spectra: Singles, blocks: int, channels: Places, phases: Doubles, maps: Doubles
) -> None:
    """Add the phases of a few tiles' spectra, and count the maps that have any.

    Parameters
    ----------
    spectra : ndarray, shape (map * block, channel, tile, 2 * bin)
    blocks : int
        How many a map has.
    channels : ndarray
        Which are looked at.
    phases, maps : ndarray, shape (block, channel, tile, 2 * bin) and (block, channel, tile)
        Of the blocks and tiles that are looked at, the first ones.
    """
    few, _, tiles, twice = phases.shape
    for number in range(spectra.shape[0]):
        block = number % blocks
        if block >= few:
            continue
        for channel in range(channels.size):
            for tile in range(tiles):
                bins, into = spectra[number, channels[channel], tile], phases[block, channel, tile]
                found = 0.0
                for place in range(twice // 2):
                    a, b = float(bins[2 * place]), float(bins[2 * place + 1])
                    size = np.sqrt(a * a + b * b)
                    rate = 1 / size if size > 0 else 0.0
                    found += rate
                    into[2 * place] += a * rate
                    into[2 * place + 1] += b * rate
                maps[block, channel, tile] += 1 if found > 0 else 0


@compiled(
    "void(float32[:,:,:,::1], int64[::1], boolean[:,::1], UniTuple(UniTuple(int64,2),5),"
    "Tuple((UniTuple(float32[::1],2), float32[:,:,:,:,::1], float64[:,:,::1])))"
)
def cut_tiles(
    maps: Singles,
    channels: Places,
    kept: NDArray[np.bool_],
    cut: tuple[tuple[int, int], ...],
    made: tuple[tuple[Singles, ...], Singles, Doubles],
) -> None:
    """Write the tiles of some channels without their means, through a window.

    Parameters
    ----------
    maps : ndarray, shape (image, channel, y, x)
    channels : ndarray
        Which are cut.
    kept : ndarray, shape (image, cut channel)
        Which count; the tiles of the others are zero.
    cut : tuple of tuple of int
        See `spectra.spectrum._view.View.cut`.
    made : tuple
        What a tile is multiplied by along each axis; the tiles, shape
        (image * block, channel, tile, y, x), and their means, which are overwritten.
    """
    margin, block, blocks, side, tiles = cut
    (window_y, window_x), seen, level = made
    many, each = blocks[0] * blocks[1], tiles[0] * tiles[1]
    for number in range(seen.shape[0]):
        image, place = number // many, number % many
        top = margin[0] + place // blocks[1] * block[0]
        left = margin[1] + place % blocks[1] * block[1]
        for channel in range(channels.size):
            whole = maps[image, channels[channel]]
            for tile in range(each):
                into = seen[number, channel, tile]
                if not kept[image, channel]:
                    into[:] = 0
                    level[number, channel, tile] = 0
                    continue
                down = top + tile // tiles[1] * side[0]
                across = left + tile % tiles[1] * side[1]
                total = 0.0
                for y in range(side[0]):
                    row = whole[down + y, across : across + side[1]]
                    of_row = np.float32(0)
                    for x in range(side[1]):
                        of_row += row[x]
                    total += float(of_row)
                mean = np.float32(total / (side[0] * side[1]))
                level[number, channel, tile] = mean
                for y in range(side[0]):
                    row, line = whole[down + y, across : across + side[1]], into[y]
                    for x in range(side[1]):
                        line[x] = (row[x] - mean) * (window_y[y] * window_x[x])


@compiled(
    "void(float32[:,:,:,::1], int64[::1], boolean[:,::1], UniTuple(int64,2), float64[:,:,::1])"
)
def add_content(
    maps: Singles,
    channels: Places,
    kept: NDArray[np.bool_],
    start: tuple[int, int],
    content: Doubles,
) -> None:
    """Add what some channels of images hold from a pixel on to their sum, where they count."""
    sides = content.shape[1:]
    total = np.empty(sides[1], np.float32)
    for channel in range(channels.size):
        for y in range(sides[0]):
            total[:] = 0
            for image in range(maps.shape[0]):
                if kept[image, channel]:
                    row = maps[image, channels[channel], start[0] + y, start[1] :]
                    for x in range(sides[1]):
                        total[x] += row[x]
            into = content[channel, y]
            for x in range(sides[1]):
                into[x] += total[x]
