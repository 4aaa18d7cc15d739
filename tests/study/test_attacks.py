"""A trained network under a list of attacks: what is written, and not found again."""

import json

import pytest
from torch import nn

from spectra.data import Augmentation, restoration_photographs
from spectra.errors import LoadError
from spectra.study import _attacks as attacks
from spectra.study import evaluate, restoration
from spectra.study._attacks import under_attacks

PATCHES = Augmentation(crop=(32, 32))
PICTURES = restoration_photographs("train").only([0, 3, 4]).varied(PATCHES)
TASK = restoration(PICTURES, PICTURES)
SPECS = ("fgsm:eps=2/255", "pgd:eps=2/255,steps=2,loss=l1")


def test_each_attack_gives_the_metrics_of_an_evaluation_and_is_found_once(tmp_path, monkeypatch):
    net, seen = nn.Identity(), []
    found = under_attacks(TASK, net, tmp_path, SPECS[:1])
    assert list(found) == ["fgsm:eps=2/255,loss=psnr"]
    evaluated = attacks.evaluated

    def counting(*given, **options):
        seen.append(options["attack"])
        return evaluated(*given, **options)

    monkeypatch.setattr(attacks, "evaluated", counting)
    told = []
    found = under_attacks(TASK, net, tmp_path, SPECS, progress=lambda *now: told.append(now))
    assert len(seen) == 1
    assert seen[0].startswith("pgd:eps=2/255")
    assert [done for _, done, _ in told] == [0, 1]
    for text, values in found.items():
        assert values == evaluate(TASK, net, attack=text)
    written = json.loads((tmp_path / "attacks.json").read_text())
    assert written["values"] == found
    assert written["samples"].endswith("3 samples")


def test_other_samples_are_evaluated_anew(tmp_path):
    under_attacks(TASK, nn.Identity(), tmp_path, SPECS[:1])
    (part,) = under_attacks(TASK, nn.Identity(), tmp_path, SPECS[:1], samples=1).values()
    single = restoration(PICTURES, PICTURES.only([0]))
    assert part == evaluate(single, nn.Identity(), attack="fgsm:eps=2/255,loss=psnr")


def test_a_damaged_file_is_refused_in_one_line(tmp_path):
    (tmp_path / "attacks.json").write_text('{"samples": 3')
    with pytest.raises(LoadError, match=r"attacks\.json holds no metrics .*delete it"):
        under_attacks(TASK, nn.Identity(), tmp_path, SPECS)
