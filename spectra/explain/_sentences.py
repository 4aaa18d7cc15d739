"""The sentences of an answer, question by question, part by part.

A question is answered by its parts in order; of a part, the first sentence whose condition holds
is said. ``docs/sentences.md`` shows them, and a test holds each against a summary for which it
is right and one of which it must not be said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from spectra.explain import _flat as flat
from spectra.explain._facts import Facts
from spectra.explain._sentence import Sentence
from spectra.explain._severe import SEVERITY, Severe
from spectra.explain._verdict import FOUND
from spectra.explain._where import WHERE, Where

NOTHING_STAYS = "nothing of the output stays as it was"
NOTHING_CHANGES = "nothing changes with the offset"
ENOUGH = 16  # replicates, below which no test is made
SEEN_DB = 3.0  # prominence from which on it is worth a word

Said = Sentence[Facts]
Parts = tuple[tuple[Said, ...], ...]


class Question(NamedTuple):
    """The facts that a question is about, and the parts of its answer."""

    facts: type[Facts]
    parts: Sequence[Sequence[Sentence[Any]]]


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
        "{verdict} in the output: {energy}{headline}{against}",
    ),
)

LOOKS: Parts = (
    (
        Said(
            "looks.period",
            "the output shows a grid, whose period is known",
            lambda f: f.found and f.period is not None,
            "period {period}",
        ),
    ),
    (
        Said(
            "looks.strongest",
            "the output shows a grid of a longer period than the worst step's, and all steps' "
            "energies at the output are known, the worst step's the largest",
            lambda f: f.found and f.strongest is not None,
            "strongest at that of {label}, {strongest}",
        ),
    ),
    (
        Said(
            "looks.lines",
            "the output shows a grid, its lines 3 dB above its replicas",
            lambda f: f.found and f.leads == "lines",
            "mostly lines: a grid of constant strength, or that follows brightness",
        ),
        Said(
            "looks.replicas",
            "the output shows a grid, its replicas 3 dB above its lines",
            lambda f: f.found and f.leads == "replicas",
            "mostly replicas: it follows the picture's detail",
        ),
    ),
    (
        Said(
            "looks.grey",
            "the output shows a grid, and is a picture of known range",
            lambda f: f.found and f.grey is not None,
            "{grey} of 255 grey levels RMS",
        ),
    ),
    (
        Said(
            "looks.prominence",
            "the output shows a grid, and a lattice point stands more than 3 dB out",
            lambda f: f.found and f.prominence is not None and f.prominence > SEEN_DB,
            "peak {prominence:.1f} dB above the spectrum beside it",
        ),
    ),
    (
        Said(
            "looks.flat",
            "the output shows a grid, and its lines under a constant input have settled",
            lambda f: f.found and f.output_line is not None,
            "a constant input comes out with {output_line:.1f} dBc of lines",
        ),
    ),
)

WHY: Parts = (
    (
        Said(
            "why",
            "what was measured of the worst step tells a cause, and not only the inputs' peaks are "
            "left of its grid",
            lambda f: f.cause is not None and not f.brought_along,
            "{cause}",
        ),
    ),
)

NOT: Parts = (
    (
        Said(
            "not.inherited_apart",
            "peaks of the output are the inputs' own, which show none when tested together",
            lambda f: f.peaks is not None and f.inputs.verdict == "none",
            "the model's: the {peaks} the inputs' own, tested one by one; together the inputs "
            "show none",
        ),
        Said(
            "not.inherited",
            "peaks of the output are the inputs' own",
            lambda f: f.peaks is not None,
            "the model's: the {peaks} the inputs' own",
        ),
        Said(
            "not.inputs",
            "there is a grid; the inputs were tested at its frequencies and show none",
            lambda f: f.summary.verdict in FOUND and f.inputs_clean,
            "the inputs' own grid: they show none (p = {input_p:.2g})",
        ),
    ),
)

BUT: Parts = (
    (
        Said(
            "but.inputs",
            "the inputs show a grid, whose period is known",
            lambda f: f.inputs.verdict in FOUND and f.input_period is not None,
            "the inputs carry a grid of their own: period {input_period}, {input_energy}",
        ),
        Said(
            "but.inputs_weak",
            "the inputs show a grid",
            lambda f: f.inputs.verdict in FOUND,
            "the inputs carry a grid of their own: {input_energy}",
        ),
    ),
)

TRY: Parts = (
    (
        Said(
            "try.nothing",
            "the output shows a grid, and hardly anyone sees it",
            lambda f: f.found and f.mild is not None,
            "nothing: the grid is {mild}",
        ),
        Said(
            "try",
            "there is a grid, and something of the worst step is or may be in the output",
            lambda f: f.advice is not None and f.summary.verdict in FOUND and not f.gone,
            "{advice}",
        ),
    ),
)

TRUST: Parts = (
    (
        Said(
            "trust.counts",
            "inputs were used",
            lambda f: f.used > 0,
            "{used_inputs}, {replicates}",
        ),
        Said("trust.no_inputs", "no inputs", lambda _: True, "no inputs"),
    ),
    (
        Said(
            "trust.tiles",
            "fewer than 16 inputs, and 16 replicates or more",
            lambda f: 0 < f.used < ENOUGH <= f.output.replicates,
            "within {these} (fewer than 16, so tiles are the replicates)",
        ),
    ),
    (
        Said(
            "trust.dependence",
            "moved against the grid, the output changes by a known share",
            lambda f: f.dependence is not None,
            "output depends on the grid position by {dependence:.1f} dBc",
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
    ),
    (Said("trust.run", "always", lambda _: True, "{run}"),),
    (
        Said(
            "trust.notes", "there are warnings", lambda f: bool(f.summary.warnings), "{notes} below"
        ),
    ),
)


QUESTIONS = {
    "severity": Question(Severe, SEVERITY),
    "verdict": Question(flat.Flat, ((*flat.STEPS, *VERDICT), flat.OUTPUT)),
    "where": Question(Where, WHERE),
    "looks": Question(Facts, LOOKS),
    "why": Question(Facts, WHY),
    "not": Question(Facts, NOT),
    "but": Question(Facts, BUT),
    "try": Question(Facts, TRY),
    "trust": Question(Facts, TRUST),
}
