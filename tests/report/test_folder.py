"""Runs that share a folder, and what is left of those that were killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from spectra.errors import ParameterError, SpectraError
from spectra.report import _temporary, check_target, read_summary, recover
from spectra.report._folder import writing
from support.results import Finished
from support.summaries import clean, summary

JSON = ("json",)


def write(folder, text):
    (folder / "summary.json").write_text(text)


def texts(folder):
    return {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("summary.json")}


def two_runs(out, before_the_later_ends=lambda: None):
    """Write two results to ``out``, of which the one that begins later ends first."""
    with writing(out) as later:
        with writing(out) as earlier:
            write(earlier, "earlier")
        write(later, "later")
        before_the_later_ends()


def test_the_later_of_two_runs_to_one_new_folder_keeps_its_result_beside(tmp_path):
    with pytest.raises(SpectraError, match=r"made by another run .*this result is in .*/out-2$"):
        two_runs(tmp_path / "out")
    assert texts(tmp_path) == {"out/summary.json": "earlier", "out-2/summary.json": "later"}
    with pytest.raises(SpectraError, match=r"/out-3$"):
        Finished().save(tmp_path / "out", checked=True, formats=JSON)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_folder_that_appears_during_a_run_loses_no_result(tmp_path):
    check_target(tmp_path / "out")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("years of work")
    for force in (False, True):
        with pytest.raises(SpectraError, match="this result is in"):
            Finished().save(tmp_path / "out", force=force, checked=True, formats=JSON)
    assert read_summary(tmp_path / "out-2") == read_summary(tmp_path / "out-3") == summary()
    assert (tmp_path / "out" / "thesis.tex").read_text() == "years of work"


def test_an_empty_folder_that_appears_during_a_run_is_not_replaced(tmp_path):
    def run():
        with writing(tmp_path / "out") as new:
            write(new, "mine")
            (tmp_path / "out").mkdir()

    with pytest.raises(SpectraError, match="this result is in"):
        run()
    assert texts(tmp_path) == {"out-2/summary.json": "mine"}


def test_without_a_check_before_an_existing_folder_is_refused(tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(ParameterError, match="exists already"):
        Finished().save(tmp_path / "out", formats=JSON)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_of_two_runs_that_replace_the_last_one_stays_whole(tmp_path):
    out = tmp_path / "out"
    with writing(out) as first:
        write(first, "first")
    with writing(out, force=True) as later:
        with writing(out, force=True) as earlier:
            write(earlier, "earlier")
        write(later, "later")
    assert texts(tmp_path) == {"out/summary.json": "later"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_rename_meets_what_another_run_made_after_the_last_look(tmp_path, monkeypatch):
    out = tmp_path / "out"
    exists = Path.exists

    def blind(self):
        return False if self == out else exists(self)

    with pytest.raises(SpectraError, match=r"/out-2$"):
        two_runs(out, lambda: monkeypatch.setattr(Path, "exists", blind))
    assert texts(tmp_path) == {"out/summary.json": "earlier", "out-2/summary.json": "later"}


KILLED = """
import sys, os, signal
from pathlib import Path
from spectra.report._folder import writing
out, when = Path(sys.argv[1]), sys.argv[2]
rename = Path.rename
def dying(self, target):
    if self.name.endswith(".new"):
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(self, target)
if when == "between the renames":
    Path.rename = dying
with writing(out, force=True) as new:
    (new / "summary.json").write_text("half")
    if when == "while writing":
        os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(out, when):
    done = subprocess.run([sys.executable, "-c", KILLED, str(out), when], check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill")
@pytest.mark.parametrize("when", ["while writing", "between the renames"])
def test_what_a_killed_run_left_is_tidied_up_and_said(tmp_path, when):
    out = tmp_path / "out"
    Finished(clean()).save(out, formats=JSON)
    killed(out, when)
    assert len(list(tmp_path.iterdir())) == 2
    said = recover(out)
    assert any("unfinished is removed" in text for text in said)
    assert any("is put back" in text for text in said) == (when == "between the renames")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert read_summary(out) == clean()
    assert recover(out) == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill")
def test_a_killed_run_to_a_new_folder_leaves_nothing_after_the_next(tmp_path):
    killed(tmp_path / "out", "while writing")
    assert len(recover(tmp_path / "out")) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_alive_and_one_of_another_machine_are_left_alone(tmp_path):
    for mark in (f"{_temporary._host()}-{os.getpid()}", "elsewhere-1", "nonsense"):
        (tmp_path / f".out.{mark}.0123abcd.new").mkdir()
    (tmp_path / f".other.{_temporary._host()}-999999999.0123abcd.new").mkdir()
    assert recover(tmp_path / "out") == []
    assert len(list(tmp_path.iterdir())) == 4


def test_replacing_looks_no_further_than_the_first_stranger(tmp_path, monkeypatch):
    out = tmp_path / "out"
    for name in ("a", "b", "c"):
        (out / "deep" / name).mkdir(parents=True)
    looked = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: looked.append(Path(path)) or scandir(path))
    with pytest.raises(ParameterError, match=r"holds deep, no part of a result"):
        check_target(out, force=True)
    assert looked == [out]
