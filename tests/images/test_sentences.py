"""No sentence on pictures is denied by a number beside it."""

from dataclasses import replace

import pytest

from spectra.images._sentences import sentences
from spectra.images._summary import CauseRow, ImagesSummary, KindRow, PictureRow, PointRow, SeenRow

RESIZE = CauseRow("resize", "enlargement by 2 through interpolation")
DECODER = CauseRow("decoder", "a decoder's upsampling by 2 whose phases are even")


def row(name, verdict="present", ripple=1.0):
    return PictureRow(
        source=f"in/{name}.png",
        width=256,
        height=192,
        channels=3,
        verdict=verdict,
        period=2 if verdict == "present" else None,
        direction="both" if verdict == "present" else None,
        causes=(RESIZE,) if verdict == "present" else (),
        alarms=1e-9,
        ripple_db=ripple,
        pattern=0.0,
        jpeg_quality=None,
        block_origin=None,
        seams=None,
    )


ROWS = (row("a", ripple=2.0), row("b"), row("c", "none"))
POINT = PointRow(0.0, 0.5, "(0, 1/2)", ("red",), ("cross",), 1e-9, -0.3)
BASE = ImagesSummary(
    spectra_version="0",
    created="2026-01-02T03:04:05+00:00",
    source="in",
    count=4,
    used=3,
    dropped=(),
    sizes=((192, 256), (512, 512)),
    verdict="present",
    severity=SeenRow("none", reason="the brightness has no pattern"),
    period=2,
    direction="both",
    points=(POINT,),
    causes=(RESIZE, DECODER),
    combined="own origins",
    alarms=1e-9,
    alarms_limit=0.01,
    showing=2,
    suspect=0,
    kinds=(KindRow(2, "present", 2, (RESIZE,)),),
    ripple_db=1.2,
    worst=("in/a.png", "in/b.png"),
    reference=None,
    notes=(),
    answer={},
)
JPEG = CauseRow("jpeg", "JPEG, blocks of 8 px from (0, 0)")
MIXED = replace(
    BASE,
    causes=(JPEG,),
    combined="one origin",
    showing=3,
    kinds=(KindRow(1, "present", 2, (RESIZE,)), KindRow(2, "present", 8, (JPEG,))),
)
NONE = replace(
    BASE,
    verdict="none",
    severity=SeenRow("none"),
    period=None,
    direction=None,
    points=(),
    causes=(),
    showing=0,
    kinds=(),
    worst=(),
)


@pytest.mark.parametrize(
    ("summary", "question", "says"),
    [
        (BASE, "verdict", "present: 2 of 3 pictures show a grid, 2 of them one of 2 px (1e-09 "),
        (replace(BASE, period=4), "verdict", "2 of 3 pictures show a grid; together one of 4 px"),
        (
            replace(BASE, showing=0, kinds=()),
            "verdict",
            "2 px in 3 pictures taken together, in none",
        ),
        (replace(BASE, used=1), "verdict", "present: a grid of 2 px ("),
        (NONE, "verdict", "none: no grid in 3 pictures ("),
        (
            replace(NONE, showing=1, kinds=BASE.kinds[:1]),
            "verdict",
            "limit 0.01); 1 of them shows one by itself, of 2 px",
        ),
        (replace(BASE, verdict="suspect"), "verdict", "suspect: 3 pictures repeat, perhaps only"),
        (replace(BASE, alarms=1e-200), "verdict", "(under 1e-99 such findings"),
        (BASE, "looks", "repeats every 2 px along both axes; at (0, 1/2) cycles/px"),
        (replace(BASE, direction="x"), "looks", "every 2 px along x, as upright lines"),
        (BASE, "cause", "what is measured does not tell them apart"),
        (replace(BASE, causes=(RESIZE,)), "cause", "enlargement by 2 through interpolation"),
        (MIXED, "cause", "in 2 of the 3 that show a grid: JPEG, blocks"),
        (BASE, "share", "2 of 3 pictures show a grid by themselves"),
        (BASE, "worst", "a.png (2 dB), b.png (1 dB)"),
        (BASE, "spectrum", "no peak in the mean spectrum of luma: -0.3 dB at (0, 1/2)"),
        (BASE, "try", "use the pictures before they were enlarged; spectra analyze MODEL"),
        (BASE, "trust", "3 of 4 pictures; 256x192 to 512x512; each with its own origin"),
        (
            replace(BASE, severity=SeenRow("visible", 0.4, 1.2, 2.0, "in/a.png", 1.3, 2)),
            "severity",
            "visible: a pattern of 1.3 grey levels RMS, seen at 200 % in a.png",
        ),
        (
            replace(BASE, severity=SeenRow("none", 0.1, 0.2, 0.3, "in/a.png", 0.3, 2)),
            "severity",
            "none: a pattern of 0.3 grey levels RMS, not seen at 400 % in a.png",
        ),
    ],
)
def test_a_question_is_answered_by_the_numbers(summary, question, says):
    assert says in sentences(summary, ROWS)[question]


@pytest.mark.parametrize("question", ["severity", "looks", "cause", "share", "worst", "try"])
def test_where_nothing_is_found_nothing_is_explained(question):
    assert question not in sentences(NONE, ROWS)


def test_questions_come_in_the_order_in_which_people_ask():
    asked = list(sentences(BASE, ROWS))
    order = ["verdict", "severity", "looks", "cause", "share", "worst", "spectrum", "try", "trust"]
    assert asked == order


def test_a_cause_of_all_that_is_told_of_some_and_of_no_other_stands_for_all():
    kinds = (KindRow(2, "present", 8, (JPEG,)), KindRow(1, "present", 8, ()))
    assert sentences(replace(MIXED, kinds=kinds), ROWS)["cause"] == JPEG.text


def test_the_worst_picture_is_the_one_whose_pattern_is_strongest():
    strong = replace(row("b", ripple=0.1), pattern=12.0)
    faint = replace(row("a", ripple=2.0), pattern=0.1)
    assert strong.strength > faint.strength
    said = sentences(replace(BASE, worst=(strong.source, faint.source)), (strong, faint))["worst"]
    assert said == "b.png (12 grey levels, 0.1 dB), a.png (2 dB)"


def test_the_share_names_every_cause_that_cannot_be_told_apart():
    kinds = (KindRow(2, "present", 2, (RESIZE, DECODER)), KindRow(1, "present", 2, (DECODER,)))
    said = sentences(replace(BASE, showing=3, kinds=kinds), ROWS)["share"]
    assert f"2 {RESIZE.text} or {DECODER.text}; 1 {DECODER.text}" in said
