"""Crops and variations against slices, ramps and numpy's own turns."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from spectra.data import Augmentation, Sample, SampleSet, textured_regions
from spectra.errors import InputError, ParameterError

SEGMENTATION = tuple(map(str, range(250)))


def ramp(height=12, width=16):
    """Return a picture whose channels say row and column, and whose labels number the pixels."""
    row, column = np.indices((height, width), dtype=np.float32) + np.float32(0.5)
    picture = torch.from_numpy(np.stack((row / height, column / width, row * 0)))
    labels = torch.arange(height * width).reshape(height, width)
    known = torch.ones_like(labels, dtype=torch.bool)
    return Sample(picture, labels, known, occluded=~known, name="ramp")


def disparity():
    sample = ramp()
    views = torch.cat((sample.input, sample.input))
    return sample._replace(input=views, target=torch.full(sample.target.shape, 3.0))


def samples(augmentation, *, seed=0, task="segmentation", sample=None):
    return SampleSet(
        "ramps",
        task,
        (lambda: sample or ramp(), lambda: sample or ramp()),
        classes=SEGMENTATION,
        augmentation=augmentation,
        seed=seed,
    )


def test_a_crop_is_a_window_of_all_parts_alike(rng):
    whole = ramp()
    corners = set()
    for _ in range(40):
        part = Augmentation(crop=(5, 7))(whole, rng)
        top, left = divmod(int(part.target[0, 0]), 16)
        corners.add((top, left))
        assert torch.equal(part.input, whole.input[:, top : top + 5, left : left + 7])
        assert torch.equal(part.target, whole.target[top : top + 5, left : left + 7])
        assert part.mask.shape == (5, 7)
    assert len(corners) > 20
    assert max(top for top, _ in corners) == 7
    assert max(left for _, left in corners) == 9


def test_each_axis_is_mirrored_in_half_of_the_draws(rng):
    whole = ramp()
    firsts = [int(Augmentation(flip="xy")(whole, rng).target[0, 0]) for _ in range(400)]
    counts = [firsts.count(corner) for corner in (0, 15, 11 * 16, 12 * 16 - 1)]
    assert sum(counts) == 400
    assert min(counts) > 60  # of 100 expected, standard deviation 8.7


def test_flips_and_transposition_give_all_eight_positions_alike(rng):
    whole = ramp(12, 12)
    vary = Augmentation(crop=(12, 12), flip="xy", transpose=True)
    turned = [np.rot90(whole.target, n) for n in range(4)]
    expected = [labels for turn in turned for labels in (turn, turn.T)]
    found = [vary(whole, rng) for _ in range(400)]
    counts = [sum(np.array_equal(part.target, one) for part in found) for one in expected]
    assert sum(counts) == 400
    assert min(counts) > 25  # of 50 expected, standard deviation 6.6
    for part in found[:40]:  # the picture says where each label was
        rows, columns = (part.input[:2] * 12).floor().long()
        assert torch.equal(rows * 12 + columns, part.target)


def test_without_options_nothing_changes(rng):
    part = Augmentation()(ramp(), rng)
    assert all(torch.equal(one, other) for one, other in zip(part[:4], ramp()[:4], strict=True))


def test_turning_by_a_quarter_is_that_of_numpy(rng):
    whole = ramp(12, 12)

    class Right:
        def uniform(self, low, high):
            return 90.0

        integers = rng.integers

    part = Augmentation(rotate=90)(whole, Right())
    assert np.array_equal(part.target, np.rot90(whole.target))
    assert np.allclose(part.input, np.rot90(whole.input, axes=(1, 2)), atol=1e-6)


def test_labels_enlarged_twice_are_each_repeated_in_two_rows_and_columns(rng):
    whole = ramp()
    part = Augmentation(crop=(24, 32), scale=(2, 2))(whole, rng)
    assert np.array_equal(part.target, whole.target.numpy().repeat(2, 0).repeat(2, 1))
    assert part.mask.all()


def test_a_ramp_that_is_enlarged_stays_a_ramp_of_its_places(rng):
    part = Augmentation(crop=(6, 6), scale=(2, 2))(ramp(), rng)
    rows = part.input[0].numpy() * 12
    steps = np.diff(rows, axis=0)
    inner = (rows[:-1] > 0.5) & (rows[1:] < 11.5)  # the border is repeated
    assert np.allclose(steps[inner], 0.5, atol=1e-5)
    # Labels are those of the pixel in which a place lies, pictures say the place itself.
    column = np.clip(part.input[1].numpy() * 16, 0.5, 15.5)
    place = np.floor(rows) * 16 + np.floor(column)
    off = np.abs(rows - rows.round()) < 1e-3  # between two rows either may be meant
    assert np.array_equal(part.target.numpy()[~off], place[~off])


def test_beyond_the_sample_labels_are_void_and_colours_the_mean(rng):
    part = Augmentation(crop=(20, 20))(ramp(), rng)
    beyond = part.target == 255
    assert int(beyond.sum()) == 20 * 20 - 12 * 16
    assert not part.mask[beyond].any()
    assert part.mask[~beyond].all()
    assert torch.allclose(part.input[:, beyond], ramp().input.mean((1, 2))[:, None], atol=1e-6)
    assert torch.equal(part.target[4:16, 2:18], ramp().target)


def test_a_variation_follows_from_seed_number_and_draw_alone():
    augmentation = Augmentation.of_paper("segmentation")
    many = samples(augmentation)
    assert torch.equal(many[1, 5].input, samples(augmentation)[1, 5].input)
    others = [many[1, 6], many[0, 5], samples(augmentation, seed=1)[1, 5]]
    assert not any(torch.equal(many[1, 5].target, other.target) for other in others)


@pytest.mark.slow
def test_workers_give_what_one_process_gives():
    many = textured_regions(count=2, size=24).varied(Augmentation(crop=(5, 7), flip="x"))
    keys = [[(0, 1), (1, 1)], [(0, 2), (1, 2)]]
    alone = list(DataLoader(many, batch_sampler=keys))
    two = {"num_workers": 2, "multiprocessing_context": "spawn"}
    spread = list(DataLoader(many, batch_sampler=keys, **two))
    assert all(torch.equal(a.target, b.target) for a, b in zip(alone, spread, strict=True))


def test_a_crop_makes_a_match_beyond_the_right_view_occluded():
    many = samples(Augmentation(crop=(5, 7)), task="disparity", sample=disparity())
    part = many[0]
    assert part.occluded.sum(1).tolist() == [3] * 5  # disparity 3
    assert part.occluded[:, :3].all()


def test_what_a_task_does_not_allow_is_refused():
    with pytest.raises(ParameterError, match="mirrored along x"):
        samples(Augmentation(flip="x"), task="disparity", sample=disparity())
    with pytest.raises(ParameterError, match="no transpose"):
        samples(Augmentation((5, 5), transpose=True), task="disparity", sample=disparity())
    with pytest.raises(ParameterError, match="only labels can be enlarged"):
        samples(Augmentation(rotate=10), task="restoration")
    small = samples(Augmentation(crop=(13, 8)), task="disparity", sample=disparity())
    with pytest.raises(InputError, match=r"ramp is 16x12, smaller than the crop of 8x13"):
        small[0]


@pytest.mark.parametrize(
    "options",
    [
        {"crop": (0, 5)},
        {"flip": "z"},
        {"scale": (2, 1)},
        {"scale": (0, 1)},
        {"rotate": -1},
        {"transpose": True},
        {"transpose": True, "crop": (4, 5)},
    ],
)
def test_an_option_that_says_nothing_is_refused(options):
    with pytest.raises(ParameterError, match=f"{next(iter(options))}=.*expected"):
        Augmentation(**options)


def test_a_set_without_samples_is_refused_and_a_part_can_be_taken():
    many = samples(None)
    with pytest.raises(InputError, match="holds no sample"):
        many.only([])
    assert len(many.only([1])) == 1
    assert len(list(many)) == 2
    with pytest.raises(IndexError):
        many[2]
