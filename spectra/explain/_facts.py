"""What the sentences of an answer speak of, read off a summary."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from spectra._names import period, place, size
from spectra.explain._sentence import Sentence, first
from spectra.explain._summary import AtOutput, StepRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.explain._summary import Summary
    from spectra.score import Score

FOUND = ("present", "suspect")
NAMED = 3  # steps that a sentence names before it counts the others
NOUNS = {"images": "picture", "array": "array", "latent": "latent"}
VERDICT_TEXT = {
    "present": "grid-locked artifact PRESENT",
    "suspect": "grid-locked artifact SUSPECTED",
    "none": "NO grid-locked artifact detected",
    "insufficient": "INSUFFICIENT data for a verdict",
}


class Facts:
    """A summary, its worst step and what of it is at the output; names that a sentence uses."""

    def __init__(self, summary: Summary) -> None:
        self.summary = summary
        self.steps = summary.steps
        self.output = summary.output.score
        self.inputs = summary.input.score
        self.verdict = VERDICT_TEXT[summary.verdict]
        self.worst = next((row for row in summary.steps if is_worst(row, summary)), None)
        self.at = self.worst.at_output if self.worst else AtOutput(None, None, None)
        self.used = summary.inputs.used

    @property
    def found(self) -> bool:
        """Whether the output was scored and shows a grid."""
        return self.output.verdict in FOUND

    # What a constant input shows.

    @property
    def flat_rows(self) -> list[StepRow]:
        """Return the steps with a lattice, which alone have lines."""
        return [row for row in self.steps if row.factor]

    @property
    def flat_row(self) -> StepRow | None:
        """The step that leaves the strongest lines, of those whose lines have settled."""
        lines = {
            index: row.flat_field.settled_dbc
            for index, row in enumerate(self.steps)
            if row.factor and row.flat_field.settled_dbc is not None
        }
        return self.steps[max(lines, key=lines.__getitem__)] if lines else None

    @property
    def flat_step(self) -> str | None:
        return self.flat_row.label if self.flat_row else None

    @property
    def flat_dbc(self) -> float | None:
        return self.flat_row.flat_field.settled_dbc if self.flat_row else None

    @property
    def flat_clean(self) -> bool:
        """Whether some steps were measured, and none of these leaves a line."""
        return self.flat_row is None and any(row.flat_field.clean for row in self.flat_rows)

    @property
    def flat_unknown(self) -> str:
        return listed([row.label for row in self.flat_rows if not row.flat_field.clean])

    @property
    def flat_reasons(self) -> str:
        reasons = (row.flat_field.reason or "no lattice" for row in self.steps)
        return "; ".join(dict.fromkeys(reasons)) or "no step"

    @property
    def output_line(self) -> float | None:
        flat = self.summary.output.flat_field
        return flat.settled_dbc if flat else None

    @property
    def output_clean(self) -> bool:
        flat = self.summary.output.flat_field
        return flat is not None and flat.clean

    # What the output shows.

    @property
    def energy(self) -> str:
        return describe_energy(self.output)

    @property
    def headline(self) -> str:
        known = self.output.told_dbc is not None and self.output.a_db is not None
        equals = "at least" if self.output.at_least else "="
        return f", A {equals} {self.output.a_db:.1f} dB" if known else ""

    @property
    def against(self) -> str:
        p = self.output.p
        return "" if p is None else f" (p = {p:.4g} against randomly shifted grids)"

    @property
    def upper(self) -> float | None:
        return self.output.asr_upper_dbc

    @property
    def because(self) -> str:
        return f" ({self.output.reason})" if self.output.reason else ""

    @property
    def reason(self) -> str:
        return self.output.reason or "not measured"

    @property
    def guilty(self) -> str:
        """The steps whose own maps give the verdict where the output gives none."""
        verdict = self.summary.verdict
        return listed([row.label for row in self.steps if row.score.verdict == verdict])

    @property
    def period(self) -> str | None:
        own = self.output.period
        return f"{period(own)}{_pattern(own)}" if own and max(own) > 1 else None

    @property
    def kind(self) -> str | None:
        """Which of lines and replicas leads clearly, if one does."""
        score = self.output
        if score.asr_dbc is None and score.asr_lower_dbc is None:
            return None
        line, replica = score.line_dbc, score.replica_dbc
        if line is not None and (replica is None or line > replica + 3):
            return "lines"
        return "replicas" if replica is not None and (line is None or replica > line + 3) else None

    @property
    def grey(self) -> str | None:
        return None if self.output.grey_levels is None else grey(self.output.grey_levels)

    @property
    def prominence(self) -> float | None:
        return self.output.prominence_db

    # Where it is born.

    @property
    def step(self) -> str | None:
        return f"{self.worst.label} ({describe_step(self.worst)})" if self.worst else None

    @property
    def label(self) -> str | None:
        return self.worst.label if self.worst else None

    @property
    def unscored(self) -> str:
        return listed([row.label for row in self.steps if row.score.verdict == "insufficient"])

    @property
    def verdicts(self) -> set[str]:
        """What the steps' own maps show."""
        return {row.score.verdict for row in self.steps}

    @property
    def below(self) -> str:
        return "" if self.upper is None else f" (below {self.upper:.1f} dBc)"

    @property
    def at_reason(self) -> str:
        return self.at.reason or "not measured"

    @property
    def locked(self) -> float | None:
        return self.at.locked_dbc

    @property
    def change(self) -> float | None:
        """To the decimal that is printed, so that words and number agree."""
        return None if self.at.change_db is None else round(self.at.change_db, 1)

    @property
    def loss(self) -> float | None:
        return None if self.change is None else abs(self.change)

    @property
    def brought_along(self) -> bool:
        """Whether peaks that the output inherits lie at the worst step's frequencies."""
        own = self.worst.period_in_output if self.worst else None
        return own is not None and any(
            all(abs(f * p - round(f * p)) < 1e-6 for f, p in zip(peak, own, strict=True))
            for peak in self.summary.output.inherited
        )

    @property
    def sharing(self) -> str:
        """The other steps that may have left what stands at the step's frequencies."""
        own = {row.label for row in self.steps if row.score.verdict != "none"}
        return listed([label for label in self.at.shared_with if label in own])

    @property
    def unfollowed(self) -> str:
        """The other steps with a grid of which nobody knows whether it reaches the output."""
        return listed(
            [
                row.label
                for row in self.steps
                if row is not self.worst
                and row.score.verdict in FOUND
                and row.at_output.verdict == "insufficient"
            ]
        )

    @property
    def strongest(self) -> str | None:
        """The period of the worst step, if it is known to hold most of the output's energy."""
        whole, locked = self.output.period, self.at.locked_dbc
        own = self.worst.period_in_output if self.worst else None
        every = [row.at_output for row in self.steps]
        known = all(at.verdict != "insufficient" for at in every)
        if self.summary.run.options.get("steps") or not known:
            return None
        if not whole or not own or locked is None or max(own) >= max(whole):
            return None
        most = max(at.locked_dbc for at in every if at.locked_dbc is not None)
        return period(own) if locked >= most else None

    @property
    def cause(self) -> str | None:
        return self.worst.cause.text if self.worst and self.worst.cause else None

    @property
    def advice(self) -> str | None:
        return self.worst.advice.text if self.worst and self.worst.advice else None

    # What the inputs bring along, and how far to trust it all.

    @property
    def peaks(self) -> str | None:
        inherited = self.summary.output.inherited
        if not inherited:
            return None
        noun, verb = ("peak", "is") if len(inherited) == 1 else ("peaks", "are")
        at = ", ".join(map(_fractions, inherited))
        return f"{noun} at {at} cycles/{place(len(inherited[0]))} {verb}"

    @property
    def inputs_clean(self) -> bool:
        """Whether the inputs were tested at the output's frequencies, and show no grid."""
        tested = self.inputs.p is not None and self.summary.input.reason is None
        return tested and self.inputs.verdict == "none"

    @property
    def input_p(self) -> float | None:
        return self.inputs.p

    @property
    def input_period(self) -> str | None:
        return period(self.inputs.period) if self.inputs.period else None

    @property
    def input_energy(self) -> str:
        return describe_energy(self.inputs)

    @property
    def these(self) -> str:
        return f"{'this' if self.used == 1 else 'these'} {self._noun}"

    @property
    def _noun(self) -> str:
        return plural(NOUNS.get(self.summary.inputs.kind, "input"), self.used)

    @property
    def used_inputs(self) -> str:
        inputs = self.summary.inputs
        spatial = f" of {'x'.join(map(str, inputs.shape[1:]))}" if len(inputs.shape) > 1 else ""
        dropped = f", {len(inputs.dropped)} left out" if inputs.dropped else ""
        return f"{self.used} {self._noun}{spatial}{dropped}"

    @property
    def replicates(self) -> str:
        return f"{self.output.replicates} {plural('replicate', self.output.replicates)}"

    @property
    def dependence(self) -> float | None:
        return self.summary.output.grid_dependence_dbc

    @property
    def run(self) -> str:
        run = self.summary.run
        return f"{run.device}, seed {run.seed}, spectra {self.summary.spectra_version}"

    @property
    def notes(self) -> str:
        count = len(self.summary.warnings)
        return f"{count} {plural('note', count)}" if count else ""


ENERGY: tuple[Sentence[Score], ...] = (
    Sentence(
        "energy.at_least",
        "the interval reaches all of the power, so that it has a lower end only",
        lambda score: score.asr_ci95_dbc is None and score.asr_lower_dbc is not None,
        "locked energy at least {asr_lower_dbc:.1f} dBc",
    ),
    Sentence(
        "energy.interval",
        "estimate and interval are known",
        lambda score: score.asr_dbc is not None and score.asr_ci95_dbc is not None,
        "locked energy {asr_dbc:.1f} dBc ({asr_ci95_dbc[0]:.1f} to {asr_ci95_dbc[1]:.1f})",
    ),
    Sentence(
        "energy.at_most",
        "the interval begins at zero energy",
        lambda score: score.asr_dbc is not None and score.asr_upper_dbc is not None,
        "locked energy {asr_dbc:.1f} dBc (at most {asr_upper_dbc:.1f})",
    ),
    Sentence(
        "energy.estimate",
        "only the estimate is known",
        lambda score: score.asr_dbc is not None,
        "locked energy {asr_dbc:.1f} dBc",
    ),
    Sentence(
        "energy.bound",
        "the estimate is not above zero",
        lambda score: score.asr_upper_dbc is not None,
        "locked energy at most {asr_upper_dbc:.1f} dBc",
    ),
    Sentence("energy.none", "no number", lambda _: True, "no number for its energy"),
)


def describe_energy(score: Score) -> str:
    """Return the locked energy with its interval, or what is known instead."""
    sentence = first(ENERGY, score)
    assert sentence is not None
    return sentence.of(score)


def is_worst(row: StepRow, summary: Summary) -> bool:
    """Tell whether a row is the worst step of a summary."""
    worst = summary.worst
    return worst is not None and (row.name, row.call) == (worst.name, worst.call)


def describe_step(row: StepRow) -> str:
    """Return kind, kernel and factor of a step in words."""
    kernel = f" {'x'.join(map(str, row.kernel_size))}" if row.kernel_size else ""
    factor = f", x{size(row.factor)}" if row.factor else ""
    return f"{row.kind.replace('_', ' ')}{kernel}{factor}"


def grey(levels: float) -> str:
    """Return levels of 255 to two digits, the same wherever they are printed.

    Examples
    --------
    >>> grey(0.912), grey(123.4)
    ('0.91', '123')
    """
    return f"{levels:.2g}" if levels < 10 else f"{levels:.0f}"


def plural(noun: str, count: int) -> str:
    """Return the noun as it stands after a count."""
    return noun if count == 1 else f"{noun}s"


def listed(labels: Sequence[str]) -> str:
    """Return names in a row, the last ones counted where there are many."""
    if len(labels) <= NAMED + 1:
        return ", ".join(labels)
    return f"{', '.join(labels[:NAMED])} and {len(labels) - NAMED} more"


def _pattern(period: Sequence[int]) -> str:
    """Return the direction of a period in pictures."""
    if len(period) != 2:
        return ""
    down, across = (p > 1 for p in period)
    if down and across:
        return " (both directions)"
    return " (horizontal stripes)" if down else " (vertical stripes)"


def _fractions(frequency: Sequence[float]) -> str:
    return "(" + ", ".join(str(Fraction(f).limit_denominator(64)) for f in frequency) + ")"
