"""A result folder is complete or not there at all."""

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from spectra import report
from spectra.errors import ParameterError, SpectraError
from spectra.report import (
    _folder,
    _result,
    check_target,
    default_directory,
    read_summary,
)
from spectra.report._figure_files import figure_rows, worst_group
from support.results import Finished, crop, tree
from support.summaries import clean, summary

DATA = ("json", "nc")


def paths(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))


def failing(error):
    def write(*_args, **_kwargs):
        raise error

    return write


@pytest.fixture(scope="module")
def written_once(tmp_path_factory):
    return Finished(clean()).save(tmp_path_factory.mktemp("old") / "out", formats=DATA)


@pytest.fixture
def old(written_once, tmp_path):
    return shutil.copytree(written_once, tmp_path / "out")


def test_a_result_is_written_and_nothing_else(tmp_path):
    where = Finished().save(tmp_path / "deep/er/out", formats=DATA)
    assert paths(tmp_path) == [
        "deep",
        "deep/er",
        "deep/er/out",
        "deep/er/out/spectra.nc",
        "deep/er/out/summary.json",
    ]
    assert read_summary(where) == summary()


def test_a_new_folder_has_the_usual_permissions(tmp_path):
    (tmp_path / "usual").mkdir()
    Finished().save(tmp_path / "out", formats=DATA)
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_an_old_result_is_refused_without_force(old):
    with pytest.raises(ParameterError, match="exists already"):
        Finished().save(old, formats=DATA)
    assert read_summary(old) == clean()


def test_force_replaces_the_whole_old_result(old):
    Finished().save(old, force=True, formats=("json",))
    assert read_summary(old) == summary()
    assert paths(old.parent) == ["out", "out/summary.json"]


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), SpectraError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (ValueError("a bug"), ValueError),
    ],
)
def test_a_failure_leaves_the_old_result_and_no_litter(old, error, raised, monkeypatch):
    monkeypatch.setattr(_result, "write_tree", failing(error))
    with pytest.raises(raised):
        Finished().save(old, force=True, formats=DATA)
    assert read_summary(old) == clean()
    assert paths(old.parent) == ["out", "out/spectra.nc", "out/summary.json"]


@pytest.mark.parametrize("failing_call", [1, 2])
def test_a_failure_while_renaming_leaves_the_old_result(old, failing_call, monkeypatch):
    rename, calls = Path.rename, []

    def breaking(self, target):
        calls.append(target)
        if len(calls) == failing_call:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", breaking)
    with pytest.raises(KeyboardInterrupt):
        Finished().save(old, force=True, formats=DATA)
    assert read_summary(old) == clean()
    assert paths(old.parent) == ["out", "out/spectra.nc", "out/summary.json"]


def test_a_failure_removes_the_folders_made_on_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(_result, "write_tree", failing(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        Finished().save(tmp_path / "deep/er/out", formats=DATA)
    assert paths(tmp_path) == []


def test_a_full_disk_is_said_in_one_line(tmp_path, monkeypatch):
    error = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(_result, "write_tree", failing(error))
    with pytest.raises(SpectraError, match="out: the result cannot be written: No space left"):
        Finished().save(tmp_path / "out", formats=DATA)


def test_force_never_deletes_what_is_no_result(old):
    (old / "thesis.tex").write_text("years of work")
    with pytest.raises(ParameterError, match=r"holds thesis\.tex, no part of a result"):
        Finished().save(old, force=True, formats=DATA)
    assert (old / "thesis.tex").read_text() == "years of work"
    assert read_summary(old) == clean()


def test_force_replaces_an_empty_folder_and_follows_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    Finished().save(tmp_path / "link", force=True, formats=DATA)
    assert (tmp_path / "link").is_symlink()
    assert paths(tmp_path / "real") == ["spectra.nc", "summary.json"]


def test_a_file_is_no_target(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ParameterError, match="is a file"):
        check_target(tmp_path / "file", force=True)
    with pytest.raises(ParameterError, match="file is a file"):
        check_target(tmp_path / "file/out")


def test_a_folder_that_cannot_be_written_is_refused_before_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ParameterError, match="is not writable"):
        check_target(tmp_path / "out")
    assert paths(tmp_path) == []


@pytest.mark.parametrize("name", ["x" * 300, "x" * 250, "a\0b", "loop/out"])
def test_a_name_that_the_file_system_refuses_is_found_before_the_run(tmp_path, name):
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ParameterError, match=r"cannot be created|not a usable path"):
        check_target(tmp_path / name)
    assert paths(tmp_path) == ["loop"]


@pytest.mark.parametrize("number", [errno.EROFS, errno.EDQUOT, errno.ENOSPC, errno.EACCES])
def test_a_file_system_that_takes_no_folder_is_found_before_the_run(tmp_path, monkeypatch, number):
    monkeypatch.setattr(Path, "mkdir", failing(OSError(number, os.strerror(number))))
    with pytest.raises(ParameterError, match=f"cannot be created: {os.strerror(number)}"):
        check_target(tmp_path / "deep/out")


def test_a_file_system_that_takes_no_file_is_found_before_the_run(tmp_path, monkeypatch):
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    monkeypatch.setattr(Path, "write_text", failing(error))
    with pytest.raises(ParameterError, match="cannot be created: No space left"):
        check_target(tmp_path / "deep/out")
    assert paths(tmp_path) == []


def test_a_full_disk_is_found_before_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(_folder.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(ParameterError, match=r"the disk of .* is full"):
        check_target(tmp_path / "out")


def test_a_result_that_cannot_be_moved_away_is_found_before_the_run(old, monkeypatch):
    monkeypatch.setattr(Path, "is_mount", lambda _: True)
    with pytest.raises(ParameterError, match="is a mount point"):
        check_target(old, force=True)
    monkeypatch.undo()
    old.parent.chmod(0o1777)
    check_target(old, force=True)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(ParameterError, match="belongs to another user"):
        check_target(old, force=True)


def test_the_check_leaves_nothing_behind(tmp_path, old):
    before = paths(tmp_path)
    check_target(tmp_path / "deep/er/out")
    check_target(old, force=True)
    assert paths(tmp_path) == before


def test_an_unknown_format_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ParameterError, match=r"formats='json,gif': expected some of json,nc"):
        Finished().save(tmp_path / "out", formats=("json", "gif"))
    assert paths(tmp_path) == []


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("a/deblur.pth", "deblur"),
        ("pkg.net:build", "pkg-build"),
        ("a/net.py:build", "net-build"),
        ("models/sdxl/", "sdxl"),
        ("..", "model"),
        ("a b*c.pt", "a-b-c"),
    ],
)
def test_the_default_folder_is_named_after_the_model(model, name):
    assert default_directory(model) == Path("spectra-out") / name


def test_report_has_every_name_it_lists():
    assert all(hasattr(report, name) for name in report.__all__)


def test_figures_are_the_same_bytes_each_time(tmp_path):
    picture = np.random.default_rng(0).uniform(size=(24, 24, 3))
    locked = np.indices((24, 24)).sum(0)[..., None] % 2 * np.full(3, 0.1) - 0.05
    made = Finished(data=crop(picture, locked))
    for name in ("a", "b"):
        made.save(tmp_path / name, formats=("png", "pdf"))
    assert paths(tmp_path / "a") == ["figures", "figures/crop.pdf", "figures/crop.png"]
    for path in (tmp_path / "a").glob("figures/*"):
        assert path.read_bytes() == (tmp_path / "b" / "figures" / path.name).read_bytes()


def test_a_result_without_spectra_has_no_figures(tmp_path):
    empty = Finished(data=xr.DataTree())
    empty.save(tmp_path / "out", formats=("json", "nc", "png"))
    assert paths(tmp_path / "out") == ["spectra.nc", "summary.json"]


def test_the_worst_step_is_drawn_large_and_else_the_output():
    assert worst_group(summary()) == "steps/2"
    assert worst_group(clean()) == "output"


def test_rows_follow_the_model_and_added_layers_stand_before_the_output():
    data = tree(("input", "steps/0", "layers/a_b", "output"))
    data["layers/a_b"].attrs["name"] = "a.b"
    assert figure_rows(clean(), data) == [
        ("input", "input"),
        ("steps/0", "up"),
        ("layers/a_b", "a.b"),
        ("output", "output"),
    ]
