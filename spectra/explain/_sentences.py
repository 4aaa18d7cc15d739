"""The sentences of an answer, question by question, part by part.

A question is answered by its parts in order; of a part, the first sentence whose condition holds
is said. ``docs/sentences.md`` shows them, and a test holds each against a summary for which it
is right and one of which it must not be said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from spectra._sentence import Part, Sentence, part
from spectra.explain import _flat as flat
from spectra.explain._attacked import ATTACK, Attacked
from spectra.explain._constant import PROBE, Constant
from spectra.explain._facts import Facts
from spectra.explain._looks import BUT, LOOKS, NOT, WHY
from spectra.explain._severe import SEVERITY, Severe
from spectra.explain._verdict import FOUND
from spectra.explain._where import WHERE, Where

NOTHING_STAYS = "nothing of the output stays as it was"
NOTHING_CHANGES = "nothing changes with the offset"
ENOUGH = 16  # replicates, below which no test is made

Said = Sentence[Facts]


class Question(NamedTuple):
    """The facts that a question is about, and the parts of its answer."""

    facts: type[Facts]
    parts: Sequence[Part]


VERDICT: tuple[Said, ...] = (
    Said(
        "verdict.of_steps",
        "the output was not scored; steps' own maps show a grid",
        lambda f: f.output.verdict == "insufficient" and f.summary.verdict in FOUND,
        "{verdict} in the maps of {guilty}; the output was not scored: {reason}",
    ),
    Said(
        "verdict.clean_steps",
        "the output was not scored; every step's own maps were, and show none",
        lambda f: f.output.verdict == "insufficient" and f.summary.verdict == "none",
        "{verdict} in any step's own maps; the output was not scored: {reason}",
    ),
    Said(
        "verdict.insufficient",
        "the output was not scored, and no step's maps show a grid",
        lambda f: f.output.verdict == "insufficient",
        "{verdict}: the output was not scored: {reason}",
    ),
    Said(
        "verdict.none_below",
        "the output shows none, and its energy has an upper bound",
        lambda f: f.output.verdict == "none" and f.upper is not None,
        "{verdict} in the output, locked energy below {upper:.1f} dBc{because}",
    ),
    Said(
        "verdict.none",
        "the output shows none",
        lambda f: f.output.verdict == "none",
        "{verdict} in the output{because}",
    ),
    Said(
        "verdict.found",
        "the output shows a grid",
        lambda f: f.found,
        "{verdict} in the output: {energy}{against}",
    ),
)
CONFOUNDED: tuple[Said, ...] = (
    Said(
        "verdict.confounder",
        "the output shows a grid of a period that the inputs carry by themselves",
        lambda f: f.confounder is not None,
        "the inputs carry a grid of that period by themselves: {confounder}",
    ),
)
HEADLINE: tuple[Said, ...] = (
    Said(
        "verdict.headline",
        "the output shows a grid, whose energy has a number",
        lambda f: f.found and bool(f.headline),
        "{headline}; p is against randomly shifted grids",
    ),
)

_TRY: tuple[Said, ...] = (
    Said(
        "try.nothing",
        "the output shows a grid, and hardly anyone sees it",
        lambda f: f.found and f.mild is not None,
        "nothing to do: the grid is {mild}",
    ),
    Said(
        "try.amplifier",
        "a module is the first to show far more of a grid than steps have, which some of them do",
        lambda f: f.amplifier is not None,
        "add --layers '*', look in figures/ for what becomes of the grid on its way to "
        "{amplifier}, and change that",
    ),
    Said(
        "try.module",
        "a module's output is the first to show a grid that no step has",
        lambda f: f.module is not None,
        "no step to change: change {module}",
    ),
    Said(
        "try.code",
        "such a grid is there before a module is called, and none made it",
        lambda f: f.called is not None,
        "no step to change: change what the code of {within} does before it calls {called}",
    ),
    Said(
        "try.modules",
        "the output shows a grid, every step's own maps were scored, and none shows one",
        lambda f: f.found and f.steps_clean and not f.summary.run.options.get("steps"),
        "no step to change: add --layers '*', look in figures/ for the first module that "
        "shows the grid, and change that",
    ),
    Said(
        "try.later",
        "the output shows a grid, and layers behind the worst step amplify that step's by 6 dB "
        "or more",
        lambda f: f.found and f.grown is not None,
        "add --layers '*', look in figures/ for the first module behind {label} that shows the "
        "grid so strong, and change that",
    ),
    Said(
        "try.more",
        "a grid is suspected, of unknown severity, in the output of fewer than 16 inputs",
        lambda f: f.output.verdict == "suspect" and f.used < ENOUGH and f.ungraded,
        "more inputs first, 16 or more: a grid is suspected, and who sees it is not known",
    ),
    Said(
        "try",
        "there is a grid, and something of the worst step is or may be in the output",
        lambda f: f.advice is not None and f.summary.verdict in FOUND and not f.gone,
        "{advice}",
    ),
    Said(
        "try.several",
        "no single step is to blame for the output's grid, and something may help at one that "
        "may be",
        lambda f: f.first_advice is not None,
        "{first_advice}",
    ),
)
TRY = (part(*_TRY),)

TRUST = (
    part(
        Said(
            "trust.counts",
            "inputs were used",
            lambda f: f.used > 0,
            "{used_inputs}",
        ),
        Said("trust.no_inputs", "no inputs", lambda _: True, "no inputs"),
    ),
    part(
        Said(
            "trust.replicates",
            "the output was tested",
            lambda f: f.output.replicates > 0,
            "{replicates}",
        ),
        shown="explained",
    ),
    part(
        Said(
            "trust.tiles",
            "fewer than 16 inputs, and 16 replicates or more",
            lambda f: 0 < f.used < ENOUGH <= f.output.replicates,
            "true of {these} only: fewer than 16, so parts of them were compared",
        ),
    ),
    part(
        Said(
            "trust.dependence",
            "moved against the grid, the output changes by a known share",
            lambda f: f.dependence is not None,
            "moved against the grid, the output changes by {dependence:.1f} dBc",
        ),
        Said(
            "trust.nothing_stays",
            "moved against the grid, all of the output changes",
            lambda f: f.summary.output.grid_dependence_note == NOTHING_STAYS,
            "moved against the grid, nothing of the output stays as it was",
        ),
        Said(
            "trust.nothing_changes",
            "moved against the grid, nothing of the output changes",
            lambda f: f.summary.output.grid_dependence_note == NOTHING_CHANGES,
            "moved against the grid, nothing of the output changes",
        ),
        shown="explained",
    ),
    part(Said("trust.run", "always", lambda _: True, "{run}"), shown="explained"),
    part(
        Said(
            "trust.notes",
            "there are warnings",
            lambda f: bool(f.summary.warnings),
            "{notes} below",
        ),
        shown="explained",
    ),
    part(Said("trust.more", "always", lambda _: True, "more with --explain{noted}"), shown="brief"),
)


QUESTIONS = {
    "severity": Question(Severe, SEVERITY),
    "verdict": Question(
        flat.Flat,
        (
            part(*flat.STEPS, *VERDICT),
            part(*CONFOUNDED),
            part(*flat.OUTPUT),
            part(*HEADLINE, shown="explained"),
        ),
    ),
    "where": Question(Where, WHERE),
    "looks": Question(Facts, LOOKS),
    "why": Question(Facts, WHY),
    "not": Question(Facts, NOT),
    "but": Question(Facts, BUT),
    "probe": Question(Constant, PROBE),
    "attack": Question(Attacked, ATTACK),
    "try": Question(Facts, TRY),
    "trust": Question(Facts, TRUST),
}
