"""A slice of the paired study: what is shared starts equal, what is kept is found again."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from scipy.stats import ttest_rel

from benchmarks.study import __main__ as study
from benchmarks.study.report import tables
from benchmarks.study.run import MEASURES, Result, Training, read, run, write
from benchmarks.study.variants import VARIANTS, build, merged
from spectra.study._paired import paired_difference

TRAINING = Training(steps=7)


def shape(module):
    """Return the shape of a layer's own weight, None where it has none."""
    weight = getattr(module, "weight", None)
    return None if weight is None else weight.shape


def result(variant, seed, level, **changes):
    measures = {name: level + place for place, name in enumerate(MEASURES)}
    untrained = dict.fromkeys(("rejection_up1", "rejection_up2", "line_up1", "line_up2"), -4.8)
    made = Result(variant, seed, TRAINING, 100, measures, (), untrained, False, 1.0)
    return replace(made, **changes)


def test_every_variant_enlarges_four_times():
    x = torch.zeros(1, 3, 6, 5)
    assert {build(name, 0)(x).shape for name in VARIANTS} == {(1, 3, 24, 20)}


def test_layers_of_one_name_and_shape_start_equal_to_the_bit():
    started = {name: dict(build(name, 3).named_modules()) for name in VARIANTS}
    for one, other in combinations(started.values(), 2):
        shared = [k for k in one if shape(one[k]) and shape(one[k]) == shape(other.get(k))]
        assert {"trunk.0", "trunk.2", "output"} <= set(shared)
        for key in shared:
            assert torch.equal(one[key].weight, other[key].weight)
            assert torch.equal(one[key].bias, other[key].bias)


def test_only_what_upsamples_and_follows_it_differs():
    kept = [k for k in build("tc2", 0).state_dict() if not k.startswith(("up1.", "up2."))]
    for name in VARIANTS:
        rest = [k for k in build(name, 0).state_dict() if not k.startswith(("up1.", "up2."))]
        assert rest == kept


def test_the_h2_control_has_the_same_upsampler_as_its_twin_and_as_the_plain_3x3():
    plain, twin, control = (build(name, 1).state_dict() for name in ("tc3", "block3", "block11"))
    for key in (k for k in plain if ".up." in k):
        assert torch.equal(plain[key], twin[key])
        assert torch.equal(plain[key], control[key])
    differing = {k for k in twin.keys() | control.keys() if k not in twin or k not in control}
    differing |= {k for k in twin if k in control and twin[k].shape != control[k].shape}
    assert {key.split(".block.")[1] for key in differing} == {"large.weight", "small.weight"}


def test_another_seed_starts_elsewhere():
    one, other = build("lctc7", 0), build("lctc7", 1)
    assert not torch.equal(one.up1.up.large.weight, other.up1.up.large.weight)
    assert not torch.equal(one.up1.up.large.weight, one.up2.up.large.weight)


def test_merging_keeps_what_a_network_computes(generator):
    x = torch.rand(1, 3, 8, 8, generator=generator)
    expected = build("lctc11g", 0)(x)
    torch.testing.assert_close(merged(build("lctc11g", 0))(x), expected, rtol=0, atol=1e-5)


def test_the_paired_interval_is_scipys(rng):
    first, second = rng.normal(size=(2, 6))
    found = paired_difference(first, second)
    scipys = ttest_rel(first, second)
    low, high = scipys.confidence_interval()
    np.testing.assert_allclose(
        [found.mean - found.half_width, found.mean + found.half_width, found.p],
        [low, high, scipys.pvalue],
    )
    assert found.excludes_zero == (scipys.pvalue < 0.05)


def test_a_pair_with_a_missing_value_is_left_out():
    assert paired_difference([1.0, None, 3.0], [0.0, 0.0, 1.0]).pairs == 2
    assert paired_difference([1.0, None], [0.0, 1.0]) is None


def test_a_result_is_found_again_but_not_for_another_training(tmp_path):
    kept = result("tc3", 4, -1.5, bounds=("alias_output",))
    write(kept, tmp_path)
    assert read(tmp_path, "tc3", 4, TRAINING) == kept
    assert read(tmp_path, "tc3", 5, TRAINING) is None
    assert read(tmp_path, "tc3", 4, replace(TRAINING, steps=8)) is None
    assert [path.name for path in tmp_path.iterdir()] == ["tc3-4.json"]


def test_only_what_is_missing_is_run(tmp_path, monkeypatch, capsys):
    for seed in (0, 1):
        write(result("shuffle", seed, 0.0), tmp_path)
    asked = []

    def run_all(places, training, folder, jobs):
        asked.extend(places)
        for place in places:
            write(result(*place, 2.0 + place[1], training=training), folder)

    monkeypatch.setattr(study, "run_all", run_all)
    arguments = ["study", "shuffle", "tc2", "--seeds", "2", "--steps", "7"]
    monkeypatch.setattr("sys.argv", [*arguments, "--results", str(tmp_path)])
    study.main()
    assert asked == [("tc2", 0), ("tc2", 1)]
    assert "2x2 − shuffle 1x1 | +2.5 ± 6.4" in capsys.readouterr().out


def test_dead_networks_are_counted_and_take_no_part():
    runs = [result(name, s, float(s)) for name in ("shuffle", "tc2") for s in range(3)]
    text = tables([*runs[:-1], replace(runs[-1], dead=True)])
    assert "Dead: 1." in text
    assert "| 2x2 | 100 | 2/3 | 0.5 ± 0.7 |" in text


@pytest.mark.slow
def test_a_run_has_every_number():
    found = run("shuffle", 0, Training(steps=2, batch=1))
    assert set(found.measures) == set(MEASURES)
    assert all(np.isfinite(v) for v in found.measures.values() if v is not None)
    assert found.dead
