"""``spectra analyze`` passes on what it is told and prints what it got."""

import json
import shlex
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from spectra import Options
from spectra.report import read_summary
from spectra.report._summary_json import encode_summary
from spectra.report._table import render_summary
from support.results import Finished
from support.summaries import clean, summary

DATA = "--formats=json,nc"


def asked(*arguments, shared):
    """Return the summary with what was typed, and what of it other commands take."""
    said = summary()
    command = shlex.join(["spectra", "analyze", *map(str, arguments)])
    return replace(said, run=replace(said.run, command=command, arguments=shared))


def test_the_answer_is_on_stdout_and_the_rest_on_stderr(spectra, calls):
    done = spectra("analyze", "net.pth", "photos", DATA)
    assert done.exit_code == 0
    assert done.stdout == render_summary(summary(), wrote="spectra-out/net")
    assert done.stderr == "spectra: stream inputs\n"
    assert read_summary("spectra-out/net") == asked(
        "net.pth", "photos", DATA, shared="net.pth photos"
    )


def test_quiet_says_nothing_on_stderr(spectra, calls):
    assert spectra("-q", "analyze", "net.pth", DATA).stderr == ""
    assert spectra("analyze", "net.pth", DATA, "--force", "-q").stderr == ""


def test_json_is_all_there_is_on_stdout(spectra, calls):
    done = spectra("analyze", "net.pth", "photos", DATA, "--json", "--fail-above", 90)
    given = ("net.pth", "photos", DATA, "--json", "--fail-above", 90)
    assert done.stdout_bytes == encode_summary(asked(*given, shared="net.pth photos"))
    assert "Gate" in done.stderr


def test_every_option_reaches_the_library(spectra, calls):
    loading = (
        "--arch net.py:build --key params --strip-prefix module. --no-strict --trust "
        "--arch-arg width=16 --arch-arg name=big --arch-arg sizes=[1,2] --call decode "
        "--output=audio"
    )
    inputs = "--range 0..255 --mean .5,.5,.5 --std 1,1,2 --gray --multiple 8 --crop 128"
    running = (
        "--num 9 --batch 3 --steps up* --layers a --layers b.* --device cpu --threads 2 --seed 7"
    )
    options = f"{loading} {inputs} {running}".split()
    done = spectra("analyze", "net.pth", "photos", DATA, *options)
    assert done.exit_code == 0
    assert calls.load == (
        "net.pth",
        {
            "arch": "net.py:build",
            "arch_args": {"width": 16, "name": "big", "sizes": [1, 2]},
            "key": "params",
            "strip_prefix": "module.",
            "strict": False,
            "trust": True,
        },
    )
    assert calls.analyze == (
        "net.pth",
        "photos",
        Options(
            range="0..255",
            mean=(0.5, 0.5, 0.5),
            std=(1.0, 1.0, 2.0),
            gray=True,
            multiple=8,
            crop=128,
            num=9,
            batch=3,
            call="decode",
            output="audio",
            steps="up*",
            layers=("a", "b.*"),
            device="cpu",
            threads=2,
            seed=7,
        ),
    )


def test_without_options_the_library_s_defaults_hold(spectra, calls):
    spectra("analyze", "net.pth", DATA)
    assert calls.analyze == ("net.pth", None, Options())


def test_pictures_that_a_shell_lists_are_one_set_of_inputs(spectra, calls):
    spectra("analyze", "net.pth", "a.png", "b.png", DATA)
    assert calls.analyze[1] == ["a.png", "b.png"]


def test_list_shows_the_steps_and_writes_nothing(spectra, calls, monkeypatch, tmp_path):
    step = summary().steps[2]
    found = SimpleNamespace(
        steps=[SimpleNamespace(**vars(step), label=step.label, reason=None)],
        growth=summary().unexplained_growth,
    )
    monkeypatch.setattr("spectra.run.list_steps", lambda *_, **__: found)
    done = spectra("analyze", "net.pth", "--list")
    assert done.exit_code == 0
    assert "64x128x128  32x256x256" in done.stdout
    assert "encoder.stem" in done.stdout
    assert done.stderr == "spectra: prefix 'module.' removed\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        (["--fail-above", "18.1"], 0, "Gate     passed: A of the output is 18.10 dB <= 18.10 dB"),
        (["--fail-above", "18"], 1, "Gate     failed: A of the output is 18.10 dB > 18.00 dB"),
        (["--baseline", "same.json"], 0, "Gate     passed: none of 4 rows above the baseline"),
        (["--baseline", "clean.json"], 1, "Gate     failed: 1 of 1 row above the baseline: output"),
        (["--baseline", "clean.json", "--fail-above", "90"], 1, "Gate     passed"),
    ],
)
def test_gates_decide_the_exit_code_after_the_result_is_written(
    options, code, text, spectra, calls
):
    Path("same.json").write_bytes(encode_summary(summary()))
    Path("clean.json").write_bytes(encode_summary(clean()))
    done = spectra("analyze", "net.pth", DATA, *options)
    assert done.exit_code == code
    assert text in done.stdout
    assert read_summary("spectra-out/net") == asked("net.pth", DATA, *options, shared="net.pth")


def test_the_legend_is_printed_where_it_is_asked_for(spectra, calls):
    done = spectra("analyze", "net.pth", "photos", DATA, "--explain")
    assert done.stdout == render_summary(summary(), wrote="spectra-out/net", explain=True)
    assert "alias: power locked" in done.stdout


def test_an_artifact_alone_is_no_failure(spectra, calls):
    calls.result = Finished(summary())
    assert spectra("analyze", "net.pth", DATA).exit_code == 0


def test_formats_decide_what_is_written(spectra, calls, tmp_path):
    spectra("analyze", "net.pth", "--formats", "json", "--out", "here")
    assert [p.name for p in (tmp_path / "here").iterdir()] == ["summary.json"]
    assert json.loads((tmp_path / "here/summary.json").read_text())["verdict"] == "present"
