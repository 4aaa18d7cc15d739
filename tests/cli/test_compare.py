"""``spectra compare`` on real files: results, checkpoints, gates, what it prints and writes."""

import json
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import torch

from support.compared import pictures, result, uneven

ARCH = """
import torch
from torch import nn

def build():
    up = nn.ConvTranspose2d(3, 3, 4, stride=2, padding=1, groups=3, bias=False)
    return nn.Sequential(nn.Identity(), up)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Two results, three checkpoints, an architecture and inputs."""
    home = tmp_path_factory.mktemp("compare")
    for name, gain in (("old", 0.3), ("new", 0.1)):
        result(gain).save(home / name, formats=("json", "nc"))
        result(gain).save(home / f"{name}er", formats=("json",))
    result(0.3, count=0).save(home / "empty", formats=("json",))
    for epoch, gain in ((2, 0.0), (9, 0.1), (10, 0.5)):
        torch.save(uneven(gain).state_dict(), home / f"epoch{epoch}.ckpt")
    (home / "net.py").write_text(ARCH)
    np.save(home / "x.npy", pictures().numpy())
    return home


@pytest.fixture
def here(home, monkeypatch, spectra):
    monkeypatch.chdir(home)
    return spectra


MODELS = ("--arch", "net.py:build", "--inputs", "x.npy")


def test_two_folders_are_answered_in_one_screen(here):
    done = here("compare", "old", "new")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith("Before   old (")
    assert "Helped    better: the output's grid is 2.7 dB (" in done.stdout
    assert "paired: both models on the same 16 inputs" in done.stdout
    assert len(done.stdout.splitlines()) <= 24


@pytest.mark.slow
def test_checkpoints_in_a_quoted_pattern_become_a_series(here, home):
    done = here("compare", "epoch*.ckpt", *MODELS, "--out", "training", "--formats", "json,png")
    assert done.exit_code == 0, done.stderr
    told = json.loads((home / "training/comparison.json").read_bytes())
    assert [model["name"] for model in told["models"]] == ["epoch2", "epoch9", "epoch10"]
    assert all(pair["rows"][-2]["change"]["paired"] for pair in told["pairs"])
    assert told["outcome"] == "worse"
    assert told["series"]["unit"] == "epoch"
    assert (home / "training/figures/series.png").stat().st_size > 5000
    assert "Training" in done.stdout
    assert here("compare", "old", "new", "--out", "training").exit_code == 2
    assert here("compare", "old", "new", "--out", "training", "--force").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("older", "newer", "--fail-worse", "0"), 0, "Gate     passed"),
        (("newer", "older", "--fail-worse", "1"), 1, "got worse by at least 2."),
        (("newer", "older", "--fail-worse", "4"), 0, "not shown to be worse by more than 4.0 dB"),
        (("older", "newer", "--fail-on", "faint"), 1, "Gate     failed"),
        (("newer", "older", "--fail-worse", "1", "--fail-on", "strong"), 1, "Gate     passed"),
    ],
)
def test_gates_decide_the_exit_code(arguments, code, says, here):
    done = here("compare", *arguments)
    assert done.exit_code == code
    assert says in done.stdout


def test_what_no_gate_can_judge_is_exit_code_4_and_stands_in_the_report(here, home):
    done = here("compare", "empty", "newer", "--fail-worse", "1", "--junit", "junit.xml")
    assert done.exit_code == 4
    assert "the gate cannot judge the change" in done.stderr
    suite = ET.parse(home / "junit.xml").getroot().find("testsuite")
    assert (suite.get("errors"), suite.get("skipped")) == ("1", "1")


def test_junit_fails_where_the_command_does(here, home):
    done = here("compare", "newer", "older", "--fail-worse", "1", "--junit", "junit.xml")
    assert done.exit_code == 1
    suite = ET.parse(home / "junit.xml").getroot().find("testsuite")
    assert suite.get("failures") == "1"


def test_json_and_markdown_stand_alone_on_stdout(here):
    done = here("-q", "compare", "older", "newer", "--json", "--fail-on", "faint")
    assert json.loads(done.stdout)["outcome"] == "better"
    assert "Gate" in done.stderr
    done = here("-q", "compare", "older", "newer", "--markdown", "--fail-worse", "1")
    assert done.stdout.startswith("**Grid of the output, newer against older**")
    assert "| output |  | -15.6 | -18.3 | -2.7 (" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("older",), "expected two results"),
        (("older", "gone"), "gone"),
        (("none*.ckpt", "older"), "no file has a name like that"),
        (("older", "newer", "--inputs", "x.npy"), "--inputs: for models only"),
        (("older", "newer", "--arch", "net.py:build"), "--arch: for models only"),
        (
            ("*er", "--seed", "0", "--num", "8", "--no-strict", "--steps", "up*"),
            "--no-strict, --num, --steps, --seed: for models only, and all given are results",
        ),
        (("older", "epoch2.ckpt", "--arch", "net.py:build"), "is no result"),
        (("older", "newer", "--json", "--markdown"), "expected one of them"),
        (("older", "newer", "--fail-worse", "-1"), "fail_worse"),
        (("older", "newer", "--junit", "gone/x.xml"), "no folder"),
        (("older", "newer", "--out", "x", "--formats", "nc"), "json,png,pdf"),
        (("epoch2.ckpt", "epoch9.ckpt", *MODELS, "--range", "low"), "low"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(arguments, says, here, home):
    done = here("-q", "compare", *arguments)
    assert done.exit_code == 2
    assert says in done.stderr
    assert done.stdout == ""


def test_what_is_compared_is_never_replaced(here, home):
    kept = (home / "old/summary.json").read_bytes()
    for out, says in (("old", "do not replace"), ("old/sub", "is or lies in old, which is")):
        done = here("compare", "old", "new", "--out", out, "--force")
        assert done.exit_code == 2
        assert says in done.stderr
    done = here("compare", "newer", "newer", "--out", "old", "--force")
    assert done.exit_code == 2
    assert "is a result of spectra analyze" in done.stderr
    done = here("compare", "old", "new", "--junit", "old/summary.json")
    assert done.exit_code == 2
    assert "is no XML file" in done.stderr
    assert (home / "old/summary.json").read_bytes() == kept


def test_a_copy_is_no_difference_and_passes(here, home):
    done = here("compare", "new", "new", "--fail-worse", "0")
    assert done.exit_code == 0
    assert "Helped    no difference" in done.stdout


def test_without_a_figure_there_is_nothing_to_write(here):
    done = here("compare", "older", "newer", "--out", "nothing", "--formats", "pdf")
    assert done.exit_code == 2
    assert "add json or html" in done.stderr
