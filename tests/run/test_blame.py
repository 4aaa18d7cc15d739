"""Which step a whole run names, of planted ones."""

import pytest

import spectra
from spectra import Options
from support.planted_decoders import Parallel, chain, latents

# how many inputs of which side, in the quick suite and in full
SIZES = pytest.mark.parametrize("size", [(12, 24), pytest.param((16, 32), marks=pytest.mark.slow)])


def summary_of(net, size, **options):
    count, side = size
    options = Options(**{"blame": True, **options})
    return spectra.analyze(net, latents(count, side=side), options=options).summary


@SIZES
def test_the_step_with_the_fault_is_named_though_another_has_its_period(size):
    """Two side by side, a fault of the gain in one: what both have at the output is the same."""
    summary = summary_of(Parallel((1, 0)), size)
    assert summary.worst.name == "a"
    assert summary.blame.step == summary.worst
    a, b = (row.at_output for row in summary.steps if row.name in "ab")
    assert a.locked_dbc == b.locked_dbc
    assert a.without_ci95_db[1] < -5 < -1 < b.without_db
    assert "without its grid the output has" in summary.answer["where"]


@SIZES
def test_where_two_steps_add_up_both_are_told_and_none_is_the_worst(size):
    summary = summary_of(Parallel((1, 1)), size)
    assert summary.worst is None
    assert summary.blame.relation == "adding"
    assert summary.answer["where"] == "several steps: a, b; the grids of a, b add up"


def test_of_steps_that_were_not_asked_for_nothing_is_said():
    summary = summary_of(chain(2, "nearest"), (12, 24), steps="1")
    assert summary.worst is None
    assert "no single step of those that were taken away" in summary.answer["where"]


def test_of_few_inputs_the_step_is_named_by_energy_and_that_is_said():
    summary = summary_of(chain(2, "nearest"), (10, 16))
    assert summary.worst is not None
    assert summary.blame.standing == "not measured"
    assert "was not measured: too few: 10 inputs, 11 needed" in summary.answer["where"]


def test_unless_it_is_asked_for_no_grid_is_taken_away():
    summary = summary_of(Parallel((1, 0)), (12, 24), blame=False)
    assert summary.worst is not None
    assert summary.blame.forwards == 0
    assert {row.at_output.without_reason for row in summary.steps} == {"not asked for"}
    assert "without its grid" not in summary.answer["where"]
