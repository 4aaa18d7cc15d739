"""Upsampling steps of every kind, as kernels for closed forms and as modules for maps.

A step is linear: zero insertion by ``s``, then a convolution with ``kernel[out, in, tap...]``
that starts at pixel ``-origin``. All maps live on a torus, so no border enters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Kernel = NDArray[np.float64]


@dataclass(frozen=True)
class Step:
    """A linear upsampling step.

    Attributes
    ----------
    factor : tuple of int
    kernel : ndarray, shape (out, in, *taps)
    origin : int
        Pixels by which the kernel reaches back, along each axis.
    """

    factor: tuple[int, ...]
    kernel: Kernel
    origin: int = 0

    def __call__(self, x: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return maps (n, out, *spatial) on a torus ``factor`` times as wide."""
        axes = tuple(range(2, x.ndim))
        sides = tuple(n * s for n, s in zip(x.shape[2:], self.factor, strict=True))
        stuffed = np.zeros((*x.shape[:2], *sides))
        stuffed[(..., *(slice(None, None, s) for s in self.factor))] = x
        spectrum = np.fft.rfftn(stuffed, axes=axes)
        transfer = np.fft.rfftn(self.on_torus(sides), axes=axes)
        y = np.einsum("oi...,ni...->no...", transfer, spectrum)
        return np.fft.irfftn(y, s=sides, axes=axes)

    def on_torus(self, sides: Sequence[int]) -> Kernel:
        """Return the kernel wrapped around a torus, its origin at pixel 0."""
        wide = np.zeros((*self.kernel.shape[:2], *sides))
        for tap in np.ndindex(*self.kernel.shape[2:]):
            place = tuple((t - self.origin) % n for t, n in zip(tap, sides, strict=True))
            wide[(..., *place)] += self.kernel[(..., *tap)]
        return wide


def separable(taps: Sequence[float], d: int, *, channels: int) -> Kernel:
    """Return one kernel for each channel, the outer product of 1-D taps."""
    kernel = np.ones(())
    for _ in range(d):
        kernel = np.multiply.outer(kernel, np.asarray(taps, float))
    return np.einsum("oi,...->oi...", np.eye(channels), kernel)


def box(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the kernel of nearest neighbours."""
    return ((t >= -0.5) & (t < 0.5)).astype(float)


def triangle(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the kernel of linear interpolation."""
    return np.maximum(1 - np.abs(t), 0)


def cubic(t: NDArray[np.float64], a: float = -0.75) -> NDArray[np.float64]:
    """Return Keys' cubic convolution kernel."""
    t = np.abs(t)
    inner = (a + 2) * t**3 - (a + 3) * t**2 + 1
    outer = a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a
    return np.where(t <= 1, inner, np.where(t < 2, outer, 0.0))


def lanczos(t: NDArray[np.float64], reach: int = 3) -> NDArray[np.float64]:
    """Return the sinc under a wider sinc."""
    return np.where(np.abs(t) < reach, np.sinc(t) * np.sinc(t / reach), 0.0)


def interpolation(name: str, s: int, d: int, channels: int) -> Step:
    """Return a named interpolator between half-pixel positions, phases of unit gain."""
    reach = {"nearest": 1, "bilinear": 1, "bicubic": 2, "lanczos": 3}[name]
    t = (np.arange((2 * reach + 1) * s) + 0.5) / s - 0.5 - reach
    taps = {"nearest": box, "bilinear": triangle, "bicubic": cubic, "lanczos": lanczos}[name](t)
    for phase in range(s):
        taps[phase::s] /= taps[phase::s].sum()
    return Step((s,) * d, separable(taps, d, channels=channels), origin=reach * s)


def transposed(rng: Generator, k: int, s: int, d: int, channels: int) -> Step:
    """Return a randomly started transposed convolution."""
    kernel = rng.normal(0, (channels * k**d) ** -0.5, (channels, channels, *(k,) * d))
    return Step((s,) * d, kernel, origin=k // 2)


def trained_like(rng: Generator, k: int, s: int, d: int, channels: int) -> Step:
    """Return an interpolator mixed over channels, each tap off by a tenth of the largest."""
    base = interpolation("bilinear", s, d, 1).kernel[0, 0]
    cut = tuple(slice((n - k) // 2, (n - k) // 2 + k) for n in base.shape)
    base = base[cut]
    mix = rng.normal(0, channels**-0.5, (channels, channels))
    kernel = np.einsum("oi,...->oi...", mix, base)
    kernel += 0.1 * np.abs(base).max() * rng.normal(0, channels**-0.5, kernel.shape)
    return Step((s,) * d, kernel, origin=k // 2)


def shuffled(rng: Generator, s: int, d: int, channels: int, *, icnr: bool) -> Step:
    """Return a 3-tap convolution followed by a pixel shuffle, as one kernel."""
    phases = rng.normal(0, (channels * 3**d) ** -0.5, (s**d, channels, channels, *(3,) * d))
    if icnr:
        phases[:] = phases[0]
    kernel = np.zeros((channels, channels, *(3 * s,) * d))
    for index, phase in enumerate(product(range(s), repeat=d)):
        kernel[(..., *(slice(p, None, s) for p in phase))] = phases[index]
    return Step((s,) * d, kernel, origin=s)


def after(second: Step, first: Step) -> Step:
    """Return two steps in a row as one."""
    s = second.factor
    stuffed = np.zeros(
        (*first.kernel.shape[:2], *(n * k for n, k in zip(first.kernel.shape[2:], s, strict=True)))
    )
    stuffed[(..., *(slice(None, None, k) for k in s))] = first.kernel
    taps = [n + m - 1 for n, m in zip(stuffed.shape[2:], second.kernel.shape[2:], strict=True)]
    kernel = np.zeros((second.kernel.shape[0], first.kernel.shape[1], *taps))
    for tap in np.ndindex(*second.kernel.shape[2:]):
        place = tuple(slice(t, t + n) for t, n in zip(tap, stuffed.shape[2:], strict=True))
        kernel[(..., *place)] += np.einsum("om,mi...->oi...", second.kernel[(..., *tap)], stuffed)
    factor = tuple(a * b for a, b in zip(first.factor, s, strict=True))
    return Step(factor, kernel, origin=first.origin * s[0] + second.origin)


def with_board(step: Step, amplitude: float) -> Step:
    """Return a step whose output is multiplied by 1 plus a checkerboard: a grid that follows it."""
    place = np.indices(step.kernel.shape[2:]).sum(0) - step.origin * (step.kernel.ndim - 2)
    return Step(step.factor, step.kernel * (1 + amplitude * (-1.0) ** place), step.origin)


def ideal(x: NDArray[np.floating], s: int) -> NDArray[np.float64]:
    """Return maps interpolated without any replica: their spectrum, padded with zeros."""
    y = x.astype(np.float64)
    for axis in range(2, x.ndim):
        n = y.shape[axis]
        spectrum = np.fft.fft(y, axis=axis)
        wide = np.zeros((*y.shape[:axis], n * s, *y.shape[axis + 1 :]), complex)
        half = n // 2
        take = (slice(None),) * axis
        wide[(*take, slice(half))] = spectrum[(*take, slice(half))]
        wide[(*take, slice(n * s - half + 1, None))] = spectrum[(*take, slice(half + 1, None))]
        y = np.fft.ifft(wide, axis=axis).real * s
    return y


Maker = Callable[[Generator, int, int, int], Step]

SIZES = (2, 3, 4, 5, 7, 9, 11)
STEPS: dict[str, Maker] = {
    **{
        name: lambda _, s, d, c, name=name: interpolation(name, s, d, c)
        for name in ("nearest", "bilinear", "bicubic", "lanczos")
    },
    **{f"tconv{k}": lambda rng, s, d, c, k=k: transposed(rng, k, s, d, c) for k in SIZES},
    "trained4": lambda rng, s, d, c: trained_like(rng, 2 * s, s, d, c),
    "icnr": lambda rng, s, d, c: shuffled(rng, s, d, c, icnr=True),
    "shuffle": lambda rng, s, d, c: shuffled(rng, s, d, c, icnr=False),
}
