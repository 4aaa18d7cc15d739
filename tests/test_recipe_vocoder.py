"""The recipe of a humming vocoder prints what stands there."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

PAGE = (Path(__file__).parents[1] / "docs/recipes/vocoder.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
SECONDS = re.compile(r"\(\d+ s\)")
NET, MELS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
COMMAND, _, TOLD = re.findall(r"```console\n\$ (.*?)```", PAGE, re.DOTALL)[0].partition("\n")


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "vocoder.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    exec(compile(MELS, "mels.py", "exec"), {})
    return tmp_path


def run(command):
    from spectra_cli.main import main

    done = CliRunner().invoke(main, shlex.split(command)[1:])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.slow
def test_the_command_prints_what_stands_there(here):
    """Words exactly; numbers to 0.5, as float sums differ between machines."""
    printed, told = (SECONDS.sub("", text).split() for text in (run(COMMAND), TOLD))
    assert [NUMBER.sub("#", word) for word in printed] == [NUMBER.sub("#", word) for word in told]
    numbers = [[float(n) for n in NUMBER.findall(" ".join(words))] for words in (printed, told)]
    np.testing.assert_allclose(*numbers, atol=0.5)
    assert (here / "spectra-out/vocoder-make/figures/spectrogram.png").stat().st_size > 1000


def test_the_steps_that_the_recipe_names_are_those_of_its_model(here):
    assert re.findall(r"^(ups\.\d)", run(f"{COMMAND} --list"), re.MULTILINE) == [
        "ups.0",
        "ups.1",
        "ups.2",
    ]
