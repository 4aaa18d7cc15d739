"""The word of whole runs: grids of colour are not called unseen because only luma is seen."""

import pytest
import skimage.data
import torch
from PIL import Image
from torch import nn

import spectra
from spectra.score import Score

GREY = torch.tensor([1.0, 1.0, 1.0])
RED_GREEN = torch.tensor([1.0, -0.2126 / 0.7152, 0.0])  # near enough without luma


class Board(nn.Module):
    """Enlarges twice, bilinearly, and adds a checkerboard of one colour."""

    def __init__(self, colour, height=0.06):
        super().__init__()
        self.height = height
        self.up = nn.Upsample(scale_factor=2, mode="bilinear")
        self.colour = colour.reshape(3, 1, 1)

    def forward(self, x):
        x = 0.2 + 0.6 * self.up(x)
        rows, columns = (torch.arange(n) for n in x.shape[-2:])
        return x + self.height * self.colour * (-1.0) ** (rows[:, None] + columns)


@pytest.fixture
def pictures(tmp_path):
    whole = skimage.data.astronaut()
    for i in range(12):
        y, x = 96 * (i // 4), 96 * (i % 4)
        Image.fromarray(whole[y : y + 64, x : x + 64]).save(tmp_path / f"{i}.png")
    return tmp_path


@pytest.mark.parametrize(("colour", "by"), [(GREY, "visibility"), (RED_GREEN, "yardstick")])
def test_a_board_of_colour_is_judged_by_yardstick_and_one_of_grey_by_sight(colour, by, pictures):
    summary = spectra.analyze(Board(colour), pictures, options=spectra.Options(blame=False)).summary
    severity = summary.severity
    assert summary.verdict == "present"
    assert severity.by == by
    assert severity.word in ("visible", "strong")
    assert (severity.chromatic > 0) == (by == "yardstick")
    assert severity.visibility[1] >= 1 or by == "yardstick"  # what is seen of colour is its luma


def test_a_board_of_colour_that_rounds_away_in_8_bits_is_none(pictures):
    board = Board(RED_GREEN, height=0.4 / 255)
    board.up = nn.Upsample(scale_factor=2, mode="bicubic")
    severity = spectra.analyze(
        board, pictures, options=spectra.Options(blame=False)
    ).summary.severity
    assert severity.chromatic > 0
    assert (severity.word, severity.by) == ("none", "visibility")


def test_few_pictures_are_not_judged_by_sight_and_the_answer_says_why(pictures, tmp_path):
    (tmp_path / "few").mkdir()
    for file in sorted(pictures.glob("*.png"))[:4]:
        file.rename(tmp_path / "few" / file.name)
    summary = spectra.analyze(Board(GREY), tmp_path / "few").summary
    assert summary.severity.by == "yardstick"
    said = summary.answer["severity"]
    assert " by energy, as sight takes 11 outputs, and 4 were there: " in said


@pytest.mark.parametrize(("gain", "levels"), [(1.0, True), (3.0, False)])
def test_of_outputs_beyond_white_no_grey_levels_are_told(pictures, gain, levels):
    board = nn.Sequential(Board(GREY), nn.Upsample(scale_factor=1))
    board.register_forward_hook(lambda _m, _x, y: gain * y)
    summary = spectra.analyze(board, pictures, options=spectra.Options(blame=False)).summary
    assert (summary.output.score.grey_levels is not None) == levels
    assert (summary.severity.where.levels is not None) == levels
    assert any(note.id == "range" for note in summary.warnings) != levels


def test_logits_are_not_judged_as_pictures(pictures):
    logits = nn.Sequential(Board(GREY), nn.Conv2d(3, 1, 1, bias=False))
    nn.init.constant_(logits[1].weight, 10.0)
    logits.register_forward_hook(lambda _m, _x, y: y - 15)
    summary = spectra.analyze(logits, pictures, options=spectra.Options(blame=False)).summary
    assert summary.severity.by == "yardstick"
    said = summary.answer["severity"]
    assert " by energy, as the outputs are no pictures (" in said
    assert "% of their values lie outside 0..1): " in said


class Twice(nn.Module):
    """Gives back what was enlarged by two, and adds a little of a nearest enlargement by four."""

    def forward(self, x):
        four = nn.functional.interpolate(nn.functional.avg_pool2d(x, 4), scale_factor=4)
        two = nn.functional.interpolate(nn.functional.avg_pool2d(x, 2), scale_factor=2)
        return (two + 0.5 * four) / 1.5


def test_the_inputs_own_grid_makes_no_model_severe(pictures, tmp_path):
    """The grid of period 2 is the stronger one, and was there before."""
    enlarged = tmp_path / "enlarged"
    enlarged.mkdir()
    for file in pictures.glob("*.png"):
        picture = Image.open(file)
        picture.resize((128, 128), Image.Resampling.NEAREST).save(enlarged / file.name)
    summary = spectra.analyze(Twice(), enlarged, options=spectra.Options(blame=False)).summary
    severity = summary.severity
    assert (0.5, 0.5) in summary.output.inherited
    assert [row.period for row in severity.yardsticks] == [(4, 4)]
    assert severity.yardsticks[0].own_dbc == pytest.approx(summary.output.score.asr_dbc, abs=0.5)
    assert severity.word == "none"
    assert severity.where.period == (4, 4)


def test_energy_at_a_period_at_which_the_test_finds_nothing_makes_no_model_severe(
    pictures, monkeypatch
):
    """Unless it finds nothing at any alone."""
    net = nn.Sequential(*[nn.Upsample(scale_factor=2) for _ in range(2)])

    def owned(unfound):
        def at_period(_, period):
            return Score(verdict="none" if period in unfound else "present")

        monkeypatch.setattr("spectra.score.Scores.at_period", at_period)
        options = spectra.Options(blame=False)
        rows = spectra.analyze(net, pictures, options=options).summary.severity.yardsticks
        return {row.period: row.own_dbc is not None for row in rows}

    assert owned([(4, 4)]) == {(2, 2): True, (4, 4): False}
    assert owned([(2, 2), (4, 4)]) == {(2, 2): True, (4, 4): True}
