"""Grid-locked energy that a gradient passes through: what a repair lets go down."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from spectra.spectrum import PairReader, plan_maps


class AliasEnergy:
    """The locked share of the power of maps, as a differentiable number.

    What `spectra.score` calls locked energy, estimated from one batch: the same margin, tiles,
    window, pairs of bins and channels. The score takes products of different blocks only, is free
    of bias and may be negative by chance; descent would look for that chance and find blocks that
    cancel each other. Here all products count, and nothing beside a line is taken from it: never
    negative, and too high by the replica bands' own power over the number of tiles. Where periods
    overlap, each is charged.

    Parameters
    ----------
    shape : sequence of int
        ``(channel, *spatial)`` of the maps.
    *periods : sequence of int
        Period of each grid, in pixels along each axis.
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
        scored = maps[:, list(self._plan.channels)]
        shares = [_share(reader, scored) for reader in self._readers]
        return torch.stack(shares).sum() if shares else maps.new_zeros(())


def _share(reader: PairReader, maps: Tensor) -> Tensor:
    """Return the locked share of the lattice points of one view."""
    points, pairs = reader.view.points, reader.pairs
    tiles = reader.tiles(maps)
    spectra, level = tiles.spectra, tiles.level
    values, lines = reader.read(tiles), reader.lines(tiles)
    own_base = values.base.movedim(0, -1)  # bins last, as here tiles are what is averaged over
    base, replica = _centred(own_base), _centred(values.replica.movedim(0, -1))
    of_map = level.reshape(len(maps), -1, *level.shape[1:])
    apart = (of_map - of_map.mean((1, 3), keepdim=True)).flatten(0, 1)
    level = _centred(level)
    variance = level.square().mean((0, 2))[:, None]
    per_level = torch.where(variance > 0, 1 / torch.where(variance > 0, variance, 1), 0)

    near, of_pair = torch.as_tensor(pairs.near_bin), torch.as_tensor(pairs.bin)
    near_pair = torch.as_tensor(pairs.near_pair)
    # A constant leaks into the bins near DC and near a line. Its part would pair with itself and
    # look like a replica, so it goes before the pairs are formed.
    base = _cleared(base, near, level, per_level)
    replica = _cleared(replica, near_pair, level, per_level)
    cross = (torch.conj_physical(base[..., of_pair]) * replica).mean((0, 2))
    power = _power(base).mean((0, 2))[..., of_pair]
    of_point = torch.tensor([float(p.multiplicity) for p in points]).to(power)
    of_each = torch.as_tensor(pairs.weight).to(power) * of_point[torch.as_tensor(pairs.point)]
    predicted = _power(cross) / torch.where(power > 0, power, torch.inf) * of_each

    # A line is locked as far as it is the same in all tiles, or follows their means.
    leakage = torch.as_tensor(pairs.leakage).to(spectra)
    line = lines.around.movedim((0, 1), (-2, -1)) @ leakage
    followed = (line * level[..., None]).mean((0, 2))
    steady = (_power(line.mean((0, 2))) + _power(followed) * per_level) * of_point
    constant = (lines.middle.movedim(0, -1) @ leakage).real
    # The tiles lost their own means; what differs between those of one map is power too.
    total = tiles.plane_power + apart * (apart + 2 * constant)
    total = total.mean((0, 2))
    varies = total > 0
    locked: Tensor = predicted.sum(-1) + steady.sum(-1)
    share = locked / torch.where(varies, total, torch.inf)
    return share.sum() / varies.sum().clamp_min(1)


def _centred(values: Tensor) -> Tensor:
    """Return values without their mean over blocks and tiles."""
    return values - values.mean((0, 2), keepdim=True)


def _cleared(values: Tensor, near: Tensor, level: Tensor, per_level: Tensor) -> Tensor:
    """Return bins without what the tiles' means predict of the near ones."""
    some = values[..., near]
    slope = (some * level[..., None]).mean((0, 2)) * per_level
    return values.index_copy(-1, near, some - slope[:, None] * level[..., None])


def _power(values: Tensor) -> Tensor:
    power: Tensor = values.real.square() + values.imag.square()
    return power
