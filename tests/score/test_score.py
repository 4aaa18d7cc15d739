import numpy as np
import pytest
import torch
import torch.nn.functional as F

from spectra.score import judge, measure, out_of_band_dbc, score
from spectra.spectrum import MapStatistics, plan_maps, to_dataset


def dataset(maps, *periods, batch=8):
    statistics = MapStatistics(plan_maps(maps.shape[1:], *periods, count=len(maps)))
    for start in range(0, len(maps), batch):
        statistics.update(maps[start : start + batch], first=start)
    return to_dataset(statistics)


def scored(maps, *periods):
    data = dataset(maps, *periods)
    return score(measure(data), data)


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
    assert judge(p) == verdict


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
