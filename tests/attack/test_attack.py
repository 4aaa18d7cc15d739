"""Attacks against closed forms, their papers' definitions, and other people's code."""

import sys

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from spectra.attack import AttackSpec, attack, per_pixel_loss
from spectra.attack._ball import Ball
from spectra.errors import InputError, ModelError, ParameterError
from support.attacks import cospgd_loss, pgd, segpgd_loss
from support.left_as_it_came import State

EPS = 8 / 255


def network(classes=5, *, seed=0):
    torch.manual_seed(seed)
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.Tanh(), nn.Conv2d(8, classes, 3, padding=1)
    )
    return net.double().eval()


def pictures(count=2, side=6, *, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, side, side, generator=generator, dtype=torch.float64)


def labels(count=2, side=6, classes=5, *, seed=2):
    return torch.randint(
        classes, (count, side, side), generator=torch.Generator().manual_seed(seed)
    )


class Weighted(nn.Module):
    """The weighted sum of a sample, as a map of one pixel."""

    def __init__(self, weights):
        super().__init__()
        self.weights = nn.Parameter(weights)

    def forward(self, x):
        return (x * self.weights).flatten(1).sum(1).reshape(-1, 1, 1, 1)


@pytest.mark.parametrize("method", ["fgsm", "pgd", "cospgd"])
def test_a_linear_model_gains_the_closed_form(method, generator):
    weights = torch.randn(3, 5, 5, generator=generator, dtype=torch.float64)
    x = torch.full((2, 3, 5, 5), 0.5, dtype=torch.float64)
    model, target = Weighted(weights), torch.full((2, 1, 1, 1), -1e3, dtype=torch.float64)
    for norm, gain in (("linf", weights.abs().sum()), ("l2", weights.norm())):
        alpha = 0.05 if method != "fgsm" else None
        spec = AttackSpec(method, eps=0.1, alpha=alpha, norm=norm, start="clean")
        gained = model(attack(model, x, target, spec)) - model(x)
        assert gained.flatten().tolist() == pytest.approx([0.1 * float(gain)] * 2, rel=1e-12)


def test_a_targeted_attack_loses_the_closed_form(generator):
    weights = torch.randn(3, 5, 5, generator=generator, dtype=torch.float64)
    x = torch.full((1, 3, 5, 5), 0.5, dtype=torch.float64)
    model, target = Weighted(weights), torch.full((1, 1, 1, 1), -1e3, dtype=torch.float64)
    spec = AttackSpec("pgd", eps=0.1, alpha=0.05, targeted=True)
    lost = model(attack(model, x, target, spec)) - model(x)
    assert float(lost.detach()) == pytest.approx(-0.1 * float(weights.abs().sum()), rel=1e-12)


def test_pgd_is_its_definition():
    model, x, y = network(), pictures(), labels()
    spec = AttackSpec("pgd", steps=7, loss="cross_entropy")
    start = Ball.around(x, spec, (0.0, 1.0)).start(0)

    def loss_of(output, _):
        return F.cross_entropy(output, y)

    expected = pgd(model, x, loss_of, start=start, eps=EPS, alpha=0.01, steps=7)
    assert (attack(model, x, y, spec) - expected).abs().max() < 1e-12


def test_segpgd_is_its_definition():
    model, x, y = network(), pictures(), labels()
    spec = AttackSpec("segpgd", steps=5, loss="cross_entropy")
    start = Ball.around(x, spec, (0.0, 1.0)).start(0)

    def loss_of(output, step):
        return segpgd_loss(output, y, step, 5)

    expected = pgd(model, x, loss_of, start=start, eps=EPS, alpha=0.01, steps=5)
    assert (attack(model, x, y, spec) - expected).abs().max() < 1e-12


def test_cospgd_is_its_definition():
    model, x, y = network(), pictures(), labels()
    y[0, :2] = 255
    spec = AttackSpec("cospgd", steps=5, loss="cross_entropy")
    start = Ball.around(x, spec, (0.0, 1.0)).start(0)

    def loss_of(output, _):
        return cospgd_loss(output, y)

    expected = pgd(model, x, loss_of, start=start, eps=EPS, alpha=0.01, steps=5)
    assert (attack(model, x, y, spec) - expected).abs().max() < 1e-12


@pytest.mark.parametrize("method", ["pgd", "segpgd", "cospgd"])
@pytest.mark.parametrize("targeted", [False, True])
def test_it_equals_the_package_of_cospgds_authors(method, targeted):
    """Needs the extra ``oracles``; measured with version 0.1.3: difference 0."""
    theirs = pytest.importorskip("cospgd", reason="extra 'oracles' not installed").functions
    model, x, y = network(), pictures(), labels()
    spec = AttackSpec(method, steps=7, loss="cross_entropy", targeted=targeted)
    values = Ball.around(x, spec, (0.0, 1.0)).start(0)
    for step in range(7):
        values = values.detach().requires_grad_()
        output = model(values)
        loss = F.cross_entropy(output, y, reduction="none")
        if method == "segpgd":
            loss = theirs.segpgd_scale(output, y, loss, step, 7, targeted)
        if method == "cospgd":
            loss = theirs.cospgd_scale(output, y, loss, 5, targeted)
        loss.mean().backward()
        values = theirs.step_inf(values, EPS, values.grad, x, 0.01, targeted)
    assert torch.equal(attack(model, x, y, spec), values)


def test_an_l2_attack_equals_the_package_of_cospgds_authors():
    """Needs the extra ``oracles``; measured with version 0.1.3: at most 2e-16 apart."""
    theirs = pytest.importorskip("cospgd", reason="extra 'oracles' not installed").functions
    model, x, y = network(), pictures(), labels()
    spec = AttackSpec("pgd", eps=1, alpha=0.2, steps=7, loss="cross_entropy", norm="l2")
    values, eps = Ball.around(x, spec, (0.0, 1.0)).start(0), torch.tensor(1.0)
    for _ in range(7):
        values = values.detach().requires_grad_()
        F.cross_entropy(model(values), y).backward()
        values = theirs.step_l2(values, eps, values.grad, x, 0.2, False)
    assert (attack(model, x, y, spec) - values).abs().max() < 1e-14


@pytest.mark.parametrize("method", ["fgsm", "pgd"])
def test_it_equals_torchattacks(method, monkeypatch):
    """Needs torchattacks 3.5.1, installed without its dependencies; measured: difference 0."""
    for name in ("torchvision", "requests"):  # asked for by its package, used by none of these
        monkeypatch.setitem(sys.modules, name, sys.modules.get(name))
    torchattacks = pytest.importorskip("torchattacks", reason="torchattacks is not installed")
    model, x, y = network(), pictures(), labels()
    if method == "fgsm":
        theirs = torchattacks.FGSM(model, eps=EPS)
    else:
        theirs = torchattacks.PGD(model, eps=EPS, alpha=0.01, steps=7, random_start=False)
    steps = {"fgsm": 1, "pgd": 7}[method]
    spec = AttackSpec(method, steps=steps, loss="cross_entropy", start="clean")
    assert torch.equal(attack(model, x, y, spec), theirs(x, y))


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)])
def test_every_iterate_stays_in_the_ball_and_in_the_range(bounds):
    low, high = bounds
    x = low + (high - low) * pictures().round(decimals=1)  # some at the range's ends
    model, y = network(), labels()
    seen = []

    def forward(inputs):
        seen.append(inputs.detach())
        return model((inputs - low) / (high - low))

    for norm, eps in (("linf", 0.05), ("l2", 0.5)):
        spec = AttackSpec("pgd", eps=eps, alpha=0.04, steps=6, loss="cross_entropy", norm=norm)
        seen.append(attack(model, x, y, spec, bounds=bounds, forward=forward))
        for values in seen:
            change = (values - x) / (high - low)
            size = change.abs().max() if norm == "linf" else change.flatten(1).norm(dim=1).max()
            assert size <= eps * (1 + 1e-12)
            assert low <= values.min() <= values.max() <= high
        assert len(seen) == 7
        seen.clear()


def test_an_attack_of_another_range_is_the_same_attack():
    model, x, y = network(), pictures(), labels()
    spec = AttackSpec("pgd", steps=4, loss="cross_entropy")
    mean, std = torch.tensor([0.4, 0.5, 0.6]).double(), torch.tensor([0.2, 0.3, 0.25]).double()

    def column(values):
        return values[:, None, None]

    normalised = attack(
        model,
        (x - column(mean)) / column(std),
        y,
        spec,
        bounds=(-mean / std, (1 - mean) / std),
        forward=lambda inputs: model(inputs * column(std) + column(mean)),
    )
    plain = attack(model, x, y, spec)
    assert (normalised * column(std) + column(mean) - plain).abs().max() < 1e-12


def test_more_steps_never_lower_the_loss_of_the_best_iterate():
    model, x, y = network(), pictures(), labels()
    loss = per_pixel_loss("cross_entropy")
    found = []
    for steps in (1, 2, 4, 8, 16):
        spec = AttackSpec("pgd", alpha=0.02, steps=steps, loss="cross_entropy", keep="best")
        found.append(loss(model(attack(model, x, y, spec)), y).flatten(1).mean(1))
    assert (torch.stack(found).diff(dim=0) >= 0).all()
    assert (found[-1] > loss(model(x), y).flatten(1).mean(1)).all()


def test_the_best_iterate_is_no_worse_than_the_last():
    model, x, y = network(), pictures(), labels()
    model[0].weight.data *= 20  # so that a step of this length overshoots
    loss = per_pixel_loss("cross_entropy")

    def reached(keep):
        spec = AttackSpec("pgd", eps=0.3, alpha=0.3, steps=9, loss="cross_entropy", keep=keep)
        return loss(model(attack(model, x, y, spec)), y).flatten(1).mean(1)

    assert (reached("best") > reached("last")).any()
    assert (reached("best") >= reached("last")).all()


def test_samples_that_run_together_are_attacked_as_if_alone():
    model, x, y = network(), pictures(3), labels(3)
    spec = AttackSpec("cospgd", steps=3, loss="cross_entropy", keep="best")
    together = attack(model, x, y, spec)
    alone = [attack(model, x[i : i + 1], y[i : i + 1], spec, first=i) for i in range(3)]
    assert (together - torch.cat(alone)).abs().max() < 1e-12
    assert not torch.equal(together, attack(model, x, y, AttackSpec.parse(f"{spec},seed=7")))


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_a_start_is_drawn_anew_for_each_sample_within_the_ball(norm):
    x = torch.full((64, 3, 6, 6), 0.5, dtype=torch.float64)
    drawn = Ball.around(x, AttackSpec("pgd", eps=0.25, norm=norm), (0.0, 1.0)).start(3) - x
    assert len(drawn.unique(dim=0)) == 64
    assert abs(float(drawn.mean())) < 0.01
    size = drawn.abs().amax((1, 2, 3)) if norm == "linf" else drawn.flatten(1).norm(dim=1)
    assert 0.2 < float(size.min()) <= float(size.max()) <= 0.25 * (1 + 1e-12)


def test_the_model_and_the_process_are_left_as_they_were():
    model = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Dropout(0.5))
    model[0].weight.grad = torch.ones_like(model[0].weight)
    model.train()
    before, gradient = State(model), model[0].weight.grad.clone()
    x = torch.rand(2, 3, 8, 8)
    attack(model, x, torch.zeros(2, 4, 8, 8), AttackSpec("pgd", steps=2))
    before_random = torch.get_rng_state()
    attack(model, x, torch.zeros(2, 4, 8, 8), AttackSpec("pgd", steps=2))
    assert torch.equal(torch.get_rng_state(), before_random)
    assert torch.equal(model[0].weight.grad, gradient)
    assert model.training
    assert model[0].bias.grad is None
    assert [d for d in before.differences(model) if "generator" not in d] == []


def test_it_runs_where_the_caller_follows_no_gradients():
    model, x, y = network(), pictures(), labels()
    spec = AttackSpec("pgd", steps=2, loss="cross_entropy")
    expected = attack(model, x, y, spec)
    with torch.no_grad():
        assert torch.equal(attack(model, x, y, spec), expected)
    with torch.inference_mode():
        assert (attack(model, x, y, spec) - expected).abs().max() < 1e-12


def test_pixels_that_do_not_count_are_not_attacked():
    model, x = nn.Conv2d(3, 3, 1).double(), pictures()
    valid = torch.zeros(2, 6, 6, dtype=torch.bool)
    valid[:, :3] = True
    spec = AttackSpec("fgsm", eps=0.1)
    changed = attack(model, x, x.new_full(x.shape, 9), spec, valid=valid) != x
    assert changed[:, :, :3].any()
    assert not changed[:, :, 3:].any()


def test_an_ignored_label_has_no_part_in_the_attack():
    model, x, y = nn.Conv2d(3, 5, 1).double(), pictures(), labels()
    y[:, 3:] = 255
    for method in ("pgd", "segpgd", "cospgd"):
        spec = AttackSpec(method, steps=2, loss="cross_entropy", start="clean")
        changed = attack(model, x, y, spec) != x
        assert changed[:, :, :3].any()
        assert not changed[:, :, 3:].any()


def test_what_cannot_be_attacked_is_told(generator):
    model, x, y = network(), pictures(), labels()
    pgd_l1, classes = AttackSpec("pgd"), AttackSpec("pgd", loss="cross_entropy")

    class Detached(nn.Module):
        def forward(self, x):
            return x.detach()

    class OneWay(torch.autograd.Function):
        @staticmethod
        def forward(_, x):
            return 2 * x

    class WithoutDerivative(nn.Module):
        def forward(self, x):
            return OneWay.apply(x)

    class Broken(nn.Module):
        def forward(self, x):
            return x / 0

    wrong = [
        (InputError, "expected the same shape", (model, x, x, pgd_l1)),
        (InputError, "loss=cross_entropy for labels", (nn.Identity(), x, x.long(), pgd_l1)),
        (InputError, "expected integer labels", (model, x, y.double(), classes)),
        (InputError, "expected 0 to 4", (model, x, y + 1, classes)),
        (InputError, r"expected \(2, 6, 6\)", (model, x, y[:, 1:], classes)),
        (InputError, "leave the range", (model, 2 * x, y, classes)),
        (InputError, "NaN", (model, x / 0, y, classes)),
        (InputError, "expected a tensor of floats", (model, x.long(), y, classes)),
        (InputError, "expected a tensor of floats", (model, x[..., :0], y, classes)),
        (InputError, "the target holds NaN", (model, x, x / 0, pgd_l1)),
        (ModelError, "cannot be attacked by gradients", (WithoutDerivative(), x, x, pgd_l1)),
        (ModelError, "the output holds NaN", (Broken(), x, x, pgd_l1)),
        (ModelError, "cannot be attacked by gradients", (Detached(), x, x, pgd_l1)),
    ]
    for error, said, arguments in wrong:
        with pytest.raises(error, match=said):
            attack(*arguments)
    for bounds, said in (((1.0, 0.0), "low below high"), ((torch.zeros(2), 1.0), "2 channels")):
        with pytest.raises(InputError, match=said):
            attack(model, x, y, classes, bounds=bounds)
    with pytest.raises(InputError, match="expected bool"):
        attack(model, x, y, classes, valid=torch.ones(2, 6, 6))
    with pytest.raises(InputError, match="one value for each pixel"):
        attack(model, x, y, classes, valid=torch.ones(2, 3, 3, dtype=torch.bool))


def test_a_targeted_cospgd_of_one_channel_is_refused_since_it_changes_nothing():
    model, x = nn.Conv2d(3, 1, 1).double(), pictures()
    with pytest.raises(ParameterError, match="changes nothing"):
        attack(model, x, x[:, :1], AttackSpec("cospgd", targeted=True))


def test_cospgd_with_one_channel_is_pgd_unless_psi_is_another():
    model, x = nn.Conv2d(3, 1, 5, padding=2).double(), pictures()
    target = 3 * pictures(seed=4)[:, :1]

    def found(text):
        return attack(model, x, target, AttackSpec.parse(f"{text},start=clean,loss=l2,steps=1"))

    plain = found("pgd:eps=0.1,alpha=0.02,norm=l2")
    assert torch.equal(found("cospgd:eps=0.1,alpha=0.02,norm=l2,psi=channels"), plain)
    for psi in ("rows", "sigmoid"):
        other = found(f"cospgd:eps=0.1,alpha=0.02,norm=l2,psi={psi}")
        assert (other - plain).abs().max() > 1e-4


def test_a_mean_reduced_loss_would_make_cospgd_plain_pgd():
    """The trap of a published tool: weights that only scale one number change no sign."""
    model, x, y = network(), pictures(), labels()
    classes = {"loss": "cross_entropy", "steps": 3, "start": "clean"}
    plain = attack(model, x, y, AttackSpec("pgd", **classes))
    for method in ("segpgd", "cospgd"):
        assert not torch.equal(attack(model, x, y, AttackSpec(method, **classes)), plain)


def test_each_attack_reaches_the_loss_that_was_recorded():
    """Recorded on a CPU in double precision, where all equalled the two packages above."""
    model, x, y = network(), pictures(), labels()
    recorded = {
        "fgsm": 1.6604826525860736,
        "pgd": 1.6604831646232063,
        "segpgd": 1.6591026467893097,
        "cospgd": 1.6602611465824464,
    }
    for method, loss in recorded.items():
        steps = 1 if method == "fgsm" else 7
        spec = AttackSpec(method, steps=steps, loss="cross_entropy", start="clean")
        reached = F.cross_entropy(model(attack(model, x, y, spec)), y)
        assert float(reached.detach()) == pytest.approx(loss, rel=1e-9)
