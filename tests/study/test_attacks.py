"""A trained network under a list of attacks: what is written, and not found again."""

import json

import pytest
from torch import nn

from spectra.data import Augmentation, restoration_photographs
from spectra.errors import LoadError
from spectra.study import _attacks as attacks
from spectra.study import evaluate, restoration
from spectra.study._attacks import kept_under_attack

PATCHES = Augmentation(crop=(32, 32))
PICTURES = restoration_photographs("train").only([0, 3, 4]).varied(PATCHES)
TASK = restoration(PICTURES, PICTURES)
SPECS = ("fgsm:eps=2/255", "pgd:eps=2/255,steps=1,loss=l1", "pgd:eps=2/255,steps=3,loss=l1")


def test_each_attack_gives_the_metrics_of_an_evaluation_and_is_found_once(tmp_path, monkeypatch):
    net, runs, told = nn.Identity(), [], []
    found = kept_under_attack(TASK, net, tmp_path, SPECS[:1])
    assert list(found) == ["fgsm:eps=2/255,loss=psnr"]
    under_attack = attacks.under_attack

    def counting(task, model, run, **options):
        runs.append([text.partition(",loss")[0] for text in run])
        return under_attack(task, model, run, **options)

    monkeypatch.setattr(attacks, "under_attack", counting)
    for _ in range(2):
        found = kept_under_attack(
            TASK, net, tmp_path, SPECS, progress=lambda *now: told.append(now[1:])
        )
    assert len(runs) == 1  # the longer passes the shorter on its way
    assert [text.partition("steps=")[2] for text in runs[0]] == ["1", "3"]
    assert told == [(0, 1)]
    for text, values in found.items():
        assert values["quality"] == pytest.approx(evaluate(TASK, net, attack=text), abs=1e-9)
        assert values["kept"]["psnr"] > 40  # eps is 2 of 255 levels
    written = json.loads((tmp_path / "attacks.json").read_text())
    assert written["values"] == found
    assert written["samples"].endswith("3 samples")


def test_other_samples_are_evaluated_anew(tmp_path):
    kept_under_attack(TASK, nn.Identity(), tmp_path, SPECS[:1])
    (part,) = kept_under_attack(TASK, nn.Identity(), tmp_path, SPECS[:1], samples=1).values()
    single = restoration(PICTURES, PICTURES.only([0]))
    expected = evaluate(single, nn.Identity(), attack="fgsm:eps=2/255,loss=psnr")
    assert part["quality"] == pytest.approx(expected, abs=1e-9)


def test_a_damaged_file_is_refused_in_one_line(tmp_path):
    (tmp_path / "attacks.json").write_text('{"samples": 3')
    with pytest.raises(LoadError, match=r"attacks\.json holds no metrics .*delete it"):
        kept_under_attack(TASK, nn.Identity(), tmp_path, SPECS)
