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


def coefficients(gram: Tensor, cross: Tensor, opened: Tensor) -> Tensor:
    """Return what each column contributes at each lattice point, shape (C, M, K).

    Least squares in coordinates that are orthonormal on these inputs and nested: the first is the
    constant's, each next one what its column adds. There the sum over inputs is the coefficient,
    and the spread of its terms tells its variance V. A coefficient a is shrunk by
    ``max(0, 1 - 4 V / abs(a)^2)``, so that what chance makes is not taken for a grid.

    Parameters
    ----------
    gram : Tensor, shape (C, M, M)
        Sums over all pixels of every two columns, of C channels and M columns.
    cross : Tensor, complex, shape (N, C, M, K)
        Sums over the pixels of each input of every column and the map, turned back by each of K
        lattice points.
    opened : Tensor of bool, shape (K,)
        Lattice points that have a grid; the others get zero.
    """
    count = len(cross)
    root, terms = _whitened(gram, cross)
    whole = terms.sum(0)
    power = whole.abs().square()
    variance = count / (count - 1) * (terms.abs().square().sum(0) - power / count)
    kept = (1 - GARROTE * variance / power.clamp_min(1e-300)).clamp_min(0)
    shrunk = torch.where(power > 0, kept, 0) * opened * whole
    solved: Tensor = torch.linalg.solve_triangular(root.mT.to(shrunk.dtype), shrunk, upper=True)
    return solved


def with_a_grid(gram: Tensor, cross: Tensor, *, seed: int) -> Tensor:
    """Tell at which lattice points the inputs agree more than chance lets them.

    Where there is no grid, the content of an input has any phase at a lattice point, and turning
    its sign changes nothing. So the power of the sum over the inputs, over the sum of their
    powers, is compared with that under random signs of the inputs.

    Parameters
    ----------
    gram, cross : Tensor
        What `coefficients` takes.
    seed : int
        Seed of the signs.

    Returns
    -------
    Tensor of bool, shape (K,)
    """
    count = len(cross)
    if count < LEAST_INPUTS:
        return torch.zeros(cross.shape[-1], dtype=torch.bool, device=cross.device)
    _, terms = _whitened(gram, cross)
    flat = terms.flatten(1, 2).permute(2, 0, 1)  # (K, N, coordinates of all channels)
    shared = (flat @ flat.mH).real.cpu().numpy()  # power of a signed sum: signs @ shared @ signs
    signs = _signs(count, seed)
    chance = ((signs @ shared) * signs).sum(-1)
    truth = shared.sum((1, 2))[:, None]
    as_much = (chance >= truth * (1 - 1e-9)).sum(1)
    p = (1 + as_much) / (1 + len(signs))
    opened = (p <= MOST_P) & (truth[:, 0] > 0)
    return torch.from_numpy(opened).to(cross.device)


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


def _whitened(gram: Tensor, cross: Tensor) -> tuple[Tensor, Tensor]:
    """Return the root of the gram (C, M, M), and what each input adds in its coordinates."""
    power = gram.diagonal(dim1=-2, dim2=-1).clone()
    # The constant has a unit of its own, so that the ridge does not depend on that of the maps.
    power[:, 1:] = power[:, 1:].mean(1, keepdim=True)
    ridge = torch.where(power > 0, RIDGE * power, 1)  # a channel without content has no power
    root = torch.linalg.cholesky(gram + torch.diag_embed(ridge))
    terms = torch.linalg.solve_triangular(root.to(cross.dtype), cross, upper=False)
    return root, terms
