"""Waves that are only the skirt of a stronger one: a strip is too short to keep them apart."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from spectra.images._points import FRACTIONS
from spectra.images._waves import strip_width

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spectra.images._waves import Waves

MARGIN = 1.5  # times what leaks, below which a wave is not taken for one of its own

SURE = 1e-2  # p-value of a wave that casts a skirt


def is_leaked(waves: Waves, p: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which waves along an axis may be what a stronger one leaks into their strips.

    The window of a strip lets in ``W(f - g) / W(0)`` of a wave of frequency f where one of
    frequency g is looked for. Over a picture that turns the phase; over few strips not enough.

    Parameters
    ----------
    waves : Waves
    p : ndarray, shape (reading, point)
        As of `point_p`.
    """
    leaked = np.zeros(p.shape, bool)
    count = len(FRACTIONS)
    axes = (slice(0, count), slice(count, 2 * count))
    for axis, short in zip(axes, waves.short, strict=True):
        size, own = np.abs(waves.swing[:, axis]), p[:, axis]
        strong = np.where(own < SURE, size, 0.0)
        # of two that a strip cannot part, phases of the false one agree less from strip to strip
        clear = size * np.abs(waves.own[:, axis]) / np.maximum(waves.places[:, axis], 1)
        larger = clear[:, None, :] > clear[:, :, None]
        # the most that any clearer wave leaks to each
        casts = strong[:, None, :] * larger * leakage(short)
        leaked[:, axis] = MARGIN * casts.max(-1) > size
    return leaked


@cache
def leakage(short: bool = False) -> NDArray[np.float64]:
    """Return what a wave of the second frequency leaks where the first is looked for, 0 to 1.

    Parameters
    ----------
    short : bool
        Of the narrower strips of small pictures.

    Examples
    --------
    >>> half, near = len(FRACTIONS) - 1, len(FRACTIONS) - 2
    >>> float(leakage()[half, half]), bool(leakage()[near, half] > 0.5)
    (0.0, True)
    """
    frequencies = np.array([float(f) for f in FRACTIONS])
    found = np.zeros((len(FRACTIONS), len(FRACTIONS)))
    for i, fraction in enumerate(FRACTIONS):
        x = np.arange(strip_width(fraction, short=short))
        window = np.sin(np.pi * (x + 0.5) / len(x)) ** 2
        window /= window.sum()
        for sign in (1, -1):  # a real wave has a mirror image
            apart = sign * frequencies - frequencies[i]
            found[i] += np.abs(np.exp(2j * np.pi * np.outer(apart, x)) @ window)
    np.fill_diagonal(found, 0.0)
    return np.minimum(found, 1.0)
