"""An analysis says and scores the same whatever the output looks like."""

from dataclasses import asdict, replace
from functools import cache

import pytest
import torch
from torch import nn

import spectra
from spectra import Options
from spectra.errors import ParameterError
from spectra.score._score import read_lattice
from spectra.score._score import score as score_of
from support.layouts import LAYOUTS, Wrapped, decoder

SIDES = {1: (256,), 2: (32, 40), 3: (16, 16, 16)}
PLAIN = Options(blame=False)  # to take grids away is most of a run's time


def inputs(axes, count=16):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(count, 3, *SIDES[axes], generator=generator)


def numbers(summary):
    """Return everything of a summary that is about the model, by where it stands."""
    whole = asdict(summary)
    kept = {name: whole[name] for name in ("verdict", "worst", "output", "steps", "input")}
    kept |= {name: text for name, text in whole["answer"].items() if name != "trust"}
    return dict(leaves(kept, ""))


def leaves(tree, where):
    if not isinstance(tree, (dict, list, tuple)):
        yield where, tree
        return
    for name, branch in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield from leaves(branch, f"{where}.{name}")


@cache
def of_the_plain_one(axes, channels, options=PLAIN):
    model = Wrapped(decoder(axes, channels=channels), LAYOUTS["plain"])
    summary = spectra.analyze(model, inputs(axes), options=options).summary
    assert notes(summary) == []
    return numbers(summary)


def assert_rounded_alike(found, expected):
    """Convolutions of one input and of several round otherwise, to 1e-7 of the values."""
    assert found.keys() == expected.keys()
    for where, value in expected.items():
        alike = pytest.approx(value, rel=1e-4) if isinstance(value, float) else value
        assert found[where] == alike, where


def notes(summary):
    return [w.text for w in summary.warnings if w.id == "output_choice"]


CASES = [
    ("squeezed", 1),
    ("channels last", 1),
    ("channels last", 2),
    ("squeezed", 2),
    ("all squeezed", 2),
    ("tokens", 2),
    ("an axis before the channels", 2),
    ("channels before samples", 2),
    ("beside a latent", 2),
]
BLAMED_AT_ONCE = ("channels last", 2)  # with grids taken away also in the quick suite


@pytest.mark.parametrize(
    ("name", "axes", "blame"),
    [
        *[(*case, False) for case in CASES if case != BLAMED_AT_ONCE],
        (*BLAMED_AT_ONCE, True),
        *[
            pytest.param(*case, True, marks=pytest.mark.slow)
            for case in CASES
            if case != BLAMED_AT_ONCE
        ],
        pytest.param("channels last", 3, False, marks=pytest.mark.slow),  # in volumes it takes long
    ],
)
def test_an_output_in_another_layout_gets_the_same_numbers(name, axes, blame):
    channels, options = 1 if "squeezed" in name else 2, Options(blame=blame)
    model = Wrapped(decoder(axes, channels=channels), LAYOUTS[name])
    summary = spectra.analyze(model, inputs(axes), options=options).summary
    (note,) = notes(summary)
    assert "read as (" in note
    found, expected = numbers(summary), of_the_plain_one(axes, channels, options)
    assert found[".output.score.asr_dbc"] is not None
    if "inputs run one at a time" in note:
        assert_rounded_alike(found, expected)
    else:
        assert found == expected


def test_the_grey_map_of_a_list_is_scored_for_every_input():
    """One map an input looks like a batch of one, until several inputs run together."""
    model = Wrapped(decoder(2, channels=1), list)
    summary = spectra.analyze(model, inputs(2), options=PLAIN).summary
    assert_rounded_alike(numbers(summary), of_the_plain_one(2, 1))
    assert "inputs run one at a time" in notes(summary)[0]


@pytest.mark.parametrize(
    ("wrap", "reason", "formats"),
    [
        (lambda y: y.mean((2, 3)), "no axis of (1, 2) is space", ("json", "nc", "png")),
        (lambda y: y.mean(), "it is one number", ("json",)),
        (lambda y: {"mask": y > 0}, "it holds bool values", ("json",)),
    ],
)
def test_an_output_that_is_no_map_has_a_reason_and_the_steps_are_scored(
    wrap, reason, formats, tmp_path
):
    result = spectra.analyze(Wrapped(decoder(2), wrap), inputs(2), options=PLAIN)
    summary = result.summary
    assert reason in summary.output.score.reason
    assert reason in notes(summary)[0]
    own, plain = numbers(summary), of_the_plain_one(2, 2)
    of_step = {where for where in plain if where.startswith(".steps.0.score")}
    assert {where: own[where] for where in of_step} == {where: plain[where] for where in of_step}
    assert summary.verdict == "present"
    assert result.save(tmp_path / "out", formats=formats).is_dir()


@pytest.mark.parametrize("wrap", [lambda y: y.mean((2, 3)), lambda y: y.movedim(1, -1)])
def test_without_inputs_no_output_is_an_error(wrap):
    summary = spectra.analyze(Wrapped(decoder(2), wrap)).summary
    assert summary.steps[0].flat_field.line_dbc is not None


@pytest.mark.parametrize("order", ["inputs first", "frames first"])
def test_frames_as_samples_count_as_looks_at_their_input(order):
    """The same frames, a video at a time, in whatever order the model folds them."""

    class Frames(nn.Module):
        def __init__(self):
            super().__init__()
            self.plain = decoder(2)

        def forward(self, x):
            first = x.transpose(1, 2) if order == "inputs first" else x.permute(2, 0, 1, 3, 4)
            return self.plain(first.flatten(0, 1))

    x = torch.rand(16, 3, 2, 32, 40, generator=torch.Generator().manual_seed(0))
    score = spectra.analyze(Frames(), x, options=PLAIN).summary.output.score
    assert score.verdict == "present"
    assert score.maps == 16 * 2 * 2
    statistics = spectra.spectrum.MapStatistics(
        spectra.spectrum.plan_maps((2, 64, 80), (2, 2), count=16)
    )
    plain = Frames().plain
    for frame in range(2):
        statistics.update(plain(x[:, :, frame]), first=0)
    expected = score_of(
        read_lattice(statistics.to_dataset(), seed=0),
        statistics.to_dataset(),
    )
    assert score.asr_dbc == pytest.approx(expected.asr_dbc, abs=1e-4)  # dB; batches round


def test_another_output_can_be_asked_for():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.small, self.large = decoder(2, channels=3), decoder(2, channels=3)

        def forward(self, x):
            small = self.small(x)
            return {"small": small, "large": self.large(small)}

    few = inputs(2)[..., :16, :20]
    usual = spectra.analyze(Two(), few, options=PLAIN).summary
    asked = spectra.analyze(Two(), few, options=replace(PLAIN, output="small")).summary
    assert "['large'] of shape (1, 3, 64, 80) is its output (the largest map" in notes(usual)[0]
    assert "['small'] of shape (1, 3, 32, 40) is its output (as asked for" in notes(asked)[0]
    assert [row.period_in_output for row in usual.steps] == [(4, 4), (2, 2)]
    assert asked.steps[0].period_in_output == (2, 2)
    with pytest.raises(ParameterError, match=r"\['small'\], \['large'\]"):
        spectra.analyze(Two(), few, options=Options(output="medium"))
