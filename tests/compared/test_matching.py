"""Steps are matched by name, by module, by order and kind; what is left is left."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from spectra.compared._matching import match_steps
from support.summaries import PRESENT, step


def steps(*named):
    """Return steps of ``name`` or ``name:kind`` or ``name#call``."""
    rows = []
    for text in named:
        name, _, kind = text.partition(":")
        name, _, call = name.partition("#")
        rows.append(step(name, PRESENT, call=int(call or 0), kind=kind or "transposed_conv"))
    return tuple(rows)


def matched(before, after):
    found = match_steps(steps(*before), steps(*after))
    return found.pairs, found.only_before, found.only_after


def test_the_same_name_is_the_same_step_wherever_it_stands_and_whatever_its_kind():
    assert matched(["a", "b"], ["b:nearest", "a"]) == (((0, 1), (1, 0)), (), ())


def test_a_renamed_step_is_matched_by_order_and_kind():
    assert matched(["up.0", "up.1"], ["dec.up.0", "dec.up.1"]) == (((0, 0), (1, 1)), (), ())


def test_a_renamed_step_of_another_kind_has_no_partner():
    assert matched(["a", "b:nearest"], ["a", "c:bilinear"]) == (((0, 0),), (1,), (1,))


def test_a_step_that_is_gone_takes_no_partner_from_those_that_stay():
    assert matched(["a", "b", "c"], ["a", "c"]) == (((0, 0), (2, 1)), (1,), ())


def test_calls_of_one_module_are_matched_one_by_one():
    before, after = ["up", "up#1", "up#2"], ["up", "up#1"]
    assert matched(before, after) == (((0, 0), (1, 1)), (2,), ())


def test_the_last_step_inside_of_a_module_stands_for_the_one_that_it_replaced():
    assert matched(["up1", "up2"], ["up1.large", "up1.small", "up2.conv"]) == (
        ((0, 1), (1, 2)),
        (),
        (0,),
    )
    assert matched(["up1.large", "up1.small"], ["up1:nearest"]) == (((1, 0),), (0,), ())


def test_a_name_that_only_begins_alike_is_no_module():
    assert matched(["up1"], ["up10:nearest"]) == ((), (0,), (0,))


def test_another_factor_is_another_step():
    (a,), (b,) = steps("a"), steps("b")
    found = match_steps([a], [replace(b, factor=(4, 4))])
    assert found.pairs == ()


names = st.lists(
    st.sampled_from(["a", "b", "c", "a.x", "b.y:nearest", "d:nearest", "e:bilinear"]),
    unique=True,
    max_size=6,
)


@given(before=names, after=names)
def test_every_step_stands_once(before, after):
    pairs, only_before, only_after = matched(before, after)
    assert sorted([i for i, _ in pairs] + list(only_before)) == [*range(len(before))]
    assert sorted([j for _, j in pairs] + list(only_after)) == [*range(len(after))]
