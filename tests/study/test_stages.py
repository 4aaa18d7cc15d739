"""Stages of a training: what each step sees, and that an interrupted one goes on."""

import numpy as np
import pytest
import torch
from torch import nn

from spectra.data import Augmentation, Sample, SampleSet, restoration_photographs
from spectra.errors import ParameterError
from spectra.study import Stage, Training, restoration, train
from spectra.study._batches import pieces, share, training_batches
from spectra.study._stages import placed, stretched
from spectra.study._team import ALONE, Team

STAGES = (Stage(3, batch=4, crop=(16, 16)), Stage(2, batch=2, crop=(24, 20)), Stage(1, batch=1))
PATCHES = Augmentation(crop=(12, 12), flip="xy")
TASK = restoration(
    restoration_photographs("train").only(range(3)).varied(PATCHES),
    restoration_photographs("train").only([3]).varied(PATCHES),
)


class Watching(nn.Conv2d):
    """A convolution that remembers the sizes it saw while training."""

    def __init__(self):
        super().__init__(3, 3, 3, padding=1)
        self.sizes = []

    def forward(self, x):
        if self.training:
            self.sizes.append(tuple(x.shape))
        return super().forward(x)


@pytest.fixture(autouse=True)
def no_curve(monkeypatch):
    monkeypatch.setattr("spectra.study._train.draw_curve", lambda part, rows, **_: part.touch())


def test_each_stage_has_its_batch_and_crop_and_the_last_one_those_of_the_samples(tmp_path):
    done = train(TASK, Watching, tmp_path, training=Training(stages=STAGES))
    expected = [(4, 3, 16, 16)] * 3 + [(2, 3, 24, 20)] * 2 + [(1, 3, 12, 12)]
    assert done.model.sizes == expected
    assert done.history[-1].step == 6


def test_a_training_interrupted_within_a_stage_ends_with_the_same_bits(tmp_path):
    class Stop(Exception):
        pass

    def stopping(what, done, total):
        if done == 5:
            raise Stop

    training = Training(stages=STAGES, checkpoint_every=4, adversarial="pgd:eps=2/255,steps=1")
    whole = train(TASK, Watching, tmp_path / "whole", training=training)
    with pytest.raises(Stop):
        train(TASK, Watching, tmp_path / "again", training=training, progress=stopping)
    again = train(TASK, Watching, tmp_path / "again", training=training)
    assert again.model.sizes == whole.model.sizes[4:]
    assert torch.equal(whole.model.weight, again.model.weight)
    assert again.history == whole.history
    one = Training(steps=6, batch=4, adversarial="pgd:eps=2/255,steps=1")
    with pytest.raises(ParameterError, match=r"with stages=\[.*crop.*, here stages=None"):
        train(TASK, Watching, tmp_path / "again", training=one)


@pytest.mark.parametrize("first", [0, 2, 4])
def test_across_stages_every_sample_comes_once_in_each_round(first):
    pixel = torch.zeros(3, 1, 1)
    known = torch.ones(1, 1, dtype=torch.bool)
    readers = tuple(lambda n=n: Sample(pixel, pixel, known, ~known, str(n)) for n in range(5))
    stages = [Stage(3, batch=4), Stage(2, batch=2), Stage(1, batch=1)]
    training = Training(stages=stages, seed=3)
    found = training_batches(
        SampleSet("numbers", "restoration", readers), training, first=first, team=ALONE
    )
    seen = [int(name) for batch in found for name in batch.name.split(", ")]
    rounds = [np.random.default_rng((3, turn)).permutation(5) for turn in range(4)]
    expected = [int(number) for numbers in rounds for number in numbers][: 3 * 4 + 2 * 2 + 1]
    assert seen == expected[[0, 4, 8, 12, 14][first] :]


def test_the_shares_of_all_processes_are_the_batch_and_each_half_is_shared_evenly():
    for batch in range(1, 40):
        half = max(1, batch // 2)
        for size in range(1, batch + 1):
            shares = [share(batch, Team(rank, size)) for rank in range(size)]
            attacked = [place for first, _ in shares for place in first]
            others = [place for _, second in shares for place in second]
            assert attacked == list(range(half))
            assert others == list(range(half, batch))
            lengths = [len(first) + len(second) for first, second in shares]
            assert min(lengths) >= 1
            assert max(lengths) - min(lengths) <= 1
            firsts = [len(first) for first, _ in shares]
            assert max(firsts) - min(firsts) <= 1


def test_every_process_cuts_its_part_into_as_many_pieces_none_of_them_empty():
    for batch in range(1, 30):
        for size in range(1, batch + 1):
            parts = [sum(map(len, share(batch, Team(rank, size)))) for rank in range(size)]
            assert pieces(batch, Team(0, size), None) == 1
            for most in range(1, batch + 2):
                (count,) = {pieces(batch, Team(rank, size), most) for rank in range(size)}
                assert 1 <= count <= min(parts)
                largest = max(-(-part // count) for part in parts)
                assert largest <= most + (min(parts) < max(parts))


@pytest.mark.parametrize("steps", [1, 2, 7, 300, 300_000])
def test_stretched_stages_have_the_steps_that_were_asked_for(steps):
    lengths = (92, 64, 48, 36, 36, 24)  # thousands of Restormer's steps
    training = Training(
        stages=[Stage(1000 * n, batch=8 - i) for i, n in enumerate(lengths)], hold=92_000
    )
    shorter = training.lasting(steps)
    assert shorter.steps == steps == sum(stage.steps for stage in shorter.stages)
    ends = {stage.batch: part.last for part in placed(shorter.stages) for stage in [part.stage]}
    for batch, end in ends.items():
        assert end == pytest.approx(sum(lengths[: 9 - batch]) / 300 * steps, abs=0.5)
    assert shorter.hold == round(steps * 92 / 300)
    assert stretched(training.stages, 300_000) == training.stages


@pytest.mark.parametrize(
    "options", [{"steps": 0, "batch": 1}, {"steps": 1, "batch": 0}, {"steps": 1.5, "batch": 1}]
)
def test_a_stage_that_says_nothing_is_refused(options):
    with pytest.raises(ParameterError, match="expected an integer"):
        Stage(**options)
