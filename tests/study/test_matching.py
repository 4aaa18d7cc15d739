"""STTR's loss against a definition pixel by pixel, and what it reaches that the error does not."""

import math

import pytest
import torch

from spectra.data import Sample, shifted_pairs
from spectra.models import sttr_small
from spectra.models._disparity import _around_the_best
from spectra.study import Training, disparity, train
from spectra.study._matching import matching_losses

EPS = 1e-6
MAPS = ("disparity", "coarse", "occlusion")


def smooth(error):
    return 0.5 * error**2 if abs(error) < 1 else abs(error) - 0.5


def by_definition(found, sample):
    """Return the loss of one pair, a sum over pixels in plain Python."""
    plan, target = found["plan"], sample.target
    height, width = target.shape
    terms = {"match": [], "coarse": [], "final": [], "occlusion": []}
    for y in range(height):
        for x in range(width):
            d = float(target[y, x])
            counts, hidden = bool(sample.counted[y, x]), bool(sample.occluded[y, x])
            if counts:
                terms["final"].append(smooth(float(found["disparity"][0, y, x]) - d))
                terms["occlusion"].append(-math.log(1 - float(found["occlusion"][0, y, x]) + EPS))
            elif hidden:
                terms["occlusion"].append(-math.log(float(found["occlusion"][0, y, x]) + EPS))
            if y % 4 or x % 4:
                continue
            row, column = y // 4, x // 4
            if counts:
                place = column - d / 4
                low = math.floor(place)
                part = place - low
                weights = plan[row, column]
                weight = (1 - part) * float(weights[low])
                weight += part * float(weights[low + 1]) if part else 0
                terms["match"].append(-math.log(weight + EPS))
                terms["coarse"].append(smooth(float(found["coarse"][0, y, x]) - d))
            elif hidden:
                terms["match"].append(-math.log(float(plan[row, column, -1]) + EPS))
    return sum(sum(values) / max(len(values), 1) for values in terms.values())


def pair(generator, *, height=8, width=20):
    """Return what a network might find, and a sample, at random."""
    tokens = (height // 4, width // 4 + 1, width // 4 + 1)
    found = {
        "plan": torch.rand(tokens, generator=generator),
        "disparity": 6 * torch.rand(1, height, width, generator=generator),
        "coarse": 6 * torch.rand(1, height, width, generator=generator),
        "occlusion": torch.rand(1, height, width, generator=generator),
    }
    target = 5 * torch.rand(height, width, generator=generator)
    known = torch.rand(height, width, generator=generator) < 0.7
    hidden = (torch.rand(height, width, generator=generator) < 0.3) | (
        torch.arange(width) - target < 0
    )
    return found, Sample(torch.zeros(6, height, width), target, known, hidden, "p")


def test_the_loss_of_each_pair_is_its_definition(generator):
    pairs = [pair(generator) for _ in range(2)]
    together = {name: torch.stack([found[name] for found, _ in pairs]) for name in pairs[0][0]}
    parts = zip(*(sample[:4] for _, sample in pairs), strict=True)
    batch = Sample(*(torch.stack(part) for part in parts), name="both")
    expected = [by_definition(*one) for one in pairs]
    assert matching_losses(together, batch).tolist() == pytest.approx(expected, rel=1e-5)


def test_a_pair_of_which_nothing_is_known_counts_nothing(generator):
    found, sample = pair(generator)
    nothing = torch.zeros_like(sample.mask)
    sample = sample._replace(mask=nothing, occluded=nothing)
    batch = sample.each(lambda part: part[None])
    assert matching_losses({n: v[None] for n, v in found.items()}, batch).tolist() == [0.0]


def test_the_error_alone_does_not_reach_the_weight_of_the_true_match(generator):
    """Each pixel's best match is three columns from the true one."""
    width = 12
    weights = 0.01 * torch.rand(1, 1, width, width, generator=generator)
    weights[..., 9, 3] = 0.9
    weights.requires_grad_()
    found, _ = _around_the_best(weights)
    (gradient,) = torch.autograd.grad((found - 3).abs()[0, 0, 9], weights)
    assert gradient[0, 0, 9].nonzero().flatten().tolist() == [2, 3, 4]  # the true one is 9 - 3

    plan = torch.cat((weights, weights[..., :1]), -1)
    plan = torch.cat((plan, plan[..., :1, :]), -2)
    target = torch.full((1, 4, 4 * width), 12.0)
    known = torch.zeros_like(target, dtype=torch.bool)
    known[0, 0, 36] = True
    batch = Sample(torch.zeros(1, 6, 4, 4 * width), target, known, ~known & False, "p")
    maps = {name: torch.full((1, 1, 4, 4 * width), 0.5) for name in MAPS}
    lost = matching_losses({**maps, "plan": plan}, batch)
    (gradient,) = torch.autograd.grad(lost.sum(), weights)
    assert float(gradient[0, 0, 9, 6]) == pytest.approx(-1 / weights[0, 0, 9, 6].item(), rel=1e-3)


@pytest.mark.slow
def test_a_few_steps_of_the_whole_network_lower_that_loss(tmp_path, monkeypatch):
    monkeypatch.setattr("spectra.study._train.draw_curve", lambda part, rows, **_: part.touch())
    pairs = shifted_pairs("train", content="textures", count=1, size=(124, 128), max_disparity=24)
    training = Training(steps=10, batch=1, learning_rate=3e-3)
    done = train(
        disparity(pairs, pairs, matching=True),
        lambda: sttr_small(head="transformer"),
        tmp_path,
        training=training,
    )
    assert done.history[10].loss < done.history[1].loss / 2
