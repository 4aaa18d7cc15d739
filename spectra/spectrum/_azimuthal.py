"""Averages of a spectrum over angle."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectra.errors import ParameterError

DIMS: dict[int, tuple[str, ...]] = {1: ("fx",), 2: ("fy", "fx"), 3: ("fz", "fy", "fx")}
FREQUENCY = {"units": "cycles/pixel", "long_name": "spatial frequency"}


@dataclass(frozen=True, eq=False)
class Annuli:
    """Rings of equal width around DC, and the index of the ring of every frequency bin.

    Attributes
    ----------
    f : ndarray, shape (ring,)
        Centres of the rings in cycles/pixel.
    counts : ndarray, shape (ring,)
        Bins of the full plane in each ring; the outermost rings may be partial.
    shape : tuple of int
        Shape of the power maps that ``mean`` takes.
    place : ndarray, shape (bin,)
        Ring of each bin of such a map; one more than there are outside of all.
    """

    f: NDArray[np.float64]
    counts: NDArray[np.int64]
    shape: tuple[int, ...]
    place: NDArray[np.intp]
    _weight: NDArray[np.float64]

    @property
    def share(self) -> NDArray[np.float64]:
        """What each bin contributes to the mean of its ring; 0 outside of all rings."""
        counts = np.append(self.counts, np.inf)
        share: NDArray[np.float64] = self._weight / counts[self.place]
        return share

    def mean(self, power: ArrayLike) -> NDArray[np.float64]:
        """Return the mean of ``power``, shape (..., *shape), over each ring: (..., ring)."""
        values = np.asarray(power)
        if values.shape[-len(self.shape) :] != self.shape:
            message = f"power has shape {values.shape}: expected it to end in {self.shape}"
            raise ParameterError(message)
        leading = values.shape[: values.ndim - len(self.shape)]
        maps = values.reshape(-1, self.place.size) * self._weight
        rings = self.f.size
        sums = np.empty((len(maps), rings))
        for total, one in zip(sums, maps, strict=True):
            total[:] = np.bincount(self.place, one, rings + 1)[:rings]
        return (sums / self.counts).reshape(*leading, rings)


@lru_cache(maxsize=32)
def annuli(shape: tuple[int, ...], *, corners: bool = False) -> Annuli:
    """Return the rings of maps of one shape; the index is computed once and kept.

    Bins stand as ``rfftn`` lays them out, DC first and without the mirrored half of the last axis.
    Each counts as often as it stands in the full plane.

    Ring ``j`` holds the frequencies whose radius rounds to ``j / min(shape)`` cycles/pixel, so
    the rings have the width of one bin and ring 0 is DC. Radii are true frequencies: the rings
    of a map that is not square are circles in cycles/pixel.

    Parameters
    ----------
    shape : tuple of int
        Sides of the maps in pixels, one to three.
    corners : bool
        Also count frequencies beyond 1/2 cycles/pixel, which only diagonals have.

    Returns
    -------
    Annuli

    Examples
    --------
    >>> annuli((4, 4)).f, annuli((4, 4)).counts
    (array([0.  , 0.25, 0.5 ]), array([1, 8, 2]))
    """
    if not 1 <= len(shape) <= 3 or min(shape) < 2:
        raise ParameterError(f"shape={shape} is not that of a map: expected 1 to 3 sides >= 2")
    least = min(shape)
    squares = np.zeros(())
    for axis, side in enumerate(shape):
        k = np.fft.fftfreq(side, 1 / side).round()
        if axis == len(shape) - 1:
            k = np.arange(side // 2 + 1.0)
        squares = squares[..., None] + (k * least / side) ** 2
    radius = np.sqrt(squares)  # in bins of the shortest axis
    ring = np.floor(radius + 0.5).astype(np.intp)
    outside = np.zeros_like(ring, bool) if corners else radius > least / 2
    rings = int(ring[~outside].max()) + 1
    index = np.where(outside, rings, ring).ravel()
    once = np.full(shape[-1] // 2 + 1, 2.0)
    once[0] = 1
    if shape[-1] % 2 == 0:
        once[-1] = 1
    weight = np.broadcast_to(once, ring.shape).ravel()
    counts = np.bincount(index, weight, rings + 1)[:rings].round().astype(np.int64)
    return Annuli(
        np.arange(rings) / least, counts=counts, shape=ring.shape, place=index, _weight=weight
    )


def frequencies(side: int) -> NDArray[np.float64]:
    """Return the frequencies of an axis in cycles/pixel, ascending, in [-1/2, 1/2)."""
    return np.fft.fftshift(np.fft.fftfreq(side))
