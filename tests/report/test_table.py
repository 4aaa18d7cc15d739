"""The answer in a terminal can be read by a stranger."""

import re
from dataclasses import replace

import pytest

from spectra.explain._summary import Finding
from spectra.probe import FlatLines
from spectra.report import _cells
from spectra.report._table import render_summary
from spectra.score import Score
from support.summaries import (
    AT_LEAST,
    FAINT,
    GONE,
    INHERITED,
    NOTHING,
    PRESENT,
    UNKNOWN,
    clean,
    reaching,
    step,
    summary,
)

LABELS = ["Model", "Inputs", "Verdict", "Where", "Looks", "Why", "Try", "Trust"]


@pytest.mark.parametrize("width", [80, 100, 120, 140, 200])
def test_no_line_is_wider_than_the_terminal(width):
    assert max(map(len, render_summary(summary(), width=width).splitlines())) <= width


@pytest.mark.parametrize("width", [80, 140])
def test_every_number_of_a_row_is_there_uncut(width):
    text = render_summary(summary(), width=width)
    for number in ("-13.2", "-13.9 to -12.5", "48.3", "-22.0", "-8.8", "below -47.2", "0.91/255"):
        assert number in text
    for verdict in ("none", "suspect", "present", "insufficient"):
        assert re.search(rf"  {verdict}\b", text)
    assert "..." not in text.split("Verdict")[0] or width == 140
    assert "\N{HORIZONTAL ELLIPSIS}" not in text


def test_a_narrow_terminal_gives_a_long_name_a_line_of_its_own():
    text = render_summary(summary(), width=80)
    assert "> decoder.blocks.2.upsample.transposed_convolution  transposed_conv 3/2\n" in text


def test_a_wide_terminal_gives_each_row_one_line_and_shortens_names_in_the_middle():
    lines = render_summary(summary(), width=130).splitlines()
    row = next(line for line in lines if line.startswith("> "))
    assert re.match(r"> decoder\S*\.\.\.\S*convolution +transposed_conv +3/2 +2 px +-13\.2", row)


def test_only_the_worst_step_is_marked():
    marked = [line for line in render_summary(summary()).splitlines() if line.startswith("> ")]
    assert len(marked) == 1


@pytest.mark.parametrize("width", [80, 140])
def test_the_questions_are_answered_in_order_with_hanging_indent(width):
    lines = render_summary(summary(), width=width, wrote="spectra-out/deblur").splitlines()
    found = [line[:9].strip() for line in lines if re.match(r"[A-Z][a-z]+ {2,}\S", line)]
    assert found == [*LABELS, "Note", "Warning", "Wrote"]
    start = next(i for i, line in enumerate(lines) if line.startswith("Verdict"))
    assert all(line[:9].strip() in {*found, ""} for line in lines[start:])


def test_a_missing_number_shows_its_reason_and_never_nan():
    text = render_summary(summary(), width=140)
    assert "input too small: 12" in text
    assert not re.search(r"\b(nan|None|inf)\b", text)


def test_without_colour_there_is_no_escape_code_and_only_ascii():
    text = render_summary(summary())
    assert text.isascii()
    assert "\x1b" not in text


def test_colour_changes_no_letter():
    plain = render_summary(summary(), width=100)
    coloured = render_summary(summary(), width=100, color=True)
    assert "\x1b[" in coloured
    stripped = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in stripped.splitlines()] == plain.splitlines()


def test_names_and_texts_cannot_steer_the_terminal_or_be_taken_for_markup():
    made = replace(
        summary(),
        steps=(step("[bold]up\x1b[31m\n", PRESENT),),
        warnings=(Finding("x", "[/red] \x1b]0;title\x07"),),
    )
    text = render_summary(made)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert r"[bold]up\x1b[31m\n" in text
    assert "[/red]" in text


def test_an_energy_that_is_not_above_zero_is_a_bound():
    made = replace(clean(), steps=(step("up", replace(NOTHING, asr_dbc=-51.0)),))
    assert "below -47.2" in render_summary(made)
    assert "-51.0" not in render_summary(made)


FLAT = FlatLines(-15.1, 512, True, None)
BOUND = replace(PRESENT, asr_dbc=None, asr_ci95_dbc=None, asr_upper_dbc=None)


@pytest.mark.parametrize(
    ("score", "flat", "cells"),
    [
        (PRESENT, FLAT, ("-13.2", "-13.9 to -12.5")),
        (replace(PRESENT, asr_ci95_dbc=None), FLAT, ("-13.2", "up to -12.5")),
        (replace(NOTHING, asr_dbc=-51.0), FLAT, ("-", "below -47.2")),
        (replace(BOUND, asr_lower_dbc=31.2), FLAT, ("-", "at least 31.2")),
        (Score(reason="no inputs"), FLAT, ("-", "flat field -15.1")),
        (Score(reason="no inputs"), replace(FLAT, converged=False), ("-", "flat field unsettled")),
        (
            Score(reason="no inputs"),
            FlatLines(None, 512, True, "no line above rounding", -120.4),
            ("-", "flat field: none"),
        ),
        (Score(reason="no inputs"), FlatLines(None, 64, True, "zero"), ("-", "no inputs")),
        (Score(reason="too small"), None, ("-", "too small")),
        (Score(), None, ("-", "not measured")),
    ],
)
def test_a_cell_says_the_number_or_what_is_known_instead(score, flat, cells):
    assert _cells.alias(score, flat) == cells


@pytest.mark.parametrize(
    ("there", "cells"),
    [
        (reaching(-22.0, -8.8), ("-22.0", "-8.8")),
        (reaching(-22.0), ("-22.0", "")),
        (AT_LEAST, ("at least 31.2", "")),
        (GONE, ("none", "")),
        (INHERITED, ("none", "")),
        (UNKNOWN, ("-", "")),
        (replace(GONE, verdict="suspect"), ("-", "")),
    ],
)
def test_nothing_at_the_output_is_told_from_unknown(there, cells):
    assert _cells.at_output(replace(step("up", PRESENT), at_output=there)) == cells


def test_periods_that_differ_by_axis_are_given_by_axis():
    made = replace(clean(), steps=(step("up", replace(FAINT, period=(2, 8))),))
    assert "2x8 px" in render_summary(made)


def test_a_model_without_steps_still_has_an_output_row():
    text = render_summary(replace(clean(), steps=()))
    assert "  output " in text
    assert "  input (control)" in text


def test_a_summary_without_an_answer_still_says_its_verdict():
    assert "Verdict  present\n" in render_summary(replace(summary(), answer={}))


def test_without_inputs_the_flat_field_stands_in():
    inputs = replace(summary().inputs, source="none", kind="none", count=0, used=0, dropped=())
    text = render_summary(
        replace(clean(), inputs=inputs, steps=(step("up", Score(reason="no inputs")),))
    )
    assert "Inputs   none: only the probes that need no data ran\n" in text
    assert "flat field -15.1" in text
