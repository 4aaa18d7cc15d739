"""The answer in a terminal can be read by a stranger."""

import re
from dataclasses import replace

import numpy as np
import pytest

from spectra.explain._advice import find_advice
from spectra.explain._answer import answer
from spectra.explain._cause import find_cause
from spectra.explain._summary import BlameRow, Finding, StepName
from spectra.kernel import measure, transposed_conv
from spectra.probe import FlatLines
from spectra.repair import Offer
from spectra.report import _cells
from spectra.report._table import render_summary
from spectra.score import Score
from spectra.severity import Graded
from spectra.severity._grades import Yardsticks
from support.summaries import (
    AT_LEAST,
    FAINT,
    GONE,
    INHERITED,
    NOTHING,
    OUTPUT,
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
    text = render_summary(summary(), width=width, explain=True)
    for number in ("-13.2", "-13.9 to -12.5", "48.3", "-22.0", "-8.8", "below -47.2"):
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
    text = render_summary(summary(), width=140, explain=True)
    assert "input too small: 12" in text
    assert "input too small: 12..." in render_summary(summary(), width=140)
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
        (
            replace(BOUND, reason="not above zero"),
            FlatLines(None, 512, True, "no line above rounding", -120.4),
            ("-", "not above zero"),
        ),
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
        (replace(GONE, verdict="suspect"), ("no number", "")),
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


YARDSTICKS = tuple(
    Yardsticks((p, p), own_dbc=own, nearest_dbc=nearest, linear_dbc=None, cubic_dbc=cubic)
    for p, own, nearest, cubic in ((8, -31.0, -15.0, -29.0), (4, -25.5, -15.0, -29.0))
)


def test_a_period_has_its_yardsticks_and_the_output_their_sum():
    """Two powers alike are 3.0 dB more than one; a period without yardsticks has a dash."""
    graded = Graded("visible", "visibility", pictures=8, holding=1, yardsticks=YARDSTICKS)
    rows = [replace(step(f"up{p}", PRESENT), period_in_output=(p, p)) for p in (8, 4, 2)]
    lines = render_summary(replace(summary(), steps=tuple(rows), severity=graded)).splitlines()
    ends = {line.split()[0]: line.split()[-2:] for line in lines if line.startswith("  ")}
    assert ends["step"] == ["nearest", "cubic"]
    assert ends["up8"] == ends["up4"] == ["-15.0", "-29.0"]
    assert ends["up2"] == ["-", "-"]
    assert ends["output"] == ["-12.0", "-26.0"]
    assert "-" not in ends["input"]


def test_a_sum_of_yardsticks_of_which_one_is_not_known_is_not_known():
    rows = (*YARDSTICKS, Yardsticks((2, 2), reason="too few outputs"))
    graded = Graded("visible", "visibility", yardsticks=rows)
    assert _cells.yardsticks_of_all(graded) == {"nearest": "-", "cubic": "-"}


def test_the_lowest_line_of_each_step_stands_behind_its_period_where_it_is_known():
    rows = [replace(step("up", PRESENT), frequencies_hz=(5512.5,)), step("up.1", PRESENT)]
    lines = render_summary(replace(summary(), steps=tuple(rows)), width=140).splitlines()
    assert re.search(r"period +lowest line +alias dBc", lines[3])
    assert any(re.search(r" up .* 2 px +5\.51 kHz +-13\.2", line) for line in lines)
    assert "lowest line" not in render_summary(summary())


def test_without_yardsticks_there_is_no_column_of_them():
    assert "nearest" not in render_summary(summary())


def test_the_legend_and_what_it_speaks_of_stand_where_they_are_asked_for():
    plain, explained = (render_summary(summary(), explain=e) for e in (False, True))
    for text in ("alias: power locked", " z  ", "change"):
        assert text in explained
        assert text not in plain


LONG_NAMES = ("decoder.blocks.0.upsample", "decoder.blocks.1.upsample", "decoder.blocks.2.upsample")


def test_names_that_differ_in_the_middle_alone_are_told_apart():
    names = [f"unet1.decoder.up_path.{n}.up_layer.block.transposed.convolution" for n in range(3)]
    made = replace(summary(), steps=tuple(step(name, PRESENT) for name in names))
    for width in (80, 120):
        rows = [line for line in render_summary(made, width=width).splitlines() if "unet1" in line]
        assert len({row.split()[0] for row in rows}) == 3
        assert all("present" in row for row in rows) == (width == 120)


def decoder(*, blamed=False, warnings=3):
    """Return the longest answer that a decoder of three steps gets: all its sentences stand."""
    graded = Graded(
        "visible",
        "yardstick",
        (0.6, 1.3, 1.8),
        pictures=8,
        holding=3,
        chromatic=8,
        yardsticks=tuple(replace(y, period=(p, p)) for p in (8, 4, 2) for y in YARDSTICKS[1:]),
    )
    least = measure(transposed_conv(np.eye(3).reshape(1, 1, 3, 3) + 0.1, stride=2))
    rows = []
    for name, period in zip(LONG_NAMES, (8, 4, 2), strict=True):
        there = replace(
            reaching(-22.0, -8.8), line_drop_db=17.2, without_db=-13.0, without_ci95_db=(-15, -10)
        )
        score = replace(PRESENT, line_dbc=-31.0, replica_dbc=-13.2)
        row = replace(
            step(name, score), kernel=least, period_in_output=(period,) * 2, at_output=there
        )
        cause = find_cause(
            row.kind, row.factor, row.kernel_size, score, row.flat_field, kernel=least
        )
        row = replace(row, cause=cause)
        rows.append(replace(row, advice=find_advice(row, Offer(larger="lctc7"))))
    row = BlameRow("step", StepName(LONG_NAMES[1], 0), related=(), inputs=16, forwards=6)
    notes = [Finding("preprocessing", "pictures read as RGB in 0..1")] * 2
    notes += [Finding("coarse_grid", "the grid of period 8x8 is not scored, " * 5)] * warnings
    made = replace(
        summary(),
        steps=tuple(rows),
        severity=graded,
        blame=row if blamed else BlameRow(),
        worst=StepName(LONG_NAMES[1], 0),
        output=replace(summary().output, score=replace(OUTPUT, period=(8, 8))),
        input=replace(summary().input, score=NOTHING),
        warnings=tuple(notes),
    )
    return replace(made, answer=answer(made), brief=answer(made, brief=True))


@pytest.mark.parametrize("blamed", [True, False])
def test_the_answer_on_three_steps_fits_a_terminal(blamed):
    """Also where a cause and an advice are long, a step is taken away, and there are warnings."""
    text = render_summary(decoder(blamed=blamed), width=120, wrote="spectra-out/deblur")
    lines = text.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 120
    labels = [line[:9].strip() for line in lines if re.match(r"[A-Z][a-z]+ {2,}\S", line)]
    asked = ["Severity", "Verdict", "Where", "Looks", "Why", "Try", "Trust", "Warning", "Wrote"]
    assert labels == ["Model", "Inputs", *asked]
    assert "(and 2 more)" in text


def test_a_step_that_was_not_scored_leaves_each_row_its_line():
    """Its reason is cut first, then names; the reason stands in full with --explain."""
    made = decoder()
    reason = "too small: 12x12 px inside the margin, 16 px needed at period 8"
    unmeasured = FlatLines(None, 64, converged=True, reason="the mean level is zero")
    first = replace(
        made.steps[0], score=Score(reason=reason), at_output=UNKNOWN, flat_field=unmeasured
    )
    made = replace(made, steps=(first, *made.steps[1:]))
    text = render_summary(made, width=120, wrote="spectra-out/deblur")
    assert len(text.splitlines()) <= 24
    assert max(map(len, text.splitlines())) <= 120
    assert "too small:" in text
    assert "  input (control) " in text


def test_at_80_columns_all_that_matters_is_there_and_nothing_is_cut():
    text = render_summary(decoder(blamed=True), width=80, wrote="spectra-out/deblur")
    assert max(map(len, text.splitlines())) <= 80
    flat = re.sub(r"\s+", " ", text)
    for part in ("-13.9 to -12.5", "-22.0", "-15.0", "-29.0", "visible", "PRESENT", "--repair 30"):
        assert part in flat


def test_the_whole_answer_says_what_the_brief_one_says_and_more():
    made = decoder(blamed=True)
    for question, text in made.brief.items():
        parts = [part for part in text.split("; ") if not part.startswith("more with --explain")]
        assert [part for part in parts if part not in made.answer[question]] == []
    assert sum(map(len, made.answer.values())) > sum(map(len, made.brief.values())) + 100
    explained = render_summary(made, explain=True)
    assert explained.count("Note ") == 2
    assert explained.count("Warning ") == 3


def test_what_rounds_to_zero_has_no_sign():
    score = replace(
        PRESENT, asr_dbc=-0.04, asr_ci95_dbc=(-0.03, 0.02), line_dbc=-0.01, replica_dbc=-9.0
    )
    row = replace(step("up", score), at_output=reaching(-0.02, -0.04), period_in_output=(2, 2))
    made = replace(
        summary(),
        steps=(row,),
        worst=StepName("up", 0),
        output=replace(summary().output, score=score),
        severity=Graded(
            "strong", "yardstick", yardsticks=(Yardsticks((2, 2), -0.01, -0.02, -0.03, -0.04),)
        ),
    )
    made = replace(made, answer=answer(made), brief=answer(made, brief=True))
    for explain in (False, True):
        text = render_summary(made, explain=explain)
        assert "0.0" in text
        assert not re.search(r"[-+]0\.0\b", text)


def test_in_a_notebook_the_text_is_the_same(monkeypatch):
    """Else rich would show it there, and hand back nothing."""
    expected = render_summary(summary())
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    assert render_summary(summary()) == expected
