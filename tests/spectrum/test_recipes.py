"""Recipes against slow definitions in NumPy, xrft, Parseval and closed forms."""

from itertools import pairwise

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.errors import ParameterError
from spectra.signals import checkerboard, power_law_noise, tone, white_noise
from spectra.spectrum import mean_log_spectrum, slice_along
from spectra.spectrum._maps import chunks
from spectra.spectrum._published_curves import published_curve
from spectra.spectrum._recipes import RECIPES

SHAPES = st.sampled_from([(8, 8), (9, 9), (6, 11), (11, 6), (7, 16)])
DATA = st.builds(
    lambda seed, level, scale: (seed, level, scale),
    st.integers(0, 99),
    st.sampled_from([0.5, 1.0, -40.0]),
    st.sampled_from([1e-4, 1.0, 255.0]),
)


def maps_of(shape, data, channels=3):
    seed, level, scale = data
    return scale * (level + power_law_noise((5, channels, *shape), seed=seed, axes=2, exponent=1))


def slow(x, log_of, over=np.mean):
    """Return the mean over maps of ``log_of(map)``, DC in the centre, in double precision."""
    return np.fft.fftshift(over([log_of(m) for sample in x for m in sample], axis=0))


def hann(n):
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)


def slow_spectra(x, over=np.mean):
    def one(m):
        window = np.ones(())
        for n in m.shape:
            window = np.multiply.outer(window, hann(n))
        window /= np.sqrt((window**2).mean())
        z = (m - m.mean()) / m.std()
        log_power = 10 * np.log10(np.abs(np.fft.fftn(z * window)) ** 2 / m.size + 1e-12)
        real = np.ones((), bool)
        for n in m.shape:
            real = np.logical_and.outer(real, 2 * np.arange(n) % n == 0)
        return log_power + np.where(real, 5.517, 2.507)

    return slow(x, one, over)


def farthest_from_slow_spectra(x, **options):
    """Return the largest difference over the bins that single precision resolves in every map.

    Its transforms leave 1e-7 of the strongest bin: bins 60 dB down are exact to 1e-3 dB, and the
    constants of the formula are rounded to 5e-4 dB. One map of -90 dB spoils a mean of fifteen.
    """
    difference = np.abs(mean_log_spectrum(x, **options).values - slow_spectra(x))
    return difference[slow_spectra(x, np.min) > -55].max()


@settings(max_examples=25, deadline=None)
@given(shape=SHAPES, data=DATA)
def test_spectra_is_the_mean_of_windowed_normalised_corrected_decibels(shape, data):
    x = maps_of(shape, data)
    assert farthest_from_slow_spectra(x) < 1.5e-3


@pytest.mark.parametrize("shape", [(64,), (33,), (8, 12, 10), (9, 8, 7)])
def test_spectra_takes_signals_and_volumes(shape):
    x = white_noise((3, 4, *shape), seed=8)
    assert mean_log_spectrum(x, spatial=len(shape)).dims == ("fz", "fy", "fx")[-len(shape) :]
    assert farthest_from_slow_spectra(x, spatial=len(shape)) < 1.5e-3


def test_white_noise_of_any_level_is_flat_at_zero_db():
    n = 600
    x = 7 + 0.01 * white_noise((n, 32, 32), seed=1)
    spectrum = mean_log_spectrum(x)
    away = np.ones((32, 32), bool)
    away[15:18, 15:18] = False  # the window spreads the removed mean over these
    own_mirror = np.zeros((32, 32), bool)
    own_mirror[np.ix_([0, 16], [0, 16])] = True
    ordinary = spectrum.values[away & ~own_mirror] / (5.57 / np.sqrt(n))
    assert np.abs(ordinary).max() < 5
    assert abs(ordinary.mean()) < 0.2
    assert np.abs(spectrum.values[away & own_mirror]).max() < 4 * 9.65 / np.sqrt(n)


def test_a_checkerboard_in_noise_rises_by_the_closed_form():
    n, a = 96, 0.05
    noise = white_noise((400, n, n), seed=2)
    board = mean_log_spectrum(noise + checkerboard((n, n), amplitude=a))[0, 0]
    # through a Hann window of unit mean square the line keeps (2/3)^2 of its power in two axes
    # (10.24 times the noise instead of 23.04); the noise under the line is chi2(1): draw it
    ratio = a**2 * n**2 * (2 / 3) ** 2
    rng = np.random.default_rng(0)
    draws = 10 * np.log10((rng.normal(size=200_000) + np.sqrt(ratio)) ** 2) + 5.517
    sd = draws.std() / np.sqrt(400)
    assert float(board) == pytest.approx(draws.mean(), abs=4 * sd + 0.05)


def test_a_checkerboard_adds_its_power_seen_through_the_kaiser_window():
    n, a, maps = 96, 0.05, 900
    noise = white_noise((maps, n, n), seed=6)
    x = noise + checkerboard((n, n), amplitude=a)
    corner = mean_log_spectrum(x, recipe="stylegan3", whitening=(0.0, 1.0))[0, 0]
    window = np.kaiser(n, 8.0)
    gain = window.sum() ** 4 / (window**2).sum() ** 2
    # noncentral chi2(1): variance 2 + 4 a^2 gain
    mean, sd = 1 + a**2 * gain, np.sqrt((2 + 4 * a**2 * gain) / maps)
    assert abs(10 ** (float(corner) / 10) - mean) < 4 * sd


def test_constant_maps_are_left_out_and_counted():
    x = white_noise((6, 16, 16), seed=3)
    x[[1, 4]] = 0.25
    spectrum = mean_log_spectrum(x)
    assert spectrum.attrs["n"] == 4
    assert spectrum.attrs["left_out"] == 2
    assert "2 constant maps left out" in spectrum.attrs["caption"]
    np.testing.assert_allclose(spectrum, mean_log_spectrum(x[[0, 2, 3, 5]]), atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(shape=SHAPES, data=DATA)
def test_agnihotri2024_is_the_mean_of_log_magnitudes(shape, data):
    x = maps_of(shape, data)
    expected = slow(x, lambda m: np.log(np.abs(np.fft.fft2(m)) + 1e-12))
    np.testing.assert_allclose(mean_log_spectrum(x, recipe="agnihotri2024"), expected, atol=2e-4)


@settings(max_examples=25, deadline=None)
@given(shape=SHAPES, data=DATA)
def test_park_kim2022_is_the_log_amplitude_over_that_at_dc(shape, data):
    x = maps_of(shape, data)
    expected = slow(x, lambda m: np.log(np.abs(np.fft.fft2(m)) + 1e-6))
    expected -= expected[shape[0] // 2, shape[1] // 2]
    np.testing.assert_allclose(mean_log_spectrum(x, recipe="park-kim2022"), expected, atol=2e-4)


@pytest.mark.parametrize("n", [14, 15, 56])
def test_relative_log_amplitude_is_the_published_curve(n):
    x = torch.from_numpy(1 + power_law_noise((4, 6, n, n), seed=n, axes=2)).float()
    # the authors' answer in how-do-vits-work, issue 4
    logs = (torch.fft.fft2(x.double()).abs() + 1e-6).log()
    shifted = torch.roll(logs, shifts=(n // 2, n // 2), dims=(2, 3)).mean(dim=(0, 1))
    published = shifted.diag()[n // 2 :]
    published = published - published[0]
    curve = published_curve(x, recipe="park-kim2022")
    np.testing.assert_allclose(curve, published, atol=1e-5)
    np.testing.assert_allclose(curve.f, np.arange(curve.size) / n)
    full = slice_along("diagonal", mean_log_spectrum(x, recipe="park-kim2022"))
    assert full.size == curve.size + (n % 2 == 0)  # an even side also has (1/2, 1/2)


@settings(max_examples=25, deadline=None)
@given(shape=SHAPES, data=DATA, interp=st.sampled_from([1, 2, 4]))
def test_stylegan3_is_the_mean_power_of_whitened_maps_through_a_kaiser_window(shape, data, interp):
    x = maps_of(shape, data)
    white = (x - x.mean()) / x.std()
    windows = [np.kaiser(n, 8.0) for n in shape]
    windows = [w / np.sqrt((w**2).sum()) for w in windows]
    padded = [interp * n for n in shape]
    transform = np.fft.fft2(white * np.multiply.outer(*windows), s=padded)
    expected = 10 * np.log10(np.fft.fftshift((np.abs(transform) ** 2).mean((0, 1))))
    ours = mean_log_spectrum(x, recipe="stylegan3", interp=interp)
    # bins 80 dB below the strongest are the rounding of single precision
    seen = expected > expected.max() - 60
    assert np.abs(ours - expected).values[seen].max() < 2e-3
    assert ours.attrs["whitening_mean"] == pytest.approx(x.mean(), rel=1e-5, abs=1e-6 * x.std())
    assert ours.attrs["whitening_sd"] == pytest.approx(x.std(), rel=1e-5)


def test_whitening_by_given_numbers_needs_one_pass_and_gives_the_same():
    x = 3 + white_noise((4, 2, 16, 16), seed=4)
    own = mean_log_spectrum(x, recipe="stylegan3")
    given = mean_log_spectrum(x, recipe="stylegan3", whitening=(x.mean(), x.std()))
    np.testing.assert_allclose(own, given, atol=1e-5)


def test_white_noise_is_zero_db_in_stylegan3():
    x = white_noise((900, 16, 16), seed=9)
    spectrum = mean_log_spectrum(x, recipe="stylegan3")
    assert np.abs(spectrum).max() < 5 * 10 / np.log(10) * np.sqrt(2 / 900)


def slow_durall(images):
    profiles = []
    for image in images:
        gray = 0.2989 * image[0] + 0.5870 * image[1] + 0.1140 * image[2]
        n = len(gray)
        values = 20 * np.log(np.abs(np.fft.fftshift(np.fft.fft2(gray)) + 1e-8))
        rings = {}
        for (y, x), value in np.ndenumerate(values):
            rings.setdefault(int(np.hypot(y - (n - 1) / 2, x - (n - 1) / 2)), []).append(value)
        profile = np.array([np.mean(rings[r]) for r in sorted(rings)])[1:-1]
        profiles.append((profile - profile.min()) / (profile.max() - profile.min()))
    return np.mean(profiles, axis=0)


@pytest.mark.parametrize(("n", "rings"), [(32, 20), (15, 8), (64, 43)])
def test_durall2020_is_the_mean_of_scaled_azimuthal_averages(n, rings):
    x = 1 + power_law_noise((4, 3, n, n), seed=n, axes=2)
    profile = mean_log_spectrum(x, recipe="durall2020")
    assert profile.shape == (rings,)  # 45 rings of a 64-pixel image less two, as published
    np.testing.assert_allclose(profile, slow_durall(x), atol=2e-5)


def test_durall2020_takes_gray_images():
    x = power_law_noise((5, 1, 16, 16), seed=0, axes=2)
    same = np.repeat(x, 3, axis=1) / (0.2989 + 0.5870 + 0.1140)
    np.testing.assert_allclose(
        mean_log_spectrum(x, recipe="durall2020"),
        mean_log_spectrum(same, recipe="durall2020"),
        atol=1e-5,
    )


@pytest.mark.parametrize("shape", [(32, 32), (31, 31), (24, 40)])
def test_annulus_power_is_ring_mean_times_ring_area(shape):
    x = 2 + power_law_noise((3, 2, *shape), seed=1, axes=2)
    power = (np.abs(np.fft.fft2(x)) ** 2).mean((0, 1))
    least = min(shape)
    k = np.sqrt(sum(np.square(f * least) for f in np.ix_(*map(np.fft.fftfreq, shape))))
    edges = np.arange(0.5, least // 2 + 1)
    expected = [
        power[(k >= low) & (k < high)].mean() * np.pi * (high**2 - low**2)
        for low, high in pairwise(edges)
    ]
    curve = published_curve(x, recipe="agnihotri2024")
    np.testing.assert_allclose(curve, np.divide(expected, expected[0]), rtol=1e-5)
    np.testing.assert_array_equal(curve.k, np.arange(1, least // 2 + 1))
    np.testing.assert_allclose(curve.f, curve.k / least)


@pytest.mark.filterwarnings("ignore:dropping variables:FutureWarning")
def test_one_map_agrees_with_xrft():
    xrft = pytest.importorskip("xrft")
    n = 32
    values = 5 + power_law_noise((n, n), seed=7)
    coords = {"y": np.arange(n), "x": np.arange(n)}
    x = xr.DataArray(values, coords, ("y", "x"))
    power = xrft.power_spectrum(
        x,
        dim=["y", "x"],
        scaling="density",
        window="hann",
        detrend="constant",
        window_correction=True,
    )
    log_power = 10 * np.log10(power.values / values.var() + 1e-12)
    spectrum = mean_log_spectrum(x)
    bias = np.full((n, n), 2.507)
    bias[np.ix_([0, n // 2], [0, n // 2])] = 5.517
    np.testing.assert_allclose(spectrum.values - bias, log_power, atol=2e-3)
    plain = xrft.power_spectrum(x, dim=["y", "x"], scaling="density").values * n**2
    np.testing.assert_allclose(
        mean_log_spectrum(x, recipe="agnihotri2024"), np.log(plain) / 2, atol=1e-4
    )


@pytest.mark.parametrize("shape", [(15, 16), (16, 15)])
def test_amplitudes_of_one_map_hold_its_energy(shape):
    x = 3 + white_noise(shape, seed=5)
    energy = (np.exp(mean_log_spectrum(x, recipe="agnihotri2024")) ** 2).sum() / x.size
    assert float(energy) == pytest.approx((x**2).sum(), rel=1e-5)


def test_a_tone_stands_at_its_frequency():
    x = tone((32, 48), (-5 / 32, 12 / 48)) + 1e-3 * white_noise((32, 48), seed=0)
    peak = mean_log_spectrum(x).argmax(...)
    spectrum = mean_log_spectrum(x)
    found = float(spectrum.fy[peak["fy"]]), float(spectrum.fx[peak["fx"]])
    assert found in [(-5 / 32, 0.25), (5 / 32, -0.25)]


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_kind_of_array_does_not_matter(recipe):
    values = (1 + power_law_noise((7, 3, 16, 16), seed=1, axes=2)).astype(np.float32)
    expected = mean_log_spectrum(values, recipe=recipe)
    tensor = torch.from_numpy(values)
    for x in (
        tensor.requires_grad_(),
        tensor.contiguous(memory_format=torch.channels_last),
        values.astype(">f4"),
        values[::-1],
        xr.DataArray(values, dims=("sample", "channel", "y", "x")),
        values.astype(float),
    ):
        np.testing.assert_allclose(mean_log_spectrum(x, recipe=recipe), expected, atol=2e-4)


def test_a_file_mapped_into_memory_is_read_in_chunks(tmp_path):
    values = power_law_noise((9, 3, 32, 32), seed=2, axes=2).astype(np.float32)
    np.save(tmp_path / "maps.npy", values)
    mapped = np.load(tmp_path / "maps.npy", mmap_mode="r")
    xr.testing.assert_identical(mean_log_spectrum(mapped), mean_log_spectrum(values))


def test_chunks_hold_some_mebibytes_whatever_the_number_of_maps():
    for shape in ((700, 3, 64, 64), (40, 64, 128, 128), (2, 1, 1024, 1024)):
        x = torch.zeros(1).expand(shape)
        sizes = [chunk.numel() * 4 for chunk in chunks(x[:, :1], 2)]
        assert max(sizes) <= max(3 << 20, 3 * 4 * shape[-1] * shape[-2])


def test_chunks_hand_out_every_map_once():
    x = torch.arange(700.0)[:, None, None, None].expand(700, 2, 64, 64)
    seen = torch.cat([chunk[:, 0, 0] for chunk in chunks(x, 2)])
    assert torch.equal(seen, torch.arange(700.0).repeat_interleave(2))


def test_the_input_is_left_as_it_was():
    x = 1 + torch.from_numpy(white_noise((4, 3, 16, 16), seed=0)).float()
    before = x.clone()
    for recipe in RECIPES:
        mean_log_spectrum(x, recipe=recipe)
    published_curve(x, recipe="agnihotri2024")
    assert torch.equal(x, before)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_result_says_how_it_was_made(recipe):
    x = 1 + power_law_noise((2, 3, 16, 16), seed=1, axes=2)
    spectrum = mean_log_spectrum(x, recipe=recipe)
    attrs = spectrum.attrs
    assert attrs["recipe"] == recipe
    assert attrs["n"] == (2 if recipe == "durall2020" else 6)
    assert f"{attrs['n']} " in attrs["caption"]
    assert "window" in attrs["caption"]
    assert attrs["caption"].endswith(".")
    assert {"units", "window"} <= set(attrs)
    for dim in spectrum.dims:
        assert spectrum[dim].attrs["units"] == "cycles/pixel"
    if recipe != "durall2020":
        np.testing.assert_allclose(spectrum.fy, np.arange(-8, 8) / 16)


def test_scale_and_offset_leave_the_spectrum_unchanged():
    x = power_law_noise((5, 16, 16), seed=3, axes=2)
    spectrum = mean_log_spectrum(x)
    for scale in (1e-20, 1e-6, 1e12):
        np.testing.assert_allclose(mean_log_spectrum(scale * (x + 3)), spectrum, atol=2e-3)


@pytest.mark.parametrize(
    ("x", "options", "words"),
    [
        (np.ones((2, 8, 8), complex), {}, "complex128.*real"),
        (torch.ones(2, 8, 8, dtype=torch.uint8), {}, "uint8.*floating point"),
        (np.ones((2, 8, 8), bool), {}, "bool.*floating point"),
        (np.full((2, 8, 8), np.nan), {}, "NaN or infinite"),
        (np.array([np.eye(8), np.full((8, 8), np.inf)]), {}, "in 1 of 2 maps"),
        (np.ones((3, 8, 8)), {}, "3 maps, all of them constant"),
        (np.ones((1, 1)), {}, "at least 4 pixels"),
        (np.ones(64), {}, "see spatial=1"),
        (np.ones((0, 8, 8)), {}, "holds no map"),
        (np.eye(8), {"spatial": 4}, "spatial=4"),
        (np.eye(8), {"recipe": "stylegan2"}, "expected one of spectra, agnihotri2024"),
        (np.eye(8), {"recipe": "stylegan3", "spatial": 1}, "images only"),
        (np.eye(8), {"interp": 2}, "belong to recipe 'stylegan3'"),
        (np.eye(8), {"recipe": "stylegan3", "interp": 0}, "interp=0"),
        (np.eye(8), {"recipe": "stylegan3", "whitening": (0.0, 0.0)}, "deviation > 0"),
        (np.ones((2, 8, 8)), {"recipe": "stylegan3"}, "deviation > 0"),
        (np.ones((2, 8, 8)), {"recipe": "durall2020"}, "2 channels"),
        (np.ones((3, 8, 9)), {"recipe": "durall2020"}, "squares"),
    ],
)
def test_what_has_no_spectrum_is_refused_in_one_line(x, options, words):
    with pytest.raises(ParameterError, match=words) as caught:
        mean_log_spectrum(x, **options)
    assert "\n" not in str(caught.value)
