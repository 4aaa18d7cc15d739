"""From sums of each input to the coefficients of a grid: whiten, gate, shrink."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

RIDGE = 1e-5  # of a column's mean power: the shifted base bands of smooth maps nearly depend
FLIPS = 1999  # random signs of the inputs
MOST_P = 0.001  # of these signs, for a lattice point to be opened
GARROTE = 4.0  # variances below which a coefficient is taken for chance
LEAST_INPUTS = 11  # of fewer, no pattern of signs is as rare as that


class Whitened:
    """Sums of each input, in coordinates that are orthonormal on all of them and nested.

    The first coordinate is the constant's, each next one what its column adds. There the sum over
    inputs is a least squares coefficient, and the spread of its terms tells its variance.

    Parameters
    ----------
    grams : Tensor, shape (N, C, M, M)
        Sums over the pixels of each of N inputs of every two columns, of C channels and M columns.
    cross : Tensor, complex, shape (N, C, M, K)
        Sums over the pixels of each input of every column and the map, turned back by each of K
        lattice points.
    """

    def __init__(self, grams: Tensor, cross: Tensor) -> None:
        self._grams, self._gram = grams, grams.sum(0)
        # Real and imaginary parts of all inputs are columns of one real problem for each channel.
        self._parts = torch.view_as_real(cross.permute(1, 2, 0, 3).contiguous())
        self._sums = torch.view_as_real(cross.sum(0))
        self._whitened = self._of(self._gram)  # of all inputs
        count, points = len(cross), cross.shape[-1]
        # Takes squares of all parts to sums over inputs: a product is faster than a narrow sum.
        unit = torch.eye(points, dtype=grams.dtype, device=grams.device)
        self._over = unit.repeat_interleave(2, 0).expand(count, -1, -1)

    def coefficients(
        self, opened: Tensor, *, without: int | None = None, garrote: float = GARROTE
    ) -> Tensor:
        """Return what each column contributes at each lattice point, shape (C, M, K).

        With its variance V a coefficient a is shrunk by ``max(0, 1 - garrote V / abs(a)^2)``, so
        that what chance makes is not taken for a grid.

        Parameters
        ----------
        opened : Tensor of bool, shape (K,)
            Lattice points that have a grid; the others get zero.
        without : int, optional
            Place of an input that is left out.
        garrote : float
            Variances below which a coefficient is taken for chance.
        """
        (inverse, terms), sums, over = self._whitened, self._sums, self._over
        count = len(over)
        if without is not None:
            inverse, terms = self._of(self._gram - self._grams[without])
            sums, over, count = sums - self._parts[:, :, without], over.clone(), count - 1
            over[without] = 0
        whole = (inverse @ sums.flatten(2)).reshape(sums.shape)
        powers = terms.flatten(2).square() @ over.flatten(0, 1)
        power = whole.square().sum(-1)
        variance = count / (count - 1) * (powers - power / count)
        kept = (1 - garrote * variance / power.clamp_min(1e-300)).clamp_min(0)
        shrunk = (torch.where(power > 0, kept, 0) * opened)[..., None] * whole
        solved = inverse.mT @ shrunk.flatten(2)
        return torch.view_as_complex(solved.reshape(shrunk.shape))

    def with_a_grid(self, *, seed: int) -> Tensor:
        """Tell at which lattice points the inputs agree more than chance lets them.

        Where there is no grid, the content of an input has any phase at a lattice point, and
        turning its sign changes nothing. So the power of the sum over the inputs, over the sum of
        their powers, is compared with that under random signs of the inputs.

        Parameters
        ----------
        seed : int
            Seed of the signs.

        Returns
        -------
        Tensor of bool, shape (K,)
        """
        terms = self._whitened[1]
        count, points = terms.shape[2:4]
        if count < LEAST_INPUTS:
            return torch.zeros(points, dtype=torch.bool, device=terms.device)
        flat = terms.permute(3, 2, 0, 1, 4).flatten(2)  # (K, N, coordinates of all channels)
        shared = (flat @ flat.mT).cpu().numpy()  # power of a signed sum: signs @ shared @ signs
        signs = _signs(count, seed)
        chance = ((signs @ shared) * signs).sum(-1)
        truth = shared.sum((1, 2))[:, None]
        as_much = (chance >= truth * (1 - 1e-9)).sum(1)
        p = (1 + as_much) / (1 + len(signs))
        opened = (p <= MOST_P) & (truth[:, 0] > 0)
        return torch.from_numpy(opened).to(terms.device)

    def _of(self, gram: Tensor) -> tuple[Tensor, Tensor]:
        """Return the inverse root of a gram, and what each input adds in its coordinates.

        The terms have the shape (C, M, N, K, 2), real and imaginary parts last.
        """
        power = gram.diagonal(dim1=-2, dim2=-1).clone()
        # The constant has a unit of its own, so that the ridge does not depend on that of the maps.
        power[:, 1:] = power[:, 1:].mean(1, keepdim=True)
        ridge = torch.where(power > 0, RIDGE * power, 1)  # a channel without content has no power
        root = torch.linalg.cholesky(gram + torch.diag_embed(ridge))
        unit = torch.eye(root.shape[-1], dtype=root.dtype, device=root.device)
        inverse = torch.linalg.solve_triangular(root, unit, upper=False)
        return inverse, (inverse @ self._parts.flatten(2)).reshape(self._parts.shape)


def _signs(count: int, seed: int) -> NDArray[np.float64]:
    """Return rows of signs of the inputs other than all alike, which is what was measured.

    Where there are fewer than the flips wanted, each once.
    """
    different = 2 ** min(count - 1, 62)
    if different <= FLIPS + 1:
        codes = np.arange(1, different)
    else:
        codes = np.random.default_rng(seed).integers(1, different, FLIPS)
    bits = codes[:, None] >> np.arange(count) & 1
    return np.where(bits == 1, -1.0, 1.0)
