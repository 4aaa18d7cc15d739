"""Each recipe's code and commands do what its page shows."""

import os
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

ROOT = Path(__file__).resolve().parents[1]
RECIPES = ROOT / "docs" / "recipes"
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
BARS = re.compile(r"[▁▂▃▄▅▆▇█]+")


def page(name):
    return (RECIPES / name).read_text(encoding="utf-8")


def blocks(text, language):
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def same(printed, told):
    """Assert that words are the same, and numbers to 1: a training differs between machines."""
    printed, told = (BARS.sub("|", text).split() for text in (printed, told))
    assert [NUMBER.sub("#", word) for word in printed] == [NUMBER.sub("#", word) for word in told]
    numbers = [[float(n) for n in NUMBER.findall(" ".join(words))] for words in (printed, told)]
    np.testing.assert_allclose(*numbers, atol=1.0)


def test_the_index_names_every_recipe():
    named = set(re.findall(r"\]\(([\w-]+\.md)\)", page("README.md")))
    assert named == {path.name for path in RECIPES.glob("*.md")} - {"README.md"}


@pytest.mark.slow
def test_the_training_logs_what_is_shown(tmp_path, monkeypatch):
    from spectra_cli.main import main

    monkeypatch.chdir(tmp_path)
    text = page("training.md")
    exec(compile(blocks(text, "python")[0], "training.md", "exec"), {})
    command, _, told = blocks(text, "console")[0].partition("\n")
    done = CliRunner().invoke(main, shlex.split(command)[2:])
    assert done.exit_code == 0, done.output
    same(done.stdout, told)


@pytest.mark.slow
def test_the_build_fails_as_is_shown_and_keeps_to_its_baseline(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SPECTRA_UPDATE", raising=False)
    text = page("ci.md")
    tests = {}
    exec(compile(blocks(text, "python")[0], "ci.md", "exec"), tests)
    first, second = (test for name, test in tests.items() if name.startswith("test_"))
    running = "test_decoder.py::test_the_decoder_leaves_no_grid_that_anyone_sees (call)"
    monkeypatch.setitem(os.environ, "PYTEST_CURRENT_TEST", running)
    with pytest.raises(AssertionError) as caught:
        first()
    same(str(caught.value), blocks(text, "text")[0])
    update, _, rest = (
        blocks(text, "console")[0].partition("\n")[0].removeprefix("$ ").partition(" ")
    )
    monkeypatch.setenv(*update.split("="))
    assert rest.startswith("pytest ")
    second()
    monkeypatch.delenv("SPECTRA_UPDATE")
    second()
    assert (tmp_path / "decoder.json").is_file()
