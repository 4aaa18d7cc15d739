"""The answer of one analysis, as it stands in ``summary.json`` (schema ``spectra.summary/1.1``).

The keys are a contract with everyone who reads the file: add, never rename. The minor version
rises where numbers of the same name are measured anew, so that old and new are not compared.
"""

import shlex
from dataclasses import dataclass, field
from typing import Any

from spectra._words import counted, input_noun
from spectra.capture import Growth, Operation
from spectra.explain._attack import AttackRow
from spectra.explain._blame import Relation, Standing
from spectra.explain._constant_rows import ConstantRow
from spectra.images import Trace
from spectra.inputs import InputSet, Spacing
from spectra.kernel import Measures
from spectra.load import ModelSource
from spectra.probe import FlatLines
from spectra.score import AtOutput, Score, Verdict
from spectra.severity import Graded

SCHEMA = "spectra.summary/1.1"
NOTES = {
    "loading",
    "preprocessing",
    "output_choice",
    "random",
    "aligned_content",
    "input_grid",
}


@dataclass(frozen=True)
class RunRecord:
    """How the analysis ran.

    ``command`` is what was typed, and ``arguments`` what of it names the model, the inputs and how
    both are read: what other commands take as well. None where Python called. ``sample_rate`` is
    that of the output in Hz, where it is a signal whose rate is known.
    """

    device: str
    dtype: str
    threads: int
    seed: int
    options: dict[str, Any]
    torch: str
    elapsed_s: float
    forward_s: float
    command: str | None = None
    arguments: str | None = None
    sample_rate: float | None = None


@dataclass(frozen=True)
class StepName:
    """Names one step."""

    name: str
    call: int


@dataclass(frozen=True)
class BlameRow:
    """Which step the output's grid comes from, judged by taking the grids of steps away.

    Attributes
    ----------
    standing : {"step", "only", "several", "not told apart", "none", "faint", "not measured"}
        What is known of it, see `spectra.explain._blame.Standing`.
    step : StepName or None
        The step, where it is one.
    steps : tuple of StepName
        Steps that come into question, where it is not one.
    relation : {"adding", "cancelling", "louder"} or None
        What the grids of steps that share a period do to each other.
    related : tuple of StepName
        These steps.
    louder : StepName or None
        The louder of them, where they cancel in part.
    inputs, forwards : int
        How many inputs ran without grids of steps, and how often.
    renormalised : bool
        Whether normalisations took new statistics of the changed maps.
    """

    standing: Standing = "not measured"
    step: StepName | None = None
    steps: tuple[StepName, ...] = ()
    relation: Relation | None = None
    related: tuple[StepName, ...] = ()
    louder: StepName | None = None
    inputs: int = 0
    forwards: int = 0
    renormalised: bool = False


@dataclass(frozen=True)
class OriginRow:
    """The first module that shows a grid of the output that no step has.

    ``entered``: what goes into it shows the grid already, and no module's output before: it is
    made in the code of the module ``within``, empty for the model itself.
    """

    name: str
    type_name: str
    entered: bool
    within: str


@dataclass(frozen=True)
class InputRow:
    """The control row: the inputs, scored like an output.

    ``reason`` says why they tell nothing of the output's own frequencies, where that is so;
    ``cause`` what left a grid in most of the pictures, such as JPEG, if they have one.
    """

    score: Score
    reason: str | None = None
    cause: Trace | None = None


@dataclass(frozen=True)
class VariableRow:
    """One variable of the output, which is one of its channels."""

    name: str
    channel: int
    score: Score

    @property
    def is_present(self) -> bool:
        """Whether it shows a grid by itself, beyond what chance gives one in many."""
        return self.score.verdict == "present"


@dataclass(frozen=True)
class OutputRow:
    """The model's output; ``inherited`` lists the frequencies that the inputs already had.

    ``variables`` are its channels by themselves, weighted by area, where they have names;
    ``spacing`` is how far its cells lie apart, where the inputs' coordinates tell, and
    ``wavelength`` that times the period along each axis.
    ``confounder`` is what the inputs carry by themselves and explains its grid; ``seams`` are
    those of tiles that were made apart, in most outputs.
    """

    score: Score
    inherited: tuple[tuple[float, ...], ...]
    grid_dependence_dbc: float | None
    grid_dependence_note: str | None
    flat_field: FlatLines | None = None
    confounder: Trace | None = None
    seams: Trace | None = None
    variables: tuple[VariableRow, ...] = ()
    spacing: Spacing | None = None
    wavelength: tuple[float | None, ...] | None = None

    @property
    def loudest_first(self) -> list[VariableRow]:
        """The variables, those first that show a grid, and of these that of most locked energy."""

        def height(variable: VariableRow) -> tuple[bool, float]:
            told = variable.score.told_dbc
            return variable.is_present, float("-inf") if told is None else told

        return sorted(self.variables, key=height, reverse=True)


@dataclass(frozen=True)
class Finding:
    """One sentence with a stable identifier.

    ``options`` are those of `spectra swap` that the sentence tells, if it tells any.
    """

    id: str
    text: str
    options: str | None = None

    @property
    def is_note(self) -> bool:
        """Whether it says what was assumed, and warns of nothing."""
        return self.id in NOTES


@dataclass(frozen=True)
class StepRow(Operation):
    """One upsampling step; ``kernel`` is what its weights say by themselves.

    ``calls`` counts how often the model ran it side by side, for each tile or frame. ``inherited``
    lists the frequencies of its maps whose peak the inputs already had: ``score`` is without them.
    ``wavelength_in_output`` is its period in the output in the unit of the output's spacing.
    ``frequencies_hz`` are those of the output that are this step's lines and no later step's, where
    the sample rate is known.
    """

    period_in_output: tuple[int, ...] | None
    score: Score
    out_of_band_dbc: float | None
    at_output: AtOutput
    flat_field: FlatLines
    cause: Finding | None
    advice: Finding | None
    kernel: Measures | None = None
    calls: int = 1
    inherited: tuple[tuple[float, ...], ...] = ()
    wavelength_in_output: tuple[float | None, ...] | None = None
    frequencies_hz: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Summary:
    """Everything that one run says, in numbers, and in words: ``answer``, and that in ``brief``."""

    spectra_version: str
    created: str
    model: ModelSource
    inputs: InputSet
    run: RunRecord
    verdict: Verdict
    worst: StepName | None
    input: InputRow
    output: OutputRow
    steps: tuple[StepRow, ...]
    unexplained_growth: tuple[Growth, ...]
    warnings: tuple[Finding, ...]
    blame: BlameRow = field(default_factory=BlameRow)
    answer: dict[str, str] = field(default_factory=dict)
    schema: str = SCHEMA
    severity: Graded | None = None
    brief: dict[str, str] = field(default_factory=dict)
    origin: OriginRow | None = None
    attack: AttackRow | None = None
    probe: ConstantRow | None = None

    @property
    def advised_command(self) -> str | None:
        """What to type to do what *Try* says, in Python where Python called; None for nothing."""
        said = self.answer.get("try", "")
        advice = (row.advice for row in self.steps if row.advice and row.advice.text in said)
        options = next((found.options for found in advice if found.options), None)
        if options is None:
            return None
        if self.run.arguments is not None:
            return f"spectra swap {self.run.arguments} {options}"
        words = [word for word in shlex.split(options) if word != "--save"]  # a Trial is at hand
        given = dict(zip(words[::2], words[1::2], strict=True))
        remedy = given.pop("--with")
        named = "".join(
            f", {name.removeprefix('--')}={value if value.isdigit() else repr(value)}"
            for name, value in given.items()
        )
        return f"spectra.run.try_swap(model, inputs, {remedy!r}{named})"

    @property
    def given(self) -> str:
        """How many inputs there were, and what they are called."""
        return counted(self.inputs.count, input_noun(self.inputs.kind))

    @property
    def taken(self) -> str:
        """How many inputs the model got, and what they are called."""
        return counted(self.inputs.used, input_noun(self.inputs.kind))
