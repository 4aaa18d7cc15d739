"""What docs/loading.md, sentences.md, advice.md and SECURITY.md show and claim."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import torch

from spectra.explain._advice import ADVICE
from spectra.explain._cause import CAUSES
from spectra.explain._sentences import QUESTIONS
from spectra.explain._words import ENERGY
from spectra.load import load_model

ROOT = Path(__file__).parents[1]
LOADING = (ROOT / "docs" / "loading.md").read_text(encoding="utf-8")
SENTENCES = (ROOT / "docs" / "sentences.md").read_text(encoding="utf-8")
ADVISED = (ROOT / "docs" / "advice.md").read_text(encoding="utf-8")
ATTACKED = (
    (ROOT / "docs" / "attacks.md").read_text(encoding="utf-8").partition("## The sentences")[2]
)
PROBED = (ROOT / "docs" / "sound.md").read_text(encoding="utf-8").partition("## The sentences")[2]
SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def test_the_factory_in_five_lines_loads_weights(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", LOADING, re.DOTALL)
    assert len(code.splitlines()) == 5
    (tmp_path / "net.py").write_text(code)
    model = load_model(f"{tmp_path / 'net.py'}:make", arch_args={"width": 64}).model
    torch.save(model.state_dict(), tmp_path / "w.pth")
    arch = f"{tmp_path / 'net.py'}:make"
    loaded = load_model(tmp_path / "w.pth", arch=arch, arch_args={"width": 64})
    assert torch.equal(loaded.model[0].weight, model[0].weight)


def test_the_options_shown_exist():
    command = [sys.executable, "-m", "spectra_cli", "analyze", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    shown = set(re.findall(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*", LOADING + SECURITY))
    assert {option for option in shown if option not in done.stdout} == set()


def test_the_least_torch_is_the_one_that_is_explained():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (least,) = (text for text in project["dependencies"] if text.startswith("torch"))
    assert least == "torch>=2.10"
    assert "## Why torch >= 2.10" in SECURITY


MARKS = {"always": "", "explained": " +", "brief": " -"}


def shown(sentence, where="always"):
    """Return a sentence as a row of the page, names of facts in italics."""
    words = re.sub(r"\{(\w+)[^}]*\}", r"*\1*", sentence.words)
    return f"| `{sentence.id}`{MARKS[where]} | {sentence.when} | {words} |"


def test_every_sentence_stands_on_its_page_and_no_other():
    of = {name: question.parts for name, question in QUESTIONS.items()}
    attack = of.pop("attack")  # which has a page of its own
    probe = of.pop("probe")  # likewise
    parts = [part for each in of.values() for part in each]
    rows = [shown(s, part.shown) for part in parts for s in part.sentences]
    rows += [shown(s) for s in (*ENERGY, *CAUSES, *ADVICE)]
    rows += [shown(s, part.shown) for part in (*attack, *probe) for s in part.sentences]
    tables = SENTENCES.partition("## Notes and warnings")[0] + ADVISED + ATTACKED + PROBED
    assert [line for line in tables.splitlines() if line.startswith("| `")] == rows


def test_every_warning_stands_on_its_page():
    code = (ROOT / "spectra" / "explain" / "_notes.py").read_text(encoding="utf-8")
    said = set(re.findall(r'Finding\("(\w+)"', code))
    table = SENTENCES.partition("## Notes and warnings")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == said


def test_every_test_that_security_names_is_there():
    text = (ROOT / "SECURITY.md").read_text()
    rows = [line.split("|")[-2] for line in text.splitlines() if line.startswith("| ")]
    named = {name for cell in rows[1:] for name in re.findall(r"`(\w+)`", cell)}
    assert len(named) > 8
    rooms = [ROOT / "tests/load", ROOT / "tests/inputs"]
    there = {file.stem.removeprefix("test_") for room in rooms for file in room.glob("test_*.py")}
    assert named - there == set()
