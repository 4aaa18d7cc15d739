"""A verdict follows from differences that were put in by hand."""

from types import SimpleNamespace

import pytest

from spectra.study._hypotheses import BLOCK, CONFIRMATORY, OUTCOMES, findings, h1, h2
from spectra.study._tables import _lost
from support.study_seeds import seeds


@pytest.mark.parametrize(
    ("levels", "expected_h1", "expected_h2"),
    [
        ({}, "not shown", "not shown"),
        ({"lctc7": 5, "lctc11": 5}, "supported", "supported"),
        ({"lctc7": 5, "lctc11": 5, "block11": 5}, "supported", "contradicted"),
        ({"lctc7": 5}, "supported in part", "not shown"),
        ({"lctc11": 5, "tc3": 9}, "mixed", "supported"),
        ({"lctc7": -5, "lctc11": -5}, "contradicted", "not shown"),
        ({"block11": 5}, "not shown", "contradicted"),
        ({"block11": -5}, "not shown", "supported"),
    ],
)
def test_each_row_of_the_table_of_verdicts(levels, expected_h1, expected_h2):
    found = findings(seeds(levels))
    assert {h1(found, outcome) for outcome in OUTCOMES} == {expected_h1}
    assert {h2(found, outcome) for outcome in OUTCOMES} == {expected_h2}


def test_better_means_less_grid_and_more_psnr():
    found = findings(seeds({"block11": 5}))
    means = {f.outcome: f.difference.mean for f in found if f.contrast == BLOCK}
    assert means["alias"] == pytest.approx(-5, abs=0.3)
    assert means["attacked"] == pytest.approx(5, abs=0.3)
    assert {f.told for f in found if f.contrast == BLOCK} == {"better"}


def test_all_comparisons_are_corrected_together():
    found = findings(seeds({"lctc7": 0.2}))
    assert len(found) == len(CONFIRMATORY) * len(OUTCOMES) == 24
    least = min(found, key=lambda f: f.difference.p)
    assert least.corrected == pytest.approx(min(1, 24 * least.difference.p))


def test_dead_networks_take_their_pairs_with_them():
    found = findings(seeds({}, dead={("tc3", 0), ("tc3", 4), ("lctc7", 4)}))
    pairs = {(f.contrast.first, f.contrast.second): f.difference.pairs for f in found}
    assert pairs["lctc7", "shuffle1"] == 9
    assert pairs["lctc7", "tc3"] == 8
    assert pairs["lctc11", "block11"] == 10


@pytest.mark.parametrize(("name", "clean", "attacked"), [("psnr", 30.0, 18.0), ("epe", 3.0, 15.0)])
def test_what_an_attack_takes_is_above_zero_whichever_way_is_better(name, clean, attacked):
    cell = SimpleNamespace(clean={name: clean}, attacked={"pgd": {"quality": {name: attacked}}})
    assert _lost(cell, attack="pgd", name=name) == 12
