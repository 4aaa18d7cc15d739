"""Maps of every kind whose grid is known: drawn from a generator, one channel, on a torus.

Each kind returns maps (n, 1, *spatial). Kernels and fixed content come from seeds of their own.
"""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Maps = NDArray[np.float64]
SIDE = 48
BOARD = (-1.0) ** np.indices((SIDE, SIDE)).sum(0)


def white(rng: Generator, n: int, side: int = SIDE, axes: int = 2) -> Maps:
    return rng.standard_normal((n, 1, *(side,) * axes))


def pink(rng: Generator, n: int, side: int = SIDE, axes: int = 2) -> Maps:
    """Return 1/f noise of variance 1 and mean 0."""
    radius = np.sqrt(sum(np.square(f) for f in np.ix_(*[np.fft.fftfreq(side)] * axes)))
    gain = np.divide(1, radius, out=np.zeros_like(radius), where=radius > 0)
    gain /= np.sqrt((gain**2).mean())
    spectrum = np.fft.fftn(white(rng, n, side, axes), axes=range(2, 2 + axes)) * gain
    return np.fft.ifftn(spectrum, axes=range(2, 2 + axes)).real


def up(x: Maps, kernel: Maps, s: int = 2) -> Maps:
    """Return zero insertion by ``s`` and a convolution on a torus."""
    axes = tuple(range(2, x.ndim))
    sides = tuple(n * s for n in x.shape[2:])
    y = np.zeros((*x.shape[:2], *sides))
    y[(..., *[slice(None, None, s)] * len(axes))] = x
    transfer = np.fft.fftn(kernel, s=sides, axes=range(len(sides)))
    return np.fft.ifftn(np.fft.fftn(y, axes=axes) * transfer, axes=axes).real


def outer(taps: list[float]) -> Maps:
    return np.outer(taps, taps)


def random_kernel(size: int, axes: int = 2) -> Maps:
    return np.random.default_rng(size).standard_normal((size,) * axes) / size


def levels(rng: Generator, n: int, axes: int = 2) -> Maps:
    return rng.standard_normal((n, 1, *[1] * axes))


def smooth_content(side: int = SIDE // 2) -> Maps:
    g = np.linspace(-1, 1, side)
    return 0.2 * np.sin(4 * g)[:, None] * np.cos(3 * g)


NEAREST, BILINEAR = outer([1, 1]), outer([0.25, 0.75, 0.75, 0.25])
HALF = SIDE // 2


def with_fixed_content(corner: float) -> Callable[[Generator, int], Maps]:
    kernel = np.array([[1.0, corner], [corner, 1.0]])
    return lambda rng, n: up(0.02 * white(rng, n, HALF) + smooth_content() + 1, kernel)


def rough_content_and_nearest(rng: Generator, n: int) -> Maps:
    fixed = np.random.default_rng(5).standard_normal((SIDE, SIDE))
    return fixed + 0.5 * up(white(rng, n, HALF), NEAREST)


def one_dimension(rng: Generator, n: int) -> Maps:
    x = pink(rng, n, 64, 1) + 1 + 0.5 * levels(rng, n, 1)
    return up(x, random_kernel(8, 1), 4)


ONE_PERIOD: dict[str, Callable[[Generator, int], Maps]] = {
    "white noise": white,
    "nearest, white": lambda rng, n: up(white(rng, n, HALF), NEAREST),
    "bilinear, 1/f": lambda rng, n: up(pink(rng, n, HALF), BILINEAR),
    "transposed 4x4, 1/f": lambda rng, n: up(pink(rng, n, HALF), random_kernel(4)),
    "transposed 3x3, mean 1": lambda rng, n: up(pink(rng, n, HALF) + 1, random_kernel(3)),
    "transposed 3x3, varying means": lambda rng, n: up(
        0.3 * pink(rng, n, HALF) + 1 + 0.5 * levels(rng, n), random_kernel(3)
    ),
    "transposed 3x3, means of both signs": lambda rng, n: up(
        0.3 * pink(rng, n, HALF) + levels(rng, n), random_kernel(3)
    ),
    "bilinear times a board, both signs": lambda rng, n: (
        up(0.5 * pink(rng, n, HALF) + levels(rng, n), BILINEAR) * (1 + 0.1 * BOARD)
    ),
    "fixed content, strong grid": with_fixed_content(0.5),
    "fixed content, weak grid": with_fixed_content(0.9),
    "rough fixed content and nearest": rough_content_and_nearest,
    "board over faint noise": lambda rng, n: 0.02 * white(rng, n) + BOARD,
    "nearest of varying gain": lambda rng, n: (
        up(pink(rng, n, HALF), NEAREST) * np.exp(0.5 * levels(rng, n))
    ),
}
NESTED: dict[str, Callable[[Generator, int], Maps]] = {
    "nearest after nearest": lambda rng, n: up(up(pink(rng, n, 16), NEAREST), NEAREST),
    "nearest after transposed 4x4": lambda rng, n: up(
        up(pink(rng, n, 16) + 0.5, random_kernel(4)), NEAREST
    ),
}
