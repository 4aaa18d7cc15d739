"""What a swap and a repair are said to have done, number by number."""

from dataclasses import replace
from math import inf

import pytest

from spectra.repair import Judgement
from spectra.report._trial_text import _alias, _judged
from spectra.score import Score

DONE = Judgement(
    passes=30,
    inputs=12,
    held_out=12,
    seconds=60.0,
    psnr_db=45.4,
    cleaned_psnr_db=52.5,
    grid_psnr_db=46.0,
    change_db=-10.4,
    change_ci95_db=(-24.9, -7.4),
    change_upper_db=-7.4,
    success=True,
    failures=(),
)


def scored(verdict, dbc, interval, upper, lower=None, reason=None):
    return Score(
        verdict=verdict,
        asr_dbc=dbc,
        asr_ci95_dbc=interval,
        asr_upper_dbc=upper,
        asr_lower_dbc=lower,
        reason=reason,
    )


@pytest.mark.parametrize(
    ("score", "text"),
    [
        (None, "-"),
        (scored("present", -5.6, (-10.4, -2.8), -2.8), "present, -5.6 dBc (-10.4 to -2.8)"),
        (scored("present", -32.6, None, -28.4), "present, -32.6 dBc (up to -28.4)"),
        (scored("present", -32.6, None, None), "present, -32.6 dBc"),
        (scored("none", -60.0, None, -47.2), "none, below -47.2 dBc"),
        (scored("present", None, None, None, 31.2), "present, at least 31.2 dBc"),
        (scored("insufficient", None, None, None, None, "too few"), "insufficient: too few"),
    ],
)
def test_an_alias_is_a_number_or_what_is_known_instead(score, text):
    assert _alias(score) == text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "of the output -10.4 dB (-24.9 to -7.4), at the swapped steps' periods"),
        ({"change_ci95_db": None}, "of the output -10.4 dB (up to -7.4)"),
        (
            {"change_db": None, "change_ci95_db": None, "change_upper_db": 1.2},
            "of the output nothing is left above zero (up to +1.2)",
        ),
        (
            {"change_db": None, "change_ci95_db": None, "change_upper_db": -inf},
            "of the output nothing is left above zero, at the swapped",
        ),
        (
            {"change_db": None, "change_ci95_db": None, "change_upper_db": None},
            "of the output: no number for the change",
        ),
    ],
)
def test_a_change_is_a_number_or_what_is_known_instead(changes, text):
    line = said(replaced(**changes))["Alias"]
    assert text in line
    assert "inf" not in line


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "45.4 dB PSNR to the old output; 52.5 dB to it without its grid"),
        ({"psnr_db": None}, "no difference to the old output; 52.5 dB to it without its grid"),
        ({"grid_psnr_db": None}, "45.4 dB PSNR to the old output"),
    ],
)
def test_fidelity_is_told_against_what_there_is(changes, text):
    line = said(replaced(**changes))["Fidelity"]
    assert line.endswith(text)


def replaced(**changes):
    return Judgement(**(vars(DONE) | changes))


def said(judgement):
    return dict(_judged(judgement))


def test_what_rounds_to_zero_has_no_sign():
    assert _alias(scored("present", -0.04, (-0.03, 0.02), 0.02)) == "present, 0.0 dBc (0.0 to 0.0)"
    line = said(replace(DONE, change_db=-0.04, change_ci95_db=(-0.04, 0.04)))["Alias"]
    assert "of the output 0.0 dB (0.0 to 0.0)" in line
