"""The paired change of locked energy, against what was planted."""

import pytest
import torch

from spectra.score import lattice_of, locked_change
from spectra.spectrum import MapStatistics, plan_maps


def lattice(maps, *periods):
    plan = plan_maps(maps.shape[1:], *(periods or [(2, 2)]), count=len(maps))
    statistics = MapStatistics(plan)
    statistics.update(maps, first=0)
    return lattice_of(statistics.to_dataset())


def gridded(generator, amplitude):
    """Return 16 maps; what the grid multiplies differs much from one to the next."""
    rough = torch.randn(16, 1, 64, 64, generator=generator)
    smooth = torch.nn.functional.avg_pool2d(rough, 9, 1, padding=4)
    smooth = smooth * torch.logspace(-0.5, 0.5, 16).view(-1, 1, 1, 1)
    grid = torch.ones(64)
    grid[::2] += amplitude
    grid[1::2] -= amplitude
    return smooth * grid


def test_half_the_amplitude_is_6_db_less_whatever_the_pictures(generator):
    state = generator.get_state()
    before = gridded(generator, 0.4)
    generator.set_state(state)
    after = gridded(generator, 0.2)
    change = locked_change(lattice(before), lattice(after))
    assert change.db == pytest.approx(-6.02, abs=0.3)  # 20 lg 2
    assert change.ci95_db[0] <= change.db <= change.ci95_db[1] < -5
    assert change.fell
    assert not change.rose
    back = locked_change(lattice(after), lattice(before))
    assert back.rose
    assert back.db == pytest.approx(-change.db, abs=0.1)


def test_the_same_maps_neither_fall_nor_rise(generator):
    data = lattice(gridded(generator, 0.4))
    change = locked_change(data, data)
    assert change.db == 0
    assert not change.fell
    assert not change.rose


def test_what_changes_at_one_period_leaves_the_lattice_points_of_another_as_they_are(generator):
    place = torch.arange(64)
    rough = 4 * torch.randn(16, 1, 64, 64, generator=generator)
    two, four = (-1.0) ** place, torch.cos(torch.pi / 2 * place + 0.4)
    before, after = (
        lattice(rough + 2 * two + amplitude * four, (1, 2), (1, 4)) for amplitude in (1, 2)
    )
    own = (before.period == [1, 4]).all(axis=1)
    assert locked_change(before, after, chosen=own).rose
    # The power that remains rises from 16.5 to 18.
    assert locked_change(before, after, chosen=~own).db == pytest.approx(-0.4, abs=0.2)


def test_too_few_blocks_are_no_comparison(generator):
    maps = gridded(generator, 0.4)[:2, :, :24, :24]
    assert "too few" in locked_change(lattice(maps), lattice(maps))
