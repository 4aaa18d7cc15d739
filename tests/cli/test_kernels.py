"""``spectra kernels``: the table, its files, and its exit codes."""

import csv
import json
import re

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

from spectra import measure_kernels
from spectra.report import KernelTable, read_tree
from spectra.report._kernel_text import kernel_lines, kernels_dataset

DATA = "--formats=json,csv,nc"


@pytest.fixture
def checkpoint(tmp_path):
    torch.manual_seed(0)
    module = nn.ModuleDict(
        {
            "up": nn.ConvTranspose2d(8, 4, 4, 2),
            "signal": nn.ConvTranspose1d(6, 3, 7, 4),
            "square": nn.ConvTranspose2d(4, 4, 4, 2),
        }
    )
    path = tmp_path / "net.pth"
    torch.save(module.state_dict(), path)
    return path


def test_the_table_is_on_stdout_and_its_files_can_be_read_again(spectra, checkpoint, tmp_path):
    done = spectra("kernels", checkpoint, "--out", "result", DATA)
    assert done.exit_code == 0
    table = KernelTable.read(tmp_path / "result")
    assert done.stdout == table.text(wrote="result")
    assert [row.name for row in table.layers] == ["up", "signal"]
    assert table.ambiguous == ("square",)
    again = measure_kernels(checkpoint)
    assert again.layers == table.layers

    with (tmp_path / "result" / "kernels.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert float(rows[0]["rejection_db"]) == table.layers[0].measures.rejection_db
    assert rows[0]["kernel_size"] == "4x4"
    assert rows[1]["stride"] == "2"

    tree = read_tree(tmp_path / "result" / "kernels.nc")
    expected = kernels_dataset(table)
    xr.testing.assert_identical(tree.to_dataset().drop_attrs(), expected.drop_attrs())
    assert tree["gap_db"].attrs["units"] == "dB"
    assert np.isnan(tree["delay"].values[1, 1])


def test_the_table_holds_the_numbers_of_the_files(spectra, checkpoint, tmp_path):
    done = spectra("kernels", checkpoint, "--out", "result", DATA)
    measures = KernelTable.read(tmp_path / "result").layers[0].measures
    (line,) = [text for text in done.stdout.splitlines() if text.startswith("up*")]
    cells = line.split()
    assert cells[:2] == ["up*", "4/2"]
    wanted = (measures.phase_imbalance, measures.line_gain_db, measures.rejection_db)
    np.testing.assert_allclose([float(c) for c in cells[2:5]], wanted, atol=0.051)
    assert float(cells[5]) == pytest.approx(measures.rejection_nearest_db, abs=0.051)


def test_json_is_all_there_is_on_stdout(spectra, checkpoint):
    done = spectra("kernels", checkpoint, "--json", DATA)
    content = json.loads(done.stdout)
    assert content["schema"] == "spectra.kernels/1"
    assert content["layers"][0]["measures"]["rejection_db"] is not None


def test_the_figure_is_written(spectra, checkpoint, tmp_path):
    assert spectra("kernels", checkpoint, "--out", "result", "--formats", "png").exit_code == 0
    assert (tmp_path / "result" / "figures" / "kernels.png").stat().st_size > 1000


def test_names_with_strides_reach_the_library(spectra, checkpoint, tmp_path):
    arguments = ("--stride", "square=3x2", "--spectrum", "white", "--out", "result", DATA)
    assert spectra("kernels", checkpoint, *arguments).exit_code == 0
    table = KernelTable.read(tmp_path / "result")
    assert [(r.name, r.stride, r.certainty) for r in table.layers][2] == ("square", (3, 2), "named")
    assert table.spectrum == "white"


def test_an_architecture_settles_everything(spectra, checkpoint, tmp_path):
    (tmp_path / "net.py").write_text(
        "from torch import nn\n"
        "def build(width=4):\n"
        "    return nn.ModuleDict({'up': nn.ConvTranspose2d(8, width, 4, 2),\n"
        "        'signal': nn.ConvTranspose1d(6, 3, 7, 4),\n"
        "        'square': nn.ConvTranspose2d(4, width, 4, 2)})\n"
    )
    done = spectra(
        "kernels", checkpoint, "--arch", "net.py:build", "--arch-arg", "width=4", "--out", "a", DATA
    )
    assert done.exit_code == 0, done.stderr
    table = KernelTable.read(tmp_path / "a")
    assert [row.certainty for row in table.layers] == ["module"] * 3
    assert table.layers[1].stride == (4,)
    assert table.ambiguous == ()


@pytest.mark.parametrize("hints", [("--stride res.9=2",), ()])
def test_what_is_unclear_is_settled_either_way(hints):
    """Most convolutions do not upsample, and the options of one that does are no answer then."""
    table = KernelTable(
        spectra_version="1",
        created="",
        model=None,
        spectrum="white",
        layers=(),
        ambiguous=("res.9",),
        hints=hints,
    )
    (text,) = [text for label, text in kernel_lines(table) if label == "Unclear"]
    asked = re.findall(r"--stride (\S+?)=([12])\b", text)
    assert asked == [("res.9" if hints else "NAME", "2"), ("NAME", "1")]
    assert "--arch file.py:factory" in text


def test_a_factory_needs_no_file(spectra, tmp_path):
    (tmp_path / "net.py").write_text(
        "from torch import nn\ndef build():\n    return nn.ConvTranspose2d(2, 3, 4, 2)\n"
    )
    assert spectra("kernels", "net.py:build", DATA).exit_code == 0
    assert (tmp_path / "spectra-out" / "net-build-kernels" / "kernels.json").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["gone.pth"], 2, "gone.pth"),
        (["net.pth", "--stride", "up"], 2, "expected NAME=NUMBER"),
        (["net.pth", "--stride", "down=2"], 2, "'down' matches no weight"),
        (["net.pth", "--spectrum", "pink"], 2, "spectrum='pink'"),
        (["net.pth", "--formats", "gif"], 2, "expected some of json,csv,nc,png,pdf"),
        (["net.pth", "--call", "decode"], 2, "No such option"),
        (["flat.pth"], 4, "has no upsampling kernel"),
        (["plain.pth"], 4, "0 (--stride 0=2)"),
    ],
)
def test_every_way_to_fail_has_its_exit_code_and_leaves_nothing(
    arguments, code, text, spectra, checkpoint, tmp_path
):
    torch.save(nn.Linear(3, 3).state_dict(), tmp_path / "flat.pth")
    torch.save(nn.Sequential(nn.Conv2d(3, 3, 3)).state_dict(), tmp_path / "plain.pth")
    done = spectra("-q", "kernels", *arguments)
    assert done.exit_code == code
    assert text in done.stderr
    assert not (tmp_path / "spectra-out").exists()


def test_an_existing_result_is_refused_or_replaced(spectra, checkpoint):
    assert spectra("kernels", checkpoint, DATA).exit_code == 0
    assert "exists already" in spectra("kernels", checkpoint, DATA).stderr
    assert spectra("kernels", checkpoint, DATA, "--force").exit_code == 0
