"""A stdout or stderr that is closed, full, of few characters or unread loses no result."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spectra.report import read_summary
from support.command import HANGS, command
from support.summaries import summary, unasked

pytestmark = pytest.mark.skipif(os.name != "posix", reason="descriptors are closed as POSIX does")
DATA = ("analyze", "net.pth", "--formats=json")
full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")


def run(folder, *arguments, **options):
    process = command(folder, *arguments, **options)
    stdout, stderr = process.communicate(timeout=HANGS)
    return process.returncode, stdout, stderr


def test_a_reader_that_hangs_up_ends_it_as_a_pipe_does_and_the_result_stays(tmp_path):
    process = command(tmp_path, *DATA, body="time.sleep(1)")
    process.stdout.close()
    assert process.wait(HANGS) == 141  # 128 + SIGPIPE, what a shell reports of others
    assert process.stderr.read() == ""
    process.stderr.close()
    assert unasked(read_summary(tmp_path / "spectra-out/net")) == summary()


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_closed_stream_is_a_hole(tmp_path, name):
    number = {"stdout": 1, "stderr": 2}[name]
    code, stdout, stderr = run(tmp_path, *DATA, preexec_fn=lambda: os.close(number))
    assert code == 0
    assert {"stdout": stdout, "stderr": stderr}[name] == ""
    assert unasked(read_summary(tmp_path / "spectra-out/net")) == summary()


def test_with_all_streams_closed_no_file_takes_their_place(tmp_path):
    body = "held = open('held', 'w'); os.write(1, b'noise'); os.write(2, b'of a library')"
    code, *_ = run(tmp_path, *DATA, body=body, preexec_fn=lambda: os.closerange(0, 3))
    assert code == 0
    assert (tmp_path / "held").read_text() == ""
    assert unasked(read_summary(tmp_path / "spectra-out/net")) == summary()


@full
def test_a_full_stdout_is_an_error_and_the_result_stays(tmp_path):
    with open("/dev/full", "w") as stdout:
        code, _, stderr = run(tmp_path, *DATA, stdout=stdout)
    assert (code, stderr) == (2, "spectra: error: the disk is full: while writing\n")
    assert unasked(read_summary(tmp_path / "spectra-out/net")) == summary()


@full
def test_a_full_stderr_changes_nothing(tmp_path):
    body = "progress('batch', 1, 2)\nprogress('score', 1, 2)"
    with open("/dev/full", "w") as stderr:
        code, stdout, _ = run(tmp_path, *DATA, body=body, stderr=stderr)
    assert code == 0
    assert "Verdict" in stdout


@full
@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("analyze", "--help")])
def test_a_help_text_that_cannot_be_written_is_one_exit_code(tmp_path, arguments):
    with open("/dev/full", "w") as stdout:
        code, _, stderr = run(tmp_path, *arguments, stdout=stdout)
    assert (code, stderr) == (2, "spectra: error: the disk is full: while writing\n")


def test_a_gate_that_fails_fails_though_nobody_reads_it(tmp_path):
    process = command(tmp_path, *DATA, "--fail-above", "0", body="time.sleep(1)")
    process.stdout.close()
    assert process.wait(HANGS) == 1
    process.stderr.close()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_names_that_no_encoding_holds_are_printed_and_kept(tmp_path, encoding):
    name = os.fsdecode(b"\xff\xe9\xe5\xad\x97.pth")
    options = ("--formats=json", "--out", name)
    environment = {"PYTHONIOENCODING": encoding}
    code, stdout, stderr = run(tmp_path, "analyze", "net.pth", *options, env=environment)
    assert code == 0
    assert r"\udcff" in stdout.replace("\\\\", "\\")
    assert "Traceback" not in stderr
    assert unasked(read_summary(tmp_path / name)) == summary()


def test_the_real_command_survives_a_closed_stdin_and_stdout(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "spectra_cli", "analyze", "nothing.pth"],
        cwd=tmp_path,
        check=False,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: os.closerange(0, 2),
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
