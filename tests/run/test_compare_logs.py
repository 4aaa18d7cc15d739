"""``spectra compare`` of logs: when a grid came, and in which training it is stronger."""

import json

import pytest
from click.testing import CliRunner

from spectra.compared import Tick
from spectra.errors import InputError
from spectra.report import TrainingLog
from spectra.run import compare_logs
from spectra.score import Score
from spectra_cli.main import main


def score(dbc, *, half=0.5, verdict="present"):
    """Return a score with an interval of so many dB on either side."""
    low, high = dbc - half, dbc + half
    return Score(
        asr_dbc=dbc,
        asr_ci95_dbc=(low, high),
        asr_lower_dbc=low,
        asr_upper_dbc=high,
        p=0.0005,
        verdict=verdict,
        period=(2, 4),
    )


CLEAN = Score(asr_upper_dbc=-48.0, p=0.4, verdict="none", reason="nothing above the floor")
GROWING = (
    Tick(1, CLEAN, "none", {"up1": score(-9), "up2": CLEAN}, seconds=1.5),
    Tick(500, score(-30), "faint", {"up1": score(-8), "up2": score(-20)}, seconds=0.5),
    Tick(1000, error="ModelError: it failed,\nin two lines", seconds=0.1),
    Tick(1500, score(-20), "visible", {"up1": score(-7), "up2": score(-18)}, seconds=0.5),
)
FADING = (Tick(1, score(-20), "visible"), Tick(1500, score(-29), "faint"))


@pytest.fixture
def logs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    TrainingLog.write("growing.csv", GROWING)
    TrainingLog.write("fading.csv", FADING)


def run(*args):
    return CliRunner().invoke(main, ["compare", *args])


def test_what_is_written_is_read_again(logs):
    ticks = TrainingLog.read("growing.csv").ticks
    assert [(t.step, t.severity, t.seconds) for t in ticks] == [
        (t.step, t.severity, t.seconds) for t in GROWING
    ]
    assert [t.output for t in ticks] == [t.output for t in GROWING]
    assert [dict(t.steps) for t in ticks] == [dict(t.steps) for t in GROWING]
    assert ticks[2].error == "ModelError: it failed,\nin two lines"


def test_a_log_tells_when_a_grid_came(logs):
    report = compare_logs("growing.csv")
    assert report.answer["training"].endswith(
        "a grid is first PRESENT at step 500; first visible at step 1500"
    )
    assert "1 failed (ModelError" in report.answer["training"]
    assert report.outcome == "worse"  # from nothing above -48 dBc to -20
    assert report.answer["helped"].startswith("worse from step 1 to step 1500: at least +2")
    assert "▁?█" in report.text()


TOO_FEW = Score(verdict="insufficient", reason="too few: 8 independent blocks, 16 needed")


@pytest.mark.parametrize(
    ("ticks", "said"),
    [
        ((*GROWING, Tick(2000, error="ModelError: no")), "worse from step 1 to step 1500"),
        ((*GROWING, Tick(2000, TOO_FEW)), "worse from step 1 to step 1500"),
        (GROWING[1:3], "not known: only one measurement of it succeeded"),
        (GROWING[2:3], "not known: no measurement of it succeeded"),
    ],
)
def test_measurements_that_failed_are_passed_over(logs, ticks, said):
    TrainingLog.write("some.csv", ticks)
    assert compare_logs("some.csv").answer["helped"].startswith(said)


def test_the_log_without_a_measurement_is_named(logs):
    TrainingLog.write("none.csv", [Tick(1, TOO_FEW)])
    assert compare_logs("growing.csv", "none.csv").answer["helped"] == (
        "not known: no measurement of none succeeded"
    )
    assert compare_logs("none.csv", "growing.csv").answer["helped"] == (
        "not known: no measurement of none succeeded"
    )


def test_of_two_logs_the_last_measurements_are_compared(logs):
    report = compare_logs("growing.csv", "fading.csv")
    assert report.outcome == "better"
    assert report.change.db == pytest.approx(-9)
    assert report.change.ci95_db == pytest.approx((-9 - 0.5 * 2**0.5, -9 + 0.5 * 2**0.5), abs=0.1)
    assert compare_logs("fading.csv", "growing.csv").change.db == pytest.approx(9)


def test_the_command_draws_the_series_and_judges_the_gates(logs, tmp_path):
    done = run("growing.csv", "--out", "told", "--fail-on", "strong")
    assert done.exit_code == 0, done.output
    assert (
        "Gate     passed: the output's grid is visible at step 1500, less than strong"
        in done.stdout
    )
    assert (tmp_path / "told" / "figures" / "series.png").is_file()
    told = json.loads((tmp_path / "told" / "comparison.json").read_text())
    assert told["logs"][0]["series"]["first_visible"] == 1500
    assert run("growing.csv", "--fail-on", "visible").exit_code == 1
    assert run("fading.csv", "growing.csv", "--fail-worse", "5").exit_code == 1
    assert json.loads(run("growing.csv", "--json").stdout) == told


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("-30,", "x,"), "is a damaged log"),
        (lambda text: text.replace("500,output", "500,step x"), "is a damaged log"),
        (lambda text: text.replace("-30,", "inf,"), "is a damaged log"),
        (lambda text: text.replace("present", "perhaps"), "is a damaged log"),
        (lambda text: text.replace("step,place", "place"), "its first line has other columns"),
    ],
)
def test_a_damaged_log_is_told(logs, tmp_path, change, said):
    path = tmp_path / "growing.csv"
    path.write_text(change(path.read_text()))
    with pytest.raises(InputError, match=said):
        compare_logs(path)


def test_a_log_among_others_and_one_without_measurement_are_told(logs, tmp_path):
    assert run("growing.csv", "nets.ckpt").exit_code == 2
    TrainingLog.write("empty.csv", [])
    done = run("empty.csv")
    assert done.exit_code == 0, done.output
    assert "no measurement" in done.stdout
    assert run("empty.csv", "--fail-on", "faint").exit_code == 4
