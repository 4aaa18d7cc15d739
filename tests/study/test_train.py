"""Training: the same bits again, interrupted or not, and the steps that are promised."""

import csv
import math

import numpy as np
import pytest
import torch
from torch import nn

from spectra.attack import AttackSpec
from spectra.data import Augmentation, Sample, SampleSet, restoration_photographs, textured_regions
from spectra.errors import InputError, LoadError, ModelError, ParameterError, SpectraError
from spectra.study import Task, Training, evaluate, restoration, segmentation, train

SHORT = Training(steps=6, batch=4, checkpoint_every=2, seed=3)
PATCHES = Augmentation(crop=(16, 16), flip="xy")
TASK = restoration(
    restoration_photographs("train").only(range(3)).varied(PATCHES),
    restoration_photographs("train").only([3]).varied(PATCHES),
)


class Small(nn.Sequential):
    """Two convolutions with what else has a state: dropout draws, normalisation counts."""

    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Dropout(0.2), nn.Conv2d(4, 3, 1)
        )


def bits(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(one, other):
    return all(torch.equal(value, other[name]) for name, value in one.items())


@pytest.fixture(autouse=True)
def no_curve(monkeypatch):
    """Draw nothing: a curve takes longer than all steps here, and has tests of its own."""
    monkeypatch.setattr("spectra.study._train.draw_curve", lambda part, rows, **_: part.touch())


class Stop(Exception):
    pass


def stopping_after(step):
    def progress(what, done, total):
        if done == step:
            raise Stop

    return progress


@pytest.fixture(scope="module")
def whole(tmp_path_factory):  # with its curve
    return train(TASK, Small, tmp_path_factory.mktemp("whole"), training=SHORT)


def test_a_seed_gives_the_same_weights_and_another_seed_others(whole, tmp_path):
    assert same(bits(whole.model), bits(train(TASK, Small, tmp_path / "a", training=SHORT).model))
    other = Training(steps=6, batch=4, checkpoint_every=2, seed=4)
    assert not same(
        bits(whole.model), bits(train(TASK, Small, tmp_path / "b", training=other).model)
    )


@pytest.mark.parametrize("step", [1, 5])
def test_an_interrupted_training_ends_with_the_same_bits(whole, tmp_path, step):
    with pytest.raises(Stop):
        train(TASK, Small, tmp_path, training=SHORT, progress=stopping_after(step))
    assert (tmp_path / "checkpoint.pt").exists() == (step > 1)
    seen = []
    again = train(
        TASK, Small, tmp_path, training=SHORT, progress=lambda _, done, __: seen.append(done)
    )
    assert seen == list(range(step // 2 * 2 + 1, 7))
    assert same(bits(whole.model), bits(again.model))
    assert again.history == whole.history
    for name in ("history.csv", "weights.safetensors", "training.json"):
        assert (tmp_path / name).read_bytes() == (whole.folder / name).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "curve.png",
        "history.csv",
        "training.json",
        "weights.safetensors",
    ]


def test_the_loss_of_a_row_is_the_mean_since_the_row_before_across_an_interruption(
    whole, tmp_path, monkeypatch
):
    monkeypatch.setattr("spectra.study._train.ROWS", 1)
    with pytest.raises(Stop):
        train(TASK, Small, tmp_path, training=SHORT, progress=stopping_after(5))
    first, last = train(TASK, Small, tmp_path, training=SHORT).history
    assert (first.step, last.step) == (0, 6)
    assert last.loss == pytest.approx(np.mean([row.loss for row in whole.history[1:]]), abs=1e-6)


def test_a_finished_training_is_read_and_not_run(whole):
    torch.manual_seed(77)
    fresh = Small()
    again = train(TASK, fresh, whole.folder, training=SHORT, progress=stopping_after(1))
    assert same(bits(whole.model), bits(fresh))
    assert again.values == whole.values
    assert again.history == whole.history
    assert not fresh.training


def test_a_folder_of_another_training_is_refused(whole):
    longer = Training(steps=7, batch=4, seed=3)
    with pytest.raises(ParameterError, match="holds a training with steps=6, here steps=7"):
        train(TASK, Small, whole.folder, training=longer)
    with pytest.raises(ParameterError, match="holds a training with model="):
        train(TASK, lambda: nn.Conv2d(3, 3, 1), whole.folder, training=SHORT)
    photographs = restoration_photographs("train")
    others = restoration(photographs.only([0, 1, 4]).varied(PATCHES), TASK.test)
    with pytest.raises(ParameterError, match="holds a training with train="):
        train(others, Small, whole.folder, training=SHORT)


class Kept(nn.Conv2d):
    def get_extra_state(self):
        return {"a": 1}

    def set_extra_state(self, state):
        pass


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (3, "model=3: expected a module"),
        (lambda: 3, "model gives a int"),
        (nn.Identity(), "no weight that can change"),
        (nn.Conv2d(3, 3, 1).requires_grad_(False), "no weight that can change"),
        (nn.LazyConv2d(3, 1), "layers without a size yet"),
        (Kept(3, 3, 1), "keeps '_extra_state', which is no tensor"),
    ],
)
def test_a_model_that_cannot_be_trained_is_told_before_anything_runs(tmp_path, model, said):
    with pytest.raises(ParameterError, match=said):
        train(TASK, model, tmp_path / "out", training=SHORT)
    assert not (tmp_path / "out").exists()


def test_weights_in_another_order_of_axes_and_steps_of_numpy_are_written(tmp_path):
    model = Small().to(memory_format=torch.channels_last)
    training = Training(steps=np.int64(1), batch=np.int64(2))
    done = train(TASK, model, tmp_path, training=training)
    again = train(TASK, Small(), tmp_path, training=Training(steps=1, batch=2))
    assert same(bits(done.model), bits(again.model))


def test_a_model_that_puts_out_no_numbers_is_told():
    class Broken(nn.Module):
        def forward(self, x):
            return x / 0

    with pytest.raises(ModelError, match="holds NaN or infinite values"):
        evaluate(TASK, Broken())


def test_the_curve_is_a_picture_of_the_history(whole):
    from PIL import Image

    with Image.open(whole.folder / "curve.png") as curve:
        assert curve.format == "PNG"
        assert curve.height > 300


def test_the_callers_random_numbers_are_left_as_they_were(tmp_path):
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    expected = torch.rand(1), np.random.rand()  # noqa: NPY002
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    train(TASK, Small, tmp_path, training=Training(steps=1, batch=1))
    assert (torch.rand(1), np.random.rand()) == expected  # noqa: NPY002


def test_an_interrupted_write_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    with pytest.raises(Stop):
        train(TASK, Small, tmp_path, training=SHORT, progress=stopping_after(3))
    old = (tmp_path / "checkpoint.pt").read_bytes()

    def full(state, path):
        path.write_bytes(b"half of a checkpoint")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", full)
        with pytest.raises(SpectraError, match=r"checkpoint\.pt cannot be written .*No space left"):
            train(TASK, Small, tmp_path, training=SHORT)
    assert (tmp_path / "checkpoint.pt").read_bytes() == old
    assert not list(tmp_path.glob(".*"))


def test_a_damaged_checkpoint_or_result_is_refused_in_one_line(tmp_path):
    (tmp_path / "checkpoint.pt").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(LoadError, match=r"checkpoint\.pt is no checkpoint .*delete it"):
        train(TASK, Small, tmp_path, training=SHORT)
    (tmp_path / "training.json").write_text("{")
    with pytest.raises(LoadError, match=r"training\.json is no result of a training"):
        train(TASK, Small, tmp_path, training=SHORT)


def test_a_folder_that_cannot_be_made_is_refused_before_anything_runs(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SpectraError, match=r"history\.csv cannot be written"):
        train(TASK, Small, tmp_path / "file", training=SHORT, progress=stopping_after(1))


class Spied(nn.Module):
    """A linear model of one 1x1 convolution that remembers what it saw while training."""

    def __init__(self, weight):
        super().__init__()
        self.mix = nn.Conv2d(3, 3, 1, bias=False)
        self.mix.weight.data = weight.reshape(3, 3, 1, 1).clone()
        self.seen = []

    def forward(self, x):
        if self.training:
            self.seen.append(x.detach().clone())
        return self.mix(x)


def test_half_of_a_batch_is_attacked_by_the_closed_form_of_a_linear_model(tmp_path, generator):
    """The gradient of the mean of abs(W x - t) is W^T sign(W x - t); FGSM takes its sign."""
    weight = torch.eye(3) + 0.3 * torch.randn(3, 3, generator=generator)
    task = restoration(TASK.train, TASK.test, loss="l1")
    eps = 4 / 255
    clean, attacked = Spied(weight), Spied(weight)
    train(task, clean, tmp_path / "clean", training=Training(steps=1, batch=5))
    adversarial = Training(steps=1, batch=5, adversarial="fgsm:eps=4/255")
    train(task, attacked, tmp_path / "attacked", training=adversarial)
    (x,), (changed,) = clean.seen, attacked.seen
    order = TASK.train.varied(PATCHES, seed=0)
    keys = np.concatenate([np.random.default_rng((0, n)).permutation(3) for n in (0, 1)])[:5]
    target = torch.stack([order[int(k), n // 3].target for n, k in enumerate(keys)])
    signs = torch.einsum(
        "oi,boyx->biyx", weight, torch.einsum("oi,biyx->boyx", weight, x).sub(target).sign()
    )
    expected = (x + eps * signs.sign()).clamp(0, 1)
    assert torch.allclose(changed[:2], expected[:2], atol=1e-6)
    assert torch.equal(changed[2:], x[2:])
    assert float((changed[:2] - x[:2]).abs().max()) == pytest.approx(eps, rel=1e-5)


def test_an_attack_by_text_raises_the_tasks_own_loss_unless_it_names_another(tmp_path):
    def written(adversarial):
        training = Training(steps=1, batch=2, adversarial=adversarial)
        with pytest.raises(ParameterError, match="adversarial=") as caught:
            train(TASK, Small, tmp_path, training=training)
        return str(caught.value).partition("here ")[2]

    train(TASK, Small, tmp_path, training=Training(steps=1, batch=2))
    assert "loss=psnr" in written("fgsm:eps=2/255")
    assert "loss=l2" in written("fgsm:eps=2/255,loss=l2")
    assert "loss=l1" in written(AttackSpec("fgsm"))


def test_the_first_step_of_adamw_is_its_closed_form(tmp_path):
    """Each weight shrinks by lr decay and moves by lr against the sign of its gradient."""
    start = torch.eye(3)
    net = Spied(start)
    task = restoration(TASK.train, TASK.test, loss="l2")
    training = Training(steps=1, batch=2, learning_rate=0.01, weight_decay=0.5)
    train(task, net, tmp_path, training=training)
    gradient = net.mix.weight.grad
    expected = start.reshape(3, 3, 1, 1) * (1 - 0.01 * 0.5) - 0.01 * gradient.sign()
    assert torch.allclose(net.mix.weight, expected, atol=1e-5)


def test_the_rate_falls_as_half_a_cosine(whole):
    with open(whole.folder / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == list(range(7))
    expected = [1e-3 * (1 + math.cos(math.pi * step / 6)) / 2 for step in range(7)]
    assert [float(row["learning_rate"]) for row in rows] == pytest.approx(expected, abs=1e-9)
    assert rows[0]["loss"] == ""
    assert rows[3]["psnr"] == ""
    assert float(rows[6]["psnr"]) == whole.values["psnr"]


def test_gradients_are_cut_to_the_norm_that_was_asked_for(tmp_path):
    net = Small()
    train(TASK, net, tmp_path, training=Training(steps=1, batch=2, clip=0.01))
    norm = math.sqrt(sum(float(p.grad.square().sum()) for p in net.parameters()))
    assert norm == pytest.approx(0.01, rel=1e-3)


def test_places_without_a_target_change_nothing(tmp_path):
    regions = textured_regions("train", count=2, size=16)

    def spoilt(number, label):
        sample = regions[number]
        target, mask = sample.target.clone(), sample.mask.clone()
        target[:, :8], mask[:, :8] = label, False
        return sample._replace(target=target, mask=mask)

    weights = []
    for label in (255, 1):
        readers = tuple(lambda n=n, label=label: spoilt(n, label) for n in range(2))
        samples = SampleSet("spoilt", "segmentation", readers, classes=regions.classes)
        torch.manual_seed(0)
        net = nn.Conv2d(3, 4, 3, padding=1)
        done = train(segmentation(samples, samples), net, tmp_path / str(label), training=SHORT)
        weights.append(bits(net))
        assert set(done.values) == {"miou", "macc", "allacc"}
    assert same(*weights)


def test_a_loss_that_is_not_finite_ends_the_training_in_one_line(tmp_path):
    class Broken(nn.Conv2d):
        def forward(self, x):
            return super().forward(x) / (0 if self.training else 1)

    with pytest.raises(
        ModelError, match=r"the loss is (nan|inf) at step 1: .*learning_rate=0\.001"
    ):
        train(TASK, Broken(3, 3, 1), tmp_path, training=SHORT)


def test_samples_of_several_sizes_and_outputs_that_do_not_fit_are_refused(tmp_path):
    whole_pictures = restoration(restoration_photographs("train").only([0, 2, 3]), TASK.test)
    with pytest.raises(InputError, match="samples of a batch have sizes"):
        train(whole_pictures, Small, tmp_path / "a", training=SHORT)
    with pytest.raises(InputError, match="expected"):
        train(TASK, lambda: nn.Conv2d(3, 2, 1), tmp_path / "b", training=SHORT)


@pytest.mark.parametrize(
    "options",
    [
        {"steps": 0},
        {"batch": 1.5},
        {"learning_rate": 0},
        {"learning_rate": math.nan},
        {"weight_decay": -1},
        {"clip": 0},
        {"seed": -1},
        {"workers": -1},
        {"evaluate_every": 0},
        {"batch": 1, "adversarial": "fgsm"},
        {"adversarial": "fgms"},
    ],
)
def test_a_training_that_says_nothing_is_refused(options):
    with pytest.raises(ParameterError, match=r"expected|did you mean"):
        Training(**options)


def test_sets_of_two_tasks_are_refused():
    with pytest.raises(ParameterError, match=r"is of restoration and .* of segmentation"):
        Task(TASK.train, textured_regions(count=1), "l1")
    with pytest.raises(ParameterError, match="loss="):
        restoration(loss="l3")


def test_a_disparity_counts_with_or_without_a_channel():
    target = torch.arange(6.0).reshape(1, 2, 3)
    known = torch.ones(1, 2, 3, dtype=torch.bool)
    pair = Sample(torch.zeros(6, 2, 3), target[0], known[0], ~known[0], "p")
    samples = SampleSet("pairs", "disparity", (lambda: pair,))
    task = Task(samples, samples, "epe")
    for output in (target + 2, (target + 2)[:, None]):
        loss = task.pixel_loss(output, task.fitting(target))
        assert torch.equal(loss, torch.full((1, 2, 3), 2.0))
