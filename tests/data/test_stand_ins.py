"""Samples made of what scikit-image carries: exact targets, the same bits each time."""

import hashlib

import numpy as np
import pytest
import skimage.data
import torch

from spectra.data import motorcycle, restoration_photographs, shifted_pairs, textured_regions
from spectra.data._photographs import PARTS, blurred
from spectra.data._stereo_pairs import right_view
from spectra.data._textures import cells, texture_part
from spectra.errors import ParameterError


def digest(sample):
    parts = b"".join(part.contiguous().numpy().tobytes() for part in sample[:4])
    return hashlib.sha256(parts).hexdigest()


def test_photographs_to_train_and_to_test_are_others_and_none_is_a_jpeg_or_has_a_grid():
    assert set(PARTS["train"]) & set(PARTS["test"]) == set()
    spoilt = {"rocket", "retina", "hubble_deep_field", "coffee", "coins", "moon"}
    assert {*PARTS["train"], *PARTS["test"]} & (spoilt | {"immunohistochemistry", "clock"}) == set()
    assert [sample.name for sample in restoration_photographs("train")] == [*PARTS["train"]]


def test_the_blur_is_the_mean_of_five_neighbours_in_linear_light():
    picture = skimage.data.chelsea() / 255
    light = picture**2.2
    y, x = 100, 200
    expected = np.mean(light[y, x - 2 : x + 3], axis=0) ** (1 / 2.2)
    sample = restoration_photographs("test")[0]
    # The two columns at the left have no five neighbours and are left out.
    assert np.allclose(sample.target[:, y, x - 2], picture[y, x], atol=1e-6)
    assert np.allclose(sample.input[:, y, x - 2], np.round(expected * 255) / 255, atol=1e-6)


def test_the_blur_conserves_light_of_a_period(generator):
    row = torch.rand(3, 1, 5, generator=generator, dtype=torch.float64).repeat(1, 1, 3)
    light = blurred(row) ** 2.2
    assert torch.allclose(light, (row[..., :5] ** 2.2).mean(-1, keepdim=True).expand_as(light))


def test_a_halved_picture_keeps_the_means_of_2x2_pixels_where_it_is_smooth():
    sample = restoration_photographs("test", damage="half")[0]
    picture = skimage.data.chelsea()[:288, :448] / 255
    means = picture.reshape(144, 2, 224, 2, 3).mean((1, 3))
    again = sample.input.numpy().reshape(3, 144, 2, 224, 2).mean((2, 4))
    off = np.abs(np.moveaxis(means, -1, 0) - again)
    assert np.median(off) < 1 / 255  # bicubic enlarging rings at edges only
    assert sample.input.shape == sample.target.shape == (3, 288, 448)


def test_each_pixel_of_a_region_is_nearest_to_its_point(rng):
    points = rng.uniform(0, 9, (4, 2))
    region = cells(points, 9)
    for y in range(9):
        for x in range(9):
            distances = [np.hypot(y + 0.5 - p, x + 0.5 - q) for p, q in points]
            assert distances[region[y, x]] == min(distances)


def test_a_region_holds_its_own_texture_and_no_other():
    """Up to brightness and contrast each region is a patch of its texture, and found there."""
    sample = textured_regions("train", count=1, size=40)[0]
    for label in sample.target.unique().tolist():
        texture = texture_part(sample_classes()[label], "train")
        blocks = [
            sample.input[0, y : y + 5, x : x + 5].numpy()
            for y, x in np.argwhere(sample.target.numpy() == label)
            if is_block(sample.target, y, x, label)
        ]
        rough = sorted(blocks, key=np.std)[len(blocks) // 2 :: len(blocks) // 16 or 1]
        # A few blocks lie across two regions of one class.
        assert np.median([best_correlation(texture, block) for block in rough]) > 0.99


def sample_classes():
    return textured_regions(count=1, size=8).classes


def is_block(labels, y, x, label):
    part = labels[y : y + 5, x : x + 5]
    return part.shape == (5, 5) and bool((part == label).all())


def best_correlation(texture, block):
    windows = np.lib.stride_tricks.sliding_window_view(texture, (5, 5)).reshape(-1, 25)
    windows = windows - windows.mean(1, keepdims=True)
    block = block.ravel() - block.mean()
    norms = np.linalg.norm(windows, axis=1) * np.linalg.norm(block)
    return float((windows @ block / np.maximum(norms, 1e-9)).max())


def test_the_halves_of_a_texture_are_apart():
    whole = np.asarray(skimage.data.brick(), dtype=float)
    for half, columns in (("train", slice(0, 256)), ("test", slice(256, 512))):
        values = whole[:, columns]
        expected = (values - values.mean()) / values.std()
        assert np.allclose(texture_part("brick", half), expected, atol=1e-5)


def test_gray_levels_do_not_tell_the_class():
    samples = list(textured_regions("train", count=24, size=64))
    means = [
        [float(s.input[0][s.target == k].mean()) for s in samples if (s.target == k).any()]
        for k in range(4)
    ]
    between = np.ptp([np.mean(of_class) for of_class in means])
    assert between < np.std(np.concatenate(means))


@pytest.mark.parametrize("content", ["dots", "textures"])
def test_each_pixel_that_is_not_occluded_stands_in_the_right_view(content):
    for sample in shifted_pairs("train", content=content, count=6):
        left, right = sample.input[0].numpy(), sample.input[3].numpy()
        disparity = sample.target.numpy().astype(int)
        for y, x in np.argwhere(~sample.occluded.numpy()):
            assert left[y, x] == right[y, x - disparity[y, x]]
        assert sample.mask.all()
        assert 0.01 < sample.occluded.float().mean() < 0.5
        assert 1 <= disparity.min() <= disparity.max() <= 12


def test_the_right_view_is_that_of_a_slow_painter(rng):
    """Every place of the right view asks all pixels of its row which nearest one falls on it."""
    disparity = rng.integers(1, 5, (6, 12))
    left, filling = rng.random((2, 6, 12), dtype=np.float32)
    right, seen = right_view(left, disparity, filling)
    for y in range(6):
        shown = set()
        for place in range(12):
            falls = [x for x in range(12) if x - disparity[y, x] == place]
            if falls:
                x = max(falls, key=lambda x, y=y: disparity[y, x])
                assert right[y, place] == left[y, x]
                shown.add(x)
            else:
                assert right[y, place] == filling[y, place]
        assert {x for x in range(12) if seen[y, x]} == shown


def test_what_covers_another_is_not_occluded_itself():
    sample = shifted_pairs(count=1)[0]
    nearest = sample.target == sample.target.max()
    inside = torch.arange(96) >= sample.target.max()
    assert not sample.occluded[nearest & inside].any()


def test_the_motorcycle_is_read_offline_and_its_halves_are_apart():
    left, right, disparity = skimage.data.stereo_motorcycle()
    train, test = motorcycle("train")[0], motorcycle("test")[0]
    assert np.array_equal(train.input[0, :, -1] * 255, left[:480, 367, 0])
    assert np.array_equal((test.input[4, :, 0] * 255).round(), right[:480, 368, 1])
    known = np.isfinite(disparity[:480, 368:736])
    assert np.array_equal(test.mask, known)
    assert np.array_equal(test.target[known], disparity[:480, 368:736][known])


def test_the_sign_of_the_motorcycle_is_left_minus_right():
    sample = motorcycle("train")[0]
    y, x = np.nonzero(sample.counted.numpy())
    shift = sample.target.numpy()[y, x].round().astype(int)
    left, right = sample.input[:3].numpy(), sample.input[3:].numpy()
    width = left.shape[-1]
    matched = np.abs(left[:, y, x] - right[:, y, x - shift]).mean()
    opposite = np.abs(left[:, y, x] - right[:, y, np.minimum(x + shift, width - 1)]).mean()
    assert matched < opposite / 3


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: textured_regions("test", count=2, size=24, seed=seed),
        lambda seed: shifted_pairs("test", count=2, size=(20, 30), seed=seed),
        lambda seed: shifted_pairs("test", count=2, size=(20, 30), content="textures", seed=seed),
    ],
)
def test_a_seed_gives_the_same_bits_and_another_seed_others(make):
    from spectra.data import _stereo_pairs, _textures

    first = digest(make(0)[1])
    _stereo_pairs._shifted.cache_clear()
    _textures._draw.cache_clear()
    assert digest(make(0)[1]) == first
    assert digest(make(1)[1]) != first
    assert digest(make(0)[0]) != first


@pytest.mark.parametrize(
    "make",
    [
        lambda: restoration_photographs("val"),
        lambda: restoration_photographs(damage="noise"),
        lambda: textured_regions(size=191),
        lambda: textured_regions(count=0),
        lambda: shifted_pairs(size=(8, 96)),
        lambda: shifted_pairs(content="photographs"),
        lambda: shifted_pairs(max_disparity=0),
        lambda: motorcycle("val"),
    ],
)
def test_an_option_that_is_not_there_is_refused_in_one_line(make):
    with pytest.raises(ParameterError, match="expected") as caught:
        make()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 160
