"""The grid-locked part of maps: nothing of clean ones, most of what was planted."""

from itertools import product

import numpy as np
import pytest
import torch

from benchmarks.calibration import upsampling
from benchmarks.calibration.clean import photo
from spectra import spectrum
from spectra.errors import ParameterError
from spectra.probe import _coefficients as algebra
from spectra.probe._locked_part import LockedPart
from spectra.score._energy import locked_energy, locked_lattice, ratio_dbc
from spectra.signals import power_law_noise


def noise(count, channels, sides, *, exponent=0.0, seed=0):
    shape = (count, channels, *sides)
    values = power_law_noise(shape, exponent=exponent, seed=seed, axes=len(sides))
    return torch.from_numpy(values.astype(np.float32))


def fitted(maps, *periods, each=1, **options):
    part = LockedPart(*periods, count=len(maps) // each, **options)
    for _ in part.periods:
        for first in range(0, len(maps) // each, 4):
            batch = maps[first * each : (first + 4) * each]
            part.add(batch, first=first, inputs=len(batch) // each)
        part.fit()
    return part


def locked_dbc(maps, *periods):
    plan = spectrum.plan_maps(maps.shape[1:], *periods, count=len(maps))
    sums = spectrum.MapStatistics(plan)
    sums.update(maps, first=0)
    lattice = locked_lattice(sums.to_dataset())
    energy = locked_energy(lattice, np.ones_like(lattice.total, bool))
    return ratio_dbc(max(energy.share, 1e-9))


def fall_db(maps, *periods, reach=None):
    part = fitted(maps, *periods, reach=reach)
    return locked_dbc(maps, *periods) - locked_dbc(part.without(maps, range(len(maps))), *periods)


CLEAN = {
    f"{name}, {side} px, period {period}": (exponent, side, period)
    for (name, exponent), side, period in product(
        (("white", 0.0), ("1/f", 2.0)), (16, 32, 64, 96), (2, 4)
    )
    if side >= 16 * period // 2
}


@pytest.mark.parametrize("case", CLEAN.values(), ids=CLEAN)
def test_of_noise_without_a_grid_nothing_is_taken(case):
    exponent, side, period = case
    maps = noise(16, 3, (side, side), exponent=exponent, seed=5)
    part = fitted(maps, (period, period))
    assert not part.found
    assert not part.locked(maps, range(16)).any()


@pytest.mark.parametrize("periods", [[(2, 2)], [(4, 4)], [(2, 2), (4, 4)]])
def test_of_photographs_nothing_is_taken(rng, periods):
    maps = torch.from_numpy(photo(12, 128, rng, "tuning"))
    part = fitted(maps, *periods)
    assert not part.locked(maps, range(12)).any()


def upsampled(kind, exponent):
    """Return maps upsampled by kernels whose phases differ, none by more than its own size."""
    rng = np.random.default_rng(3)
    if kind == "nearest":
        step = upsampling.interpolation("nearest", 2, 2, 4)
    elif kind == "transposed 3x3":
        step = upsampling.Step((2, 2), 1 + 0.3 * rng.normal(size=(1, 1, 3, 3)), origin=1)
    else:
        step = upsampling.shuffled(rng, 2, 2, 1, icnr=True)
        step.kernel[:, :, 2:4, 2:4] += 3 + 0.3 * rng.normal(size=(1, 1, 2, 2))
    low = noise(16, step.kernel.shape[1], (48, 48), exponent=exponent, seed=4).numpy()
    return torch.from_numpy(step(low).astype(np.float32))


@pytest.mark.parametrize(
    ("kind", "exponent", "reach", "table_db"),
    [
        ("nearest", 0.0, 1, 5.2),
        ("nearest", 0.0, 2, 9.1),
        ("nearest", 0.0, 3, 12.4),
        ("transposed 3x3", 2.0, 1, 17.8),
        ("transposed 3x3", 2.0, 2, 20.7),
        ("transposed 3x3", 2.0, 3, 21.8),
        ("shuffle", 0.0, 3, 12.2),
    ],
)
def test_replicas_fall_by_what_a_prototype_reached_within_two_decibels(
    kind, exponent, reach, table_db
):
    assert fall_db(upsampled(kind, exponent), (2, 2), reach=reach) > table_db - 2


@pytest.mark.parametrize(
    ("sides", "period"),
    [((257,), (2,)), ((257,), (3,)), ((64, 64), (2, 2)), ((66, 66), (3, 1)), ((24,) * 3, (2,) * 3)],
)
def test_planted_gains_and_offsets_are_taken_along_any_axes(generator, sides, period):
    clean = noise(16, 2, sides, exponent=3.0, seed=1)
    gain, offset = 0.2 * torch.randn(2, 2, *period, generator=generator)
    axes = tuple(range(1, 1 + len(period)))
    gain, offset = (v - v.mean(axes, keepdim=True) for v in (gain, offset))
    tiles = [-(-n // s) for n, s in zip(sides, period, strict=True)]
    cut = (slice(None), *map(slice, sides))
    gain, offset = gain.repeat(1, *tiles)[cut], offset.repeat(1, *tiles)[cut]
    maps = clean * (1 + gain) + offset
    assert fall_db(maps, period) > 8


def test_the_offset_of_a_checkerboard_is_recovered_pixel_by_pixel(rng):
    pictures = torch.from_numpy(photo(16, 96, rng, "tuning")) / 255
    board = 0.02 * (-1.0) ** (torch.arange(96)[:, None] + torch.arange(96))
    locked = fitted(pictures + board, (2, 2)).locked(pictures + board, range(16))
    inner = locked[..., 12:-12, 12:-12]
    assert (inner - board[12:-12, 12:-12]).abs().mean() < 0.004


def test_what_an_input_loses_is_fitted_on_all_others():
    maps = upsampled("nearest", 2.0)
    part = LockedPart((2, 2), count=16, reach=1)
    rest = LockedPart((2, 2), count=15, reach=1)
    for number, one in enumerate(maps.split(1)):
        part.add(one, first=number)
        if number != 5:
            rest.add(one, first=number)
    part.fit()
    rest.fit()
    there = part.locked(maps[5:6], [5])
    torch.testing.assert_close(there, rest.locked(maps[5:6]), rtol=1e-5, atol=1e-6)
    assert (there - part.locked(maps[5:6])).abs().max() > 1e-3


def slow_locked(maps, period, reach):
    """Return the locked part of 1-D maps by least squares of the turned map, point by point."""
    half = 12 * period
    n = np.arange(-half, half + 1)
    taps = np.sinc(0.93 * n / period) * np.kaiser(2 * half + 1, 5.0)
    taps /= taps.sum()

    def columns(x):
        longer = np.pad(x, half + reach * period, mode="edge")
        base = np.convolve(longer, taps, mode="valid")
        shifts = sorted(range(-reach, reach + 1), key=abs)
        starts = [(reach - m) * period for m in shifts]
        return np.stack([np.ones_like(x), *(base[s : s + x.size] for s in starts)], axis=1)

    side = maps.shape[-1]
    margin = side // 8 // period * period
    inner = slice(margin, margin + (side - 2 * margin) // period * period)
    place = np.arange(side)
    locked = np.zeros_like(maps)
    for k in range(1, period):
        turn = np.exp(-2j * np.pi * k * place / period)
        left = np.concatenate([columns(x)[inner] for x in maps])
        right = np.concatenate([((x - maps[0].mean()) * turn)[inner] for x in maps])
        found = np.linalg.lstsq(left.astype(complex), right, rcond=None)[0]
        locked += np.stack([(turn.conj() * (columns(x) @ found)).real for x in maps])
    return locked


@pytest.mark.parametrize("period", [2, 3, 4])
def test_without_shrinking_it_is_the_least_squares_of_the_turned_map(monkeypatch, period):
    monkeypatch.setattr(algebra, "RIDGE", 1e-13)
    clean = noise(16, 1, (200,), exponent=2.0, seed=2)
    maps = clean * (1 + 0.5 * (torch.arange(200) % period == 0)) + 0.3 * (
        torch.arange(200) % period == 1
    )
    part = fitted(maps.double(), (period,), reach=1, garrote=0.0)
    expected = slow_locked(maps[:, 0].double().numpy(), period, 1)
    locked = part.locked(maps.double())[:, 0].numpy()
    np.testing.assert_allclose(locked, expected, atol=1e-6)


def test_a_clean_lattice_point_opens_once_in_a_thousand():
    random = np.random.default_rng(0)
    points = 0
    for seed in range(10):
        real, imaginary = random.normal(size=(2, 16, 2, 10, 200))
        grams = torch.eye(10, dtype=torch.float64).expand(16, 2, 10, 10) / 16
        whitened = algebra.Whitened(grams, torch.from_numpy(real + 1j * imaginary))
        opened = whitened.with_a_grid(seed=seed)
        points += int(opened.sum())
    assert points <= 7  # of 2000; 2 expected, more than 7 in one draw of a thousand


@pytest.mark.parametrize("count", [11, 12, 13, 16, 40])
def test_a_strong_grid_opens_from_eleven_inputs_on(generator, count):
    maps = torch.randn(count, 1, 64, generator=generator)
    maps[..., ::2] += 2.0
    assert fitted(maps, (2,)).found
    assert not fitted(maps[:10], (2,)).found


def test_a_period_that_nests_in_a_longer_one_has_its_frequencies(generator):
    maps = torch.randn(16, 1, 128, generator=generator)
    place = torch.arange(128)
    two, four = 0.5 * (-1.0) ** place, 0.5 * torch.cos(torch.pi / 2 * place + 0.4)
    both = fitted(maps + two + four, (4,), (2,))
    assert both.periods == ((2,), (4,))
    alone = fitted(maps + two + four, (2,))
    inner = slice(16, 112)
    first = alone.locked(maps + two + four, range(16))[..., inner]
    together = both.locked(maps + two + four, range(16))[..., inner]
    assert ((first - two[inner]).square().mean() / two.square().mean()) < 0.1
    assert ((together - (two + four)[inner]).square().mean() / (two + four).square().mean()) < 0.1


def test_maps_at_hand_give_what_adding_fitting_and_asking_in_turn_gives(generator):
    maps = torch.randn(16, 2, 128, generator=generator)
    place = torch.arange(128)
    maps += 0.5 * (-1.0) ** place + 0.5 * torch.cos(torch.pi / 2 * place + 0.4)
    in_turn = fitted(maps, (2,), (4,)).locked(maps, range(16))
    at_once = LockedPart((2,), (4,), count=16).fitted_to(maps)
    torch.testing.assert_close(at_once, in_turn, rtol=0, atol=1e-6)


def test_maps_of_one_input_count_as_one(generator):
    """Ten inputs of four frames each are too few, though they are forty maps."""
    maps = torch.randn(40, 1, 64, generator=generator)
    maps[..., ::2] += 2.0
    assert not fitted(maps, (2,), each=4).found
    more = maps.repeat(2, 1, 1)
    part = fitted(more, (2,), each=4)
    assert part.found
    assert part.locked(more[:8], [0] * 4 + [1] * 4).shape == (8, 1, 64)


def test_a_channel_that_is_constant_or_not_finite_leaves_the_others_as_they_are():
    good = upsampled("nearest", 2.0)
    maps = good.clone()
    maps[:, 1], maps[3, 2] = 4.0, torch.nan
    locked = fitted(maps, (2, 2)).locked(maps, range(16))
    alone = fitted(good[:, ::3], (2, 2)).locked(good[:, ::3], range(16))
    torch.testing.assert_close(locked[:, ::3], alone)
    assert not locked[:, 1].any()


@pytest.mark.parametrize("sides", [(15, 96), (96, 47)])
def test_maps_with_fewer_than_six_periods_inside_their_borders_are_refused(sides):
    with pytest.raises(ParameterError, match="fewer than 6 periods"):
        LockedPart((8, 8), count=16).add(torch.zeros(1, 1, *sides))
