"""docs/recipes/weather.md: its code makes the files, its command prints what stands there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

PAGE = Path(__file__).parents[1] / "docs" / "recipes" / "weather.md"
TEXT = PAGE.read_text(encoding="utf-8")
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
SECONDS = re.compile(r"\(\d+ s\)")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with the fields and the model of the page."""
    folder = tmp_path_factory.mktemp("weather")
    fields, model, _ = blocks("python")
    (folder / "fields.py").write_text(fields)
    (folder / "net.py").write_text(model)
    subprocess.run([sys.executable, "fields.py"], cwd=folder, check=True)
    return folder


def test_the_fields_of_the_page_are_what_it_says(files):
    with xr.open_dataset(files / "era5.nc", engine="h5netcdf") as data:
        assert dict(data.sizes) == {"time": 16, "latitude": 64, "longitude": 96}
        assert list(data.data_vars) == ["t2m", "u10", "v10", "msl"]


@pytest.mark.slow
def test_the_command_prints_what_stands_there(files, monkeypatch):
    """Words exactly, but for the order of variables; numbers to 0.6, as sums differ by machine."""
    from spectra_cli.main import main

    monkeypatch.chdir(files)
    monkeypatch.syspath_prepend(files)  # as Python has it where the page is run
    monkeypatch.delitem(sys.modules, "net", raising=False)
    command, _, expected = blocks("console")[0].partition("\n")
    monkeypatch.setenv("COLUMNS", "120")
    result = CliRunner().invoke(main, shlex.split(command)[2:])
    assert result.exit_code == 0
    printed, told = (SECONDS.sub("", text).split() for text in (result.stdout, expected))
    assert [NUMBER.sub("#", word) for word in printed] == [NUMBER.sub("#", word) for word in told]
    numbers = [[float(n) for n in NUMBER.findall(" ".join(words))] for words in (printed, told)]
    np.testing.assert_allclose(*numbers, atol=0.6)
    exec(compile(blocks("python")[2], "weather.md", "exec"), {})
