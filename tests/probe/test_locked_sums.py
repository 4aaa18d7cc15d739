"""Sums of shifted base bands, against slow definitions."""

from itertools import product

import numpy as np
import pytest
import torch

from spectra.probe import _base_band, _locked_sums
from spectra.probe._base_band import base_band, phases_apart, phases_of_base_band, shifts
from spectra.probe._coefficients import GARROTE, RIDGE, Whitened
from spectra.probe._locked_sums import locked_sums


def slow_base_band(line, period):
    """Return a line, its last values repeated, convolved with a windowed sinc."""
    half = 12 * period
    n = np.arange(-half, half + 1)
    taps = np.sinc(0.93 * n / period) * np.kaiser(2 * half + 1, 5.0)
    longer = np.pad(line, half, mode="edge")
    return np.convolve(longer, taps / taps.sum(), mode="valid")


@pytest.mark.parametrize(
    ("sides", "period", "reach", "blocks"),
    [
        ((40, 47), (2, 2), 2, None),
        ((200, 33), (2, 1), 1, None),
        ((200, 40), (3, 2), 2, (slice(8, 50), slice(2, 17))),
        ((35, 300), (1, 4), 3, (slice(4, 30), slice(9, 66))),
        ((14, 12, 13), (2, 3, 2), 1, (slice(1, 6), slice(0, 4), slice(2, 7))),
    ],
)
def test_products_with_bands_give_the_convolution_with_a_windowed_sinc(
    rng, sides, period, reach, blocks
):
    one = rng.normal(size=(3, *sides))
    pads = [(reach * s, reach * s + -n % s) for n, s in zip(sides, period, strict=True)]
    slow = np.pad(one, [(0, 0), *pads], mode="edge")
    for axis, s in enumerate(period, start=1):
        if s > 1:
            slow = np.apply_along_axis(slow_base_band, axis, slow, s)
    apart = phases_apart(torch.from_numpy(slow), period)
    for axis, wanted in enumerate(blocks or (), start=1 + len(period)):
        apart = apart.narrow(axis, wanted.start, wanted.stop - wanted.start + 2 * reach)
    fast = phases_of_base_band(torch.from_numpy(one), period, reach, blocks=blocks)
    torch.testing.assert_close(fast, apart, rtol=0, atol=1e-12)


@pytest.mark.parametrize("period", [(2, 2), (4, 3)])
def test_products_and_transforms_give_the_same_base_band(monkeypatch, generator, period):
    one = torch.randn(32, 70, 150, generator=generator)
    blocks = [slice(3, 15), slice(4, 30)]
    products = phases_of_base_band(one, period, 2, blocks=blocks)
    monkeypatch.setattr(_base_band, "LONGEST_PRODUCT", 0)
    transforms = phases_of_base_band(one, period, 2, blocks=blocks)
    assert base_band(one[None], period).shape == one[None].shape
    torch.testing.assert_close(products, transforms, rtol=0, atol=1e-5)  # float32, values of 1


def slow_sums(bands, inside, reach):
    """Return gram and cross of one channel, column by column and pixel by pixel."""
    axes = inside.ndim // 2
    period, blocks = inside.shape[:axes], inside.shape[axes:]
    columns = [np.ones_like(inside)]
    for shift in shifts(reach, axes):
        place = tuple(slice(reach - m, reach - m + n) for m, n in zip(shift, blocks, strict=True))
        columns.append(bands[(..., *place)])
    gram = np.array([[(a * b).sum() for b in columns] for a in columns])
    cross = np.empty((len(columns), *period))
    for number, column in enumerate(columns):
        for phase in product(*map(range, period)):
            cross[(number, *phase)] = (column[phase] * inside[phase]).sum()
    return gram, cross


@pytest.mark.parametrize("reach", [0, 1, 2])
@pytest.mark.parametrize(
    ("period", "blocks"),
    [((2,), (11,)), ((2, 2), (7, 9)), ((1, 3), (5, 6)), ((4, 2), (9, 4)), ((9, 9), (6, 6))],
)
def test_the_sums_are_those_of_every_two_columns(monkeypatch, rng, period, blocks, reach):
    monkeypatch.setattr(_locked_sums, "COLUMN_BYTES", 1 << 14)  # some channels at a time
    bands = rng.normal(size=(5, *period, *(n + 2 * reach for n in blocks)))
    inside = rng.normal(size=(5, *period, *blocks))
    fast = locked_sums(torch.from_numpy(bands), torch.from_numpy(inside), reach)
    for channel in range(5):
        slow = slow_sums(bands[channel], inside[channel], reach)
        for one, other in zip(fast, slow, strict=True):
            np.testing.assert_allclose(one[channel].numpy(), other, rtol=0, atol=1e-10)


def test_a_channel_that_is_not_finite_is_so_in_its_own_sums_only(generator):
    bands, inside = (torch.randn(4, 2, 2, n, n, generator=generator) for n in (10, 6))
    alone = locked_sums(bands, inside, 2)
    bands[1, 0, 1, 5, 5], inside[2, 0, 0, 1, 1] = torch.nan, torch.inf
    gram, cross = locked_sums(bands, inside, 2)
    assert not gram[1].isfinite().all()
    assert not cross[2].isfinite().all()
    for mixed, clean in zip((gram, cross), alone, strict=True):
        torch.testing.assert_close(mixed[::3], clean[::3])


@pytest.mark.parametrize("without", [None, 0, 3])
def test_coefficients_are_those_of_each_channel_and_point_alone(rng, without):
    """Ridge, root, spread of the terms and shrinking, written out with loops."""
    count, channels, m, points = 5, 2, 3, 4
    data = rng.normal(size=(count, channels, 20, m))
    grams = data.swapaxes(2, 3) @ data
    cross = rng.normal(size=(count, channels, m, points, 2)) @ [1, 1j] + 5
    opened = np.array([True, False, True, True])
    whitened = Whitened(torch.from_numpy(grams), torch.from_numpy(cross))
    fast = whitened.coefficients(torch.from_numpy(opened), without=without).numpy()
    kept = [place for place in range(count) if place != without]
    for channel, point in product(range(channels), range(points)):
        gram = grams[kept, channel].sum(0)
        power = np.diag(gram).copy()
        power[1:] = power[1:].mean()
        root = np.linalg.cholesky(gram + np.diag(RIDGE * power))
        terms = np.linalg.solve(root, cross[kept, channel, :, point].T)
        whole = terms.sum(1)
        spread = (np.abs(terms - terms.mean(1, keepdims=True)) ** 2).sum(1)
        variance = len(kept) / (len(kept) - 1) * spread
        shrunk = whole * np.maximum(1 - GARROTE * variance / np.abs(whole) ** 2, 0)
        expected = np.linalg.solve(root.T, shrunk) * opened[point]
        np.testing.assert_allclose(fast[channel, :, point], expected, rtol=1e-10, atol=1e-12)
