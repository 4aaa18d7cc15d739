"""Where a kernel has its energy: how much of a large kernel is used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectra.errors import ParameterError
from spectra.kernel._gram import TapGram, as_gram
from spectra.kernel._kernel import Kernel

SHARE = 0.95  # of the energy, that the effective size holds


@dataclass(frozen=True, eq=False)
class Support:
    """Where the energy of a kernel lies, summed over channels.

    Attributes
    ----------
    centre : tuple of float
        Centre of energy along each axis, in output pixels from the input sample.
    radius : tuple of float
        Standard deviation of the energy about it, in output pixels.
    mass : ndarray, shape (max(size),)
        Kernel-mass curve: the share of energy in the central box of ``1, 2, ...`` taps a side
        (the best of its positions where the sides differ in parity). The last entry is 1.
    effective_size : int
        Side of the smallest central box with 95 % of the energy.
    """

    centre: tuple[float, ...]
    radius: tuple[float, ...]
    mass: NDArray[np.float64]
    effective_size: int


def support(kernel: Kernel | TapGram) -> Support:
    """Return where the energy of a kernel lies.

    Parameters
    ----------
    kernel : Kernel or TapGram
        A kernel, or its taps' inner products.

    Raises
    ------
    ParameterError
        If all taps are 0.

    Examples
    --------
    >>> from spectra.kernel import transposed_conv
    >>> found = support(transposed_conv(np.array([[[0.0, 1.0, 1.0, 0.0]]]), stride=2, padding=1))
    >>> found.centre, found.radius, found.mass, found.effective_size
    ((0.5,), (0.5,), array([0.5, 1. , 1. , 1. ]), 2)
    """
    gram = as_gram(kernel)
    energy = gram.energy
    total = float(energy.sum())
    if total <= 0:
        raise ParameterError("all taps of the kernel are 0: expected some energy")
    energy = energy / total
    centre, radius = [], []
    for axis, n in enumerate(gram.positions):
        others = tuple(a for a in range(energy.ndim) if a != axis)
        marginal = energy.sum(others)
        middle = float(marginal @ n)
        centre.append(middle)
        radius.append(float(np.sqrt(marginal @ (n - middle) ** 2)))
    mass = np.array([_central(energy, side) for side in range(1, max(gram.size) + 1)])
    mass = np.minimum(np.maximum.accumulate(mass), 1.0)
    mass[-1] = 1.0
    effective = int(np.argmax(mass >= SHARE - 1e-12)) + 1
    return Support(tuple(centre), tuple(radius), mass, effective)


def _central(energy: NDArray[np.float64], side: int) -> float:
    """Return the most energy in a central box of ``side`` taps along each axis."""
    for axis, length in enumerate(energy.shape):
        if side >= length:
            continue
        low = (length - side) // 2
        starts = {low, length - side - low}
        boxes = [np.take(energy, range(a, a + side), axis) for a in starts]
        energy = max(boxes, key=lambda box: float(box.sum()))
    return float(energy.sum())
