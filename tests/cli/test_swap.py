"""``spectra swap``: dry by default, saved if asked, exit codes."""

import json

import numpy as np
import pytest
import torch

NET = """
import torch
from torch import nn

def build(upsample=True):
    torch.manual_seed(0)
    up = nn.ConvTranspose2d(3, 3, 4, 2, 1) if upsample else nn.Conv2d(3, 3, 1)
    return nn.Sequential(nn.Conv2d(3, 3, 1), up)
"""

TWO_STEPS = """
from torch import nn

def build():
    def up():
        return nn.ConvTranspose2d(3, 3, 4, 2, 1)
    return nn.Sequential(nn.Conv2d(3, 3, 1), up(), nn.ReLU(), up())
"""


@pytest.fixture
def net(tmp_path):
    (tmp_path / "net.py").write_text(NET)
    return "net.py:build"


def test_a_dry_run_writes_nothing(spectra, net, tmp_path):
    done = spectra("swap", net, "--with", "lctc7")
    assert done.exit_code == 0
    assert "transposed_conv" in done.stdout
    assert "LCTC 7x7" in done.stdout
    assert "unchanged on a random input" in done.stdout
    last = done.stdout.splitlines()[-1]
    assert last == "Wrote    nothing: --save writes the weights, the plan and a report"
    assert not (tmp_path / "spectra-out").exists()


def test_inputs_give_alias_before_and_after(spectra, net, tmp_path):
    generator = torch.Generator().manual_seed(0)
    np.save(tmp_path / "x.npy", torch.rand(16, 3, 24, 24, generator=generator).numpy())
    done = spectra("-q", "swap", net, "x.npy", "--with", "lctc7", "--init", "sinc", "--json")
    assert done.exit_code == 0
    trial = json.loads(done.stdout)
    assert trial["used"] == 16
    assert trial["steps"][0]["before"]["verdict"] == "present"
    keys = ["verdict", "asr_dbc", "asr_ci95_dbc", "asr_upper_dbc", "asr_lower_dbc", "reason"]
    step = trial["steps"][0]
    for alias in (step["before"], step["after"], trial["output_before"], trial["output_after"]):
        assert list(alias) == keys  # a contract: of a score no more is written
    assert trial["changes"]


def test_save_writes_weights_and_plan_and_no_old_result_is_replaced(spectra, net, tmp_path):
    done = spectra("swap", net, "--with", "lctc7+3", "--save")
    assert done.exit_code == 0
    folder = tmp_path / "spectra-out" / "net-build-swap"
    assert {p.name for p in folder.iterdir()} == {
        "model.safetensors",
        "plan.json",
        "report.html",
        "swap.json",
    }
    assert "Wrote" in done.stdout
    assert "nothing" not in done.stdout.splitlines()[-1]
    again = spectra("swap", net, "--with", "lctc7+3", "--save")
    assert again.exit_code == 2
    assert "exists already" in again.stderr
    assert spectra("swap", net, "--with", "lctc7", "--save", "--force").exit_code == 0


def test_repair_tells_what_it_reached_and_saves_the_repaired_weights(spectra, net, tmp_path):
    generator = torch.Generator().manual_seed(0)
    np.save(tmp_path / "x.npy", torch.rand(32, 3, 24, 24, generator=generator).numpy())
    arguments = ("swap", net, "x.npy", "--with", "lctc7", "--repair", "3", "--save")
    done = spectra(*arguments, "--out", "repaired")
    assert done.exit_code == 0
    assert "Repair   3 passes over 16 inputs" in done.stdout
    assert "Success  " in done.stdout
    assert "repair" in done.stderr
    assert (
        spectra("swap", net, "x.npy", "--with", "lctc7", "--save", "--out", "kept").exit_code == 0
    )
    files = [tmp_path / name / "model.safetensors" for name in ("repaired", "kept")]
    assert files[0].read_bytes() != files[1].read_bytes()
    content = json.loads((tmp_path / "repaired" / "swap.json").read_text())
    assert content["repair"]["held_out"] == 16


@pytest.fixture
def two_steps(tmp_path):
    (tmp_path / "two.py").write_text(TWO_STEPS)
    return "two.py:build"


def replaced(done):
    assert done.exit_code == 0
    return [entry["label"] for entry in json.loads(done.stdout)["plan"]["replaced"]]


def test_steps_chooses_which_steps_are_replaced(spectra, two_steps):
    dry = ("swap", two_steps, "--with", "lctc7", "--json")
    assert replaced(spectra(*dry)) == ["1", "3"]
    assert replaced(spectra(*dry, "--steps", "3")) == ["3"]
    assert replaced(spectra(*dry, "--steps", "[13]")) == ["1", "3"]


def test_layers_alone_still_chooses_the_steps_and_a_note_says_its_new_name(spectra, two_steps):
    dry = ("swap", two_steps, "--with", "lctc7", "--json")
    new, old = spectra(*dry, "--steps", "3"), spectra(*dry, "--layers", "3")
    assert replaced(old) == replaced(new) == ["3"]
    assert "--layers 3 is now called --steps 3" in old.stderr
    assert "is now called" not in new.stderr


def test_layers_beside_steps_names_modules_to_analyse_as_well(spectra, two_steps, tmp_path):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((4, 3, 16, 16), np.float32))
    both = ("swap", two_steps, "x.npy", "--with", "lctc7", "--json", "--steps", "3", "--layers")
    chosen = spectra(*both, "0")
    assert replaced(chosen) == ["3"]
    assert "is now called" not in chosen.stderr
    wrong = spectra(*both, "none*")
    assert wrong.exit_code == 2
    assert "layers='none*' matches no module" in wrong.stderr


def test_the_help_lists_steps_and_no_layers(spectra):
    listed = spectra("swap", "--help").stdout
    assert "--steps" in listed
    assert "--layers" not in listed


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--with", "lctc"), 2, "remedy='lctc': expected lctcK"),
        (("--with", "lctc3"), 2, "lctc5 is the smallest that keeps it"),
        (("--with", "lctc7", "--steps", "9"), 2, "steps='9' matches no upsampling step"),
        (("--with", "lctc7", "--arch-arg", "upsample=false"), 4, "no upsampling step"),
        (("--with", "lctc7", "--repair", "5"), 2, "a repair needs at least 4 inputs"),
        (("--with", "lctc7", "--repair", "0"), 2, "1<=x<=2147483647"),
        ((), 2, "Missing option '--with'"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_an_exit_code(spectra, net, arguments, code, says):
    done = spectra("swap", net, *arguments)
    assert done.exit_code == code
    assert says in done.stderr
