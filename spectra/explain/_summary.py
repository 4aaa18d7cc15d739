"""The answer of one analysis, as it stands in ``summary.json`` (schema ``spectra.summary/1.1``).

The keys are a contract with everyone who reads the file: add, never rename. The minor version
rises where numbers of the same name are measured anew, so that old and new are not compared.
"""

from dataclasses import dataclass, field
from typing import Any

from spectra._names import label
from spectra.kernel import Measures
from spectra.score import Score, Verdict

SCHEMA = "spectra.summary/1.1"


@dataclass(frozen=True)
class Model:
    """Where the model came from."""

    source: str
    sha256: str | None
    format: str
    architecture: str
    parameters: int


@dataclass(frozen=True)
class DroppedInput:
    """An input that was left out, and why."""

    source: str
    reason: str


@dataclass(frozen=True)
class InputSet:
    """What was fed to the model; ``shape`` is ``(channel, *spatial)``."""

    source: str
    kind: str
    count: int
    used: int
    dropped: tuple[DroppedInput, ...]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Run:
    """How the analysis ran."""

    device: str
    dtype: str
    threads: int
    seed: int
    options: dict[str, Any]
    torch: str
    elapsed_s: float
    forward_s: float


@dataclass(frozen=True)
class StepName:
    """Names one step."""

    name: str
    call: int


@dataclass(frozen=True)
class InputRow:
    """The control row: the inputs, scored like an output.

    ``reason`` says why they tell nothing of the output's own frequencies, where that is so.
    """

    score: Score
    reason: str | None = None


@dataclass(frozen=True)
class FlatFieldRow:
    """Lines of a map when the model sees a constant input, over the map's own mean level.

    Where no lattice is known all structure counts, and ``reason`` says so. Where the map was
    measured and holds no line, ``line_upper_dbc`` is what all lines lie below.
    """

    line_dbc: float | None
    size: int | None
    converged: bool
    reason: str | None
    line_upper_dbc: float | None = None

    @property
    def settled_dbc(self) -> float | None:
        """The lines, where they are lines and another input would say the same."""
        return self.line_dbc if self.converged and self.reason is None else None

    @property
    def clean(self) -> bool:
        """Whether the map was measured and holds no line."""
        return self.line_dbc is None and self.line_upper_dbc is not None


@dataclass(frozen=True)
class OutputRow:
    """The model's output; ``inherited`` lists the frequencies that the inputs already had."""

    score: Score
    inherited: tuple[tuple[float, ...], ...]
    grid_dependence_dbc: float | None
    grid_dependence_note: str | None
    flat_field: FlatFieldRow | None = None


@dataclass(frozen=True)
class AtOutput:
    """What of a step reaches the model's output: the output judged at the step's own frequencies.

    Attributes
    ----------
    locked_dbc : float or None
        Locked energy there; None with a ``reason``.
    locked_lower_dbc : float or None
        The least that it is, where all the power may be locked and no more is known.
    change_db : float or None
        ``locked_dbc`` less the step's own; None where either is no more than a bound.
    line_drop_db : float or None
        How far the output's lines fall without the step's mean pattern; None where not measured.
    p : float or None
        Of the test there; None where it was not made.
    verdict : {"none", "suspect", "present", "insufficient"}
        "none": the output holds nothing of the step; "insufficient": nobody knows.
    reason : str or None
        Why there is no number.
    shared_with : tuple of str
        Labels of other steps with the same frequencies.
    """

    locked_dbc: float | None
    change_db: float | None
    line_drop_db: float | None
    p: float | None = None
    verdict: Verdict = "insufficient"
    reason: str | None = None
    shared_with: tuple[str, ...] = ()
    locked_lower_dbc: float | None = None

    @property
    def told_dbc(self) -> float | None:
        """The energy to compare by: the estimate, or the least where no more is known."""
        return self.locked_lower_dbc if self.locked_dbc is None else self.locked_dbc


@dataclass(frozen=True)
class Finding:
    """One sentence with a stable identifier."""

    id: str
    text: str


@dataclass(frozen=True)
class StepRow:
    """One upsampling step; ``kernel`` is what its weights say by themselves.

    ``calls`` counts how often the model ran it side by side, for each tile or frame.
    """

    name: str
    call: int
    kind: str
    factor: tuple[int, ...]
    kernel_size: tuple[int, ...] | None
    stride: tuple[int, ...] | None
    groups: int | None
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    period_in_output: tuple[int, ...] | None
    score: Score
    out_of_band_dbc: float | None
    at_output: AtOutput
    flat_field: FlatFieldRow
    cause: Finding | None
    advice: Finding | None
    kernel: Measures | None = None
    calls: int = 1

    @property
    def label(self) -> str:
        """The step's name as printed: the module path, with ``#call`` after the first."""
        return label(self)


@dataclass(frozen=True)
class UnexplainedGrowth:
    """A module that enlarges its input by no step that was recognised."""

    name: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]


@dataclass(frozen=True)
class Summary:
    """Everything that one run says, in numbers."""

    spectra_version: str
    created: str
    model: Model
    inputs: InputSet
    run: Run
    verdict: Verdict
    worst: StepName | None
    input: InputRow
    output: OutputRow
    steps: tuple[StepRow, ...]
    unexplained_growth: tuple[UnexplainedGrowth, ...]
    warnings: tuple[Finding, ...]
    answer: dict[str, str] = field(default_factory=dict)
    schema: str = SCHEMA
