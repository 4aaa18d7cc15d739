"""Every sentence of a comparison is held twice: where it is right, and where it is not."""

from dataclasses import replace
from typing import NamedTuple

import pytest

from spectra._sentence import first
from spectra.compared._facts import Facts, outcome
from spectra.compared._row import Row
from spectra.compared._sentences import QUESTIONS
from spectra.compared._series import TRAINING, Point, Series
from spectra.score import LockedChange, Score
from spectra.severity import Graded
from support.summaries import NOTHING, OUTPUT, PRESENT, UNSCORED, summary

BETTER = LockedChange(-6.7, (-9.1, -4.4), -4.4, -9.1)
WORSE = LockedChange(6.7, (4.4, 9.1), 9.1, 4.4)
SAME = LockedChange(-0.5, (-2.5, 1.5), 1.5, -2.5)
ZERO = LockedChange(0.0, (-0.0, 0.0), 0.0, -0.0)
NEARLY = LockedChange(0.01, (-1.0, 1.0), 1.0, -1.0)
FELL = LockedChange(None, None, -9.1, None, reason="one of the two is no more than a bound")
ROSE = LockedChange(None, None, None, 12.0, reason="one of the two is no more than a bound")
BOUND = LockedChange(None, None, 3.0, None, reason="one of the two is no more than a bound")
OPEN = LockedChange(-0.5, None, None, None, paired=False, reason="no intervals")
UNKNOWN = LockedChange(None, None, None, reason="all the power may be locked")
APART = replace(BETTER, paired=False)


def facts(
    change=BETTER,
    *,
    before=OUTPUT,
    after=OUTPUT,
    words=("visible", "visible"),
    used=(24, 24),
    steps=(),
    alone=((), ()),
    unpaired=None,
    incomparable=None,
):
    """Return what is known of two results."""
    sides = [
        replace(
            summary(),
            inputs=replace(summary().inputs, used=count),
            severity=Graded(word, "yardstick") if word else None,
        )
        for count, word in zip(used, words, strict=True)
    ]
    whole = Row("output", ("", ""), ("", ""), before, after, change, unpaired)
    return Facts(
        *sides,
        rows=(*steps, whole),
        only_before=alone[0],
        only_after=alone[1],
        unpaired=unpaired,
        incomparable=incomparable,
    )


def step(name, change, *, where="at output", kinds=("nearest", "nearest")):
    return Row(where, (name, name), kinds, PRESENT, PRESENT, change)


class Case(NamedTuple):
    """Where a sentence is right, what it says there, and where it must not be said."""

    right: Facts
    says: str
    wrong: Facts


MILDER, SEVERER = ("visible", "faint"), ("faint", "visible")
OLD = "measured in another way (spectra.summary/1, spectra.summary/1.1)"
CASES = {
    "helped.incomparable": Case(facts(incomparable=OLD), "not known: measured in another", facts()),
    "helped.no_inputs": Case(
        facts(used=(0, 24)), "the result before had no inputs", facts(used=(1, 24))
    ),
    "helped.unscored": Case(
        facts(UNKNOWN, after=UNSCORED), "the output after was not scored: too small", facts(UNKNOWN)
    ),
    "helped.lost": Case(
        replace(facts(), new=replace(summary(), steps=summary().steps[:1])),
        "the output after was not scored at period 4 px, where it had a grid before: it has no",
        facts(),
    ),
    "helped.clean": Case(
        facts(SAME, before=NOTHING, after=NOTHING),
        "neither output shows",
        facts(SAME, after=NOTHING),
    ),
    "helped.better": Case(
        facts(), "better: the output's grid is 6.7 dB (4.4 to 9.1) weaker", facts(SAME)
    ),
    "helped.better_at_least": Case(facts(FELL), "at least 9.1 dB weaker", facts(BOUND)),
    "helped.worse": Case(
        facts(WORSE), "worse: the output's grid is 6.7 dB (4.4 to 9.1)", facts(SAME)
    ),
    "helped.worse_at_least": Case(facts(ROSE), "at least 12.0 dB stronger", facts(BOUND)),
    "helped.identical": Case(facts(ZERO), "the same on every input", facts(NEARLY)),
    "helped.same": Case(facts(SAME), "can show: -0.5 dB (-2.5 to +1.5)", facts(BETTER)),
    "helped.same_bound": Case(facts(BOUND), "the change is at most +3.0 dB", facts(FELL)),
    "helped.same_open": Case(facts(OPEN), "the change has no interval", facts(UNKNOWN)),
    "helped.unknown": Case(facts(UNKNOWN), "not known: all the power may be", facts(BOUND)),
    "shown.needed": Case(
        facts(SAME),
        "about 2.0 dB would have shown; to show the measured one takes about 390 pic",
        facts(NEARLY),
    ),
    "shown.smallest": Case(facts(NEARLY), "a change of about 1.0 dB would", facts(BETTER)),
    "severity.unknown": Case(
        facts(words=(None, "faint")), "not known before, faint after", facts()
    ),
    "severity.same": Case(facts(), "visible before and after", facts(words=MILDER)),
    "severity.changed": Case(
        facts(words=MILDER),
        "visible before, faint after",
        facts(words=(None, "faint")),
    ),
    "severity.against_better": Case(
        facts(words=SEVERER), "by sight it is worse", facts(words=MILDER)
    ),
    "severity.against_worse": Case(
        facts(WORSE, words=MILDER), "by sight it is better", facts(WORSE)
    ),
    "severity.alone": Case(facts(SAME, words=MILDER), "a word has limits", facts(SAME)),
    "verdict.same": Case(facts(), "present before and after", facts(after=NOTHING)),
    "verdict.changed": Case(facts(after=NOTHING), "present before, none after", facts(used=(0, 0))),
    "steps.fell": Case(
        facts(steps=(step("a", APART), step("b", SAME))),
        "of a: -6.7 dB",
        facts(SAME, steps=(step("a", BETTER),)),
    ),
    "steps.rose": Case(
        facts(WORSE, steps=(step("a", WORSE),)),
        "of a: +6.7 dB",
        facts(BETTER, steps=(step("a", WORSE),)),
    ),
    "steps.swapped": Case(
        facts(steps=(step("a", SAME, where="own maps", kinds=("nearest", "bilinear")),)),
        "other kinds: a: nearest -> bilinear",
        facts(steps=(step("a", SAME, where="own maps"),)),
    ),
    "only.both": Case(
        facts(alone=(("a",), ("b",))), "before: a; after: b", facts(alone=(("a",), ()))
    ),
    "only.before": Case(facts(alone=(("a",), ())), "before: a", facts(alone=((), ("b",)))),
    "only.after": Case(facts(alone=((), ("b",))), "after: b", facts(alone=(("a",), ()))),
    "basis.paired": Case(facts(), "the same 24 pictures", facts(APART, unpaired="other inputs")),
    "basis.apart": Case(
        facts(APART, unpaired="other inputs"),
        "combined: other inputs",
        facts(UNKNOWN, unpaired="other inputs"),
    ),
    "flat.changed": Case(
        facts(UNKNOWN, used=(0, 0), steps=(step("a", OPEN, where="flat field"),)),
        "changes most at a: -0.5 dB",
        facts(UNKNOWN, used=(0, 0)),
    ),
}
PARTS = [part for parts in QUESTIONS.values() for part in parts]


@pytest.mark.parametrize("name", CASES)
def test_a_sentence_is_said_where_it_is_right_and_not_where_it_is_wrong(name):
    (part,) = (p for p in PARTS if any(s.id == name for s in p.sentences))
    case = CASES[name]
    said = first(part.sentences, case.right)
    assert said.id == name
    assert case.says in said.of(case.right)
    other = first(part.sentences, case.wrong)
    assert other is None or other.id != name


def test_every_sentence_has_its_case():
    assert {s.id for part in PARTS for s in part.sentences} == CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_the_word_of_the_outcome_is_the_first_of_the_answer(name):
    for case in (CASES[name].right, CASES[name].wrong):
        said = first(QUESTIONS["helped"][0].sentences, case)
        assert said.of(case).startswith(outcome(case))


def point(number, score, word):
    return Point(number, f"e{number}", score, word)


def test_sentences_of_training_are_said_where_they_hold():
    seen = Series("epoch", (point(1, OUTPUT, "visible"),), 1, 1)
    unseen = Series("epoch", (point(1, NOTHING, "none"),), None, None)
    unknown = Series("epoch", (point(1, UNSCORED, None),), None, None)
    said = {
        sentence.id: [s for s in (seen, unseen, unknown) if first(part.sentences, s) is sentence]
        for part in TRAINING
        for sentence in part.sentences
    }
    assert said == {
        "series.present": [seen],
        "series.untested": [unknown],
        "series.absent": [unseen],
        "series.visible": [seen],
        "series.unseen": [unseen],
    }


def test_a_score_without_any_number_is_no_change():
    assert outcome(facts(UNKNOWN, before=Score(verdict="present"))) == "not known"
