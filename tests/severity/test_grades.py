"""The words of severity, as they are defined: by what is seen, or by what stands beside it."""

import json
from dataclasses import asdict, replace

import pytest

from spectra.severity import Graded
from spectra.severity._grades import Yardsticks, grade_periods, grade_pictures, or_by_yardstick
from spectra.severity._visibility import Visibility


def seen(v1, v2, v4, **more):
    return Visibility(v1=v1, v2=v2, v4=v4, place=(0, 0), **more)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ((1.0, 1.0, 1.0), "strong"),
        ((1.5, 0.2, 0.2), "strong"),
        ((0.999, 1.0, 0.9), "visible"),
        ((0.9, 0.999, 1.0), "faint"),
        ((0.9, 0.9, 0.999), "none"),
    ],
)
def test_the_word_is_the_least_zoom_at_which_the_criterion_is_reached(values, word):
    assert grade_pictures([seen(*values)]).word == word


def test_the_set_takes_its_severest_picture_and_says_in_how_many_the_word_holds():
    graded = grade_pictures([seen(0.1, 1.2, 2), seen(0.2, 1.1, 3), seen(0, 0.5, 1.4)])
    assert (graded.word, graded.by) == ("visible", "visibility")
    assert (graded.holding, graded.pictures) == (2, 3)
    assert graded.visibility == (0.2, 1.2, 3)


def test_the_picture_that_shows_most_at_the_zoom_of_the_word_is_named():
    pictures = [
        Visibility(reason="too small"),
        Visibility(v1=0.1, v2=1.2, v4=9, place=(3, 4)),
        Visibility(v1=0.9, v2=1.4, v4=2, place=(5, 6)),
    ]
    graded = grade_pictures(pictures)
    assert (graded.word, graded.picture, graded.place) == ("visible", 2, (5, 6))


def test_a_word_needs_more_than_the_largest_control():
    controls = [seen(0.3, 0.9, 1.4), seen(0.1, 1.3, 1.0)]
    assert grade_pictures([seen(0.5, 1.3, 1.5)], controls).word == "faint"
    assert grade_pictures([seen(0.5, 1.31, 1.5)], controls).word == "visible"
    assert grade_pictures([seen(0.5, 1.3, 1.4)], controls).word == "none"
    assert grade_pictures([seen(0.5, 1.3, 1.4)], controls).floor == (0.3, 1.3, 1.4)


def test_the_word_of_a_picture_is_the_severer_of_its_locked_part_and_its_local_lines():
    locked = [seen(0.3, 0.6, 1.2), seen(0, 0, 0), seen(0.1, 0.5, 0.9)]
    lines = [seen(0, 0, 0), seen(0.5, 1.5, 3), seen(0.2, 1.1, 9)]
    graded = grade_pictures(locked, lines=lines)
    assert (graded.word, graded.seen) == ("visible", "local lines")
    assert (graded.picture, graded.holding, graded.pictures) == (1, 2, 3)
    assert (graded.visibility, graded.lines_visibility) == ((0.3, 0.6, 1.2), (0.5, 1.5, 9))
    graded = grade_pictures(lines, lines=locked)
    assert (graded.word, graded.seen, graded.holding) == ("visible", "locked part", 2)
    graded = grade_pictures(locked, lines=locked)
    assert (graded.word, graded.seen) == ("faint", "locked part")
    assert grade_pictures(locked).lines_visibility is None


def test_each_part_has_the_floor_of_its_own_controls():
    locked, lines, control = [seen(0.3, 0.6, 1.2)], [seen(0.5, 1.5, 3)], [seen(0.1, 1.5, 2)]
    graded = grade_pictures(locked, controls=control, lines=lines)
    assert (graded.word, graded.seen) == ("visible", "local lines")
    assert (graded.floor, graded.lines_floor) == ((0.1, 1.5, 2), None)
    graded = grade_pictures(locked, lines=lines, line_controls=control)
    assert (graded.word, graded.seen) == ("faint", "locked part")
    assert (graded.floor, graded.lines_floor) == (None, (0.1, 1.5, 2))


def test_local_lines_of_colour_are_not_judged_by_sight_either():
    rows = [replace(YARDSTICKS, own_dbc=-20.0)]
    lines = [seen(0.3, 0.5, 1.6, chromatic=True)]
    graded = or_by_yardstick(grade_pictures([seen(0, 0, 0)], lines=lines, yardsticks=rows))
    assert (graded.word, graded.by, graded.seen) == ("visible", "yardstick", None)
    assert graded.chromatic == 1


def test_pictures_that_are_too_small_do_not_count():
    small = Visibility(reason="too small")
    graded = grade_pictures([small, seen(0.1, 0.4, 1.1)])
    assert (graded.word, graded.pictures) == ("faint", 1)
    graded = grade_pictures([small])
    assert (graded.word, graded.reason) == ("insufficient", "too small")
    assert grade_pictures([]).word == "insufficient"


def test_what_is_detectable_and_what_is_chromatic_is_counted_beside_the_word():
    graded = grade_pictures(
        [seen(0.3, 0.5, 0.6, detectable_zoom=2), seen(0, 0, 0, chromatic=True), seen(0, 0, 0)]
    )
    assert graded.word == "none"
    assert (graded.detectable, graded.chromatic) == (1, 1)


YARDSTICKS = Yardsticks((2, 2), nearest_dbc=-14.0, linear_dbc=-28.0, cubic_dbc=-26.0)


@pytest.mark.parametrize(
    ("own", "word"),
    [
        (-36.1, "none"),
        (-36.0, "faint"),
        (-26.1, "faint"),
        (-26.0, "visible"),
        (-14.1, "visible"),
        (-14.0, "strong"),
    ],
)
def test_the_word_by_yardstick_is_the_bracket_that_the_energy_lies_in(own, word):
    graded = grade_periods("present", [replace(YARDSTICKS, own_dbc=own)])
    assert (graded.word, graded.by) == (word, "yardstick")


def test_the_severest_period_counts():
    short = replace(YARDSTICKS, own_dbc=-30.0)
    long = Yardsticks((4, 4), own_dbc=-22.0, nearest_dbc=-20.0, linear_dbc=-30.0, cubic_dbc=-32.0)
    graded = grade_periods("suspect", [short, long])
    assert graded.word == "visible"
    assert graded.yardsticks == (short, long)


@pytest.mark.parametrize(
    ("own", "nearest", "word"),
    [(-12.0, -14.0, "strong"), (0.5, None, "strong"), (-16.0, -14.0, None), (-0.5, None, None)],
)
def test_a_missing_yardstick_leaves_the_word_that_needs_none(own, nearest, word):
    row = Yardsticks((4, 4), own_dbc=own, nearest_dbc=nearest, reason="too few")
    graded = grade_periods("present", [row])
    assert (graded.word, graded.reason) == ((word, None) if word else ("insufficient", "too few"))
    assert graded.above is (row if word else None)
    # a complete row says more, where it is as strong
    whole = replace(YARDSTICKS, own_dbc=-13.0)
    assert grade_periods("present", [row, whole]).above is None
    assert grade_periods("present", [row, whole]).beside is whole


def test_where_the_test_finds_nothing_severity_is_none_whatever_the_energy():
    assert grade_periods("none", [replace(YARDSTICKS, own_dbc=-3.0)]).word == "none"


def test_without_a_test_or_without_yardsticks_there_is_no_word():
    graded = grade_periods("insufficient", [], reason="too few")
    assert (graded.word, graded.reason) == ("insufficient", "too few")
    bare = Yardsticks((256,), own_dbc=-3.0, base_share=0.01, reason="no base band")
    graded = grade_periods("present", [bare])
    assert (graded.word, graded.reason) == ("insufficient", "no base band")


@pytest.mark.parametrize(
    ("own", "chromatic", "word", "by"),
    [
        (-20.0, 0, "faint", "visibility"),
        (-20.0, 1, "visible", "yardstick"),
        (-30.0, 1, "faint", "visibility"),
        (-40.0, 1, "faint", "visibility"),
        (None, 1, "faint", "visibility"),
    ],
)
def test_of_a_grid_of_colour_the_severer_word_stands(own, chromatic, word, by):
    rows = [replace(YARDSTICKS, own_dbc=own)]
    pictures = [seen(0.3, 0.5, 1.6, chromatic=bool(chromatic))]
    graded = or_by_yardstick(grade_pictures(pictures, yardsticks=rows))
    assert (graded.word, graded.by) == (word, by)
    assert graded.visibility == (0.3, 0.5, 1.6)


def test_all_that_a_word_rests_on_is_plain_json():
    graded = grade_pictures([seen(0.1, 1.2, 2)], [seen(0, 0.1, 0.2)], yardsticks=[YARDSTICKS])
    assert isinstance(graded, Graded)
    plain = json.loads(json.dumps(asdict(graded)))
    assert plain["word"] == "visible"
    assert plain["yardsticks"][0]["cubic_dbc"] == -26.0


@pytest.mark.parametrize(
    ("pictures", "controls", "least"),
    [
        ((4, 2, None), (), 2),
        ((4, 2, None), (None, 4), 2),
        ((4, 2, None), (2,), None),
        ((None,), (), None),
    ],
)
def test_what_is_detected_in_controls_too_is_no_grid(pictures, controls, least):
    shown, rolled = ([seen(0, 0, 0, detectable_zoom=z) for z in zs] for zs in (pictures, controls))
    assert grade_pictures(shown, rolled).detectable_zoom == least
