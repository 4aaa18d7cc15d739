"""``spectra repair``: exit codes, and what is written where."""

import json

import numpy as np
import pytest

from support.planted_places import inputs

NET = """
from support.planted_places import decoder

def build():
    return decoder(place=0.6)
"""


@pytest.fixture
def net(tmp_path):
    (tmp_path / "net.py").write_text(NET)
    return "net.py:build"


def test_too_few_inputs_end_in_one_line_and_write_nothing(spectra, net, tmp_path):
    np.save(tmp_path / "x.npy", inputs(8).numpy())
    done = spectra("repair", net, "x.npy")
    assert done.exit_code == 2
    assert "at least 22 inputs" in done.stderr
    assert not (tmp_path / "spectra-out").exists()


def test_a_remedy_that_does_not_exist_is_refused_before_anything_runs(spectra, net, tmp_path):
    np.save(tmp_path / "x.npy", inputs(8).numpy())
    done = spectra("repair", net, "x.npy", "--with", "lctc8x")
    assert done.exit_code == 2
    assert "lctc8x" in done.stderr
    assert "or without a swap training, spin, filter" in done.stderr


@pytest.mark.slow
def test_a_repair_is_written_and_told(spectra, net, tmp_path):
    np.save(tmp_path / "x.npy", inputs().numpy())
    training = ("--with", "training", "--passes", "3")
    done = spectra("-q", "repair", net, "x.npy", *training, "--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert told["schema"] == "spectra.repair/1"
    folder = tmp_path / "spectra-out" / "net-build-repair"
    assert {p.name for p in folder.iterdir()} == {
        "model.safetensors",
        "repair.json",
        "repair.html",
        "figures",
    }
    assert not folder.with_name("net-build-repair.state").exists()
    again = spectra("-q", "repair", net, "x.npy", "--passes", "3")
    assert again.exit_code == 2
    assert "exists already" in again.stderr


def test_a_layer_behind_the_model_is_written_and_told(spectra, net, tmp_path):
    np.save(tmp_path / "x.npy", inputs().numpy())
    done = spectra("-q", "repair", net, "x.npy", "--with", "filter")
    assert done.exit_code == 0
    folder = tmp_path / "spectra-out" / "net-build-repair"
    names = {p.name for p in folder.iterdir()}
    assert names == {"filter.safetensors", "repair.json", "repair.html", "figures"}
    assert "a layer behind the output takes the grid out" in done.stdout
