"""``assert_no_grid`` says in one line what a model's output shows, and keeps what it measured."""

import re
import shlex

import pytest
import torch
from click.testing import CliRunner
from torch import nn

from spectra.errors import InputError, NothingToAnalyseError, ParameterError
from spectra.testing import assert_no_grid


class Planted(nn.Module):
    """An enlargement of smooth maps, with a checkerboard of some amplitude."""

    def __init__(self, amplitude):
        super().__init__()
        self.amplitude = amplitude

    def forward(self, x):
        large = nn.functional.interpolate(x, scale_factor=2, mode="bicubic")
        checks = (-1.0) ** (torch.arange(large.shape[-1]) + torch.arange(large.shape[-2])[:, None])
        return large + self.amplitude * checks


@pytest.fixture
def smooth():
    noise = torch.rand(16, 1, 12, 12, generator=torch.Generator().manual_seed(1))
    return nn.functional.interpolate(noise, scale_factor=4, mode="bicubic")


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SPECTRA_UPDATE", raising=False)


def failure(*args, **kwargs):
    with pytest.raises(AssertionError) as caught:
        assert_no_grid(*args, **kwargs)
    return str(caught.value)


@pytest.mark.slow
def test_a_grid_fails_in_one_line_whose_command_draws_it(smooth, tmp_path):
    from spectra_cli.main import main

    text = failure(Planted(0.3), smooth)
    assert "\n" not in text
    assert text.startswith("strong grid of ")
    assert "period 2 px" in text
    assert "(the output's grid is strong, at least faint)" in text
    command = shlex.split(text.partition("look at it: ")[2])
    name = "test_a_grid_fails_in_one_line_whose_command_draws_it"
    assert command == ["spectra", "figures", f"spectra-out/tests/{name}"]
    done = CliRunner().invoke(main, [*command[1:], "--fig", "where", "--format", "png"])
    assert done.exit_code == 0, done.output
    assert list(tmp_path.glob("spectra-out/**/where.png"))
    assert failure(Planted(0.3), smooth) == text  # the same numbers, and the old result replaced


def test_a_grid_less_severe_than_what_is_asked_passes(smooth):
    assert_no_grid(Planted(0.0), smooth, severity="visible")


@pytest.mark.slow
def test_a_baseline_lets_the_grid_it_has_pass_and_no_stronger_one(smooth, monkeypatch, tmp_path):
    known = tmp_path / "baselines" / "known.json"
    with pytest.raises(NothingToAnalyseError, match="SPECTRA_UPDATE=1"):
        assert_no_grid(Planted(0.02), smooth, baseline=known)
    monkeypatch.setenv("SPECTRA_UPDATE", "1")
    assert_no_grid(Planted(0.02), smooth, baseline=known)
    monkeypatch.delenv("SPECTRA_UPDATE")
    assert_no_grid(Planted(0.02), smooth, baseline=known)
    text = failure(Planted(0.3), smooth, baseline=known)
    assert re.search(r"above the baseline: output \(at least .* dBc, was at most .* dBc\)", text)
    assert sorted(path.name for path in known.parent.iterdir()) == ["known.json"]


def test_a_damaged_baseline_and_a_wrong_word_are_told(smooth, tmp_path):
    (tmp_path / "b.json").write_text("{}")
    with pytest.raises(InputError, match=r"b\.json"):
        assert_no_grid(Planted(0), smooth, baseline=tmp_path / "b.json")
    with pytest.raises(ParameterError, match="severity='none': expected faint, visible, strong"):
        assert_no_grid(Planted(0), smooth, severity="none")


def test_what_cannot_be_judged_does_not_pass(smooth):
    with pytest.raises(NothingToAnalyseError):
        assert_no_grid(nn.Conv2d(1, 1, 3), smooth)
    with pytest.raises(NothingToAnalyseError, match="the gate cannot judge"):
        assert_no_grid(Planted(0.3), smooth[:2, :, :12, :12])
