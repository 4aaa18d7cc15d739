"""The sentences of a comparison, question by question; ``docs/compare.md`` shows them."""

from __future__ import annotations

from spectra._sentence import Part, Sentence, part
from spectra.compared._facts import Facts, outcome

Said = Sentence[Facts]

HELPED: tuple[Said, ...] = (
    Said(
        "helped.incomparable",
        "the results were measured in different ways",
        lambda f: f.incomparable is not None,
        "not known: {incomparable}, so no numbers are compared; analyse both again",
    ),
    Said(
        "helped.no_inputs",
        "one of the results has no inputs",
        lambda f: not f.has_inputs,
        "not known: {empty} had no inputs, and an output is scored on inputs only",
    ),
    Said(
        "helped.unscored",
        "the output of one of the two was not tested",
        lambda f: f.unscored is not None,
        "not known: {unscored}",
    ),
    Said(
        "helped.lost",
        "one output has a grid at a period at which the other was not scored",
        lambda f: f.lost is not None,
        "not known: {lost}",
    ),
    Said(
        "helped.clean",
        "the test finds a grid in neither output",
        lambda f: f.clean,
        "no difference: neither output shows a grid",
    ),
    Said(
        "helped.better",
        "the output's locked energy fell; its interval has both ends",
        lambda f: outcome(f) == "better" and f.amount is not None,
        "better: the output's grid is {amount} weaker",
    ),
    Said(
        "helped.better_at_least",
        "it fell; only how much at least is known",
        lambda f: outcome(f) == "better",
        "better: the output's grid is at least {least} weaker",
    ),
    Said(
        "helped.worse",
        "the output's locked energy rose; its interval has both ends",
        lambda f: outcome(f) == "worse" and f.amount is not None,
        "worse: the output's grid is {amount} stronger",
    ),
    Said(
        "helped.worse_at_least",
        "it rose; only how much at least is known",
        lambda f: outcome(f) == "worse",
        "worse: the output's grid is at least {least} stronger",
    ),
    Said(
        "helped.identical",
        "both outputs have the same locked energy, input by input",
        lambda f: f.identical,
        "no difference: the output's grid is the same on every input",
    ),
    Said(
        "helped.same",
        "the interval holds no change, and has both ends",
        lambda f: outcome(f) == "no difference" and f.measured is not None,
        "no difference that these inputs can show: {measured}",
    ),
    Said(
        "helped.same_bound",
        "the interval holds no change, and has one end",
        lambda f: outcome(f) == "no difference" and f.bound is not None,
        "no difference that these inputs can show: the change is {bound}",
    ),
    Said(
        "helped.same_open",
        "the change has a number and no interval",
        lambda f: outcome(f) == "no difference",
        "no difference that these inputs can show: the change has no interval",
    ),
    Said(
        "helped.unknown",
        "nothing is known of the change",
        lambda f: outcome(f) == "not known" and f.change.reason is not None,
        "not known: {reason}",
    ),
)
SHOWN: tuple[Said, ...] = (
    Said(
        "shown.needed",
        "no difference is shown, and the measured one would be with more inputs",
        lambda f: f.needed is not None,
        "a change of about {smallest:.1f} dB would have shown; to show the measured one takes "
        "about {more}",
    ),
    Said(
        "shown.smallest",
        "no difference is shown, and its interval has both ends",
        lambda f: outcome(f) == "no difference" and not f.clean and f.smallest is not None,
        "a change of about {smallest:.1f} dB would have shown",
    ),
)
SEVERITY: tuple[Said, ...] = (
    Said(
        "severity.unknown",
        "how severe a grid is is not known of one of the two, or of both",
        lambda f: f.has_inputs and None in f.words,
        "{severities}",
    ),
    Said(
        "severity.same",
        "the word is the same before and after",
        lambda f: f.has_inputs and f.steeper == 0,
        "{word_before} before and after",
    ),
    Said(
        "severity.changed",
        "the word changed",
        lambda f: f.has_inputs,
        "{word_before} before, {word_after} after",
    ),
)
DISAGREES: tuple[Said, ...] = (
    Said(
        "severity.against_better",
        "the energy fell, and the word became severer",
        lambda f: outcome(f) == "better" and f.steeper > 0,
        "so by sight it is worse, while by energy it is better: look at both",
    ),
    Said(
        "severity.against_worse",
        "the energy rose, and the word became milder",
        lambda f: outcome(f) == "worse" and f.steeper < 0,
        "so by sight it is better, while by energy it is worse: look at both",
    ),
    Said(
        "severity.alone",
        "no difference of energy is shown, and the word changed",
        lambda f: outcome(f) == "no difference" and f.steeper != 0,
        "a word has limits: it may change where the energy hardly does",
    ),
)
VERDICT: tuple[Said, ...] = (
    Said(
        "verdict.same",
        "the test says the same of both outputs",
        lambda f: f.has_inputs and f.verdict_before == f.verdict_after,
        "{verdict_before} before and after",
    ),
    Said(
        "verdict.changed",
        "the test says something else of the output after",
        lambda f: f.has_inputs,
        "{verdict_before} before, {verdict_after} after",
    ),
)
STEPS: tuple[Said, ...] = (
    Said(
        "steps.fell",
        "the output is better, and so it is at the frequencies of a step",
        lambda f: f.step_change is not None and f.step_change < 0,
        "changed most at the frequencies of {step}: {step_change:+.1f} dB",
    ),
    Said(
        "steps.rose",
        "the output is worse, and so it is at the frequencies of a step",
        lambda f: f.step_change is not None and f.step_change > 0,
        "changed most at the frequencies of {step}: {step_change:+.1f} dB",
    ),
)
SWAPPED: tuple[Said, ...] = (
    Said(
        "steps.swapped",
        "steps of one name have another kind",
        lambda f: f.swapped is not None,
        "other kinds: {swapped}",
    ),
)
ONLY: tuple[Said, ...] = (
    Said(
        "only.both",
        "either model has steps that the other has not",
        lambda f: f.alone_before is not None and f.alone_after is not None,
        "before: {alone_before}; after: {alone_after}",
    ),
    Said(
        "only.before",
        "steps of the first model have no partner",
        lambda f: f.alone_before is not None,
        "before: {alone_before}",
    ),
    Said(
        "only.after",
        "steps of the second model have no partner",
        lambda f: f.alone_after is not None,
        "after: {alone_after}",
    ),
)
BASIS: tuple[Said, ...] = (
    Said(
        "basis.paired",
        "the output's difference is paired",
        lambda f: f.paired,
        "paired: both models on the same {inputs}, so what differs between inputs cancels",
    ),
    Said(
        "basis.apart",
        "the output's difference is that of two runs",
        lambda f: f.apart is not None and f.compared,
        "two runs apart, their intervals combined: {apart}",
    ),
)
FLAT: tuple[Said, ...] = (
    Said(
        "flat.changed",
        "neither result has inputs; a constant one left lines at a step in both",
        lambda f: f.flat_step is not None,
        "what a constant input leaves changes most at {flat_step}: {flat_change:+.1f} dB",
    ),
)
QUESTIONS: dict[str, tuple[Part, ...]] = {
    "helped": (part(*HELPED), part(*SHOWN), part(*FLAT)),
    "severity": (part(*SEVERITY), part(*DISAGREES)),
    "verdict": (part(*VERDICT),),
    "steps": (part(*STEPS), part(*SWAPPED)),
    "only": (part(*ONLY),),
    "basis": (part(*BASIS),),
}
