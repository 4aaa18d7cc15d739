"""docs/walk.md: few files lead from the command to a verdict, and what it names is there."""

import ast
import contextlib
import io
import re
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[1]
WALK = (ROOT / "docs" / "walk.md").read_text(encoding="utf-8")
ROWS = [line.strip("| ").split(" | ") for line in WALK.splitlines() if line.startswith("| `")]
READING = [(row[0].strip("`"), re.findall(r"`(\w+)`", row[-1])) for row in ROWS]
MOST_FILES, MOST_LINES = 8, 300


def defined_in(path):
    """Return the names of classes, functions and methods that a file defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def defined_anywhere():
    files = [*ROOT.glob("spectra/**/*.py"), *ROOT.glob("cli/**/*.py")]
    return set().union(*map(defined_in, files))


def test_a_reader_opens_few_and_short_files():
    assert 1 < len(READING) <= MOST_FILES
    lengths = {name: len((ROOT / name).read_text().splitlines()) for name, _ in READING}
    assert {name: n for name, n in lengths.items() if n > MOST_LINES} == {}


@pytest.mark.parametrize(("name", "names"), READING, ids=[name for name, _ in READING])
def test_each_file_defines_what_is_looked_for_there(name, names):
    assert names
    assert set(names) - defined_in(ROOT / name) == set()


def test_the_records_that_travel_exist():
    (drawing,) = re.findall(r"gets that\.\n\n(.*?)\n\nThe same by hand", WALK, re.DOTALL)
    records = set(re.findall(r"\b[A-Z]\w+", drawing)) - {"JSON"}
    assert len(records) > 12
    assert records - defined_anywhere() == set()


def test_the_files_of_the_branches_exist():
    branches = re.findall(r"`(spectra/[\w/]+\.py)`", WALK.partition("## Where the way branches")[2])
    assert len(branches) > 8
    assert [name for name in branches if not (ROOT / name).is_file()] == []


def test_the_way_by_hand_prints_what_is_shown():
    code, shown = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", WALK, re.DOTALL).groups()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), torch.random.fork_rng():
        exec(code, {})
    assert printed.getvalue() == shown
