"""The command starts fast and says what it can do."""

import os
import subprocess
import sys

import pytest

import spectra
from support.watch import watched

HEAVY = {"torch", "numpy", "scipy", "matplotlib", "xarray", "skimage", "rich", "msgspec"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["analyze", "--help"]])
def test_help_and_version_load_nothing_heavy(arguments):
    done = watched(*arguments)
    assert done.code == 0
    assert done.modules & HEAVY == set()


def test_the_version_is_the_library_s():
    assert watched("--version").stdout == f"spectra {spectra.__version__}\n"


def test_help_lists_the_exit_codes_and_the_sections():
    assert "130 interrupted" in watched("--help").stdout
    text = watched("analyze", "-h").stdout
    sections = [line for line in text.splitlines() if line in {"Model:", "Inputs:", "Gate:"}]
    assert sections == ["Model:", "Inputs:", "Gate:"]
    assert "--fail-above DB" in text


def test_python_m_runs_it():
    command = [sys.executable, "-m", "spectra_cli", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ}, check=True)
    assert done.stdout.startswith("spectra ")
