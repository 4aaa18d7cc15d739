"""What the sentences of an answer speak of, read off a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spectra._hertz import hertz, line_frequencies, rate_text, several_hertz, time_period
from spectra._names import db_text, grey, period, place
from spectra._words import counted, input_noun, listed
from spectra.explain._verdict import FOUND, UNDECIDED
from spectra.explain._words import describe_dbc, describe_energy, direction, fractions
from spectra.score import AtOutput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.explain._summary import OriginRow, StepRow, Summary

VERDICT_TEXT = {
    "present": "grid-locked artifact PRESENT",
    "suspect": "grid-locked artifact SUSPECTED",
    "none": "NO grid-locked artifact detected",
    "insufficient": "INSUFFICIENT data for a verdict",
}


MOST_LEVELS = 127.5  # root mean square that anything between 0 and 255 can have
LEAST_DB = 1.0  # change of the output from which on something is said of it
GROWN_DB = 6.0  # by which later layers amplify a grid that they are to blame for


class Facts:
    """A summary, its worst step, and names that sentences use; None where something is unknown."""

    def __init__(self, summary: Summary) -> None:
        worst = summary.worst and (summary.worst.name, summary.worst.call)
        self.summary = summary
        self.steps = summary.steps
        self.output = summary.output.score
        self.inputs = summary.input.score
        self.verdict = VERDICT_TEXT[summary.verdict]
        self.worst = next((row for row in self.steps if (row.name, row.call) == worst), None)
        self.at = self.worst.at_output if self.worst else AtOutput()
        self.used = summary.inputs.used

    @property
    def found(self) -> bool:
        """Whether the output was scored and shows a grid."""
        return self.output.verdict in FOUND

    @property
    def named(self) -> bool:
        """Whether the worst step is the one without whose grid the output has less."""
        return self.summary.blame.standing == "step" and self.worst is not None

    @property
    def gone(self) -> bool:
        """Whether it is known that nothing of the worst step is in the output."""
        return self.worst is not None and self.at.verdict == "none" and not self.named

    @property
    def brought_along(self) -> bool:
        """Whether of the worst step's grid the output holds peaks of the inputs, and no more."""
        own = self.worst.period_in_output if self.worst else None
        if own is None or not self.gone:
            return False
        return any(
            all(abs(f * p - round(f * p)) < 1e-6 for f, p in zip(peak, own, strict=True))
            for peak in self.summary.output.inherited
        )

    # What the output shows.

    @property
    def energy(self) -> str:
        return describe_energy(self.output)

    @property
    def headline(self) -> str:
        a_db = self.output.a_db
        if self.output.told_dbc is None or a_db is None:
            return ""
        return f"A {'at least' if self.output.at_least else '='} {db_text(a_db)} dB"

    @property
    def against(self) -> str:
        p = self.output.p
        return "" if p is None else f", p = {p:.4g}"

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
        return f"{period(own)}{direction(own)}" if own and max(own) > 1 else None

    @property
    def wavelength(self) -> str | None:
        """How long the period is, where the inputs have coordinates."""
        own, spacing = self.output.period, self.summary.output.spacing
        fits = own and spacing is not None and len(own) == len(spacing.dims) and max(own) > 1
        return spacing.in_words(own) if fits and own and spacing else None

    @property
    def in_variables(self) -> str | None:
        """The variables of the output that hold most of the grid, with their energies."""
        found = [v for v in self.summary.output.loudest_first if v.is_present]
        texts = [f"{v.name} ({describe_dbc(v.score)})" for v in found]
        return listed(texts) if texts else None

    @property
    def hertz(self) -> str | None:
        """Lines of the output that are of its period and of no step's shorter one."""
        own, rate = time_period(self.output.period), self.summary.run.sample_rate
        if rate is None or own is None:
            return None
        steps = (time_period(row.period_in_output) for row in self.steps)
        lines = line_frequencies(own, rate, filter(None, steps))
        return several_hertz(lines) if lines else None

    def spoken(self, own: Sequence[int]) -> str:
        """Return a period, of sound with the frequency of its first line."""
        rate, samples = self.summary.run.sample_rate, time_period(own)
        if rate is None or samples is None or len(own) > 1:
            return period(own)
        return f"{period(own)} ({hertz(rate / samples)})"

    @property
    def rate(self) -> str | None:
        rate = self.summary.run.sample_rate
        return None if rate is None else rate_text(rate)

    @property
    def of_period(self) -> str | None:
        """The steps whose grids have the output's period."""
        rows = [row.label for row in self.steps if row.period_in_output == self.output.period]
        return listed(rows) if rows else None

    @property
    def label(self) -> str | None:
        return self.worst.label if self.worst else None

    @property
    def strongest(self) -> str | None:
        """The period at which the output has most energy, if that is known and is not its whole."""
        known = all(row.at_output.verdict != "insufficient" for row in self.steps)
        energies = [
            (row.at_output.told_dbc, row.period_in_output)
            for row in self.steps
            if row.at_output.told_dbc is not None and row.period_in_output
        ]
        if self.summary.run.options.get("steps") or not known or not energies:
            return None
        whole, (_, own) = self.output.period, max(energies)
        return self.spoken(own) if whole and max(own) < max(whole) else None

    @property
    def leads(self) -> str | None:
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
        levels = self.output.grey_levels
        return None if levels is None or levels > MOST_LEVELS else grey(levels)

    @property
    def prominence(self) -> float | None:
        return self.output.prominence_db

    @property
    def output_line(self) -> float | None:
        flat = self.summary.output.flat_field
        return flat.settled_dbc if flat else None

    # The module that makes what no step does.

    @property
    def module(self) -> str | None:
        """The first module whose output shows a grid that no step has."""
        origin = self.summary.origin
        return None if origin is None or origin.entered else _named(origin)

    @property
    def amplifier(self) -> str | None:
        """Where far more of a grid is seen first than steps have, which some of them do have."""
        alone = self.steps_clean or self.summary.blame.standing == "none"
        return None if alone else self.module or self.called

    @property
    def called(self) -> str | None:
        """The first module that is called with such a grid, which no module made."""
        origin = self.summary.origin
        return _named(origin) if origin is not None and origin.entered else None

    @property
    def within(self) -> str:
        """The module in whose code such a grid is made."""
        origin = self.summary.origin
        return (origin.within if origin else "") or "the model itself"

    # Several steps, of which none is the worst.

    @property
    def suspected(self) -> list[StepRow]:
        """The steps that may leave the grid, where no one step does; that of most first."""
        if self.summary.blame.standing not in UNDECIDED or self.summary.origin is not None:
            return []
        asked = {(s.name, s.call) for s in self.summary.blame.steps}
        rows = [
            row
            for row in self.steps
            if row.score.verdict in FOUND
            and ((row.name, row.call) in asked if asked else may_fall(row))
        ]
        return sorted(rows, key=_at_output, reverse=True)

    @property
    def causes(self) -> str | None:
        """Why these steps leave a grid: the first of each kind of cause, and those alike."""
        alike: dict[str, list[StepRow]] = {}
        for row in self.suspected:
            if row.cause is not None:
                alike.setdefault(row.cause.id, []).append(row)
        return "; ".join(map(_causes_of, alike.values())) or None

    @property
    def first_advice(self) -> str | None:
        """What to try at the first of these steps for which anything is known to help."""
        advised = ((row.label, row.advice) for row in self.suspected)
        return next((f"first {label}: {found.text}" for label, found in advised if found), None)

    # Why, and what to try.

    @property
    def cause(self) -> str | None:
        return self.worst.cause.text if self.worst and self.worst.cause else None

    @property
    def ungraded(self) -> bool:
        """Whether the test found a grid, and how severe it is is not known."""
        graded = self.summary.severity
        return self.found and graded is not None and graded.word == "insufficient"

    @property
    def mild(self) -> str | None:
        """The word for a grid that hardly anyone sees; None for others."""
        graded = self.summary.severity
        return {"none": "not visible", "faint": "faint"}.get(graded.word if graded else "")

    @property
    def steps_clean(self) -> bool:
        """Whether every step's own maps were scored, and none shows a grid."""
        return {row.score.verdict for row in self.steps} == {"none"}

    @property
    def grown(self) -> float | None:
        """What the layers behind the worst step add to its grid, where that is much."""
        change = self.at.change_db
        return change if change is not None and change >= GROWN_DB and not self.named else None

    @property
    def advice(self) -> str | None:
        return self.worst.advice.text if self.worst and self.worst.advice else None

    # What the inputs bring along.

    @property
    def confounder(self) -> str | None:
        """What the inputs carry by themselves, where it explains the output's grid."""
        cause = self.summary.output.confounder
        return cause.text if cause and self.found else None

    @property
    def peaks(self) -> str | None:
        inherited = self.summary.output.inherited
        if not inherited:
            return None
        noun, verb = ("peak", "is") if len(inherited) == 1 else ("peaks", "are")
        at = ", ".join(map(fractions, inherited))
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

    # How far to trust it.

    @property
    def used_inputs(self) -> str:
        inputs = self.summary.inputs
        spatial = f" of {'x'.join(map(str, inputs.shape[1:]))}" if len(inputs.shape) > 1 else ""
        dropped = f", {len(inputs.dropped)} left out" if inputs.dropped else ""
        return f"{counted(self.used, input_noun(inputs.kind))}{spatial}{dropped}"

    @property
    def these(self) -> str:
        noun = input_noun(self.summary.inputs.kind)
        return f"this {noun}" if self.used == 1 else f"these {noun}s"

    @property
    def replicates(self) -> str:
        return counted(self.output.replicates, "replicate")

    @property
    def dependence(self) -> float | None:
        return self.summary.output.grid_dependence_dbc

    @property
    def run(self) -> str:
        run = self.summary.run
        return f"{run.device}, seed {run.seed}, spectra {self.summary.spectra_version}"

    @property
    def noted(self) -> str:
        """How many notes wait there."""
        notes = sum(finding.is_note for finding in self.summary.warnings)
        return f" ({counted(notes, 'note')})" if notes else ""

    @property
    def notes(self) -> str:
        return counted(len(self.summary.warnings), "note")


def may_fall(row: StepRow) -> bool:
    """Tell whether the output may have less without a step: its interval is as wide as that."""
    there = row.at_output
    low = float("-inf") if there.without_ci95_db is None else there.without_ci95_db[0]
    return is_measured(row) and low <= -LEAST_DB


def is_measured(row: StepRow) -> bool:
    """Tell whether it is known what the output has without a step's grid."""
    there = row.at_output
    return there.without_db is not None or there.without_upper_db is not None


def _at_output(row: StepRow) -> float:
    """Return what the output holds of a step, to compare it by."""
    told = row.at_output.told_dbc
    return float("-inf") if told is None else told


def _named(origin: OriginRow) -> str:
    return f"{origin.name or 'the model itself'} ({origin.type_name})"


def _causes_of(rows: Sequence[StepRow]) -> str:
    """Return the cause of the first of some steps, and which of the others have one of its kind."""
    first, *others = rows
    assert first.cause is not None
    likewise = f"; {listed([row.label for row in others])} likewise" if others else ""
    return f"{first.label}: {first.cause.text}{likewise}"
