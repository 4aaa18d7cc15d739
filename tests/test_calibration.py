"""A slice of the calibration: its truth has a slow oracle, and the score keeps to it."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from benchmarks.calibration.clean import clean_cells
from benchmarks.calibration.population import hann, locked_share, torus_power
from benchmarks.calibration.table import Rate, auc, coverage, holm
from benchmarks.calibration.trials import Outcome, trial
from benchmarks.calibration.upsampled import energy_cells, found_cells
from benchmarks.calibration.upsampling import STEPS, Step, ideal, interpolation
from oracles import interpolator, locked_share_of_white
from spectra.signals import power_law_noise

PART = "tuning"


def named(cells, name):
    (cell,) = (c for c in cells if c.name == name)
    return cell


def run(cell, count):
    found = []
    for number in range(count):
        drawn = cell.draw(np.random.default_rng([11, number]), PART)
        maps, truth = drawn if isinstance(drawn, tuple) else (drawn, None)
        found.append(trial(maps, cell.factor, number, truth, cell.reach))
    return found


@pytest.mark.parametrize("name", ["nearest", "bilinear", "bicubic"])
def test_the_population_of_white_noise_agrees_with_the_covariance_of_a_tile(name):
    step = Step((2,), interpolator(name)[None, None])
    exact = locked_share_of_white(interpolator(name), 2, 128, 30)
    assert locked_share(step, torus_power("white", (128,)), 128) == pytest.approx(exact, rel=1e-3)


def test_the_population_agrees_with_many_tiles_of_the_slow_definition():
    step, tile, s = STEPS["tconv4"](np.random.default_rng(0), 2, 1, 2), 32, 2
    x = power_law_noise((40_000, 2, 64), seed=1, axes=1) + 1.0
    y = step(x)[..., :tile]
    spectra_ = np.fft.fft((y - y.mean(-1, keepdims=True)) * hann(tile)) / np.sqrt(tile)
    power = (np.abs(spectra_) ** 2).mean(0)
    shares = []
    for channel in range(2):
        Y = spectra_[:, channel]
        e = np.arange(-6, 7)
        cross = (Y[:, e] * Y[:, (e + tile // s) % tile].conj()).mean(0)
        locked = (np.abs(cross) ** 2 / power[channel, e]).sum()
        locked += 1.5 * abs(Y[:, tile // s].mean()) ** 2
        shares.append(locked / power[channel].sum())
    expected = locked_share(step, torus_power("1/f", (64,)), tile, mean=1.0)
    assert expected == pytest.approx(np.mean(shares), rel=0.02)


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
        "photographs, 16 x 64 px",
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


def test_the_energy_is_that_of_the_population():
    """Spread of one estimate is 0.2 to 0.5 dB, so that of a median of 8 is 0.2 at most."""
    for name, kind in product(("2-D x2",), ("bilinear", "tconv4")):
        found = run(named(energy_cells(), f"{kind}, {name}"), 8)
        assert np.median([o.dbc - o.truth_dbc for o in found]) == pytest.approx(0, abs=0.6)
        assert coverage(found).hits >= 5


def outcome(p, z=0.0):
    return Outcome(p, z, "none", None, None, None, None)


def test_rates_ranks_and_corrections():
    assert Rate(0, 300).interval() == pytest.approx((0, 0.0122), abs=1e-4)  # 1 - .025 ** (1/300)
    assert Rate(15, 300).above(0.05) == pytest.approx(0.54, abs=0.02)
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    clean, faulty = [outcome(0.5), outcome(0.2)], [outcome(0.3), outcome(0.0005, 9.0)]
    assert auc(clean, faulty) == 0.75
    assert auc(clean, clean) == 0.5
