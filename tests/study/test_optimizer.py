"""Rates and moments of AdamW against its formulas, written out."""

import csv
import math

import pytest
import torch
from torch import nn

from spectra.data import Augmentation, restoration_photographs
from spectra.errors import ParameterError
from spectra.study import Training, restoration, train
from spectra.study._optimizer import optimizer_of

PATCHES = Augmentation(crop=(12, 12))
TASK = restoration(
    restoration_photographs("train").only(range(2)).varied(PATCHES),
    restoration_photographs("train").only([3]).varied(PATCHES),
    loss="l2",
)


class Mixed(nn.Module):
    """Two 1x1 convolutions, one after the other, that remember their gradients."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = (nn.Conv2d(3, 3, 1, bias=False) for _ in range(2))
        self.gradients = {"encoder": [], "decoder": []}
        for name in self.gradients:
            weight = getattr(self, name).weight
            weight.register_hook(lambda g, name=name: self.gradients[name].append(g.clone()))

    def forward(self, x):
        return self.decoder(self.encoder(x))


@pytest.fixture(autouse=True)
def no_curve(monkeypatch):
    monkeypatch.setattr("spectra.study._train.draw_curve", lambda part, rows, **_: part.touch())


def adamw(weight, gradients, rates, *, betas, decay):
    """Return a weight after the updates of AdamW [Loshchilov 2019, algorithm 2]."""
    weight = weight.double()
    mean = square = torch.zeros_like(weight)
    given = zip((g.double() for g in gradients), rates, strict=True)
    for step, (gradient, rate) in enumerate(given, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * gradient
        square = betas[1] * square + (1 - betas[1]) * gradient**2
        move = (mean / (1 - betas[0] ** step)) / ((square / (1 - betas[1] ** step)).sqrt() + 1e-8)
        weight = weight - rate * decay * weight - rate * move
    return weight


def test_groups_of_weights_follow_adamw_each_at_its_rate(tmp_path):
    training = Training(
        steps=5,
        batch=2,
        learning_rate=1e-2,
        weight_decay=0.1,
        betas=(0.6, 0.7),
        hold=2,
        least_rate=1e-3,
        faster={"decoder": 3},
    )
    torch.manual_seed(1)
    net = Mixed()
    start = {name: getattr(net, name).weight.detach().clone() for name in net.gradients}
    done = train(TASK, net, tmp_path, training=training)
    falling = [1e-3 + 9e-3 * (1 + math.cos(math.pi * n / 3)) / 2 for n in range(3)]
    rates = [1e-2, 1e-2, *falling]
    for name, factor in (("encoder", 1), ("decoder", 3)):
        expected = adamw(
            start[name],
            net.gradients[name],
            [factor * rate for rate in rates],
            betas=(0.6, 0.7),
            decay=0.1,
        )
        found = getattr(net, name).weight.double()
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)
    assert [row.learning_rate for row in done.history] == pytest.approx([*rates, 1e-3])
    with open(tmp_path / "history.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == 6


def test_a_rate_that_falls_to_itself_stays():
    training = Training(steps=9, learning_rate=1e-4, least_rate=1e-4)
    assert [training.share_of_rate(step) for step in range(10)] == [1.0] * 10


def test_a_name_without_weights_is_refused_with_the_parts_there_are():
    with pytest.raises(ParameterError, match=r"faster='head': no weight .*encoder, decoder"):
        optimizer_of(Mixed(), Training(faster={"decoder": 2, "head": 2}))


@pytest.mark.parametrize(
    "options",
    [
        {"betas": (0.9, 1.0)},
        {"betas": (0.9,)},
        {"hold": -1},
        {"least_rate": -1.0},
        {"least_rate": 1e-2},
        {"faster": {"a": 0}},
        {"at_once": 0},
        {"precision": "float16"},
    ],
)
def test_an_option_that_says_nothing_is_refused(options):
    with pytest.raises(ParameterError, match=f"{next(iter(options))}.*expected"):
        Training(**options)
