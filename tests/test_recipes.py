"""Each recipe's code and commands do what its page shows, in the order in which they stand there.

A block of Python is run, or is the file that its first line names (`# net.py`); a block of the
console holds commands, each with what it prints, where `...` stands for lines that are left out.
"""

import contextlib
import os
import re
import runpy
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from spectra_cli.main import main

ROOT = Path(__file__).resolve().parents[1]
RECIPES = ROOT / "docs" / "recipes"
PAGES = sorted(path.name for path in RECIPES.glob("*.md") if path.name != "README.md")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (\w+\.py)\n")
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n?", re.MULTILINE)
NEEDED = re.compile(r"^Needs (\w+)", re.MULTILINE)
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e-\d+)?")
CHANGING = re.compile(r"[▁▂▃▄▅▆▇█]+|\(\d+ s\)|\d+\.\d+s|-{5,}")


def text(name):
    return (RECIPES / name).read_text(encoding="utf-8")


def blocks(name):
    return BLOCK.findall(text(name))


def commands(block):
    """Return the commands of a block, each with what is shown to be printed."""
    parts = COMMAND.split(block)
    assert parts[0] == "", "a block of the console begins with a command"
    joined = (command.replace("\\\n", " ") for command in parts[1::2])
    return list(zip(joined, parts[2::2], strict=True))


def same(printed, told):
    """Assert that words are those told, and numbers are to 1, as sums differ between machines."""
    left = CHANGING.sub("|", printed).split()
    for number, part in enumerate(re.split(r"^\.\.\.$", told, flags=re.MULTILINE)):
        words = CHANGING.sub("|", part).split()
        masked, wanted = ([NUMBER.sub("#", word) for word in each] for each in (left, words))
        places = range(len(left) - len(words) + 1) if number else [0]
        found = [place for place in places if masked[place : place + len(words)] == wanted]
        assert found, f"not printed: {part}\nbut: {printed}"
        there = left[found[0] : found[0] + len(words)]
        numbers = ([float(n) for n in NUMBER.findall(" ".join(each))] for each in (there, words))
        np.testing.assert_allclose(*numbers, atol=1.0)
        left = left[found[0] + len(words) :]
    assert not left or told.endswith("...\n"), f"printed as well: {' '.join(left)}"


def python(code, folder):
    """Run a block of Python, or write the file that it names."""
    if named := FILE.match(code):
        (folder / named[1]).write_text(code, encoding="utf-8")
    else:
        exec(compile(code, "recipe.md", "exec"), {"__name__": "recipe"})


def printed_by(command):
    """Return what a command of the console prints: its answer, or why there is none."""
    variables, (program, *rest) = [], shlex.split(command)
    while "=" in program:
        variables, (program, *rest) = [*variables, program.split("=")], rest
    if program == "python":
        runpy.run_path(rest[0], run_name="__main__")
        return ""
    if program == "pytest":
        argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *rest]
        env = {**os.environ, **dict(variables)}
        return subprocess.run(argv, check=False, capture_output=True, text=True, env=env).stdout
    assert program == "spectra"
    done = CliRunner().invoke(main, rest)
    assert done.exit_code == (0 if done.stdout else 2), done.output
    return done.stdout or done.stderr


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to be in; modules that come from there are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("SPECTRA_UPDATE", raising=False)
    yield tmp_path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


@contextlib.contextmanager
def others_may_warn(needed):
    """Let a library that only this page needs warn of whatever it likes."""
    with warnings.catch_warnings():
        if needed:
            warnings.simplefilter("ignore")
        yield


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_the_page_shows_what_its_code_and_commands_do(name, folder):
    needed = NEEDED.findall(text(name))
    for library in needed:
        pytest.importorskip(library, reason=f"the page needs {library}")
    with others_may_warn(needed):
        for language, block in blocks(name):
            if language == "python":
                python(block, folder)
                continue
            for command, told in commands(block):
                same(printed_by(command), told)


def test_the_index_names_every_recipe():
    assert sorted(re.findall(r"\]\(([\w-]+\.md)\)", text("README.md"))) == PAGES


@pytest.mark.parametrize("name", PAGES)
def test_the_page_holds_nothing_that_is_not_run(name):
    """Another language, a command indented as text, or no command at all is run by nobody."""
    languages = [language for language, _ in blocks(name)]
    assert set(languages) <= {"python", "console"}
    assert "console" in languages
    assert not re.search(r"^ {4}(\$ )?spectra ", BLOCK.sub("", text(name)), re.MULTILINE)
    assert "## What to do" in text(name)
    assert len(text(name).splitlines()) < 150


@pytest.mark.parametrize("name", PAGES)
def test_the_commands_in_passing_have_the_options_that_they_show(name):
    shown = re.findall(r"`spectra (\w+)((?: [^`]*)?)`", text(name))
    shown += re.findall(r"^\$ spectra (\w+)(.*)", text(name), re.MULTILINE)
    for command, rest in shown:
        known = {option for each in main.commands[command].params for option in each.opts}
        assert set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", rest)) <= known | {"-q", "-v"}


@pytest.mark.parametrize(
    ("printed", "told", "good"),
    [
        ("a 1.2 dB\nb\n", "a 1.9 dB\nb\n", True),
        ("a 1.2 dB\nb\n", "a 3.0 dB\nb\n", False),
        ("a 1.2 dB\nb\n", "a 1.2 dB\n", False),
        ("a 1.2 dB\nb\n", "a 1.2 dB\n...\n", True),
        ("a\nb\nc\n", "...\nc\n", True),
        ("a\nb\nc\n", "...\nc\nb\n...\n", False),
        ("a (12 s)\n", "a (3 s)\n", True),
    ],
)
def test_what_is_not_as_it_stands_is_noticed(printed, told, good):
    with contextlib.nullcontext() if good else pytest.raises(AssertionError):
        same(printed, told)
