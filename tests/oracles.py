"""Slow definitions and closed forms that the library is held against."""

from itertools import product

import numpy as np
from numpy.typing import NDArray


def tile_of_white(kernel: NDArray[np.float64], factor: int, tile: int):
    """Return how one tile of zero-inserted, filtered white noise follows from its samples, 1-D.

    The spectrum of the windowed tile, its mean, and the spectrum of the window: shapes
    (tile, sample), (1, sample) and (tile,).
    """
    samples = tile // factor + 2 * kernel.size
    first = -kernel.size
    taps = np.zeros((tile, samples))
    for n, j in product(range(tile), range(samples)):
        tap = n - factor * (j + first)
        if 0 <= tap < kernel.size:
            taps[n, j] = kernel[tap]
    window = 1 - np.cos(2 * np.pi * np.arange(tile) / tile)
    window /= np.sqrt((window**2).mean())
    seen = np.fft.fft(window[:, None] * taps, axis=0, norm="forward")
    return seen, taps.mean(0, keepdims=True), np.fft.fft(window, norm="forward")


def locked_share_of_white(
    kernel: NDArray[np.float64],
    factor: int,
    tile: int,
    kept: int,
    axes: int = 1,
    tiles: int = 1,
) -> float:
    """Return the locked share of white noise after zero insertion and a separable filter.

    Replicas ``sum_k sum_e |C(e, e + k/s)|^2 / C(e, e)`` over base-band bins ``abs(e) <= kept``, of
    which those next to DC are cleared of the tile's mean; lines, ``|cov(D, L)|^2 / var D``; both
    over the power about the mean of a map of so many tiles, whose means are independent. The
    tile is seen without its mean.
    """
    spectrum, mean, window = tile_of_white(kernel, factor, tile)
    own, with_mean = spectrum @ spectrum.conj().T, (spectrum @ mean.T)[:, 0]
    level = float((mean**2).sum()) ** axes

    def of(values, *bins):
        return np.prod([values[tuple(bin_[i] for bin_ in bins)] for i in range(axes)])

    def covariance(a, b):
        return (
            of(own, a, b)
            - of(with_mean, a) * of(window, b).conj()
            - of(window, a) * of(with_mean, b).conj()
            + of(window, a) * of(window, b).conj() * level
        )

    def mean_covariance(a):
        return of(with_mean, a) - of(window, a) * level

    steps = list(product((-1, 0, 1), repeat=axes))
    leakage = {step: np.prod([(-0.5) ** abs(j) / 1.5**0.5 for j in step]) for step in steps}

    def through_window(point):
        return sum(mean_covariance((point + step) % tile) * leakage[step] for step in steps)

    locked = 0.0
    for k in product(range(factor), repeat=axes):
        if not any(k):
            continue
        point = np.array(k) * tile // factor
        locked += abs(through_window(point)) ** 2 / level
        for e in product(range(-kept, kept + 1), repeat=axes):
            a, b = np.array(e) % tile, (np.array(e) + point) % tile
            cross, power = covariance(a, b), covariance(a, a).real
            if max(map(abs, e)) <= 1:
                cross -= mean_covariance(a) * mean_covariance(b).conj() / level
                power -= abs(mean_covariance(a)) ** 2 / level
            locked += abs(cross) ** 2 / power
    bins = map(np.array, product(range(tile), repeat=axes))
    total = sum(covariance(e, e).real for e in bins)
    total += (1 - 1 / tiles) * (level + 2 * through_window(np.zeros(axes, int)).real)
    return float(locked / total)


def tiles_of(maps: NDArray[np.float64], tile: int, margin: int):
    """Return the windowed spectra of all tiles (map, tile, *bin), their means, those of the maps.

    The maps are (n, 1, *spatial); tiles are square and as many as fit within the margin.
    """
    axes = maps.ndim - 2
    parts = (maps.shape[2] - 2 * margin) // tile
    window = 1 - np.cos(2 * np.pi * np.arange(tile) / tile)
    window /= np.sqrt((window**2).mean())
    window = np.prod(np.meshgrid(*[window] * axes, indexing="ij"), axis=0)
    cut = [
        maps[(slice(None), 0, *(slice(margin + i * tile, margin + (i + 1) * tile) for i in place))]
        for place in product(range(parts), repeat=axes)
    ]
    seen, inner = np.stack(cut, axis=1), tuple(range(2, 2 + axes))
    mean = seen.mean(inner, keepdims=True)
    spectra = np.fft.fftn((seen - mean) * window, axes=inner, norm="forward")
    whole = (((seen - mean.mean(1, keepdims=True)) * window) ** 2).mean(inner)
    return spectra, mean.reshape(mean.shape[:2]), whole


def locked_by_definition(maps, periods, tile: int, margin: int, others=None):
    """Return locked share and rest of maps by the definition, straight from many of them.

    ``locked`` is the power that base band, tile's mean and a constant predict above the base
    band, ``rest`` the residual of the same prediction in ``others``, both over the total power;
    ``above`` is all the power above the base band of the longest period. Periods nest, the
    shortest comes first, and all are seen through tiles of one side.
    """
    axes = maps.ndim - 2
    Y, D, whole = tiles_of(maps, tile, margin)
    Z, E, other_whole = tiles_of(maps if others is None else others, tile, margin)
    total, other_total = whole.mean(), other_whole.mean()
    mean, spread = Y.mean((0, 1)), D - D.mean()
    at = lambda S, bin_: S[(..., *(b % tile for b in bin_))]  # noqa: E731
    lattice = {
        tuple(k * tile // s for k in index)
        for s in periods
        for index in product(range(s), repeat=axes)
    }
    steps = list(product((-1, 0, 1), repeat=axes))
    pattern = {step: np.prod([(-0.5) ** abs(j) / 1.5**0.5 for j in step]) for step in steps}
    near = {
        tuple((p + j) % tile for p, j in zip(q, step, strict=True))
        for q in lattice
        for step in steps
    }
    removed = np.zeros(Z.shape, complex)  # what is predicted of the others
    locked, charged = 0.0, set()
    for s in sorted(periods):
        last = -(-tile // (2 * s)) - 2
        for k in product(range(s), repeat=axes):
            point = tuple(i * tile // s for i in k)
            if not any(k) or point in charged:
                continue
            new = set()
            for e in product(range(-last, last + 1), repeat=axes):
                target = tuple((a + b) % tile for a, b in zip(e, point, strict=True))
                if target in charged:
                    continue
                new.add(target)
                a, b = at(Y, e) - at(mean, e), at(Y, target) - at(mean, target)
                c = at(Z, e) - at(mean, e)
                if tuple(i % tile for i in e) in near:
                    slope = (a * spread).mean() / (spread**2).mean()
                    a, c = a - slope * spread, c - slope * (E - D.mean())
                    b = b - (b * spread).mean() / (spread**2).mean() * spread
                gain = (a.conj() * b).mean() / (np.abs(a) ** 2).mean()
                locked += np.abs(gain) ** 2 * (np.abs(a) ** 2).mean()
                removed[(..., *target)] += gain * c
            charged |= new
    for point in lattice - {(0,) * axes}:
        around = {
            step: tuple((p + j) % tile for p, j in zip(point, step, strict=True)) for step in steps
        }
        line = sum(pattern[step] * at(Y, around[step]) for step in steps)
        slope = (line * spread).mean() / (spread**2).mean()
        background = _beside(mean, point, tile)
        gain = 35 / 18 if axes == 1 else (35 / 18) ** axes
        locked += abs(line.mean()) ** 2 + abs(slope) ** 2 * (spread**2).mean() - gain * background
        for step in steps:
            removed[(..., *around[step])] += pattern[step] * (line.mean() + slope * (E - D.mean()))
    # At DC the total knows the tile's mean as well; nothing is predicted there.
    residual = (np.abs(Z - removed) ** 2 - np.abs(Z) ** 2).sum(tuple(range(2, 2 + axes))).mean()
    f = np.abs(np.fft.fftfreq(tile))
    band = np.ones((tile,) * axes, bool)
    for axis in range(axes):
        band &= (f < 0.5 / max(periods)).reshape([-1 if i == axis else 1 for i in range(axes)])
    above = (np.abs(Y) ** 2).mean((0, 1))[~band].sum()
    return locked / total, 1 + residual / other_total, above / total


def _beside(mean, point, tile: int) -> float:
    """Return the power of the mean map beside a line, along the axes on which the line lies."""
    values = []
    for axis, place in enumerate(point):
        for j in (-4, -3, -2, 2, 3, 4) if place else ():
            bin_ = [p + j * (a == axis) for a, p in enumerate(point)]
            values.append(np.abs(mean[tuple(b % tile for b in bin_)]) ** 2)
    return float(np.mean(values))


def interpolator(name: str) -> NDArray[np.float64]:
    """Return the taps of a half-pixel interpolator of factor 2."""
    return {
        "nearest": np.array([1.0, 1.0]),
        "bilinear": np.array([0.25, 0.75, 0.75, 0.25]),
        "bicubic": np.array(
            [
                -0.03515625,
                -0.10546875,
                0.26171875,
                0.87890625,
                0.87890625,
                0.26171875,
                -0.10546875,
                -0.03515625,
            ]
        ),
    }[name]


def zero_insert(x: NDArray[np.float64], factor: int) -> NDArray[np.float64]:
    """Return the last axis with ``factor - 1`` zeros after each sample."""
    y = np.zeros((*x.shape[:-1], x.shape[-1] * factor))
    y[..., ::factor] = x
    return y


def circular(x: NDArray[np.float64], kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the circular convolution along the last axis."""
    size = x.shape[-1]
    return np.fft.irfft(np.fft.rfft(x) * np.fft.rfft(kernel, size), size)


def naive_u_statistic(z: NDArray[np.complex128]) -> float:
    """Return the mean of ``Re z_a conj z_b`` over all ordered pairs of different items."""
    n = len(z)
    total = sum((z[a] * np.conj(z[b])).real for a, b in product(range(n), repeat=2) if a != b)
    return float(total / (n * (n - 1)))


def transposed_by_definition(kernel, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``y_o[t] = sum_ij x_i[j] h_io[t - stride j]``, tap by tap."""
    sides = kernel.output_size(x.shape[1:])
    y = np.zeros((kernel.channels[1], *sides))
    for j in product(*map(range, x.shape[1:])):
        for n in product(*(range(len(p)) for p in kernel.positions)):
            t = tuple(
                s * a + int(p[b])
                for s, a, p, b in zip(kernel.stride, j, kernel.positions, n, strict=True)
            )
            if all(0 <= place < side for place, side in zip(t, sides, strict=True)):
                y[(slice(None), *t)] += x[(slice(None), *j)] @ kernel.taps[(..., *n)]
    return y


def interpolation_errors(kernel, spectrum, delay) -> tuple[float, float]:
    """Return the error in the base band, and with replicas, of a kernel of one channel.

    ``sum_f S |1 - H exp(2 pi i f.delay) / s^d|^2``, and more by ``sum_m S |H(f + m/s)|^2 / s^2d``.
    """
    volume = np.prod(kernel.stride)
    frequency, power = spectrum.frequency, spectrum.power
    if spectrum.even:
        frequency = [np.concatenate([f, -f]) for f in frequency]
        power = np.tile(power, (2,) * power.ndim) / 2**power.ndim
    grid = np.stack(np.meshgrid(*frequency, indexing="ij"), -1).reshape(-1, kernel.axes)
    places = np.stack(np.meshgrid(*kernel.positions, indexing="ij"), -1).reshape(-1, kernel.axes)
    taps = kernel.taps[0, 0].ravel()
    errors = []
    for m in product(*map(range, kernel.stride)):
        shifted = grid + np.array(m) / np.array(kernel.stride)
        response = np.exp(-2j * np.pi * shifted @ places.T) @ taps / volume
        wanted = 0 if any(m) else np.exp(-2j * np.pi * grid @ np.array(delay))
        errors.append(float(power.ravel() @ np.abs(wanted - response) ** 2))
    return errors[0], sum(errors)


def replica_shares(power, factor) -> np.ndarray:
    """Return the power in the base band and in each replica's of a signal; edges are shared."""
    n, s = len(power), factor
    distance = np.abs(np.arange(n)[None] - np.arange(s)[:, None] * (n // s))
    distance = np.minimum(distance, n - distance)
    share = np.where(2 * s * distance < n, 1.0, np.where(2 * s * distance == n, 0.5, 0.0))
    return share @ power
