"""Results, folders and models are compared alike, and what cannot be is refused."""

import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

import spectra
from spectra.errors import InputError, ParameterError
from spectra.report import Result
from support.compared import FAST, pictures, result, uneven


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two results in folders, of which the later is better."""
    home = tmp_path_factory.mktemp("results")
    for name, gain in (("old", 0.3), ("new", 0.1)):
        result(gain).save(home / name, formats=("json", "nc"))
    return home


def output(comparison):
    return comparison.pairs[-1].output.change


def test_a_folder_says_what_the_result_said(folders):
    read = Result.read(folders / "old")
    assert (read.summary.output, read.summary.steps) == (
        result(0.3).summary.output,
        result(0.3).summary.steps,
    )
    kept = spectra.compare(folders / "old", folders / "new")
    held = spectra.compare(result(0.3), result(0.1))
    assert output(kept) == output(held)
    assert output(kept).paired
    assert [model.name for model in kept.models] == ["old", "new"]


def test_models_are_compared_on_the_same_inputs_as_their_results_were():
    models = spectra.compare(uneven(0.3), uneven(0.1), inputs=pictures(), options=FAST)
    assert output(models) == output(spectra.compare(result(0.3), result(0.1)))


def test_a_result_and_a_model_are_paired_where_the_inputs_are_the_same():
    mixed = spectra.compare(result(0.3), uneven(0.1), inputs=pictures(), options=FAST)
    assert output(mixed).paired
    other = spectra.compare(result(0.3), uneven(0.1), inputs=pictures(seed=1), options=FAST)
    assert not output(other).paired


def test_a_summary_alone_is_compared_by_its_intervals(folders):
    alone = spectra.compare(folders / "old/summary.json", result(0.1), names=["old", "new"])
    assert not output(alone).paired
    assert alone.outcome == "better"
    assert [model.name for model in alone.models] == ["old", "new"]


def test_numbered_results_become_a_series_in_order():
    made = [result(gain) for gain in (0.1, 0.3, 0.2)]
    found = spectra.compare(*made, names=["epoch10", "epoch2", "epoch9"])
    assert [model.name for model in found.models] == ["epoch2", "epoch9", "epoch10"]
    assert [point.number for point in found.series.points] == [2, 9, 10]
    assert spectra.compare(*made[:2], names=["epoch10", "epoch2"]).series is None


@pytest.mark.slow
def test_folders_are_compared_without_torch(folders):
    code = (
        "import sys, spectra; c = spectra.compare(*sys.argv[1:]);"
        "print(c.outcome, len(c.text()) > 0, len(c.markdown()) > 0, len(c.json()) > 0);"
        "print(sorted(sys.modules.keys() & {'torch', 'matplotlib', 'skimage'}))"
    )
    command = [sys.executable, "-c", code, folders / "old", folders / "new"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["better True True True", "[]"]


@pytest.mark.parametrize(
    ("sources", "options", "says"),
    [
        (["old"], {}, "1 given"),
        (["old", "new"], {"names": ["a", "a"]}, "2 different"),
        (["old", "new"], {"inputs": "photos"}, "inputs are for models"),
        (["old", "net.py:make"], {}, "net.py:make is no result"),
    ],
)
def test_what_makes_no_comparison_is_refused(sources, options, says, folders):
    paths = [folders / s if "." not in s else s for s in sources]
    with pytest.raises(ParameterError, match=says):
        spectra.compare(*paths, **options)


def test_damaged_folders_are_refused_by_name(folders, tmp_path):
    for name, files in (
        ("json", {"summary.json": b"{"}),
        ("schema", {"summary.json": b'{"schema": "spectra.summary/9"}'}),
        ("other", {"swap.json": b"{}"}),
    ):
        (tmp_path / name).mkdir()
        for file, content in files.items():
            (tmp_path / name / file).write_bytes(content)
        with pytest.raises(InputError, match=str(tmp_path / name)):
            spectra.compare(tmp_path / name, folders / "old")
    shutil.copytree(folders / "old", tmp_path / "nc")
    (tmp_path / "nc/spectra.nc").write_bytes(b"\x89HDF\r\n\x1a\nno more")
    with pytest.raises(InputError, match=r"spectra\.nc"):
        spectra.compare(tmp_path / "nc", folders / "old")


def test_a_tree_of_another_run_is_refused(folders, tmp_path):
    base = result(0.3)
    two = replace(base.summary, steps=base.summary.steps * 2)
    replace(base, summary=two).save(tmp_path / "mixed", formats=("json",))
    shutil.copy(folders / "old/spectra.nc", tmp_path / "mixed")
    with pytest.raises(InputError, match="not of one run"):
        spectra.compare(tmp_path / "mixed", folders / "old")
