"""Every way to fail has its exit code and one clear line."""

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from spectra.errors import InputError, LoadError, ModelError, NothingToAnalyseError
from spectra.report import read_summary
from spectra.score import Score
from support.command import HANGS, command
from support.results import Finished
from support.summaries import clean, summary, unasked

DATA = "--formats=json,nc"


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (InputError("photos: holds no picture"), 2, "error: photos: holds no picture"),
        (ModelError("up: raised ValueError"), 2, "error: up: raised ValueError"),
        (NothingToAnalyseError("no step"), 4, "error: no step"),
        (MemoryError(), 2, "error: out of memory: try --batch 1, or a smaller --crop"),
        (OSError(errno.ENOSPC, "No space left", "x.nc"), 2, "error: the disk is full: x.nc"),
        (PermissionError(13, "Permission denied", "x"), 2, "error: [Errno 13] Permission denied"),
        (ZeroDivisionError("a bug"), 3, "internal error: ZeroDivisionError: a bug"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_an_error_has_its_exit_code_and_leaves_nothing(error, code, line, spectra, calls, tmp_path):
    calls.error = error
    done = spectra("-q", "analyze", "net.pth", "photos")
    assert done.exit_code == code
    assert done.stdout == ""
    assert done.stderr.startswith(f"spectra: {line}")
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_internal_error_says_how_to_see_the_traceback_and_then_shows_it(spectra, calls):
    calls.error = ZeroDivisionError("a bug")
    assert "-v shows the traceback" in spectra("analyze", "net.pth").stderr
    assert "Traceback" in spectra("analyze", "net.pth", "-v").stderr
    assert "Traceback" in spectra("-v", "analyze", "net.pth").stderr


def test_a_model_that_does_not_load_is_a_usage_error(spectra, calls):
    calls.at_load = LoadError("net.pth: is empty")
    done = spectra("analyze", "net.pth")
    assert (done.exit_code, done.stderr) == (2, "spectra: error: net.pth: is empty\n")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "Missing argument 'MODEL'"),
        (["net.pth", "--colour"], "No such option"),
        (["net.pth", "--num", "0"], "0 is not in the range 1<=x<=2147483647"),
        (["net.pth", "--num", f"{10**30}"], "is not in the range"),
        (["net.pth", "--threads", "100000"], "is not in the range 1<=x<=1024"),
        (["net.pth", "--fail-above", "nan"], "fail_above=nan is no limit"),
        (["net.pth", "--fail-above", "inf"], "fail_above=inf is no limit"),
        (["net.pth", "--mean", "a,b"], "is no list of numbers"),
        (["net.pth", "--arch-arg", "width"], "arch_arg='width' is no argument"),
        (["net.pth", "--formats", "gif"], "expected some of json,nc,png,pdf"),
        (["net.pth", "--formats", ""], "expected some of json,nc,png,pdf"),
        (["net.pth", "--baseline", "gone.json"], "gone.json: cannot be read"),
    ],
)
def test_wrong_usage_ends_before_anything_is_loaded(arguments, text, spectra, calls):
    done = spectra("analyze", *arguments)
    assert done.exit_code == 2
    assert text in done.stderr
    assert calls.load is None


def test_an_existing_result_is_refused_before_anything_is_loaded(spectra, calls):
    assert spectra("analyze", "net.pth", DATA).exit_code == 0
    calls.load = None
    calls.result = Finished(clean())
    done = spectra("analyze", "net.pth", DATA)
    assert done.exit_code == 2
    assert done.stderr.startswith("spectra: error: spectra-out/net: exists already")
    assert calls.load is None
    assert unasked(read_summary("spectra-out/net")) == summary()
    assert spectra("analyze", "net.pth", DATA, "--force").exit_code == 0
    assert unasked(read_summary("spectra-out/net")) == clean()


def test_a_target_that_cannot_be_written_is_refused_before_anything_is_loaded(spectra, calls):
    Path("file").write_text("x")
    done = spectra("analyze", "net.pth", "--out", "file/out")
    assert done.exit_code == 2
    assert "file/out: cannot be created" in done.stderr
    assert calls.load is None


def test_a_failed_run_with_force_keeps_the_old_result(spectra, calls):
    spectra("analyze", "net.pth", DATA)
    calls.error = KeyboardInterrupt()
    assert spectra("analyze", "net.pth", DATA, "--force").exit_code == 130
    assert unasked(read_summary("spectra-out/net")) == summary()


def test_a_gate_that_cannot_judge_is_neither_pass_nor_failure(spectra, calls):
    output = replace(summary().output, score=Score(reason="too few: 3 independent blocks"))
    calls.result = Finished(replace(summary(), output=output))
    done = spectra("-q", "analyze", "net.pth", DATA, "--fail-above", "3")
    assert done.exit_code == 4
    assert done.stderr == (
        "spectra: error: the gate cannot judge the output: too few: 3 independent blocks\n"
    )
    assert read_summary("spectra-out/net").verdict == "present"


def test_a_baseline_that_is_no_summary_is_refused(spectra, calls):
    Path("old.json").write_text("{}")
    done = spectra("analyze", "net.pth", "--baseline", "old.json")
    assert done.exit_code == 2
    assert "old.json: is not a summary.json of spectra" in done.stderr


def test_a_full_disk_ends_with_2_and_keeps_the_old_result(tmp_path):
    def full():
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))

    Finished(clean()).save(tmp_path / "spectra-out/net", formats=("json", "nc"))
    arguments = ("analyze", "net.pth", DATA, "--force")
    process = command(tmp_path, *arguments, spectra=True, preexec_fn=full)
    _, stderr = process.communicate(timeout=HANGS)
    assert process.returncode == 2
    assert "error" in stderr
    assert len(stderr.splitlines()) == 1
    assert [p.name for p in tmp_path.joinpath("spectra-out").iterdir()] == ["net"]
    assert unasked(read_summary(tmp_path / "spectra-out/net")) == clean()


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: 8 TB")]
)
@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ((), "try --batch 1, or a smaller --crop"),
        (("--batch", "9"), "try --batch 4, or a smaller --crop"),
        (("--batch", "1"), "with one input at a time: use a smaller --crop"),
    ],
)
def test_out_of_memory_says_which_batch_to_try(error, given, advice, spectra, calls):
    calls.error = error
    done = spectra("-q", "analyze", "net.pth", "photos", *given)
    assert done.exit_code == 2
    assert advice in done.stderr
