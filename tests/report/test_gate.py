"""Gates pass and fail where they should."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra.errors import NothingToAnalyseError
from spectra.report import Gate
from spectra.score import Score
from spectra.severity import Graded
from support.summaries import NOTHING, OUTPUT, PRESENT, clean, step, summary


def with_output(score):
    return replace(summary(), output=replace(summary().output, score=score))


def with_step(score, name="up"):
    return replace(clean(), steps=(step(name, score),))


@pytest.mark.parametrize(("limit", "passed"), [(18.0, False), (18.1, True), (20.0, True)])
def test_the_output_passes_up_to_the_limit(limit, passed):
    gate = Gate.above(with_output(replace(OUTPUT, a_db=18.1)), limit)
    assert gate.passed is passed
    assert "18.10 dB" in gate.text


@given(a_db=st.floats(0, 60), limit=st.floats(0, 60) | st.floats(17.99, 18.01))
def test_the_numbers_that_are_printed_show_the_relation_that_is_printed(a_db, limit):
    gate = Gate.above(with_output(replace(OUTPUT, a_db=a_db)), limit)
    value, relation, most = re.search(r"is (\S+) dB (\S+) (\S+) dB$", gate.text).groups()
    assert gate.passed is (a_db <= limit) is (relation == "<=")
    assert (float(value) <= float(most)) is gate.passed


def test_numbers_that_look_alike_get_another_digit():
    gate = Gate.above(with_output(replace(OUTPUT, a_db=18.0004)), 18.0)
    assert gate.text == "A of the output is 18.0004 dB > 18.0000 dB"


@pytest.mark.parametrize(("limit", "text"), [(71.0, "71.20 dB > 71.00 dB"), (72.0, None)])
def test_a_lower_end_alone_can_fail_an_output_and_never_pass_it(limit, text):
    """31.2 dBc over 1e-4, that is 71.2 dB over A's reference."""
    bound = replace(
        OUTPUT, a_db=None, asr_dbc=None, asr_ci95_dbc=None, asr_upper_dbc=None, asr_lower_dbc=31.2
    )
    if text is None:
        with pytest.raises(NothingToAnalyseError, match="the gate cannot judge the output"):
            Gate.above(with_output(bound), limit)
        return
    gate = Gate.above(with_output(bound), limit)
    assert not gate.passed
    assert gate.text == f"A of the output is at least {text}"


@pytest.mark.parametrize(
    ("word", "failing"),
    [
        ("none", []),
        ("faint", ["faint"]),
        ("visible", ["faint", "visible"]),
        ("strong", ["faint", "visible", "strong"]),
    ],
)
def test_a_grid_fails_on_its_own_word_and_on_milder_ones(word, failing):
    graded = replace(summary(), severity=Graded(word, "visibility"))
    gates = {limit: Gate.on(graded, limit) for limit in ("faint", "visible", "strong")}
    assert [limit for limit, gate in gates.items() if not gate.passed] == failing
    assert gates["strong"].text.startswith(f"the output's grid is {word}, ")


@pytest.mark.parametrize("severity", [None, Graded("insufficient", "yardstick", reason="too few")])
def test_a_severity_that_is_not_known_is_no_pass(severity):
    with pytest.raises(NothingToAnalyseError, match=r"cannot judge.*(insufficient|too few)"):
        Gate.on(replace(summary(), severity=severity), "visible")


def test_an_output_whose_a_is_not_known_is_no_pass():
    with pytest.raises(NothingToAnalyseError, match="the measurement is insufficient"):
        Gate.above(with_output(replace(OUTPUT, a_db=None)), 20.0)


def test_a_row_with_a_lower_end_alone_can_be_worse_than_a_baseline():
    bound = replace(PRESENT, asr_dbc=None, asr_ci95_dbc=None, asr_lower_dbc=31.2)
    gate = Gate.against(with_step(bound), with_step(PRESENT))
    assert "step up (at least 31.2 dBc, was at most -12.5 dBc)" in gate.text


def test_no_artifact_passes_a_limit_of_zero():
    assert Gate.above(clean(), 0.0).passed


def test_an_output_without_score_cannot_be_judged():
    with pytest.raises(NothingToAnalyseError, match="the gate cannot judge the output: too small"):
        Gate.above(with_output(Score(reason="too small")), 3.0)


@pytest.mark.parametrize(
    ("interval", "passed"),
    [((-20.0, -18.0), True), ((-12.5, -11.0), True), ((-12.4, -11.0), False)],
)
def test_a_row_fails_only_if_its_interval_lies_wholly_above(interval, passed):
    now = with_step(replace(PRESENT, asr_ci95_dbc=interval, asr_upper_dbc=interval[1]))
    gate = Gate.against(now, with_step(PRESENT))
    assert gate.passed is passed
    assert ("step up" in gate.text) is not passed


def test_a_clean_baseline_bounds_by_its_upper_end():
    above = replace(PRESENT, asr_ci95_dbc=(-47.1, -40.0))
    below = replace(PRESENT, asr_ci95_dbc=(-47.3, -40.0))
    assert not Gate.against(with_step(above), with_step(NOTHING)).passed
    assert Gate.against(with_step(below), with_step(NOTHING)).passed


def test_a_row_without_lower_end_never_fails():
    assert Gate.against(clean(), replace(summary(), steps=(step("up", PRESENT),))).passed


def test_the_output_is_a_row_too():
    gate = Gate.against(with_output(OUTPUT), clean())
    assert not gate.passed
    assert "output (at least -22.9 dBc, was at most -47.2 dBc)" in gate.text


def test_a_result_passes_against_itself():
    assert Gate.against(summary(), summary()).passed


def test_rows_that_cannot_be_compared_are_no_pass():
    nothing = Score(reason="too small")
    now = replace(with_output(nothing), steps=(step("new", PRESENT),))
    with pytest.raises(NothingToAnalyseError, match="no row that can be compared"):
        Gate.against(now, clean())


def test_rows_without_counterpart_are_named():
    gate = Gate.against(with_step(PRESENT, "new"), with_step(PRESENT, "old"))
    assert gate.text.endswith("not compared, in one of the two only: step new, step old")
