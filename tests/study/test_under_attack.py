"""Attacks that pass each other are run once, and give what they give alone."""

import pytest
import torch
from torch import nn

from spectra.attack import attack
from spectra.data import (
    DisparityMetrics,
    RestorationMetrics,
    SegmentationMetrics,
    shifted_pairs,
    textured_regions,
)
from spectra.study import Task, disparity, evaluate, segmentation
from spectra.study._adversarial import against
from spectra.study._under_attack import under_attack
from spectra.study._variants import build
from support.tiny_study import tiny_task


@pytest.fixture(scope="module")
def network():
    return build("nafnet", "lctc7", 1).eval()


def test_every_attack_is_what_evaluate_says_of_it_alone(network):
    """`evaluate` runs sample by sample, and each attack from its start."""
    task = tiny_task()
    budget = "eps=8/255,alpha=0.01"
    many = [f"{name}:{budget},steps={n}" for name in ("pgd", "cospgd") for n in (2, 3, 5)]
    attacks = ["fgsm:eps=8/255", *many]
    found = under_attack(task, network, attacks)
    for text in attacks:
        alone = evaluate(task, network, attack=against(task, text))
        assert found[text]["quality"] == pytest.approx(alone, abs=1e-5)
    steps = [found[text]["quality"]["psnr"] for text in attacks if text.startswith("pgd")]
    assert len(set(steps)) == 3  # CosPGD on pictures may take PGD's very steps


def test_segpgd_of_fewer_steps_is_no_part_of_one_of_more():
    task = segmentation(test=textured_regions("test", count=2, size=32))
    net = nn.Conv2d(3, 4, 3, padding=1)
    attacks = [f"segpgd:steps={n}" for n in (2, 6)]
    found = under_attack(task, net, attacks)
    for text in attacks:
        alone = evaluate(task, net, attack=against(task, text))
        assert found[text]["quality"] == pytest.approx(alone, abs=1e-6)


def test_what_is_kept_is_measured_against_the_clean_output(network):
    task, spec = tiny_task(), "pgd:eps=8/255,alpha=0.01,steps=2"
    metrics = RestorationMetrics()
    for number in range(len(task.test)):
        sample = task.test[number]
        x, target = sample.input[None], sample.target[None]
        changed = attack(network, x, target, against(task, spec), first=number)
        with torch.no_grad():
            before, after = network(x)[0].clamp(0, 1), network(changed)[0]
        metrics.add(after, sample._replace(target=before))
    found = under_attack(task, network, [spec])[spec]["kept"]
    assert found == pytest.approx(metrics.values(), abs=1e-4)


@pytest.mark.parametrize("name", ["segmentation", "disparity"])
def test_an_attack_too_small_to_matter_keeps_everything(name):
    if name == "segmentation":
        task = segmentation(test=textured_regions("test", count=2, size=32))
        net, kept = nn.Conv2d(3, 4, 1), {"miou": 1.0, "macc": 1.0, "allacc": 1.0}
    else:
        pairs = shifted_pairs("test", content="textures", count=2, size=(32, 48), max_disparity=4)
        task = Task(disparity().train, pairs, "epe")
        net, kept = nn.Conv2d(6, 1, 1), {"epe": 0.0, "3px": 0.0}
    found = under_attack(task, net, ["pgd:eps=1e-9,alpha=1e-9,steps=1"])
    assert next(iter(found.values()))["kept"] == pytest.approx(kept, abs=1e-5)


def test_metrics_are_those_of_the_task():
    assert isinstance(segmentation().metrics(), SegmentationMetrics)
    assert isinstance(disparity().metrics(), DisparityMetrics)
