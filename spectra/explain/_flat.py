"""What a run without inputs can say: the lines that a constant input leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spectra._sentence import Sentence
from spectra._words import listed
from spectra.explain._facts import Facts

if TYPE_CHECKING:
    from spectra.explain._summary import StepRow


class Flat(Facts):
    """The steps under a constant input."""

    @property
    def bare(self) -> bool:
        """Whether there were no inputs."""
        return not self.used

    @property
    def probed(self) -> bool:
        """Whether what a constant leaves is told by itself."""
        return self.summary.probe is not None and self.summary.probe.reason is None

    @property
    def step(self) -> str | None:
        return self._loudest.label if self._loudest else None

    @property
    def line(self) -> float | None:
        return self._loudest.flat_field.settled_dbc if self._loudest else None

    @property
    def clean(self) -> bool:
        """Whether some steps were measured, and none of these leaves a line."""
        return self.line is None and any(row.flat_field.clean for row in self._rows)

    @property
    def unmeasured(self) -> str:
        return listed([row.label for row in self._rows if not row.flat_field.clean])

    @property
    def reasons(self) -> str:
        reasons = (row.flat_field.reason or "no lattice" for row in self.steps)
        return "; ".join(dict.fromkeys(reasons)) or "no step"

    @property
    def output_clean(self) -> bool:
        flat = self.summary.output.flat_field
        return flat is not None and flat.clean

    @property
    def _rows(self) -> list[StepRow]:
        """The steps with a lattice, which alone have lines."""
        return [row for row in self.steps if row.factor]

    @property
    def _loudest(self) -> StepRow | None:
        """The step that leaves the strongest lines, of those whose lines have settled."""
        lines = [(row.flat_field.settled_dbc, -n) for n, row in enumerate(self._rows)]
        known = [(line, n) for line, n in lines if line is not None]
        return self._rows[-max(known)[1]] if known else None


Said = Sentence[Flat]
STEPS: tuple[Said, ...] = (
    Said(
        "verdict.flat_probed",
        "no inputs; a constant was asked for, and the output is a signal",
        lambda f: f.bare and f.probed,
        "no inputs, so no verdict: only a constant was shown",
    ),
    Said(
        "verdict.flat_lines",
        "no inputs; a constant input leaves lines that have settled",
        lambda f: f.bare and f.line is not None,
        "no inputs, so no verdict; a constant input leaves lines of {line:.1f} dB over the mean "
        "level at {step}",
    ),
    Said(
        "verdict.flat_clean",
        "no inputs; every step was measured with a constant input and shows no line",
        lambda f: f.bare and f.clean and not f.unmeasured,
        "no inputs, so no verdict; a constant input leaves no line at any step",
    ),
    Said(
        "verdict.flat_partly",
        "no inputs; steps that were measured show no line, others were not measured",
        lambda f: f.bare and f.clean,
        "no inputs, so no verdict; a constant input leaves no line where that was measured, which "
        "it was not at {unmeasured}",
    ),
    Said(
        "verdict.flat_unknown",
        "no inputs; no line was measured, or none has settled",
        lambda f: f.bare,
        "no inputs, so no verdict; no lines were measured with a constant input ({reasons})",
    ),
)
OUTPUT: tuple[Said, ...] = (
    Said(
        "verdict.output_lines",
        "no inputs; lines at a step, and the output's have settled",
        lambda f: f.bare and not f.probed and f.line is not None and f.output_line is not None,
        "the output holds lines of {output_line:.1f} dB",
    ),
    Said(
        "verdict.output_clean",
        "no inputs; lines at a step, and the output was measured and has none",
        lambda f: f.bare and not f.probed and f.line is not None and f.output_clean,
        "the output holds none",
    ),
)
