"""The paired change of locked energy, against what was planted."""

from dataclasses import fields
from functools import cache

import numpy as np
import pytest
import torch

from spectra.score import Lattice, LockedChange, Score
from spectra.spectrum import MapStatistics, plan_maps


def lattice(maps, *periods):
    plan = plan_maps(maps.shape[1:], *(periods or [(2, 2)]), count=len(maps))
    statistics = MapStatistics(plan)
    statistics.update(maps, first=0)
    return Lattice.of(statistics.to_dataset())


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
    change = LockedChange.between(lattice(before), lattice(after))
    assert change.db == pytest.approx(-6.02, abs=0.3)  # 20 lg 2
    assert change.ci95_db[0] <= change.db <= change.ci95_db[1] < -5
    assert change.fell
    assert not change.rose
    back = LockedChange.between(lattice(after), lattice(before))
    assert back.rose
    assert back.db == pytest.approx(-change.db, abs=0.1)


def test_the_same_maps_neither_fall_nor_rise(generator):
    data = lattice(gridded(generator, 0.4))
    change = LockedChange.between(data, data)
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
    assert LockedChange.between(before, after, chosen=own).rose
    # The power that remains rises from 16.5 to 18.
    assert LockedChange.between(before, after, chosen=~own).db == pytest.approx(-0.4, abs=0.2)


def test_too_few_blocks_are_no_comparison(generator):
    maps = gridded(generator, 0.4)[:2, :, :24, :24]
    assert "too few" in LockedChange.between(lattice(maps), lattice(maps))


def both(before, after):
    return LockedChange.on_the_same_inputs(before, after)


def apart(before, after):
    """Return the change as of two runs: by nothing but the two intervals."""
    scores = [each.told(np.ones(len(each.frequency), bool), Score()) for each in (before, after)]
    return LockedChange.of_two_runs(*scores)


def noisy(generator, amplitude, content, noise):
    """Return content under a grid of some amplitude, and rough noise of its own."""
    grid = torch.where(torch.arange(content.shape[-1]) % 2 == 0, 1 + amplitude, 1 - amplitude)
    return content * grid + noise * torch.randn(content.shape, generator=generator)


def contents(generator, tail=0.4, count=16, side=32):
    """Return smooth maps of one channel, whose strength differs by ``tail`` in its logarithm."""
    rough = torch.randn(count, 1, side, side, generator=generator)
    smooth = torch.nn.functional.avg_pool2d(rough, 5, 1, padding=2)
    return smooth * torch.exp(tail * torch.randn(count, 1, 1, 1, generator=generator))


def test_turned_around_a_paired_change_is_the_negative(generator):
    state = generator.get_state()
    before = lattice(gridded(generator, 0.4))
    generator.set_state(state)
    after = lattice(gridded(generator, 0.2))
    there, back = both(before, after), both(after, before)
    assert there.fell
    assert back.rose
    assert back.db == pytest.approx(-there.db)
    assert back.ci95_db == pytest.approx((-there.ci95_db[1], -there.ci95_db[0]))


def test_the_same_maps_twice_change_by_exactly_nothing(generator):
    maps = gridded(generator, 0.4)
    change = both(lattice(maps), lattice(maps))
    assert change.db == 0
    # the root of a difference of equal sums, which double precision rounds to 1e-16 of them
    assert change.ci95_db == pytest.approx((0, 0), abs=1e-6)
    assert not change.fell
    assert not change.rose


def test_a_change_is_the_difference_of_the_energies_that_are_told(generator):
    before, after = (lattice(noisy(generator, a, contents(generator), 0.05)) for a in (0.4, 0.3))
    every = np.ones(len(before.frequency), bool)
    told = [each.told(every, Score()).asr_dbc for each in (before, after)]
    assert both(before, after).db == pytest.approx(told[1] - told[0])
    assert apart(before, after).db == pytest.approx(told[1] - told[0])


def ends(change):
    """Return the ends of an interval; what has one end goes on beyond."""
    low = -np.inf if change.lower_db is None else change.lower_db
    return low, np.inf if change.upper_db is None else change.upper_db


def covers(change, planted):
    low, high = ends(change)
    return low <= planted <= high


@cache
def population(before, after, *, noise):
    """Return the change in 512 maps: what a tile does not see of a grid counts as the rest."""
    generator = torch.Generator().manual_seed(7)
    content = contents(generator, count=512)
    lattices = [lattice(noisy(generator, a, content, noise)) for a in (before, after)]
    return both(*lattices).db


def least_covered(sets):
    """Return which share of 95 % intervals covers at least, by two standard errors of the share."""
    return 0.95 - 2 * np.sqrt(0.95 * 0.05 / sets)


SETS = pytest.mark.parametrize("sets", [20, pytest.param(50, marks=pytest.mark.slow)])


@SETS
def test_a_pair_covers_what_was_planted_and_is_narrower_than_two_runs(generator, sets):
    """Sets of 16 maps, the grid's amplitude halved."""
    planted, held, narrower = population(0.4, 0.2, noise=0.05), [], []
    assert planted == pytest.approx(20 * np.log10(0.2 / 0.4), abs=0.4)
    for _ in range(sets):
        content = contents(generator)
        before, after = (lattice(noisy(generator, a, content, 0.05)) for a in (0.4, 0.2))
        pair, runs = both(before, after), apart(before, after)
        held.append(covers(pair, planted))
        if pair.ci95_db and runs.ci95_db:
            narrower.append(pair.half_width_db / runs.half_width_db)
    assert np.mean(held) >= least_covered(sets)
    assert len(narrower) > 0.8 * sets
    assert np.median(narrower) < 0.7


def test_few_inputs_that_carry_most_of_the_grid_show_a_change_that_all_of_them_share(generator):
    """Their strengths span some 20 dB: alone an energy is hardly above zero, its change is."""
    planted, held, shown = population(0.4, 0.2, noise=0.02), [], []
    for _ in range(40):
        content = contents(generator, tail=1.0)
        before, after = (lattice(noisy(generator, a, content, 0.02)) for a in (0.4, 0.2))
        change = LockedChange.on_the_same_inputs(before, after, found=True)
        back = LockedChange.on_the_same_inputs(after, before, found=True)
        assert change.fell is back.rose
        held.append(covers(change, planted))
        shown.append((change.fell, both(before, after).fell))
    assert np.mean(held) >= 0.8  # 90 % in the long run, docs/compare.md
    of_found, of_any = np.mean(shown, axis=0)
    assert of_found > of_any + 0.1


@SETS
def test_two_runs_cover_what_was_planted(generator, sets):
    """Of different inputs."""
    planted, held = population(0.4, 0.2, noise=0.05), []
    for _ in range(sets):
        maps = (noisy(generator, a, contents(generator), 0.05) for a in (0.4, 0.2))
        held.append(covers(apart(*map(lattice, maps)), planted))
    assert np.mean(held) >= least_covered(sets)


def test_a_grid_that_is_new_has_a_change_of_at_least_so_much(generator):
    content = contents(generator)
    change = both(*(lattice(noisy(generator, a, content, 0.1)) for a in (0.0, 0.5)))
    assert change.upper_db is None
    assert change.rose
    assert change.ci95_db is None


@pytest.mark.parametrize(
    ("before", "after", "lower", "upper"),
    [
        (Score(asr_lower_dbc=10.0), Score(asr_dbc=-20.0, asr_upper_dbc=-18.0), None, -28.0),
        (Score(asr_upper_dbc=-40.0), Score(asr_lower_dbc=10.0), 50.0, None),
        (Score(asr_upper_dbc=-40.0), Score(asr_upper_dbc=-50.0), None, None),
        (Score(asr_lower_dbc=10.0), Score(asr_lower_dbc=20.0), None, None),
        (Score(asr_dbc=-20.0), Score(asr_dbc=-30.0), None, None),
    ],
)
def test_of_bounds_only_the_end_that_they_give_is_told(before, after, lower, upper):
    change = LockedChange.of_two_runs(before, after)
    assert (change.lower_db, change.upper_db) == (lower, upper)
    assert not change.paired
    assert (change.reason is None) == (change.db is not None)


def test_what_lies_below_the_floor_leaves_one_end(generator):
    content = contents(generator)
    lattices = [lattice(noisy(generator, a, content, 0.05)) for a in (0.3, 0.15)]
    change = both(*lattices)
    floor, seen = Score(asr_upper_dbc=-40.0, verdict="none"), Score(asr_dbc=-20.0)
    left = change.without_floor(seen, floor)
    assert (left.db, left.lower_db, left.upper_db) == (None, None, change.upper_db)
    left = change.without_floor(floor, seen)
    assert (left.db, left.lower_db, left.upper_db) == (None, change.lower_db, None)
    assert "either side" in change.without_floor(floor, floor).reason


@pytest.mark.parametrize("periods", [[(2, 2)], [(2, 2), (4, 4)]])
def test_sums_of_the_energy_alone_give_the_same_lattice(generator, periods):
    maps = torch.cat([gridded(generator, 0.3) for _ in range(2)]).repeat(1, 1, 4, 4)
    maps[3] = 1.0
    maps[4, 0, 5, 5] = torch.nan
    maps += torch.randn(256, 256, generator=generator)  # what all maps share, of several tiles
    plan = plan_maps(maps.shape[1:], *periods, count=len(maps))
    found = []
    for energy_only in (False, True):
        statistics = MapStatistics(plan, energy_only=energy_only)
        statistics.update(maps, first=0)
        found.append(Lattice.of(statistics.to_dataset()))
    for field in fields(Lattice):
        np.testing.assert_array_equal(*(getattr(each, field.name) for each in found))


def test_grids_at_other_periods_are_no_comparison(generator):
    maps = gridded(generator, 0.4)
    change = LockedChange.between(lattice(maps), lattice(maps, (2, 2), (4, 4)))
    assert change == "their grids were looked for at other periods"
