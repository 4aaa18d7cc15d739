"""Slow definitions and closed forms that the library is held against."""

from itertools import product

import numpy as np
from numpy.typing import NDArray


def tile_covariance(kernel: NDArray[np.float64], factor: int, tile: int) -> NDArray[np.complex128]:
    """Return the covariance of the spectrum of one tile of zero-inserted, filtered white noise.

    The tile is seen through its window, without its mean; shape (tile, tile).
    """
    samples = tile // factor + 2 * kernel.size
    first = -kernel.size
    taps = np.zeros((tile, samples))
    for n, j in product(range(tile), range(samples)):
        tap = n - factor * (j + first)
        if 0 <= tap < kernel.size:
            taps[n, j] = kernel[tap]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(tile) / tile)
    centre = np.eye(tile) - 1 / tile
    seen = np.fft.fft(window[:, None] * (centre @ taps), axis=0)
    return seen @ seen.conj().T


def locked_share_of_white(kernel: NDArray[np.float64], factor: int, tile: int, kept: int) -> float:
    """Return the locked share of white noise after zero insertion and a filter, 1-D.

    ``sum_k sum_e |C(e, e + k/s)|^2 / C(e, e)`` over base-band bins ``abs(e) <= kept``, over the
    trace.
    """
    covariance = tile_covariance(kernel, factor, tile)
    locked = sum(_predicted(covariance, factor, kept, k) for k in range(1, factor))
    return float(locked / np.trace(covariance).real)


def locked_share_of_white_in_two(
    kernel: NDArray[np.float64], factor: int, tile: int, kept: int
) -> float:
    """Return the same of a separable kernel in two dimensions.

    The mean of a square tile is left in here, except that of each row and column: a
    difference of a few bins around DC.
    """
    covariance = tile_covariance(kernel, factor, tile)
    of_axis = [_predicted(covariance, factor, kept, k) for k in range(factor)]
    locked = sum(of_axis) ** 2 - of_axis[0] ** 2
    return float(locked / np.trace(covariance).real ** 2)


def _predicted(covariance: NDArray[np.complex128], factor: int, kept: int, k: int) -> float:
    tile = len(covariance)
    power = np.diagonal(covariance).real
    e = np.arange(-kept, kept + 1)
    cross = covariance[e % tile, (e + k * tile // factor) % tile]
    return float((np.abs(cross) ** 2 / power[e % tile]).sum())


def interpolator(name: str) -> NDArray[np.float64]:
    """Return the taps of a half-pixel interpolator of factor 2."""
    return {
        "nearest": np.array([1.0, 1.0]),
        "bilinear": np.array([0.25, 0.75, 0.75, 0.25]),
        "bicubic": np.array(
            [-0.03515625, -0.10546875, 0.26171875, 0.87890625,
             0.87890625, 0.26171875, -0.10546875, -0.03515625]
        ),
    }[name]  # fmt: skip


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


def interpolation_error(kernel, spectrum, delay) -> float:
    """Return ``sum_f S |1 - H exp(2 pi i f.delay) / s^d|^2 + sum_m S |H(f + m/s)|^2 / s^2d``."""
    volume = np.prod(kernel.stride)
    assert not spectrum.even
    grid = np.stack(np.meshgrid(*spectrum.frequency, indexing="ij"), -1).reshape(-1, kernel.axes)
    power = spectrum.power.ravel()
    places = np.stack(np.meshgrid(*kernel.positions, indexing="ij"), -1).reshape(-1, kernel.axes)
    taps = kernel.taps[0, 0].ravel()
    error = 0.0
    for m in product(*map(range, kernel.stride)):
        shifted = grid + np.array(m) / np.array(kernel.stride)
        response = np.exp(-2j * np.pi * shifted @ places.T) @ taps / volume
        wanted = 0 if any(m) else np.exp(-2j * np.pi * grid @ np.array(delay))
        error += power @ np.abs(wanted - response) ** 2
    return float(error)
