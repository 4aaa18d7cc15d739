"""``spectra figures`` parses, draws and writes; what it cannot do ends with exit code 2."""

import json

import pytest

from support.results import Finished, tree
from support.watch import watched_in_turn


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Hold a finished analysis, one without spectra, and a folder of nothing."""
    folder = tmp_path_factory.mktemp("figures")
    data = tree(("input", *(f"steps/{i}" for i in range(4)), "output"))
    Finished(data=data).save(folder / "deblur", formats=("json", "nc"))
    Finished().save(folder / "bare", formats=("json",))
    (folder / "empty").mkdir()
    return folder


DRAWN = {
    "listed": (
        "figures deblur deblur/summary.json --fig strip,slices --json "
        "--format svg --dpi 50 --width 8.5cm --table md --label a --label b"
    ),
    "pattern": (
        "figures debl* [d]eblur/summary.json --fig strip --format svg --dpi 50 --out both --json"
    ),
    "told": "figures deblur --fig strip --format png --dpi 50 --out o",
    "again": "figures deblur --fig strip --out o",
}


@pytest.fixture(scope="module")
def drawn(folder):
    """Return what each run said that draws, all of one process."""
    done = watched_in_turn([arguments.split() for arguments in DRAWN.values()], folder)
    return dict(zip(DRAWN, done, strict=True))


def test_figures_are_written_without_torch_and_listed_as_json(drawn, folder):
    done = drawn["listed"]
    assert done.code == 0, done.stderr
    answer = json.loads(done.stdout)
    names = ["slices.svg", "slices.txt", "strip.svg", "strip.txt", "table.md"]
    assert answer["files"] == [f"spectra-out/a-figures/{name}" for name in names]
    assert all((folder / file).is_file() for file in answer["files"])
    assert set(answer["captions"]) == {"strip", "slices"}
    assert done.modules & {"torch", "matplotlib.pyplot", "torchvision"} == set()


def test_a_quoted_pattern_stands_for_all_that_match(drawn, folder):
    done = drawn["pattern"]
    assert done.code == 0, done.stderr
    assert "deblur" in json.loads(done.stdout)["captions"]["strip"]
    assert sorted(path.name for path in (folder / "both").iterdir()) == ["strip.svg", "strip.txt"]


def test_an_answer_for_people_has_a_line_a_figure(drawn):
    assert (drawn["told"].code, drawn["told"].stdout) == (0, "o/strip  (png, txt)\n")
    assert drawn["again"].code == 2
    assert "o: exists already" in drawn["again"].stderr


REFUSED = [
    ("gone", "gone"),
    ("empty", "summary.json: cannot be read"),
    ("bare", "holds no spectra.nc"),
    ("deblur --fig pie", "figure 'pie': expected some of strip"),
    ("deblur --fig layers", "run spectra analyze with --layers '*'"),
    ("deblur --fig kernels", "it holds no kernel of a step"),
    ("deblur --recipe durall2020", "which no spectra.nc holds"),
    ("deblur --recipe agnihotri2024", "cannot be drawn"),
    ("deblur --width wide", "width='wide'"),
    ("deblur --format gif", "format='gif'"),
    ("deblur --table xls", "table='xls'"),
    ("deblur --label a --label b", "error: labels 'a', 'b': expected 1, one for each result"),
    ("none*", "none*: no file has a name like that"),
    (
        "deblur --out deblur --force",
        "is a result of spectra analyze, which figures do not replace",
    ),
]


@pytest.fixture(scope="module")
def refused(folder):
    """Return what each refused run said, and whether all of them left the folder as it was."""
    before = sorted(folder.rglob("*"))
    done = watched_in_turn([["figures", *arguments.split()] for arguments, _ in REFUSED], folder)
    return dict(zip((arguments for arguments, _ in REFUSED), done, strict=True)), (
        sorted(folder.rglob("*")) == before
    )


@pytest.mark.parametrize(("arguments", "text"), REFUSED)
def test_what_cannot_be_drawn_is_refused_and_writes_nothing(refused, arguments, text):
    runs, as_before = refused
    done = runs[arguments]
    assert (done.code, done.stdout) == (2, "")
    assert text in done.stderr
    assert as_before
    assert "torch" not in done.modules
