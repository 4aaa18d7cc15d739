"""Every sentence of an answer, one home each: question by question, part by part.

A question is answered by its parts in order; of a part, the first sentence whose condition holds
is said. ``docs/sentences.md`` shows them, and a test holds each against a summary for which it
is right and one of which it must not be said.
"""

from __future__ import annotations

from spectra.explain._facts import FOUND, Facts
from spectra.explain._sentence import Sentence

NOTHING_STAYS = "nothing of the output stays as it was"
NOTHING_CHANGES = "nothing changes with the offset"
ENOUGH = 16  # replicates, below which no test is made
SEEN_DB = 3.0  # prominence from which on it is worth a word
AS_IT_IS_DB = 1.0  # change below which a grid arrives as it was

Said = Sentence[Facts]
Parts = tuple[tuple[Said, ...], ...]


def _gone(facts: Facts) -> bool:
    """Tell whether it is known that nothing of the worst step is in the output."""
    return facts.worst is not None and facts.at.verdict == "none"


VERDICT: Parts = (
    (
        Said(
            "verdict.flat_lines",
            "no inputs; a constant input leaves lines that have settled",
            lambda f: not f.used and f.flat_row is not None,
            "no inputs, so no verdict; a constant input leaves lines of {flat_dbc:.1f} dB over the "
            "mean level at {flat_step}",
        ),
        Said(
            "verdict.flat_clean",
            "no inputs; every step was measured with a constant input and shows no line",
            lambda f: not f.used and f.flat_clean and not f.flat_unknown,
            "no inputs, so no verdict; a constant input leaves no line at any step",
        ),
        Said(
            "verdict.flat_partly",
            "no inputs; steps that were measured show no line, others were not measured",
            lambda f: not f.used and f.flat_clean,
            "no inputs, so no verdict; a constant input leaves no line where that was measured, "
            "which it was not at {flat_unknown}",
        ),
        Said(
            "verdict.flat_unknown",
            "no inputs; no line was measured, or none has settled",
            lambda f: not f.used,
            "no inputs, so no verdict; no lines were measured with a constant input "
            "({flat_reasons})",
        ),
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
    ),
    (
        Said(
            "verdict.output_lines",
            "no inputs; lines at a step, and the output's have settled",
            lambda f: not f.used and f.flat_row is not None and f.output_line is not None,
            "the output holds lines of {output_line:.1f} dB",
        ),
        Said(
            "verdict.output_clean",
            "no inputs; lines at a step, and the output was measured and has none",
            lambda f: not f.used and f.flat_row is not None and f.output_clean,
            "the output holds none",
        ),
    ),
)

WHERE: Parts = (
    (
        Said(
            "where.nowhere",
            "every step's own maps were scored, and none shows a grid",
            lambda f: f.verdicts == {"none"},
            "no step's own maps show a grid",
        ),
        Said(
            "where.nowhere_scored",
            "some steps' own maps were scored, and none of these shows a grid",
            lambda f: f.verdicts == {"none", "insufficient"},
            "no step that was scored shows a grid in its own maps; not scored: {unscored}",
        ),
        Said(
            "where.unknown",
            "the output shows a grid, and no step's own maps were scored",
            lambda f: f.found and f.verdicts == {"insufficient"},
            "where it is born is not known: no step's own maps were scored",
        ),
        Said(
            "where.inherited",
            "of the step's grid the output shows only peaks that the inputs already had",
            lambda f: _gone(f) and f.brought_along,
            "{step} shows a grid, of which the output holds only peaks that the inputs already had",
        ),
        Said(
            "where.removed",
            "tested at the step's frequencies and as a whole, the output shows none",
            lambda f: _gone(f) and f.at.p is not None and f.output.verdict == "none",
            "born at {step}, removed by later layers: not detected in the output{below}",
        ),
        Said(
            "where.absent",
            "tested at the step's frequencies, the output shows none",
            lambda f: _gone(f) and f.at.p is not None,
            "born at {step}; at its frequencies the output shows no grid",
        ),
        Said(
            "where.not_its_own",
            "nothing of the output is left to be charged to the step",
            _gone,
            "born at {step}; the output shows none of it: {at_reason}",
        ),
        Said(
            "where.not_known",
            "the output was not scored at the step's frequencies",
            lambda f: f.worst is not None and f.at.verdict == "insufficient",
            "born at {step}; what of it reaches the output is not known: {at_reason}",
        ),
        Said(
            "where.too_weak",
            "the output shows a grid at the step's frequencies, without a number",
            lambda f: f.worst is not None and f.locked is None,
            "born at {step}; the output shows its grid, without a number: {at_reason}",
        ),
        Said(
            "where.alone",
            "the output shows a grid at the step's frequencies, and none as a whole",
            lambda f: f.worst is not None and f.output.verdict == "none",
            "born at {step}; the output holds {locked:.1f} dBc at its frequencies alone, and shows "
            "no grid at all of them together",
        ),
        Said(
            "where.shared",
            "other steps that may have a grid have the same frequencies in the output",
            lambda f: f.worst is not None and bool(f.sharing),
            "born at {step}; the output holds {locked:.1f} dBc at its frequencies, which are also "
            "those of {sharing}",
        ),
        Said(
            "where.held",
            "the output shows a grid at the step's frequencies; the step's own has no number",
            lambda f: f.worst is not None and f.change is None,
            "born at {step}; the output holds {locked:.1f} dBc at its frequencies",
        ),
        Said(
            "where.as_it_is",
            "the energy over the rest changes by less than 1 dB",
            lambda f: f.loss is not None and f.loss < AS_IT_IS_DB,
            "born at {step}, reaches the output as it is ({change:+.1f} dB)",
        ),
        Said(
            "where.weakened",
            "the energy over the rest falls on the way to the output",
            lambda f: f.change is not None and f.change < 0,
            "born at {step}, weakened by {loss:.1f} dB on its way to the output",
        ),
        Said(
            "where.amplified",
            "the energy over the rest grows on the way to the output",
            lambda f: f.change is not None,
            "born at {step}, amplified by {loss:.1f} dB on its way to the output",
        ),
    ),
    (
        Said(
            "where.others_not_known",
            "what of the worst step reaches the output is known; of other steps with a grid it is "
            "not",
            lambda f: f.worst is not None and f.at.verdict != "insufficient" and bool(f.unfollowed),
            "what of {unfollowed} reaches the output is not known",
        ),
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
            lambda f: f.found and f.kind == "lines",
            "mostly lines: a grid of constant strength, or that follows brightness",
        ),
        Said(
            "looks.replicas",
            "the output shows a grid, its replicas 3 dB above its lines",
            lambda f: f.found and f.kind == "replicas",
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
            "there is a worst step, and what was measured of it tells a cause",
            lambda f: f.cause is not None,
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
            "try",
            "there is a grid, and something of the worst step is or may be in the output",
            lambda f: f.advice is not None and f.summary.verdict in FOUND and not _gone(f),
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
    (Said("trust.notes", "there are warnings", lambda f: bool(f.notes), "{notes} below"),),
)

QUESTIONS: dict[str, Parts] = {
    "verdict": VERDICT,
    "where": WHERE,
    "looks": LOOKS,
    "why": WHY,
    "not": NOT,
    "but": BUT,
    "try": TRY,
    "trust": TRUST,
}
