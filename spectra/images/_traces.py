"""What the pictures of a run carry by themselves, and seams of what a model made of them."""

from __future__ import annotations

from collections import Counter
from math import lcm
from typing import TYPE_CHECKING

import numpy as np

from spectra.images._picture import LEAST_SIDE, look_at
from spectra.images._seams import SIDES, find_seams
from spectra.images._trace import NAMES, Trace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spectra.images._trace import CauseId

LOOKED_AT = 8  # pictures
TILES_FROM = 32  # pixels: a shorter period is that of a lattice, which the score tests


def traces(
    inputs: NDArray[np.float32],
    span: tuple[float, float],
    outputs: NDArray[np.float32] | None,
    *,
    lattice: int = 1,
    scale: int = 1,
) -> tuple[Trace | None, Trace | None]:
    """Return what most inputs carry by themselves, and the seams that most outputs have.

    Parameters
    ----------
    inputs : ndarray, shape (B, C, y, x)
        Pictures as a model gets them.
    span : tuple of float
        Their values of black and white.
    outputs : ndarray, shape (maps, C, y, x), or None
        What the model made of them.
    lattice : int
        Period of the grid in the outputs, in pixels; 1 where there is none.
    scale : int
        Pixels of an output over those of its input, along each axis. Blocks and seams that the
        inputs have are none that the model made.
    """
    cause = cause_of(inputs, span)
    if outputs is None or not outputs.size:
        return cause, None
    limits = (float(outputs.min()), float(outputs.max()))
    own = 1 if cause is None else cause.period
    seams = seams_of(outputs, limits, lattice=lcm(lattice, scale * own))
    before = seams_of(inputs, span, lattice=own)
    brought = seams is not None and before is not None and seams.period == scale * before.period
    return cause, None if brought else seams


def cause_of(pictures: NDArray[np.float32], span: tuple[float, float]) -> Trace | None:
    """Return the cause of the grid that at least half of some pictures carry; None without one.

    Parameters
    ----------
    pictures : ndarray, shape (B, C, y, x)
        Equal crops; the first eight are looked at.
    span : tuple of float
        Values of black and white.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noise = rng.uniform(size=(2, 1, 64, 64)).astype("float32")
    >>> cause_of(noise.repeat(2, -1).repeat(2, -2), (0, 1)).text
    'an enlargement, 2 px'
    """
    looked = _planes(pictures, span)
    seen = [look_at(each) for each in looked]
    named = [
        (each.causes[0].id, each.period)
        for each in seen
        if each.verdict == "present" and each.period is not None
    ]
    return _most(named, len(looked))


def seams_of(
    pictures: NDArray[np.float32], span: tuple[float, float], *, lattice: int = 1
) -> Trace | None:
    """Return the seams, 32 pixels apart or more, that at least half of some pictures have.

    Parameters
    ----------
    pictures : ndarray, shape (B, C, y, x)
        The first eight are looked at.
    span : tuple of float
        Values of black and white.
    lattice : int
        Period of a grid that they have, in pixels.
    """
    looked = _planes(pictures, span)
    sides = [side for side in SIDES if side >= TILES_FROM]
    seen = [find_seams(each, sides=sides, lattice=lattice) for each in looked]
    return _most([("tiles", seams.side) for seams in seen if seams is not None], len(looked))


def _planes(pictures: NDArray[np.float32], span: tuple[float, float]) -> list[NDArray[np.float32]]:
    """Return the first pictures in grey levels; none of what is no picture, or too small."""
    if pictures.ndim != 4 or min(pictures.shape[2:]) < LEAST_SIDE or span[1] <= span[0]:
        return []
    low, high = span
    scale, offset = np.float32(255 / (high - low)), np.float32(low)
    finite = [each for each in pictures[:LOOKED_AT] if np.isfinite(each).all()]
    return [np.ascontiguousarray((each - offset) * scale, np.float32) for each in finite]


def _most(named: list[tuple[CauseId, int]], of: int) -> Trace | None:
    if not named:
        return None
    # JPEG once and twice are one thing to whoever gives the pictures.
    (name, period), pictures = Counter((NAMES[id_], p) for id_, p in named).most_common(1)[0]
    if 2 * pictures < of:
        return None
    alike = [id_ for id_, p in named if (NAMES[id_], p) == (name, period)]
    return Trace(Counter(alike).most_common(1)[0][0], period, pictures, of)
