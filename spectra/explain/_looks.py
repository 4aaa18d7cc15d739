"""What the grid looks like, why it is there, and whether the inputs brought it along."""

from __future__ import annotations

from spectra._sentence import Sentence, part
from spectra.explain._facts import Facts
from spectra.explain._verdict import FOUND

SEEN_DB = 3.0  # prominence from which on it is worth a word

Said = Sentence[Facts]
LOOKS = (
    part(
        Said(
            "looks.hertz",
            "the output shows a grid, whose period some step has, and its sample rate is known",
            lambda f: f.found and f.hertz is not None and f.of_period is not None,
            "period {period} of {rate}: lines at {hertz}, step {of_period}",
        ),
        Said(
            "looks.hertz_alone",
            "the same, and no step has that period",
            lambda f: f.found and f.hertz is not None,
            "period {period} of {rate}: lines at {hertz}",
        ),
        Said(
            "looks.wavelength",
            "the output shows a grid, whose period is known, and its cells have coordinates",
            lambda f: f.found and f.period is not None and f.wavelength is not None,
            "period {period}, a wavelength of {wavelength}",
        ),
        Said(
            "looks.period",
            "the output shows a grid, whose period is known",
            lambda f: f.found and f.period is not None,
            "period {period}",
        ),
    ),
    part(
        Said(
            "looks.strongest",
            "the output shows a grid of a longer period than that of the step with most energy at "
            "the output, where that of all steps is known",
            lambda f: f.found and f.strongest is not None,
            "strongest at {strongest}",
        ),
    ),
    part(
        Said(
            "looks.variables",
            "the output shows a grid, and some of its variables show one by themselves",
            lambda f: f.found and f.in_variables is not None,
            "most in {in_variables}",
        ),
    ),
    part(
        Said(
            "looks.lines",
            "the output shows a grid, its lines 3 dB above its replicas",
            lambda f: f.found and f.leads == "lines",
            "mostly lines: constant, or following brightness",
        ),
        Said(
            "looks.replicas",
            "the output shows a grid, its replicas 3 dB above its lines",
            lambda f: f.found and f.leads == "replicas",
            "mostly replicas: it follows the picture's detail",
        ),
    ),
    part(
        Said(
            "looks.grey",
            "the output shows a grid, and is a picture of known range",
            lambda f: f.found and f.grey is not None,
            "{grey} of 255 grey levels RMS",
        ),
    ),
    part(
        Said(
            "looks.prominence",
            "the output shows a grid, and a lattice point stands more than 3 dB out",
            lambda f: f.found and f.prominence is not None and f.prominence > SEEN_DB,
            "peak {prominence:.1f} dB above the spectrum beside it",
        ),
        shown="explained",
    ),
    part(
        Said(
            "looks.flat",
            "the output shows a grid, and its lines under a constant input have settled",
            lambda f: f.found and f.output_line is not None,
            "a constant input leaves lines of {output_line:.1f} dBc in the output",
        ),
        shown="explained",
    ),
)

_WHY: tuple[Said, ...] = (
    Said(
        "why.amplifier",
        "a module is the first to show far more of a grid than steps have, which some of them do",
        lambda f: f.amplifier is not None,
        "{amplifier} amplifies what steps have left, or makes a grid of its own: not told apart",
    ),
    Said(
        "why.module",
        "a module's output is the first to show a grid that no step has",
        lambda f: f.module is not None,
        "{module} treats the phases of the grid differently",
    ),
    Said(
        "why.code",
        "such a grid is there before a module is called, and none made it",
        lambda f: f.called is not None,
        "the code of {within} treats the phases of the grid differently before it calls {called}",
    ),
    Said(
        "why.later",
        "the output shows a grid, and layers behind the worst step amplify that step's by 6 dB "
        "or more",
        lambda f: f.found and f.grown is not None,
        "not {label} in the main: the layers behind it amplify its grid by {grown:.1f} dB",
    ),
    Said(
        "why",
        "what was measured of the worst step tells a cause, and not only the inputs' peaks "
        "are left of its grid",
        lambda f: f.cause is not None and not f.brought_along,
        "{cause}",
    ),
    Said(
        "why.several",
        "several steps are to blame for the output's grid, and have causes",
        lambda f: f.causes is not None and f.summary.blame.standing == "several",
        "{causes}",
    ),
    Said(
        "why.perhaps",
        "no step is known to be to blame for the output's grid, and those that may be have causes",
        lambda f: f.causes is not None,
        "if it is {causes}",
    ),
)
WHY = (part(*_WHY),)

NOT = (
    part(
        Said(
            "not.inherited_apart",
            "peaks of the output are the inputs' own, which show none when tested together",
            lambda f: f.peaks is not None and f.inputs.verdict == "none",
            "counted: the {peaks} in the inputs too where each is tested alone; tested together "
            "they show none",
        ),
        Said(
            "not.inherited",
            "peaks of the output are the inputs' own, which show a grid",
            lambda f: f.peaks is not None and f.inputs.verdict in FOUND,
            "the model's: the {peaks} the inputs' own",
        ),
        Said(
            "not.inputs",
            "there is a grid; the inputs were tested at its frequencies and show none",
            lambda f: f.summary.verdict in FOUND and f.inputs_clean,
            "the inputs' own grid: they show none (p = {input_p:.2g})",
        ),
        shown="explained",
    ),
)

BUT = (
    part(
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
