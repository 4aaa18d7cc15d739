"""A slice of the calibration: its truth has a slow oracle, and the score keeps to it."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.calibration.clean import clean_cells
from benchmarks.calibration.population import locked_share, torus_power
from benchmarks.calibration.table import Rate, auc, coverage
from benchmarks.calibration.trials import Outcome, trial
from benchmarks.calibration.upsampled import (
    World,
    board,
    energy_cells,
    found_cells,
    in_a_row,
    rough,
)
from benchmarks.calibration.upsampling import (
    STEPS,
    Step,
    after,
    ideal,
    interpolation,
    with_board,
)
from oracles import interpolator, locked_by_definition, locked_share_of_white
from spectra.spectrum import plan_maps

PART = "tuning"


def named(cells, name):
    (cell,) = (c for c in cells if c.name == name)
    return cell


def run(cell, count):
    found = []
    for number in range(count):
        drawn = cell.draw(np.random.default_rng([11, number]), PART)
        maps, truth = drawn if isinstance(drawn, tuple) else (drawn, None)
        found.append(trial(maps, cell.periods, number, truth, cell.reach))
    return found


def tiled(shape, *periods, count=16):
    return plan_maps(shape, *[(s,) * (len(shape) - 1) for s in periods], count=count)


@pytest.mark.parametrize("name", ["nearest", "bilinear", "bicubic"])
def test_the_population_of_white_noise_agrees_with_the_covariance_of_a_tile(name):
    step = Step((2,), interpolator(name)[None, None])
    plan = tiled((1, 160), 2)
    tile, kept = plan.views[0].tile[0], plan.views[0].last_bins[0]
    exact = locked_share_of_white(interpolator(name), 2, tile, kept)
    assert locked_share(step, torus_power("white", (80,)), plan) == pytest.approx(exact, rel=1e-3)


WORLDS = {
    "means of both signs": World(STEPS["tconv3"], 2, 1, 1, gain=0.3, levels=1.0, torus=40),
    "two tiles": World(STEPS["tconv4"], 2, 1, 1, mean=1.0, levels=0.25, torus=160),
    "a board": World(board("bilinear"), 2, 1, 1, mean=1.0, levels=0.25, gain=0.3, torus=40),
    "fixed content": World(STEPS["tconv4"], 2, 1, 1, gain=0.1, content=rough, torus=40),
    "nested": World(in_a_row("tconv4", "nearest"), 4, 1, 1, mean=0.5, periods=(2, 4), torus=24),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WORLDS)
def test_the_population_agrees_with_many_maps_by_the_slow_definition(name):
    """Plug-in from so many maps is too high by what they predict of noise, above / maps."""
    world = replace(WORLDS[name], count=20_000)
    maps, expected = world.draw(np.random.default_rng(2), PART)
    periods = world.periods or (world.s,)
    plan = tiled(maps.shape[1:], *periods)
    shares = []
    for channel in range(maps.shape[1]):
        (tile,), (margin,) = ({getattr(v, n)[0] for v in plan.views} for n in ("tile", "margin"))
        own = maps[:, channel : channel + 1]
        shares.append(locked_by_definition(own, periods, tile, margin)[0])
    assert expected == pytest.approx(np.mean(shares), rel=0.02)


def test_two_steps_in_a_row_are_one():
    rng = np.random.default_rng(3)
    first, second = (STEPS["tconv3"](rng, 2, 2, 2) for _ in "12")
    x = rng.normal(size=(2, 2, 8, 8))
    assert after(second, first)(x) == pytest.approx(second(first(x)))


def test_a_step_with_a_board_is_its_output_times_one():
    step = interpolation("bicubic", 2, 2, 1)
    x = np.random.default_rng(4).normal(size=(1, 1, 16, 16))
    grid = 1 + 0.1 * (-1.0) ** np.indices((32, 32)).sum(0)
    assert with_board(step, 0.1)(x) == pytest.approx(step(x) * grid)


def test_a_step_is_zero_insertion_and_a_convolution():
    step = interpolation("nearest", 3, 2, 1)
    x = np.random.default_rng(0).normal(size=(1, 1, 4, 4))
    assert np.roll(step(x)[0, 0], (0, 0), (0, 1)) == pytest.approx(
        np.kron(x[0, 0], np.ones((3, 3)))
    )


def test_ideal_interpolation_keeps_the_samples():
    x = np.random.default_rng(0).normal(size=(1, 2, 8, 16))
    y = ideal(x, 2)
    assert y.shape == (1, 2, 16, 32)
    smooth = ideal(y[..., ::2, ::2], 1)  # without its own Nyquist frequency
    assert ideal(smooth, 3)[..., ::3, ::3] == pytest.approx(smooth, abs=1e-12)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("photographs, 16 x 64 px", marks=pytest.mark.slow),
        "1/f fields, 4 channels, 16 x 64 px",
        "rows of photographs, 16 x 192",
    ],
)
def test_clean_maps_raise_few_alarms(name):
    """Of 24 at a rate of .05, more than 6 come once in 3000 runs; present never is an accident."""
    cell = next(c for c in clean_cells() if c.name.startswith(name))
    found = run(cell, 24)
    assert sum(o.p < 0.05 for o in found) <= 6
    assert not any(o.verdict == "present" for o in found)


def test_leaving_out_what_padding_reaches_keeps_small_maps_silent():
    """Six zero-padded layers disturb 6 pixels; an eighth of 32 pixels would leave out only 4."""
    cell = named(clean_cells(), "faint photographs, network 6 layers, zeros padding, 64 x 32 px")
    assert cell.reach == 6
    assert sum(o.p < 0.05 for o in run(replace(cell, reach=0), 12)) >= 6
    assert sum(o.p < 0.05 for o in run(cell, 12)) <= 4


@pytest.mark.parametrize("kind", ["nearest", "bicubic", "tconv7", "shuffle"])
def test_an_artifact_is_found_after_a_layer_too(kind):
    found = run(named(found_cells(), f"{kind}, 1 layers"), 5)
    assert all(o.verdict in ("present", "suspect") for o in found)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("bilinear, 2-D x2", marks=pytest.mark.slow),
        "tconv4, 2-D x2",
        "varying means: tconv3, 16 images",
    ],
)
def test_the_energy_is_that_of_the_population(name):
    """Spread of one estimate is 0.2 to 0.7 dB, so that of a median of 8 is 0.3 at most."""
    found = run(named(energy_cells(), name), 8)
    assert np.median([o.dbc - o.truth_dbc for o in found]) == pytest.approx(0, abs=0.6)
    assert coverage(found).hits >= 5


def outcome(p, z=0.0):
    return Outcome(p, z, "none", None, None, None)


def test_rates_ranks_and_corrections():
    assert Rate(0, 300).interval() == pytest.approx((0, 0.0122), abs=1e-4)  # 1 - .025 ** (1/300)
    assert Rate(15, 300).above(0.05) == pytest.approx(0.54, abs=0.02)
    clean, faulty = [outcome(0.5), outcome(0.2)], [outcome(0.3), outcome(0.0005, 9.0)]
    assert auc(clean, faulty) == 0.75
    assert auc(clean, clean) == 0.5
