"""docs/compare.md: its sentences are those that are said, and its options are there."""

import json
import re
import subprocess
import sys
from pathlib import Path

from spectra.compared import Side, pair
from spectra.compared._sentences import QUESTIONS
from spectra.compared._series import TRAINING
from spectra.report import Comparison
from support.summaries import summary

PAGE = (Path(__file__).parents[2] / "docs" / "compare.md").read_text(encoding="utf-8")
PARTS = [part for parts in QUESTIONS.values() for part in parts] + list(TRAINING)


def shown(sentence):
    """Return a sentence as a row of the page, names of facts in italics."""
    words = re.sub(r"\{(\w+)[^}]*\}", r"*\1*", sentence.words)
    return f"| `{sentence.id}` | {sentence.when} | {words} |"


def test_every_sentence_stands_on_the_page_and_no_other():
    rows = [shown(sentence) for part in PARTS for sentence in part.sentences]
    table = PAGE.partition("## What it says")[2]
    assert [line for line in table.splitlines() if line.startswith("| `")] == rows


def test_the_options_shown_exist():
    command = [sys.executable, "-m", "spectra_cli", "compare", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    shown = set(re.findall(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*", PAGE.partition("## How steps")[2]))
    assert len(shown) > 4
    assert {option for option in shown if option not in done.stdout} == set()


def test_the_keys_shown_are_those_of_the_file():
    sides = [Side.of(name, summary()) for name in "ab"]
    models = tuple(Comparison.Model(side.name, side.summary) for side in sides)
    told = json.loads(Comparison(models, (pair(*sides),), None, "0.1.0", created="now").json())
    table = PAGE.partition("## comparison.json")[2].partition("\n## ")[0]
    for key in {*told, *told["pairs"][0], *told["pairs"][0]["rows"][0]} - {"schema", "created"}:
        assert key == "spectra_version" or f"`{key}`" in table, key
