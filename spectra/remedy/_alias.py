"""Grid-locked energy that a gradient passes through: what a repair lets go down."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from spectra.spectrum import PairReader, plan_maps, without_margin


class AliasEnergy:
    """The locked share of the power of maps, as a differentiable number.

    The estimate of `spectra.score.locked_lattice` from one batch: the same margin, tiles, window,
    pairs of bins and channels. The score takes products of different blocks only, is free of
    bias and may be negative by chance; descent would look for that chance and find blocks that
    cancel each other. Here all products count: never negative, and too high by the replica
    bands' own power over the number of blocks.

    Parameters
    ----------
    shape : sequence of int
        ``(channel, *spatial)`` of the maps.
    *periods : sequence of int
        Of the grids, in pixels, along each axis.
    count : int
        Maps in a batch.

    Examples
    --------
    >>> x = torch.rand(4, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    >>> x[..., ::2] += 0.5  # a line of power 1/16 in noise of power 1/12
    >>> share = AliasEnergy((1, 64, 64), (2, 2), count=4)(x)
    >>> round(float(share), 1), round(1 / 16 / (1 / 16 + 1 / 12), 1)
    (0.4, 0.4)
    """

    def __init__(self, shape: Sequence[int], *periods: Sequence[int], count: int) -> None:
        self._plan = plan_maps(shape, *periods, count=count)
        self._readers = [PairReader(self._plan, view) for view in self._plan.views]

    def __call__(self, maps: Tensor) -> Tensor:
        """Return the share, 0 to 1, mean over the channels that are not constant."""
        inner = without_margin(maps[:, list(self._plan.channels)], self._plan)
        centred = inner - inner.mean(tuple(range(2, inner.ndim)), keepdim=True)
        shares = [_share(reader, centred) for reader in self._readers]
        return torch.stack(shares).sum() if shares else maps.new_zeros(())


def _share(reader: PairReader, centred: Tensor) -> Tensor:
    """Return the locked share of the lattice points of one view."""
    axes, points = len(reader.view.tile), reader.view.points
    spectra = reader.spectra(centred)
    base, replica, line, _ = reader.read(spectra)
    power = _power(base).mean(2).mean(0)
    total = reader.plane_power(_power(spectra)).mean(2).mean(0)
    cross = (base * torch.conj_physical(replica)).mean(2).mean(0)
    of_point = torch.tensor([float(p.multiplicity) for p in points]).to(total)
    pairs = reader.pairs
    of_pair = torch.as_tensor(pairs.weight).to(total) * of_point[torch.as_tensor(pairs.point)]
    predicted = _power(cross) / torch.where(power > 0, power, torch.inf) * of_pair
    steady = _power(line.mean(2).mean(0)) * 1.5**axes * of_point
    locked = predicted.sum(-1) + steady.sum(-1)
    varies = total > 0
    share = locked / torch.where(varies, total, torch.inf)
    return share.sum() / varies.sum().clamp_min(1)


def _power(values: Tensor) -> Tensor:
    return values.real.square() + values.imag.square()
