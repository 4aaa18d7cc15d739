"""Whatever is known and whatever is not: no answer speaks of a null, or contradicts itself."""

import re
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra import _names as names
from spectra.explain._answer import answer
from spectra.explain._summary import Finding, InputRow, OutputRow, StepName
from spectra.explain._verdict import overall_verdict, worst_step
from spectra.probe import FlatLines
from spectra.report import _cells
from spectra.report._table import render_summary
from spectra.score import AtOutput, Score
from support.summaries import PRESENT, step, summary

FOUND = ("present", "suspect")
CONTRADICTIONS = [
    ("NO grid-locked artifact", "PRESENT|SUSPECTED"),
    ("NO grid-locked artifact|INSUFFICIENT|so no verdict", r"\nTry "),
    ("so no verdict", r"born at|\nLooks |PRESENT|SUSPECTED|they show none"),
    ("removed by later layers", "(PRESENT|SUSPECTED) in the output|not scored"),
    (
        "removed by later layers|at its frequencies the output shows no grid|shows none of it"
        "|which the output holds only peaks",
        r"weakened by|amplified by|reaches the output as it is"
        r"|the output holds (at least )?[-\d]|\nTry ",
    ),
    (
        "what of it reaches the output is not known",
        "removed by|weakened by|amplified by|as it is|shows no grid|shows none of it",
    ),
    ("which the output holds only peaks", r"\nWhy |\nTry "),
    ("no step's own maps show a grid", "born at|in the maps of|; not scored: "),
    ("no step that was scored shows a grid", "born at|in the maps of"),
    ("where it is born is not known", "born at|NO grid-locked"),
    (
        "the output was not scored: ",
        r"in the output: |in the output, |\nLooks |reaches the output as",
    ),
    ("they show none|together the inputs show none", "the inputs carry a grid"),
    ("mostly lines", "mostly replicas"),
    ("a constant input leaves no line", "a constant input leaves lines|comes out with"),
    ("depends on the grid position", "nothing of the output"),
    ("weakened by", "amplified by|as it is"),
    ("in the output: locked energy at least", r"A = "),
]


def maybe(values):
    return st.none() | values


decibels = st.floats(-70, 40).map(lambda x: round(x, 3))
probabilities = st.floats(5e-4, 1)
reasons = maybe(st.sampled_from(["too small: 8x8 px", "no locked energy above zero"]))
periods = maybe(st.sampled_from([(2, 2), (1, 4), (8, 2), (1, 1)]))
verdicts = st.sampled_from(["none", "suspect", "present", "insufficient"])
pairs = maybe(st.tuples(decibels, decibels).map(sorted).map(tuple))


@st.composite
def scores(draw):
    """Any numbers, or none of them where the maps were not scored."""
    verdict = draw(verdicts)
    if verdict == "insufficient":
        return Score(reason=draw(reasons), replicates=draw(st.integers(0, 15)))
    lower = draw(maybe(decibels))
    return Score(
        a_db=draw(maybe(st.floats(0, 60))) if verdict in FOUND and lower is None else None,
        asr_dbc=draw(maybe(decibels)),
        asr_ci95_dbc=draw(pairs) if lower is None else None,
        asr_upper_dbc=draw(maybe(decibels)) if lower is None else None,
        asr_lower_dbc=lower,
        line_dbc=draw(maybe(decibels)),
        replica_dbc=draw(maybe(decibels)),
        z=draw(maybe(decibels)),
        p=draw(maybe(probabilities)),
        verdict=verdict,
        prominence_db=draw(maybe(decibels)),
        period=draw(periods),
        grey_levels=draw(maybe(st.floats(1e-3, 255))),
        replicates=draw(st.integers(16, 64)),
        reason=draw(reasons),
    )


@st.composite
def at_outputs(draw):
    verdict = draw(verdicts)
    locked = draw(maybe(decibels)) if verdict in FOUND else None
    return AtOutput(
        locked_dbc=locked,
        change_db=None if locked is None else draw(maybe(decibels)),
        line_drop_db=draw(maybe(decibels)),
        p=None if verdict == "insufficient" else draw(maybe(probabilities)),
        verdict=verdict,
        reason=draw(reasons),
        shared_with=draw(st.sampled_from([(), ("up.0",), ("up.1", "up.2")])),
    )


@st.composite
def flat_fields(draw):
    line, upper = draw(maybe(decibels)), draw(maybe(st.just(-120.4)))
    reason = draw(maybe(st.just("no lattice, so all structure counts")))
    return FlatLines(line, 64, draw(st.booleans()), reason, upper if line is None else None)


@st.composite
def steps(draw, number):
    return replace(
        step(f"up.{number}", PRESENT),
        score=draw(scores()),
        factor=draw(st.sampled_from([(2, 2), (1, 3), ()])),
        kernel_size=draw(maybe(st.just((3, 3)))),
        period_in_output=draw(periods),
        at_output=draw(at_outputs()),
        flat_field=draw(flat_fields()),
        cause=draw(maybe(st.just(Finding("gaps", "it leaves pixels without input")))),
        advice=draw(maybe(st.just(Finding("fill_gaps", "a filter that fills the gaps")))),
    )


@st.composite
def summaries(draw):
    """Rows of any kind; verdict and worst step follow from them as they do in a run."""
    rows = tuple(draw(steps(n)) for n in range(draw(st.integers(0, 3))))
    used = draw(st.sampled_from([0, 1, 4, 24]))
    output, inputs = draw(scores()), draw(scores())
    if not used:
        output = inputs = Score(reason="no inputs")
        rows = tuple(replace(row, score=output) for row in rows)
    if output.verdict == "insufficient":
        unknown = AtOutput(None, None, None, reason="the output was not scored")
        rows = tuple(replace(row, at_output=unknown) for row in rows)
    base, worst = summary(), worst_step(rows)
    dependence = draw(maybe(decibels))
    notes = ["nothing of the output stays as it was", "nothing changes with the offset", "x"]
    kind = draw(st.sampled_from(["images", "array", "latent", "callable"]))
    shape = draw(st.sampled_from([(3, 64, 64), (512,), (1, 99)]))
    return replace(
        base,
        inputs=replace(base.inputs, count=used, used=used, kind=kind, shape=shape),
        steps=rows,
        input=InputRow(inputs, draw(reasons)),
        output=OutputRow(
            output,
            draw(st.sampled_from([(), ((0.5, 0.5),), ((0.0, 0.25), (0.5, 0.0))])),
            dependence,
            draw(st.sampled_from(notes)) if dependence is None else "how",
            draw(maybe(flat_fields())),
        ),
        worst=worst and StepName(worst.name, worst.call),
        verdict=overall_verdict(output, rows),
        warnings=base.warnings[: draw(st.integers(0, 2))],
    )


@settings(max_examples=150)
@given(made=summaries())
def test_no_answer_speaks_of_what_is_null_or_contradicts_a_sentence_or_a_number(made):
    said = answer(made)
    text = "".join(f"\n{name.capitalize()} {line}" for name, line in said.items())
    assert "{" not in text
    assert [pair for pair in CONTRADICTIONS if all(re.search(p, text) for p in pair)] == []
    known = {f"{abs(value):.1f}" for value in floats(asdict(made))}
    for question in ("verdict", "where", "looks", "but"):
        numbers = re.findall(r"\d+\.\d(?= dB| \(|\)| to )", said.get(question, ""))
        assert set(numbers) - known == set()
    whole = render_summary(replace(made, answer=said), width=200)
    assert not re.search(r"\b(None|nan|inf)\b", whole)
    if "period" in said.get("looks", ""):
        assert said["looks"].startswith(f"period {names.period(made.output.score.period)}")
    for row in made.steps:
        assert (_cells.at_output(row)[0] == "none") == (row.at_output.verdict == "none")


@pytest.mark.parametrize(("rounded", "word"), [(0.94, "as it is"), (0.96, "amplified by 1.0")])
def test_the_word_for_a_change_follows_the_number_that_is_printed(rounded, word):
    row = replace(step("up", PRESENT), at_output=AtOutput(-12.0, rounded, None, verdict="present"))
    made = replace(summary(), steps=(row,), worst=StepName("up", 0))
    assert word in answer(made)["where"]


def floats(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [number for item in value for number in floats(item)]
    return [value] if isinstance(value, float) else []
