"""The command starts fast and says what it can do."""

import json
import os
import subprocess
import sys

import pytest

import spectra

HEAVY = {"torch", "numpy", "scipy", "matplotlib", "xarray", "skimage", "rich", "msgspec"}
WATCH = """
import json, resource, sys
from spectra_cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    used = resource.getrusage(resource.RUSAGE_SELF)
    loaded = sorted({name.partition(".")[0] for name in sys.modules})
    print(json.dumps([end.code, used.ru_utime + used.ru_stime, loaded]), file=sys.stderr)
"""


def run(*arguments):
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *arguments], capture_output=True, text=True, check=True
    )
    code, seconds, loaded = json.loads(done.stderr.splitlines()[-1])
    return done.stdout, code, seconds, set(loaded)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["analyze", "--help"]])
def test_help_and_version_load_nothing_heavy(arguments):
    _, code, _, loaded = run(*arguments)
    assert code == 0
    assert loaded & HEAVY == set()


def test_help_takes_little_time():
    # The target is 0.3 CPU s on an idle machine; the least of three runs, and room for load.
    assert min(run("--help")[2] for _ in range(3)) < 0.6


def test_the_version_is_the_library_s():
    assert run("--version")[0] == f"spectra {spectra.__version__}\n"


def test_help_lists_the_exit_codes_and_the_sections():
    assert "130 interrupted" in run("--help")[0]
    text = run("analyze", "-h")[0]
    sections = [line for line in text.splitlines() if line in {"Model:", "Inputs:", "Gate:"}]
    assert sections == ["Model:", "Inputs:", "Gate:"]
    assert "--fail-above DB" in text


def test_python_m_runs_it():
    command = [sys.executable, "-m", "spectra_cli", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ}, check=True)
    assert done.stdout.startswith("spectra ")
