"""The command of the study: what it prints, writes, and refuses."""

import json
import sys
from pathlib import Path

import pytest

from spectra.study import Study
from spectra.study import __main__ as command
from spectra.study._cell import write_json
from spectra.study._saved import read_seeds, saved
from support.study_seeds import seeds

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(monkeypatch, capsys):
    """Return a function that runs the command and returns what it said and its exit code."""

    def run_it(*arguments):
        monkeypatch.setattr(sys, "argv", ["study", *map(str, arguments)])
        code = 0
        try:
            command.main()
        except SystemExit as end:
            code = end.code
        return *capsys.readouterr(), code

    return run_it


@pytest.fixture
def numbers(tmp_path):
    """Return a file of ten seeds in which large kernels are better by five."""
    path = tmp_path / "numbers.json"
    write_json(path, saved("nafnet", seeds({"lctc7": 5, "lctc11": 5})))
    return path


def test_numbers_that_were_saved_are_read_again(numbers):
    assert read_seeds(numbers, "nafnet") == seeds({"lctc7": 5, "lctc11": 5})


def test_tables_and_page_are_made_anew_without_a_network(run, numbers, tmp_path):
    out, _, code = run("--saved", numbers, "--out", tmp_path / "a.md")
    assert code == 0
    assert "| PSNR under PGD-20 (dB) | **supported** | **supported** |" in out
    assert out.startswith("60 networks (nafnet, 10 seeds), 4 updates each, 1 CPU minutes. Dead: 0.")
    assert (tmp_path / "a.md").read_text() == out.rstrip("\n") + "\n"
    _, _, code = run("--saved", numbers, "--out", tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text()
    assert code == 0
    assert "<strong>supported</strong>" in page
    assert page.count("<table>") == 8
    assert "What must not be concluded" in page
    assert "data:image/svg" in page


def test_what_is_saved_again_is_the_same(run, numbers, tmp_path):
    run("--saved", numbers, "--save", tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == numbers.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--network", "unet", "--saved", "{numbers}"], "--network nafnet"),
        (["--saved", "{folder}/none.json"], "none.json cannot be read"),
        (["--results", "{folder}", "--report"], "holds no network of nafnet"),
        (["--upsampler", "tc9"], "--upsampler tc9 of nafnet: expected some of shuffle1"),
        (["--seeds", "0", "--jobs", "0"], "expected at least 1"),
        (["--saved", "{numbers}", "--out", "{folder}/a.pdf"], "ends with .md or .html"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(run, numbers, tmp_path, arguments, message):
    given = [text.format(numbers=numbers, folder=tmp_path) for text in arguments]
    out, err, code = run(*given)
    assert (out, code) == ("", 2)
    assert message in err
    assert err.count("\n") == 1


def test_the_page_of_results_holds_the_tables_of_the_numbers_beside_it(run):
    results = ROOT / "docs" / "results"
    out, _, code = run("--saved", results / "h1-h2.json")
    page = (results / "h1-h2.md").read_text(encoding="utf-8")
    assert code == 0
    tables = out[out.index("### Verdicts") :]
    assert tables.strip() in page
    assert "| **H1**, large upsampling kernels help | **contradicted** | **not shown** |" in page


@pytest.mark.parametrize("damage", ["seeds", "cells"])
def test_damaged_numbers_are_named(run, numbers, damage):
    text = json.loads(numbers.read_text())
    if damage == "seeds":
        del text["seeds"]
    else:
        text["seeds"][3]["cells"]["tc3"].pop("clean")
    numbers.write_text(json.dumps(text))
    _, err, code = run("--saved", numbers)
    assert code == 2
    assert str(numbers) in err


def test_a_study_of_a_tiny_network_from_a_terminal(run, tiny, tmp_path):
    out, _, code = run("--upsampler", "tc3", "--seeds", 1, "--jobs", 1, "--results", tmp_path)
    assert code == 0
    assert out.startswith("1 networks (nafnet, 1 seeds), 4 updates each")
    assert "| networks alive | 0/1 |" in out


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("nafnet", {"lctc7", "lctc11", "shuffle1", "tc3", "block11"}),
        ("unet", {"shuffle1", "tc3", "lctc7", "lctc11"}),
    ],
)
def test_the_quick_form_trains_two_seeds_of_what_is_compared_in_full(
    run, monkeypatch, tmp_path, network, expected
):
    """Networks of fewer updates were all dead, and their tables empty."""
    asked = []
    monkeypatch.setattr(Study, "run", lambda study, _: asked.append(study))
    run("--network", network, "--quick", "--results", tmp_path)
    (study,) = asked
    assert set(study.variants) == expected
    assert (list(study.seeds), study.steps) == ([0, 1], None)
