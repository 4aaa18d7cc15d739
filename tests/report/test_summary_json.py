"""summary.json keeps its contract."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spectra.errors import InputError, ParameterError
from spectra.report import Gate, read_summary
from spectra.report._summary_json import encode_summary
from support.summaries import PRESENT, clean, step, summary

SCORE = [
    "a_db",
    "asr_dbc",
    "asr_ci95_dbc",
    "asr_upper_dbc",
    "asr_lower_dbc",
    "line_dbc",
    "replica_dbc",
    "z",
    "p",
    "verdict",
    "prominence_db",
    "lock_index",
    "period",
    "grey_levels",
    "replicates",
    "maps",
    "reason",
    "notice",
    "content_share",
    "whole_dbc",
    "whole_p",
]
ROWS = [
    "model",
    "inputs",
    "run",
    "verdict",
    "worst",
    "input",
    "output",
    "steps",
    "unexplained_growth",
]


@pytest.mark.parametrize("made", [summary(), clean()])
def test_a_summary_is_read_as_it_was_written(made, tmp_path):
    (tmp_path / "summary.json").write_bytes(encode_summary(made))
    assert read_summary(tmp_path / "summary.json") == made
    assert read_summary(tmp_path) == made


def test_the_keys_stand_in_the_order_of_the_contract():
    content = json.loads(encode_summary(summary()))
    order = list(content)
    assert order[:3] == ["schema", "spectra_version", "created"]
    assert content["schema"] == "spectra.summary/1.1"
    assert order[3:12] == ROWS
    assert list(content["output"]["score"]) == SCORE
    assert "label" not in content["steps"][0]


def test_the_same_summary_gives_the_same_bytes_in_every_process():
    """Whatever order sets and what is keyed by an address have there."""
    code = (
        "import sys; from spectra.report._summary_json import encode_summary; "
        "from support.summaries import summary; sys.stdout.buffer.write(encode_summary(summary()))"
    )
    for seed in ("1", "2"):
        there = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", code], env=there, capture_output=True, check=True
        )
        assert done.stdout == encode_summary(summary())


@pytest.mark.parametrize("number", [float("nan"), float("inf"), np.float64("-inf")])
def test_a_number_that_is_none_is_refused_and_named(number):
    broken = replace(summary(), steps=(step("up", replace(PRESENT, z=number)),))
    with pytest.raises(ParameterError, match=r"summary\.steps\[0\]\.score\.z="):
        encode_summary(broken)


def test_a_value_of_the_wrong_type_is_refused():
    broken = replace(summary(), steps=(step("up", replace(PRESENT, z="large")),))
    with pytest.raises(ParameterError, match="does not fit its schema"):
        encode_summary(broken)


def test_numpy_numbers_and_paths_become_plain_json():
    run = replace(summary().run, options={"num": np.int64(3), "path": Path("a"), "range": None})
    made = replace(summary(), run=run, steps=(step("up", replace(PRESENT, z=np.float32(1.5))),))
    content = json.loads(encode_summary(made))
    assert content["run"]["options"] == {"num": 3, "path": "a", "range": None}
    assert content["steps"][0]["score"]["z"] == 1.5


def test_keys_of_a_later_version_are_ignored(tmp_path):
    content = json.loads(encode_summary(summary()))
    content["steps"][0]["colour"] = "red"
    content["later"] = {"x": 1}
    path = tmp_path / "summary.json"
    path.write_text(json.dumps(content))
    assert read_summary(path) == summary()


def test_a_summary_of_before_steps_were_taken_away_is_read(tmp_path):
    content = json.loads(encode_summary(summary()))
    del content["blame"]
    for row in content["steps"]:
        del row["inherited"]
        row["at_output"] = {
            key: value for key, value in row["at_output"].items() if "without" not in key
        }
    path = tmp_path / "summary.json"
    path.write_text(json.dumps(content))
    assert read_summary(path) == summary()
    assert Gate.against(read_summary(path), summary()).passed


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a summary.json"),
        (b"<html>", "not a summary.json"),
        (b"[1, 2]", "not a summary.json"),
        (b"\xff\xfe\x00", "not a summary.json"),
        (b'{"schema": 3}', r"\$\.schema"),
        (b'{"schema": "spectra.summary/1"}', "missing required field"),
        (b'{"schema": "spectra.summary/2"}', "expected 'spectra.summary/1'"),
        (b'{"schema": "other/1"}', "expected 'spectra.summary/1'"),
    ],
)
def test_a_file_that_is_no_summary_is_refused_in_one_line(content, reason, tmp_path):
    path = tmp_path / "summary.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=reason) as error:
        read_summary(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.json: cannot be read: No such file"):
        read_summary(tmp_path / "gone.json")


def test_decibels_that_no_ratio_has_are_refused(tmp_path):
    text = encode_summary(summary()).replace(b'"asr_dbc": -13.2', b'"asr_dbc": 1e308')
    (tmp_path / "summary.json").write_bytes(text)
    with pytest.raises(InputError, match=r"asr_dbc is 1e\+308: expected decibels"):
        read_summary(tmp_path)
