import numpy as np
import pytest
import torch
import torch.nn.functional as F

from spectra.score._score import out_of_band_dbc, read_lattice, score, verdict_of
from spectra.spectrum import MapStatistics, plan_maps


def dataset(maps, *periods, batch=8):
    statistics = MapStatistics(plan_maps(maps.shape[1:], *periods, count=len(maps)))
    for start in range(0, len(maps), batch):
        statistics.update(maps[start : start + batch], first=start)
    return statistics.to_dataset()


def scored(maps, *periods):
    data = dataset(maps, *periods)
    return score(read_lattice(data), data)


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("mode", "closed_form"), [("nearest", -3.06), ("bilinear", -11.56), ("bicubic", -11.12)]
)
def test_out_of_band_power_of_interpolated_white_noise(mode, closed_form):
    maps = F.interpolate(noise(16, 4, 64, 64), scale_factor=2, mode=mode)
    assert out_of_band_dbc(dataset(maps, (2, 2)), (2, 2)) == pytest.approx(closed_form, abs=0.3)


@pytest.mark.parametrize("factor", [2, 3, 4])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_nearest_upsampling_is_found_in_one_two_and_three_axes(factor, axes):
    side = {1: 256, 2: 48, 3: 12}[axes]
    x = noise(16, 2, *(side,) * axes)
    result = scored(F.interpolate(x, scale_factor=factor, mode="nearest"), (factor,) * axes)
    assert result.verdict == "present"
    assert result.period == (factor,) * axes


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_white_noise_has_no_grid(axes):
    side = {1: 512, 2: 96, 3: 32}[axes]
    result = scored(noise(16, 2, *(side,) * axes, seed=axes + 3), (2,) * axes)
    assert result.verdict == "none"  # one seed in twenty reads "suspect": see the next test
    assert result.a_db == 0


def test_p_is_uniform_enough_on_white_noise():
    ps = [scored(noise(16, 2, 128, seed=seed), (2,)).p for seed in range(60)]
    assert np.mean(np.array(ps) < 0.05) <= 0.15  # binomial, 3 sd above .05
    assert np.mean(np.array(ps) < 0.5) == pytest.approx(0.5, abs=0.2)


def test_a_checkerboard_is_locked_and_a_texture_of_the_same_period_is_not():
    base = noise(32, 1, 96, 96)
    y, x = np.mgrid[:96, :96]
    board = torch.as_tensor((-1.0) ** (x + y), dtype=torch.float32)
    sign = torch.where(torch.arange(32) % 2 == 0, 1.0, -1.0).view(-1, 1, 1, 1)
    locked = scored(base + 0.5 * board, (2, 2))
    texture = scored(base + 0.5 * board * sign, (2, 2))
    assert locked.verdict == "present"
    assert locked.lock_index > 0.9
    assert texture.verdict == "none"
    assert texture.lock_index < 0.1


def test_headline_is_ten_log_of_one_plus_energy_over_minus_forty_dbc():
    result = scored(F.interpolate(noise(16, 4, 48, 48), scale_factor=2, mode="nearest"), (2, 2))
    expected = 10 * np.log10(1 + 10 ** (result.asr_dbc / 10) / 1e-4)
    assert result.a_db == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("p", "verdict"),
    [(0.0005, "present"), (0.001, "present"), (0.0015, "suspect"), (0.05, "none"), (1.0, "none")],
)
def test_the_one_rule(p, verdict):
    assert verdict_of(p) == verdict


def test_constant_maps_get_a_reason_instead_of_a_number():
    result = scored(torch.ones(16, 2, 64, 64), (2, 2))
    assert result.verdict == "insufficient"
    assert result.asr_dbc is None
    assert "constant" in result.reason


def test_maps_with_too_few_pixels_get_a_reason():
    assert "too small" in scored(noise(32, 2, 8, 8), (2, 2)).reason


def test_an_unbalanced_phase_of_a_pixel_shuffle_is_found_and_true_samples_are_not():
    """Polyphase components of a smooth random picture: restored detail is no artifact."""
    fine = F.avg_pool2d(noise(16, 1, 194, 194), 3, 1)
    clean = scored(fine, (2, 2))
    faulty = fine.clone()
    faulty[..., ::2, ::2] *= 1.1
    assert clean.verdict == "none"
    assert scored(faulty, (2, 2)).verdict == "present"


def test_the_amplitude_of_a_checkerboard_is_told_in_grey_levels():
    """Exactly 2 of 255, in pictures whose brightness differs widely."""
    generator = torch.Generator().manual_seed(1)
    brightness = 0.5 + 0.15 * torch.randn(32, 1, 1, 1, generator=generator)
    y, x = np.mgrid[:96, :96]
    board = torch.as_tensor((-1.0) ** (x + y), dtype=torch.float32) * 2 / 255
    maps = brightness + 0.02 * noise(32, 1, 96, 96) + board
    data = dataset(maps, (2, 2))
    assert score(read_lattice(data), data, levels=255).grey_levels == pytest.approx(2.0, rel=0.05)


def test_what_is_too_faint_to_matter_is_not_tested():
    """A line at -75 dBc and no replicas, in so many maps that the test would see it."""
    n = torch.arange(96.0)
    smooth = torch.fft.irfft(torch.fft.rfft(noise(256, 1, 96)) * (torch.arange(49) < 12), 96)
    maps = smooth / smooth.std() + 10 ** (-75 / 20) * (-1.0) ** n
    result = scored(maps, (2,))
    assert result.verdict == "none"
    assert result.reason == "nothing above the floor"


def test_one_picture_with_a_huge_line_is_not_a_locked_grid():
    maps = noise(32, 1, 128)
    maps[5] += 100 * (-1.0) ** torch.arange(128.0)
    assert scored(maps, (2,)).verdict != "present"


def test_a_pure_grid_off_nyquist_is_wholly_locked():
    n = torch.arange(192.0)
    maps = 0.01 * noise(16, 1, 192) + torch.cos(2 * np.pi * n / 3)
    assert scored(maps, (3,)).lock_index == pytest.approx(1, abs=0.01)


def test_a_line_at_the_inputs_own_nyquist_is_not_charged_in_a_map_of_few_periods():
    x = noise(64, 4, 8, 8) + 2 * (-1.0) ** torch.arange(8.0)
    spectrum = torch.fft.fft2(x)
    wide = torch.zeros(64, 4, 16, 16, dtype=spectrum.dtype)
    for a in range(8):
        for b in range(8):
            rows = [(a if a < 4 else a + 8, 1.0)] if a != 4 else [(4, 0.5), (12, 0.5)]
            columns = [(b if b < 4 else b + 8, 1.0)] if b != 4 else [(4, 0.5), (12, 0.5)]
            for r, wr in rows:
                for c, wc in columns:
                    wide[..., r, c] = spectrum[..., a, b] * wr * wc
    ideal = torch.fft.ifft2(wide).real.float()
    assert scored(ideal, (2, 2)).verdict != "present"


def test_usable_images_that_all_fall_into_one_group_are_too_few():
    maps = torch.ones(64, 1, 96)
    maps[::16] = noise(4, 1, 96)
    assert "too few" in scored(maps, (2,)).reason


def test_images_are_counted_once_however_often_a_step_runs_on_them():
    statistics = MapStatistics(plan_maps((1, 64, 64), (2, 2), count=16))
    maps = noise(48, 1, 64, 64)
    for call in range(3):
        statistics.update(maps[16 * call : 16 * call + 16], first=0)
    data = statistics.to_dataset()
    assert score(read_lattice(data), data).replicates == 16
    few = MapStatistics(plan_maps((1, 64, 64), (2, 2), count=16))
    for call in range(3):
        few.update(maps[8 * call : 8 * call + 8], first=0)
    assert "too few: 8 independent blocks" in score(None, few.to_dataset()).reason
