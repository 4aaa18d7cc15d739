"""Metrics against closed forms and slow definitions."""

import numpy as np
import pytest
import torch

from spectra.data import DisparityMetrics, RestorationMetrics, Sample, SegmentationMetrics
from spectra.errors import InputError


def restoration(target, name="p"):
    known = torch.ones(target.shape[1:], dtype=torch.bool)
    return Sample(target, target, known, ~known, name)


def segmentation(labels):
    known = labels != 255
    return Sample(torch.zeros(3, *labels.shape), labels, known, torch.zeros_like(known), "s")


def disparity(target, mask=None, occluded=None):
    known = torch.ones(target.shape, dtype=torch.bool) if mask is None else mask
    hidden = torch.zeros_like(known) if occluded is None else occluded
    return Sample(torch.zeros(6, *target.shape), target, known, hidden, "d")


def test_psnr_of_a_constant_error_is_its_closed_form_and_the_mean_is_of_pictures():
    metrics = RestorationMetrics()
    for error in (0.1, 0.01):
        target = torch.full((3, 12, 16), 0.5)
        metrics.add(target + error, restoration(target))
    # 20 dB and 40 dB; the mean of all pixels together would be 22.97
    assert metrics.values()["psnr"] == pytest.approx(30, abs=1e-4)


def test_outputs_are_cut_to_the_range_before_they_are_compared():
    metrics = RestorationMetrics()
    target = torch.ones(3, 12, 12)
    metrics.add(target + 5, restoration(target))
    assert metrics.values() == {"psnr": np.inf, "ssim": 1.0}


def test_ssim_of_a_constant_shift_is_its_closed_form():
    """Without structure SSIM is (2 a b + c) / (a^2 + b^2 + c), c = 0.01^2."""
    metrics = RestorationMetrics()
    metrics.add(torch.full((3, 16, 16), 0.4), restoration(torch.full((3, 16, 16), 0.8)))
    a, b, c = 0.4, 0.8, 0.01**2
    assert metrics.values()["ssim"] == pytest.approx((2 * a * b + c) / (a**2 + b**2 + c), abs=1e-6)


def test_ssim_is_that_of_its_formula_over_windows_that_lie_inside(rng):
    a, b = rng.random((2, 3, 14, 15))
    distance = np.arange(-5, 6)
    window = np.exp(-(distance[:, None] ** 2 + distance**2) / (2 * 1.5**2))
    window /= window.sum()
    values = []
    for channel in range(3):
        for y in range(4):
            for x in range(5):
                p, q = (v[channel, y : y + 11, x : x + 11] for v in (a, b))
                mean_p, mean_q = (window * p).sum(), (window * q).sum()
                spread = (window * p**2).sum() - mean_p**2 + (window * q**2).sum() - mean_q**2
                common = (window * p * q).sum() - mean_p * mean_q
                light = (2 * mean_p * mean_q + 1e-4) / (mean_p**2 + mean_q**2 + 1e-4)
                values.append(light * (2 * common + 9e-4) / (spread + 9e-4))
    metrics = RestorationMetrics()
    metrics.add(torch.from_numpy(a), restoration(torch.from_numpy(b)))
    assert metrics.values()["ssim"] == pytest.approx(np.mean(values), abs=1e-12)


def test_segmentation_is_that_of_a_loop_over_pixels(rng):
    labels = [rng.choice([0, 1, 2, 3, 255], (5, 6)) for _ in range(3)]
    logits = [rng.normal(size=(5, 5, 6)) for _ in range(3)]
    metrics = SegmentationMetrics(5)
    for target, output in zip(labels, logits, strict=True):
        metrics.add(torch.from_numpy(output), segmentation(torch.from_numpy(target)))
    found = [
        (target[y, x], output[:, y, x].argmax())
        for target, output in zip(labels, logits, strict=True)
        for y in range(5)
        for x in range(6)
        if target[y, x] != 255
    ]
    unions, recalls = [], []
    for k in range(5):
        hit = sum(t == o == k for t, o in found)
        meant = sum(t == k for t, _ in found)
        unions.append(hit / sum(k in pair for pair in found))
        if meant:
            recalls.append(hit / meant)
    assert metrics.values() == pytest.approx(
        {
            "miou": np.mean(unions),
            "macc": np.mean(recalls),
            "allacc": np.mean([t == o for t, o in found]),
        }
    )
    assert len(recalls) == 4


def test_a_class_that_is_neither_meant_nor_found_does_not_count():
    metrics = SegmentationMetrics(21)
    logits = torch.zeros(21, 1, 2)
    logits[15] = 1
    metrics.add(logits, segmentation(torch.tensor([[15, 255]])))
    assert metrics.values() == {"miou": 1, "macc": 1, "allacc": 1}


def test_the_end_point_error_is_a_mean_of_pictures_and_3px_a_share_of_pixels():
    metrics = DisparityMetrics()
    metrics.add(torch.full((1, 2, 2), 5.0), disparity(torch.full((2, 2), 1.0)))
    metrics.add(torch.full((3, 4), 3.0), disparity(torch.full((3, 4), 0.0)))
    assert metrics.values() == {"epe": 3.5, "3px": 25.0}  # 3 px is not more than 3 px


def test_pixels_that_are_unknown_or_occluded_do_not_count():
    target = torch.tensor([[1.0, 1.0, 0.0]])
    mask = torch.tensor([[True, True, False]])
    occluded = torch.tensor([[False, True, False]])
    output = torch.tensor([[2.0, 11.0, 99.0]])
    seen, every = DisparityMetrics(), DisparityMetrics(occluded=True)
    for metrics in (seen, every):
        metrics.add(output, disparity(target, mask, occluded))
    assert seen.values() == {"epe": 1, "3px": 0}
    assert every.values() == {"epe": 5.5, "3px": 50}


@pytest.mark.parametrize(
    "metrics", [RestorationMetrics(), SegmentationMetrics(2), DisparityMetrics()]
)
def test_nothing_counted_is_said_and_no_number(metrics):
    with pytest.raises(InputError, match="no pixel counts"):
        metrics.values()


@pytest.mark.parametrize(
    ("metrics", "output", "sample"),
    [
        (RestorationMetrics(), torch.zeros(3, 12, 13), restoration(torch.zeros(3, 12, 12))),
        (RestorationMetrics(), torch.zeros(3, 8, 12), restoration(torch.zeros(3, 8, 12))),
        (SegmentationMetrics(3), torch.zeros(2, 2, 2), segmentation(torch.ones(2, 2).long())),
        (DisparityMetrics(), torch.zeros(2, 2, 2), disparity(torch.zeros(2, 2))),
    ],
)
def test_an_output_of_another_shape_is_refused(metrics, output, sample):
    with pytest.raises(InputError, match="expected"):
        metrics.add(output, sample)


def seen(metrics, samples):
    for output, sample in samples:
        metrics.add(output, sample)
    return metrics


def test_metrics_of_two_parts_joined_are_those_of_the_whole(generator):
    pictures = [torch.rand(2, 3, 12, 16, generator=generator) for _ in range(3)]
    labels = [torch.randint(0, 3, (5, 6), generator=generator) for _ in range(3)]
    depths = [torch.rand(2, 5, 6, generator=generator) * 8 for _ in range(3)]
    kinds = [
        (RestorationMetrics, [(one, restoration(other)) for one, other in pictures]),
        (
            lambda: SegmentationMetrics(3),
            [(torch.rand(3, 5, 6, generator=generator), segmentation(one)) for one in labels],
        ),
        (DisparityMetrics, [(one, disparity(other)) for one, other in depths]),
    ]
    for make, samples in kinds:
        joined = seen(make(), samples[:1])
        joined.join(seen(make(), samples[1:]))
        assert joined.values() == seen(make(), samples).values()
