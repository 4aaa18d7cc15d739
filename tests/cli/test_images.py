"""``spectra images`` answers in order, writes all or nothing, and gates."""

import csv
import json

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner
from PIL import Image

from spectra_cli.main import main
from support.pictures import enlarged, jpeg, textured


@pytest.fixture
def folder(tmp_path, rng):
    where = tmp_path / "made"
    where.mkdir()
    for name in "abcd":
        Image.fromarray(enlarged(textured(rng, 80), 2)).save(where / f"{name}.png")
    return where


def run(*arguments):
    return CliRunner().invoke(main, ["images", *map(str, arguments)])


def test_the_answer_comes_in_order_and_all_files_are_written(folder, tmp_path):
    done = run(folder, "--out", tmp_path / "out", "--recipe", "synthbuster2023")
    assert done.exit_code == 0, done.output
    labels = [line.split()[0] for line in done.stdout.splitlines() if line[:1].strip()]
    order = ["Verdict", "Severity", "Looks", "Cause", "Share", "Worst", "Spectrum", "Try"]
    assert labels == [*order, "Trust", "Wrote"]
    assert "enlargement by 2" in done.stdout
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(
        ["figures", "images.json", "images.nc", "report.html", "scores.csv", "synthbuster2023.csv"]
    )
    with xr.open_dataset(tmp_path / "out" / "images.nc") as data:
        power = data["mean_power"].to_numpy()
        np.testing.assert_allclose(power[1:, 1:], power[1:, 1:][::-1, ::-1], rtol=1e-3)
        assert data["ripple_variance"].sizes == {"picture": 4, "period": 15}
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<script" not in page
    assert "enlargement by 2" in page


def test_json_is_all_that_stands_on_stdout(folder, tmp_path):
    done = run(folder, "--out", tmp_path / "out", "--json", "--formats", "json")
    told = json.loads(done.stdout)
    assert (told["schema"], told["verdict"], told["period"]) == ("spectra.images/1", "present", 2)
    assert (told["used"], told["showing"]) == (4, 4)
    assert json.loads((tmp_path / "out" / "images.json").read_text()) == told


def test_scores_stand_in_a_file_of_ones_own_and_replace_no_other(folder, tmp_path):
    scores = tmp_path / "mine.csv"
    options = ("--out", tmp_path / "out", "--force", "--formats", "json", "--per-image", scores)
    assert run(folder, *options).exit_code == 0
    assert scores.read_text().count("\n") == 5
    assert run(folder, *options).exit_code == 0
    scores.write_text("not ours")
    refused = run(folder, *options)
    assert refused.exit_code == 2
    assert "holds no scores" in refused.output
    assert scores.read_text() == "not ours"


def test_a_reference_of_the_same_history_takes_the_grid_out(folder, tmp_path, rng):
    other = tmp_path / "real"
    other.mkdir()
    for name in "abcd":
        Image.fromarray(enlarged(textured(rng, 80), 2)).save(other / f"{name}.png")
    done = run(folder, "--ref", other, "--out", tmp_path / "out", "--fail-above", "0.01")
    assert done.exit_code == 0, done.output
    assert "none beyond the reference" in done.stdout
    alone = run(folder, "--out", tmp_path / "out2", "--fail-above", "0.01")
    assert alone.exit_code == 1


@pytest.mark.parametrize(("limit", "code"), [("0.01", 1), ("40", 0)])
def test_the_gate_of_ripple_passes_or_fails(folder, tmp_path, limit, code):
    options = ("--formats", "json", "--out", tmp_path / "out", "--fail-above", limit)
    done = run(folder, *options)
    assert done.exit_code == code
    assert ("passed" if code == 0 else "failed") in done.stdout


def test_what_no_eye_is_asked_cannot_be_gated_by_severity(tmp_path, rng):
    Image.fromarray(jpeg(textured(rng), 60)).save(tmp_path / "a.png")
    options = ("--formats", "json", "--out", tmp_path / "out", "--fail-on", "visible")
    done = run(tmp_path / "a.png", *options)
    assert done.exit_code == 4
    assert "cannot judge" in done.output


@pytest.mark.parametrize(
    ("make", "code", "said"),
    [
        (lambda folder: folder / "missing", 2, "does not exist"),
        (lambda folder: folder, 4, "without pictures"),
    ],
)
def test_what_is_no_picture_is_one_clear_line(tmp_path, make, code, said):
    empty = tmp_path / "empty"
    empty.mkdir()
    done = run(make(empty), "--out", tmp_path / "out")
    assert done.exit_code == code
    assert said in done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("shape", [(8, 9, 10), (9, 10)])
def test_a_folder_of_arrays_holds_no_picture_to_look_at(tmp_path, rng, shape):
    np.save(tmp_path / "a.npy", rng.normal(size=shape).astype(np.float32))
    done = run(tmp_path, "--out", tmp_path / "out")
    assert done.exit_code == 4
    assert "is a folder without pictures (it holds a.npy;" in " ".join(done.output.split())


def test_pictures_too_small_or_blank_are_dropped_and_counted(tmp_path, rng):
    Image.fromarray(rng.integers(0, 256, (20, 20), np.uint8)).save(tmp_path / "a.png")
    Image.new("L", (99, 99), 7).save(tmp_path / "b.png")
    alone = run(tmp_path, "--out", tmp_path / "out")
    assert alone.exit_code == 4
    assert "smaller than 72" in alone.output
    Image.fromarray(textured(rng, 128)).save(tmp_path / "c.png")
    done = run(tmp_path, "--out", tmp_path / "out", "--formats", "json")
    assert done.exit_code == 0
    assert done.stdout.count("Dropped") == 2
    assert "1 of 3 pictures" in done.stdout


@pytest.fixture
def plain(tmp_path, rng):
    where = tmp_path / "plain"
    where.mkdir()
    for name in "abcd":
        Image.fromarray(textured(rng, 160)).save(where / f"{name}.png")
    return where


def compare(*arguments):
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


def test_two_folders_are_compared_by_their_grids(folder, plain, tmp_path):
    scores, out = tmp_path / "both.csv", tmp_path / "out"
    done = compare(plain, folder, "--json", "--out", out, "--per-image", scores)
    told = json.loads(done.stdout)
    assert told["which"] == "second"
    low, high = told["stronger"]["interval"]
    assert low < told["stronger"]["difference"] < high < 0  # of the first less the second
    assert json.loads((out / "comparison.json").read_text()) == told
    assert sorted(p.name for p in (out / "figures").iterdir()) == ["spectra.png", "strongest.png"]
    page = (out / "report.html").read_text()
    assert "<script" not in page
    assert all(text.partition(":")[0] in page for text in told["answer"].values())
    rows = list(csv.DictReader(scores.read_text().splitlines()))
    assert [row["side"] for row in rows] == ["first"] * 4 + ["second"] * 4
    assert {row["verdict"] for row in rows if row["side"] == "second"} == {"present"}


def test_gates_judge_the_second_folder(folder, plain, tmp_path):
    assert compare(plain, folder, "--fail-worse", "0.1").exit_code == 1
    same = compare(
        folder, folder, "--fail-worse", "0", "--out", tmp_path / "out", "--formats", "json"
    )
    assert same.exit_code == 0
    assert "neither is shown to be stronger" in same.stdout
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["comparison.json"]


@pytest.mark.parametrize(
    "options", [("--arch", "x:y"), ("--seed", "1"), ("--junit", "x.xml"), ("--formats", "csv")]
)
def test_what_says_nothing_of_pictures_is_refused_and_not_ignored(folder, plain, tmp_path, options):
    done = compare(plain, folder, "--out", tmp_path / "out", *options)
    assert done.exit_code == 2
    assert options[0].lstrip("-") in done.output
    assert not (tmp_path / "out").exists()


def test_a_stronger_pattern_fails_where_the_grain_says_nothing(plain, tmp_path):
    """Of dots by 1 and 12 grey levels on the same scenes the second is 21.6 dB stronger."""
    y, x = np.indices((160, 160))
    dots = np.where(y % 2 & x % 2, 1.5, -0.5)[..., None]
    for levels in (1, 12):
        where = tmp_path / f"by{levels}"
        where.mkdir()
        for path in plain.iterdir():
            values = np.asarray(Image.open(path)) * 0.8 + 25 + dots * levels
            Image.fromarray(values.clip(0, 255).round().astype(np.uint8)).save(where / path.name)
    done = compare(tmp_path / "by1", tmp_path / "by12", "--json", "--fail-worse", "15")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["which"]) == (1, "second")
    assert told["answer"]["stronger"].count("grey levels") == 1
    first, second = (told["stronger"]["levels"][side] for side in ("first", "second"))
    assert 15 < 20 * np.log10(second / first) < 25
    assert "grey levels" in done.stderr
    assert compare(tmp_path / "by1", tmp_path / "by12", "--fail-worse", "30").exit_code == 0
