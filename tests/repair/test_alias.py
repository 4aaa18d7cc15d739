"""The differentiable alias energy, against the score's own and against finite differences."""

import pytest
import torch

from spectra.repair._alias import AliasEnergy
from spectra.score._energy import locked_energy, locked_lattice
from spectra.spectrum import MapStatistics, plan_maps


def gridded(generator, count, sides, amplitude):
    rough = torch.randn(count, 3, *sides, generator=generator)
    maps = torch.nn.functional.avg_pool2d(rough, 5, 1, padding=2)
    maps[..., ::2] *= 1 + amplitude
    maps[..., ::2, :] += 0.3 * amplitude
    return maps


@pytest.mark.parametrize("amplitude", [0.3, 1.0])
@pytest.mark.parametrize("periods", [[(2, 2)], [(2, 2), (4, 4)]])
def test_it_agrees_with_the_score_of_the_same_maps(generator, amplitude, periods):
    maps = gridded(generator, 32, (64, 64), amplitude)
    statistics = MapStatistics(plan_maps(maps.shape[1:], *periods, count=32))
    statistics.update(maps, first=0)
    lattice = locked_lattice(statistics.to_dataset())
    scored = locked_energy(lattice, lattice.frequency[:, 0] < 1)
    share = float(AliasEnergy(maps.shape[1:], *periods, count=32)(maps))
    bias = float(lattice.replica_power.sum()) / 32  # of counting each block with itself
    assert share == pytest.approx(scored.share, abs=bias + 0.02 * scored.share)


def test_maps_without_a_grid_have_next_to_none(generator):
    maps = gridded(generator, 32, (64, 64), 0.0)
    assert float(AliasEnergy(maps.shape[1:], (2, 2), count=32)(maps)) < 0.01


def test_the_gradient_is_that_of_finite_differences(generator):
    maps = gridded(generator, 4, (48, 48), 0.5).double().requires_grad_(True)
    energy = AliasEnergy(maps.shape[1:], (2, 2), count=4)
    share = energy(maps)
    (gradient,) = torch.autograd.grad(share, maps)
    direction = torch.randn(maps.shape, generator=generator, dtype=torch.float64)
    step = 1e-6
    with torch.no_grad():
        slope = (energy(maps + step * direction) - energy(maps - step * direction)) / (2 * step)
    assert float((gradient * direction).sum()) == pytest.approx(float(slope), rel=1e-4)


def test_constant_channels_and_maps_too_small_have_none():
    assert float(AliasEnergy((2, 48, 48), (2, 2), count=4)(torch.ones(4, 2, 48, 48))) == 0.0
    assert float(AliasEnergy((1, 4, 4), (2, 2), count=4)(torch.rand(4, 1, 4, 4))) == 0.0
