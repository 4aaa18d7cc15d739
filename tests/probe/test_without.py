"""A step's grid taken away, on decoders whose fault was planted."""

import pytest
import torch
from torch import nn

from spectra import Options, capture, gather, score, spectrum
from spectra.explain._blame import blame, relation
from spectra.inputs import open_inputs
from spectra.probe._passes import Passes
from spectra.probe._without import FORWARDS, _sharing, _within_budget, without
from support.planted_decoders import Parallel, chain, latents


def silent(stage, done, total):
    """Report no progress."""


def removals(net, x, **options):
    inputs = open_inputs(x)
    with capture.quiet(net):
        example = capture.example_input(net, inputs)
        found = capture.find_steps(net, example, Options(), progress=silent)
        passed = gather.run(net, found, inputs, Options(), progress=silent)
    scores = score.run(passed, inputs, seed=0, progress=silent)
    found = without(net, passed, scores, inputs, seed=0, progress=silent, **options)
    return found, scores.output.asr_dbc


CASES = [
    (broken, *fault)
    for fault in (
        ("gain", 0.3, False),
        ("nearest", 0.0, False),
        ("taps", 0.4, False),
        ("gain", 0.1, True),
        ("nearest", 0.0, True),
    )
    for broken in range(3)
]
QUICK, FULL = (12, 16), (16, 24)  # how many inputs of which side
FAULTS = [
    (1, "nearest", 0.0, True, QUICK),
    (2, "taps", 0.4, False, QUICK),
    *[pytest.param(*case, FULL, marks=pytest.mark.slow) for case in CASES],
]


@pytest.mark.parametrize(("broken", "fault", "amount", "norm", "size"), FAULTS)
def test_the_step_with_the_fault_is_named(broken, fault, amount, norm, size):
    count, side = size
    net = chain(broken, fault, amount, norm=norm)
    found, output_dbc = removals(net, latents(count, side=side))
    named = blame(found, output_dbc=output_dbc)
    assert (named.standing, named.step) == ("step", broken)
    others = [r.output for i, r in enumerate(found.steps) if i != broken]
    assert all(change.db > -3 for change in others)
    assert not found.renormalised
    assert found.forwards <= FORWARDS


@pytest.mark.slow
@pytest.mark.parametrize("broken", [1, 2])
def test_a_gain_of_five_percent_is_named(broken):
    found, output_dbc = removals(chain(broken, "gain", 0.05), latents())
    assert blame(found, output_dbc=output_dbc).step == broken


@pytest.mark.slow
def test_of_clean_steps_none_is_named():
    found, output_dbc = removals(chain(None), latents())
    assert blame(found, output_dbc=output_dbc, floor_dbc=-40.0).standing == "faint"


# as above; smaller maps than these would not tell that two cancel
SIZES = pytest.mark.parametrize("size", [(12, 24), pytest.param((16, 32), marks=pytest.mark.slow)])


def pair(signs, size):
    count, side = size
    found, output_dbc = removals(Parallel(signs), latents(count, side=side))
    (together,) = found.together
    assert together.steps == (1, 2)
    return found, blame(found, output_dbc=output_dbc)


@SIZES
def test_of_two_that_add_none_is_named_but_both(size):
    found, named = pair((1, 1), size)
    assert relation(found, 0) == ("adding", None)
    assert (named.standing, named.steps) == ("several", (1, 2))
    assert found.forwards == 2 + sum(not r.clean for r in found.steps)  # no quarter tells more
    # Half the amplitude is left without one of them.
    assert [found.steps[i].own.db for i in (1, 2)] == pytest.approx([-6.0, -6.0], abs=0.5)


@SIZES
def test_of_two_that_cancel_none_is_named(size):
    found, named = pair((1, -1), size)
    assert relation(found, 0) == ("cancelling", None)
    assert named.step is None
    assert all(found.steps[i].own.rose for i in (1, 2))
    assert all(found.steps[i].quarter is not None for i in (1, 2))


@SIZES
def test_the_louder_of_two_that_cancel_falls_by_a_quarter_and_rises_as_a_whole(size):
    found, named = pair((1, -0.7), size)
    assert relation(found, 0) == ("louder", 1)
    assert named.step is None


def test_without_a_grid_in_it_a_step_costs_no_forward_pass(monkeypatch):
    """Nothing is taken out of a clean map, so that nothing changes."""
    monkeypatch.setattr("spectra.probe._locked_part._Filters.of_all", None)
    found, _ = removals(chain(2, "gain", 0.3), latents(12, side=16))
    assert found.forwards == 1
    assert all(r.clean and r.output.db == 0 for r in found.steps)


def test_of_few_inputs_nothing_is_measured():
    found, output_dbc = removals(chain(2, "gain", 0.3), latents(10, side=16))
    assert {r.reason for r in found.steps} == {"too few: 10 inputs, 11 needed"}
    assert blame(found, output_dbc=output_dbc).standing == "not measured"


@pytest.mark.parametrize("batch", [1, 5])
def test_the_size_of_batches_changes_nothing(batch):
    net = nn.Sequential(nn.ConvTranspose2d(3, 3, 3, 2, 1, 1), nn.InstanceNorm2d(3), nn.SiLU())
    x = latents(12)
    (one,), (other,) = (removals(net, x, batch=b)[0].steps for b in (12, batch))
    assert one.output.db == pytest.approx(other.output.db, abs=0.02)
    assert one.output.fell


@pytest.mark.parametrize("steps", range(1, 24))
@pytest.mark.parametrize("periods", [1, 2, 5])
def test_never_more_than_ten_forward_passes_are_planned(steps, periods):
    class Found:
        scored_periods = tuple((2 + i % periods,) for i in range(steps))

    order = list(range(steps))
    chosen, sets = _within_budget(order, _sharing(Found, order))
    shared = {i for members in sets.values() for i in members} & set(chosen)
    assert 1 + len(chosen) + len(sets) + min(len(shared), 2) <= FORWARDS
    assert chosen == order[: len(chosen)]
    assert chosen


def test_the_model_leaves_as_it_came():
    net = chain(0, "nearest", norm=True, steps=1).train()
    weights = [p.clone() for p in net.parameters()]
    removals(net, latents())
    assert net.training
    assert all(map(torch.equal, weights, net.parameters()))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())


class Drawing(nn.Module):
    """A network that adds noise of its own to each map, or none."""

    def __init__(self, net, amount):
        super().__init__()
        self.net, self.amount = net, amount

    def forward(self, x):
        return self.net(x + self.amount * torch.randn(x.shape))


def test_what_the_run_has_measured_is_not_measured_again(monkeypatch):
    """Of just these inputs the lattices are known; without them all numbers are the same."""
    net, x = chain(1, "nearest", 0.0), latents(12, side=16)
    added = []
    add = spectrum.MapStatistics.add
    monkeypatch.setattr(
        spectrum.MapStatistics,
        "add",
        lambda self, *a, **k: (added.append(self), add(self, *a, **k)),
    )
    found, _ = removals(net, x)
    few = len(added)
    monkeypatch.setattr(Passes, "known", lambda *_: None)
    again, _ = removals(net, x)
    more = len(added) - few
    assert few < more
    assert repr(found) == repr(again)


def test_a_model_that_draws_is_measured_again(monkeypatch):
    x = latents(12, side=16)
    seen = []
    lattice = Passes._lattice
    monkeypatch.setattr(
        Passes, "_lattice", lambda self, f, known: (seen.append(known), lattice(self, f, known))[1]
    )
    found, _ = removals(Drawing(chain(1, "nearest", 0.0), 0.1), x)
    assert seen[0] is not None
    assert seen[1] is None
    assert len(seen) == found.forwards + 1
    monkeypatch.setattr(Passes, "known", lambda *_: None)
    again, _ = removals(Drawing(chain(1, "nearest", 0.0), 0.1), x)
    assert found.forwards == again.forwards
