"""What a batch's gradient is, in parts, in half precision, and of normalised pictures."""

import pytest
import torch
from torch import nn

from spectra.data import Augmentation, restoration_photographs, shifted_pairs, textured_regions
from spectra.errors import ModelError, ParameterError
from spectra.study import Task, Training, disparity, evaluate, restoration, segmentation, train
from spectra.study._batches import stacked
from spectra.study._objective import Gradient
from spectra.study._settings import settings
from spectra.study._team import ALONE

PATCHES = Augmentation(crop=(16, 16), flip="xy")
PICTURES = restoration_photographs("train").only(range(3)).varied(PATCHES)
TASK = restoration(PICTURES, restoration_photographs("train").only([3]).varied(PATCHES))


def small():
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 3, 1))


@pytest.fixture(autouse=True)
def no_curve(monkeypatch):
    monkeypatch.setattr("spectra.study._train.draw_curve", lambda part, rows, **_: part.touch())


@pytest.mark.parametrize("adversarial", [None, "pgd:eps=4/255,steps=2"])
@pytest.mark.parametrize("at_once", [1, 2])
def test_a_batch_in_parts_gives_the_weights_of_the_whole_batch(tmp_path, adversarial, at_once):
    options = {"steps": 3, "batch": 5, "adversarial": adversarial}
    whole = train(TASK, small, tmp_path / "whole", training=Training(**options))
    parts = train(TASK, small, tmp_path / "p", training=Training(at_once=at_once, **options))
    for one, other in zip(whole.model.parameters(), parts.model.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=2e-6)  # the sum in another order
    losses = [row.loss for row in whole.history[1:]]
    assert [row.loss for row in parts.history[1:]] == pytest.approx(losses, rel=1e-5)


@pytest.mark.parametrize("at_once", [None, 2])
def test_the_gradient_is_that_of_the_mean_over_the_pixels_that_count(at_once):
    """Of an l2 loss: mean of 2 (W x - t) x^T / 3 over the pixels, 3 for the mean of channels."""
    net = nn.Conv2d(3, 3, 1, bias=False)
    task = restoration(PICTURES, PICTURES, loss="l2")
    batch = stacked([PICTURES[number] for number in (0, 1, 2)])
    batch.mask[0, :5] = False
    training = Training(at_once=at_once)
    gradient = Gradient(task, net, training, attack=None, team=ALONE)
    loss = gradient.of(batch, step=0, size=3)
    weight = net.weight.detach()[..., 0, 0].double()
    x, t = (part.double().movedim(1, -1)[batch.mask] for part in (batch.input, batch.target))
    error = x @ weight.T - t
    expected = 2 * error.T @ x / (3 * len(x))
    torch.testing.assert_close(net.weight.grad[..., 0, 0].double(), expected, rtol=1e-5, atol=1e-7)
    assert loss == pytest.approx(float(error.square().mean()), rel=1e-5)


def test_parts_count_by_their_known_pixels_not_alike(tmp_path):
    """Of two pictures of labels one is void but for a corner: its pixels count as any others."""
    regions = textured_regions("train", count=2, size=16)

    def read(number):
        sample = regions[number]
        mask = sample.mask.clone()
        if number:
            mask[2:] = False
        return sample._replace(mask=mask)

    samples = type(regions)(
        "half void", "segmentation", (lambda: read(0), lambda: read(1)), classes=regions.classes
    )
    task = segmentation(samples, samples)
    weights = []
    for at_once in (None, 1):
        torch.manual_seed(0)
        net = nn.Conv2d(3, 4, 3, padding=1)
        training = Training(steps=2, batch=2, at_once=at_once)
        train(task, net, tmp_path / str(at_once), training=training)
        weights.append(net.weight.detach())
    torch.testing.assert_close(*weights, rtol=0, atol=1e-6)


def test_half_precision_is_of_operations_while_training_alone(tmp_path):
    seen = []

    class Watching(nn.Conv2d):
        def forward(self, x):
            y = super().forward(x)
            seen.append((self.training, x.dtype, y.dtype))
            return y

    training = Training(
        steps=1, batch=2, precision="bfloat16", adversarial="fgsm:eps=2/255", learning_rate=1e-5
    )
    done = train(TASK, Watching(3, 3, 1), tmp_path, training=training)
    single, half = torch.float32, torch.bfloat16
    # evaluated, attacked, trained on, evaluated
    expected = [
        (False, single, single),
        (False, single, half),
        (True, single, half),
        (False, single, single),
    ]
    assert seen == expected
    assert done.model.weight.dtype == single
    full = train(TASK, lambda: nn.Conv2d(3, 3, 1), tmp_path / "s", training=Training(steps=1))
    assert done.history[1].loss != full.history[1].loss


@pytest.mark.parametrize("where", ["forward", "backward"])
def test_a_batch_that_does_not_fit_is_told_in_one_line_with_what_to_try(tmp_path, where):
    class Full(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            if where == "forward" and x.requires_grad:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            raise torch.OutOfMemoryError("CUDA out of memory")

    class Large(nn.Conv2d):
        def forward(self, x):
            return Full.apply(super().forward(x))

    for most, said in ((4, r"with 4 samples of \(3, 16, 16\).*--at-once 2,"), (1, "try --prec")):
        training = Training(steps=1, batch=8, at_once=most)
        with pytest.raises(ModelError, match=f"^step 1 ran out of memory .*{said}"):
            train(TASK, Large(3, 3, 1), tmp_path / str(most), training=training)


class Undoing(nn.Module):
    """Turns normalised pictures back to pictures."""

    def __init__(self, mean, std):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(std)[:, None, None])
        self.mean = torch.tensor(mean)[:, None, None]

    def forward(self, x):
        return x * self.gain + self.mean


MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def test_a_model_sees_normalised_pictures_and_attacks_stay_in_units_of_the_picture():
    plain = restoration(PICTURES, PICTURES)
    scaled = Task(PICTURES, PICTURES, "psnr", mean=MEAN, std=STD)
    attack = "pgd:eps=4/255,steps=2,loss=l2"
    for given in (None, attack):
        expected = evaluate(plain, nn.Identity(), attack=given)
        assert evaluate(scaled, Undoing(MEAN, STD), attack=given) == pytest.approx(
            expected, abs=1e-4
        )


def test_training_sees_normalised_pictures_too_both_views_alike(tmp_path):
    pairs = shifted_pairs(count=2, size=(20, 30))
    task = Task(pairs, pairs, "epe", mean=MEAN, std=STD)
    seen = []

    class Watching(nn.Conv2d):
        def forward(self, x):
            seen.append(x.detach())
            return super().forward(x)

    train(task, Watching(6, 1, 1), tmp_path, training=Training(steps=1, batch=1))
    for x in seen:
        back = x * torch.tensor(STD * 2)[:, None, None] + torch.tensor(MEAN * 2)[:, None, None]
        assert float((back - back.round()).abs().max()) < 1e-6  # dots are black or white


def test_what_is_normalised_is_told_and_what_does_not_belong_together_refused():
    net = small()
    usual = settings(TASK, net, Training())
    assert set(usual) == {
        *("model", "train", "augmentation", "test", "loss", "steps", "batch", "learning_rate"),
        *("weight_decay", "clip", "adversarial", "seed", "evaluate_every"),
    }  # the keys of folders written before others were added
    scaled = Task(TASK.train, TASK.test, "psnr", mean=MEAN, std=STD)
    told = settings(scaled, net, Training(betas=(0.9, 0.9)))
    added = {name: told[name] for name in set(told) - set(usual)}
    assert added == {"mean": list(MEAN), "std": list(STD), "betas": [0.9, 0.9]}
    with pytest.raises(ParameterError, match="a number for each channel in both"):
        Task(PICTURES, PICTURES, "psnr", mean=MEAN)
    with pytest.raises(ParameterError, match="deviations above 0"):
        Task(PICTURES, PICTURES, "psnr", mean=(0.5,), std=(0.0,))


def test_matching_is_of_disparity_and_of_a_model_that_has_a_plan(tmp_path):
    with pytest.raises(ParameterError, match="only disparity has matches"):
        Task(PICTURES, PICTURES, "psnr", matching=True)
    pairs = shifted_pairs(count=1, size=(20, 30))
    task = disparity(pairs, pairs, matching=True)

    class Other(nn.Conv2d):
        def matched(self, x):
            return {"disparity": self(x)}

    with pytest.raises(ModelError, match="Other finds no plan of matches"):
        train(task, Other(6, 1, 1), tmp_path, training=Training(steps=1, batch=1))
