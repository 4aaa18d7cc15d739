"""Grid-locked energy that a gradient passes through: what a repair lets go down."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from spectra.spectrum import PairReader, plan_maps, without_margin


class AliasEnergy:
    """The locked share of the power of maps, as a differentiable number.

    The estimate of `spectra.score.locked_lattice` from one batch: the same margin, tiles, window,
    pairs of bins and channels, each block its own group. Products of different blocks keep it
    free of bias, so it may be negative by chance.

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
    if len(spectra) < 2:
        return centred.new_zeros(())
    base, replica, line, _ = reader.read(spectra)
    power = _power(base).mean(2).mean(0)
    total = reader.plane_power(_power(spectra)).mean(2).mean(0)
    cross = (base * torch.conj_physical(replica)).mean(2)
    of_point = torch.tensor([float(p.multiplicity) for p in points]).to(total)
    pairs = reader.pairs
    of_pair = torch.as_tensor(pairs.weight).to(total) * of_point[torch.as_tensor(pairs.point)]
    predicted = _between_blocks(cross) / torch.where(power > 0, power, torch.inf) * of_pair
    steady = _between_blocks(line.mean(2)) * 1.5**axes * of_point
    locked = predicted.sum(-1) + steady.sum(-1)
    varies = total > 0
    share = locked / torch.where(varies, total, torch.inf)
    return share.sum() / varies.sum().clamp_min(1)


def _between_blocks(sums: Tensor) -> Tensor:
    """Return the mean of ``Re Z_a conj Z_b`` over different blocks a and b."""
    n = len(sums)
    return (_power(sums.sum(0)) - _power(sums).sum(0)) / (n * n - n)


def _power(values: Tensor) -> Tensor:
    return values.real.square() + values.imag.square()
