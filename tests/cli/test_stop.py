"""Ctrl-C and SIGTERM end a run, wherever they arrive, and leave nothing behind."""

import os
import signal
import sys

import pytest

from support.command import HANGS, command

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are sent by POSIX")
CODES = {signal.SIGINT: (130, "interrupted"), signal.SIGTERM: (143, "terminated")}
SENDS = "os.kill(os.getpid(), signal.{})"
# what a handler raises in a callback of a weak reference, or in a destructor, is lost
LOST = {
    "a weak reference": """
import weakref
class Held: pass
held = Held()
reference = weakref.ref(held, lambda _: {})
del held
""",
    "a destructor": """
class Held:
    def __del__(self): {}
Held()
""",
    "a broad except": """
try: {}
except BaseException: pass
""",
    "a library's error": """
try: {}; progress("batch", 1, 3)
except BaseException: raise RuntimeError("a batch failed")
""",
}
TWO_BATCHES = "\nprogress('batch', 1, 3)\nprogress('batch', 2, 3)\nprint('it went on')\n"


def ended(process):
    """Return the code, stdout and stderr of a process that ends by itself."""
    stdout, stderr = process.communicate(timeout=HANGS)
    return process.returncode, stdout, stderr


@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize("place", LOST)
def test_a_signal_is_not_lost_wherever_python_loses_what_a_handler_raises(tmp_path, place, number):
    body = LOST[place].format(SENDS.format(number.name)) + TWO_BATCHES
    code, stdout, stderr = ended(command(tmp_path, "-q", "analyze", "net.pth", body=body))
    assert (code, stdout) == (CODES[number][0], "")
    assert stderr.splitlines()[-1] == f"spectra: {CODES[number][1]}"
    assert "Traceback" not in stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["a weak reference", "a destructor", "a broad except"])
def test_a_signal_that_is_lost_while_a_model_is_loaded_ends_the_run_before_it_begins(
    tmp_path, place
):
    load = LOST[place].format(SENDS.format("SIGINT"))
    process = command(tmp_path, "analyze", "net.pth", load=load, body="print('it went on')")
    assert ended(process) == (130, "", "spectra: interrupted\n")


@pytest.mark.parametrize("number", CODES)
def test_while_a_model_is_loaded_a_signal_ends_it_at_once(tmp_path, number):
    load = f"print('loading', flush=True); time.sleep({HANGS})"
    process = command(tmp_path, "analyze", "net.pth", load=load)
    assert process.stdout.readline() == "loading\n"
    process.send_signal(number)
    code, said = CODES[number]
    assert ended(process) == (code, "", f"spectra: {said}\n")
    assert list(tmp_path.iterdir()) == []


def test_where_no_batch_ends_the_run_is_stopped_soon(tmp_path):
    first = "import spectra_cli._stop as module; module.PATIENCE = 0.1"
    lost = LOST["a weak reference"].format("time.sleep(1)")
    body = f"print('running', flush=True)\n{lost}\ntime.sleep({HANGS})"
    process = command(tmp_path, "analyze", "net.pth", body=body, first=first)
    assert process.stdout.readline() == "running\n"
    process.send_signal(signal.SIGINT)
    code, stdout, stderr = ended(process)
    assert (code, stdout) == (130, "")
    assert "ends after this batch" in stderr
    assert "Traceback" not in stderr


@pytest.mark.parametrize("second", CODES)
def test_a_second_signal_ends_the_process_at_once_and_removes_what_it_was_writing(tmp_path, second):
    body = f"""
from spectra.report._folder import writing
try:
    with writing("out") as folder:
        (folder / "summary.json").write_text("half")
        print("writing", flush=True)
        time.sleep({HANGS})
except BaseException:
    time.sleep({HANGS})  # a library that does not let go
"""
    process = command(tmp_path, "analyze", "net.pth", body=body)
    assert process.stdout.readline() == "writing\n"
    assert [path.name.endswith(".new") for path in tmp_path.iterdir()] == [True]
    process.send_signal(signal.SIGINT)
    assert "ends after this batch" in process.stderr.readline()
    process.send_signal(second)
    code, _, stderr = ended(process)
    assert (code, stderr) == (130, "spectra: interrupted\n")
    assert list(tmp_path.iterdir()) == []


def test_a_signal_that_the_caller_ignores_stays_ignored(tmp_path):
    first = "signal.signal(signal.SIGINT, signal.SIG_IGN)"
    body = SENDS.format("SIGINT")
    process = command(
        tmp_path, "-q", "analyze", "net.pth", "--formats=json", body=body, first=first
    )
    assert ended(process)[0] == 0


def test_the_handlers_of_the_caller_are_put_back(spectra, calls):
    before = [signal.getsignal(number) for number in CODES], sys.unraisablehook
    assert spectra("analyze", "net.pth", "--formats=json").exit_code == 0
    assert ([signal.getsignal(number) for number in CODES], sys.unraisablehook) == before
