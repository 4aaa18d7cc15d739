"""A comparison as text, JSON, Markdown, JUnit's XML and a folder."""

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from spectra.compared import Side, pair, series
from spectra.errors import NothingToAnalyseError, ParameterError
from spectra.report import Comparison, Gate
from spectra.report._junit import junit_of
from spectra.score import LockedChange
from spectra.severity import Graded
from support.summaries import FAINT, NOTHING, OUTPUT, PRESENT, step, summary

HOSTILE = "a|b\n<script>\x1b[31m\x00\ud800`*_[x](y)"


def side(name, *, output=OUTPUT, word="visible", steps=None, schema=None):
    base = summary()
    return Side.of(
        name,
        replace(
            base,
            output=replace(base.output, score=output),
            severity=Graded(word, "yardstick") if word else None,
            steps=base.steps[:3] if steps is None else steps,
            schema=schema or base.schema,
        ),
    )


def louder(dbc):
    """Return the score of an output whose locked energy is this, give or take 1 dB."""
    ends = (dbc - 1.0, dbc + 1.0)
    return replace(
        OUTPUT, asr_dbc=dbc, asr_ci95_dbc=ends, asr_lower_dbc=ends[0], asr_upper_dbc=ends[1]
    )


def compared(*sides, numbers=None):
    return Comparison(
        models=tuple(Comparison.Model(each.name, each.summary) for each in sides),
        pairs=tuple(pair(sides[0], other) for other in sides[1:]),
        series=series(sides, "epoch", numbers) if numbers else None,
        spectra_version="0.1.0",
        created="2026-01-02T03:04:05+00:00",
    )


def two(before=-22.0, after=-30.0):
    new = side("new", output=louder(after), word="faint")
    return compared(side("old", output=louder(before)), new)


def several(count, numbers=None):
    """Return results, each 5 dB below the one before it."""
    sides = [side(f"e{i}", output=louder(-20 - 5 * i)) for i in range(count)]
    return compared(*sides, numbers=numbers)


def test_the_answer_for_three_steps_fits_a_terminal():
    lines = two().text().splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 120
    said = "\n".join(lines)
    assert "Helped    better: the output's grid is 8.0 dB (" in said
    assert "Severity  visible before, faint after" in said
    assert "Basis     two runs apart, their intervals combined: " in said
    output = next(line for line in lines if line.startswith("output"))
    assert output.split()[1:4] == ["-22.0", "-30.0", "-8.0"]
    assert output.endswith("two runs")


def test_its_repr_is_its_text_and_explain_adds_the_legend():
    assert repr(two()) == two().text()
    assert "below zero is better" in " ".join(two().text(explain=True).split())


def test_three_results_get_a_column_and_six_a_line_each():
    few = several(3)
    head = few.text().splitlines()[0]
    assert head.split() == ["step", "e0", "e1", "e2"]
    row = next(line for line in few.text().splitlines() if line.startswith("output"))
    assert row.split() == ["output", "-20.0", "-25.0", "-5.0", "-30.0", "-10.0"]
    many = compared(
        *(side(f"e{i}", output=louder(-20 - 5 * i)) for i in range(6)), numbers=range(6)
    )
    rows = [line for line in many.text().splitlines() if line.startswith("e")]
    assert [line.split()[0] for line in rows] == [f"e{i}" for i in range(6)]
    assert rows[3].split()[1:3] == ["-35.0", "-15.0"]
    assert "Training  a grid is first PRESENT at epoch 0" in many.text()
    assert many.answer["training"] == many.series.answer


def test_json_holds_every_number_and_a_reason_where_there_is_none():
    told = json.loads(two().json())
    assert told["schema"] == "spectra.comparison/1"
    assert told["outcome"] == told["pairs"][0]["outcome"] == "better"
    for row in told["pairs"][0]["rows"]:
        change = row["change"]
        assert change["db"] is not None or change["reason"]
        assert change["ci95_db"] is not None or change["reason"]
        assert row["unpaired"]
    assert told["pairs"][0]["rows"][-2]["change"]["db"] == pytest.approx(-8.0)
    assert [model["severity"] for model in told["models"]] == ["visible", "faint"]
    many = compared(*(side(n) for n in "abc"), numbers=(3, 1, 2))
    assert [p["number"] for p in json.loads(many.json())["series"]["points"]] == [1, 2, 3]


@pytest.mark.parametrize("count", [2, 3])
def test_markdown_is_one_table_whatever_the_names(count):
    steps = (step(HOSTILE, PRESENT), step("b", FAINT, kind="nearest"))
    sides = [side(f"{HOSTILE}{i}", steps=steps) for i in range(count)]
    lines = compared(*sides).markdown().splitlines()
    table = [line for line in lines if line.startswith("|")]
    columns = {line.replace(r"\|", "").count("|") for line in table}
    assert columns == {7}
    rows = len(compared(*sides).rows) if count == 2 else count
    assert len(table) == 2 + rows
    assert "<script>" not in "\n".join(lines)
    assert "\x1b" not in "\n".join(lines)
    assert any(line.startswith("- helped: ") for line in lines)


def test_names_that_steer_a_terminal_are_printed_and_do_not():
    for comparison in (
        compared(side(HOSTILE), side("b")),
        compared(*(side(HOSTILE + n) for n in "abc")),
    ):
        assert "\x1b" not in comparison.text()
        assert "\x00" not in comparison.text()
        json.loads(comparison.json())


def test_junit_is_read_again_whatever_the_names():
    comparison = compared(side(HOSTILE), side(f"{HOSTILE}2"), side("c", schema="spectra.summary/1"))
    gates = {
        "fail-worse": Gate(False, f"worse {HOSTILE}"),
        "fail-on": Gate(True, "fine"),
        "other": "cannot judge",
    }
    suite = ET.fromstring(junit_of(comparison, gates)).find("testsuite")
    counts = {name: int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": 5, "failures": 1, "errors": 1, "skipped": 1}
    names = [case.get("name") for case in suite.iter("testcase")]
    assert names[1].startswith("c against ")
    failure = suite.find("testcase/failure").get("message")
    assert failure.startswith("worse a|b")
    assert "\\x1b" in failure


def test_junit_is_there_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "junit.xml"
    path.write_text("<?xml old")
    monkeypatch.setattr("spectra.report._junit.junit_of", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        two().junit(path, {})
    assert path.read_text() == "<?xml old"
    assert [p.name for p in tmp_path.iterdir()] == ["junit.xml"]


@pytest.mark.parametrize(("place", "says"), [("", "is a folder"), ("gone/junit.xml", "no folder")])
def test_a_place_where_no_file_can_be_is_refused_at_once(place, says, tmp_path):
    with pytest.raises(ParameterError, match=says):
        Comparison.check_junit(tmp_path / place)


def test_a_folder_holds_the_numbers_and_of_a_series_the_curve(tmp_path):
    two().save(tmp_path / "two")
    names = {p.name for p in (tmp_path / "two").iterdir()}
    assert names == {"comparison.json", "report.html"}
    many = compared(
        *(side(n, output=louder(-30 + 3 * i)) for i, n in enumerate("abc")), numbers=(1, 2, 3)
    )
    many.save(tmp_path / "many", formats=("json", "png", "pdf"))
    figures = sorted(p.name for p in (tmp_path / "many/figures").iterdir())
    assert figures == ["series.pdf", "series.png"]
    many.save(tmp_path / "two", force=True)
    assert json.loads((tmp_path / "two/comparison.json").read_bytes())["series"]["unit"] == "epoch"
    with pytest.raises(ParameterError, match="exists already"):
        two().save(tmp_path / "two")
    with pytest.raises(ParameterError, match="json,png,pdf"):
        two().save(tmp_path / "new", formats=("nc",))


@pytest.mark.parametrize(
    ("change", "limit", "passed"),
    [
        (LockedChange(3.0, (1.1, 5.0), 5.0, 1.1), 1.0, False),
        (LockedChange(3.0, (1.1, 5.0), 5.0, 1.1), 1.5, True),
        (LockedChange(3.0, (-0.1, 6.0), 6.0, -0.1), 0.0, True),
        (LockedChange(None, None, None, 12.0), 3.0, False),
        (LockedChange(None, None, 5.0, None), 0.0, True),
    ],
)
def test_the_gate_fails_only_where_the_whole_interval_is_above_the_limit(change, limit, passed):
    gate = Gate.not_worse(change, limit)
    assert gate.passed is passed
    assert ("at least" in gate.text) is not passed


def test_the_gate_judges_nothing_that_is_not_known():
    with pytest.raises(NothingToAnalyseError, match="all of it"):
        Gate.not_worse(LockedChange(None, None, None, reason="all of it"), 1.0, known=False)
    for limit in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ParameterError, match="fail_worse"):
            Gate.check_worse(limit)


def test_an_output_without_a_grid_reads_as_a_bound():
    comparison = compared(side("a"), side("b", output=replace(NOTHING, asr_upper_dbc=-60.0)))
    line = next(x for x in comparison.text().splitlines() if x.startswith("output"))
    assert "below -60.0" in line
    assert "at most -37.1" in line
