"""What to try against a cause: something that this step allows, and how to do it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from shlex import quote
from typing import TYPE_CHECKING

from spectra import kernel
from spectra._names import db_text
from spectra._reasons import UNFELT
from spectra._sentence import Sentence, first
from spectra.explain._summary import Finding, StepRow
from spectra.explain._words import describe_step
from spectra.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spectra.repair import Offer

PASSES = 30
SINC = "lctc15"  # with a sinc start: what the tool has as a windowed sinc
SINC_REACH = 7.5  # input samples under its taps
LINES = {"phase_imbalance", "uneven_overlap"}
WORTH_DB = 1.0  # fall of the output's lines from which on equal phases are worth a try
SMOOTHER_DB = 3.0  # more rejection, for which another interpolation is worth a try
MOST_TAPS = 4000  # of a kernel whose rejection is computed: all pairs of taps are held at once
OPTIONS = ("fitted", "sinc")  # facts that are options of `spectra swap`
MODES = {1: ("linear",), 2: ("bilinear", "bicubic"), 3: ("trilinear",)}


@dataclass(frozen=True)
class _Case:
    """A step with a cause, what can be done to it, and the names that a sentence uses."""

    row: StepRow
    offer: Offer

    @property
    def cause(self) -> str:
        assert self.row.cause is not None
        return self.row.cause.id

    @property
    def lines(self) -> bool:
        """Whether phases that differ make lines."""
        return self.cause in LINES

    @property
    def fixed(self) -> bool:
        return KINDS[self.row.kind].fixed

    @property
    def last(self) -> bool:
        """Whether no step comes between this one and the output."""
        return self.row.factor == self.row.period_in_output

    @property
    def worth(self) -> bool:
        """Whether the output's lines are known to fall without the step's, or not known."""
        drop = self.row.at_output.line_drop_db
        return drop is None or drop >= WORTH_DB

    @property
    def drop(self) -> str:
        """What the output's lines lose without those of the step, if that is a loss."""
        drop = self.row.at_output.line_drop_db
        if drop is None or drop < WORTH_DB:
            return ""
        least = "at least " if self.row.at_output.line_drop_is_bound else ""
        return f"; without its mean pattern the output's lines fall by {least}{db_text(drop)} dB"

    @property
    def kind(self) -> str:
        return KINDS[self.row.kind].words

    @property
    def label(self) -> str:
        return self.row.label

    @property
    def step(self) -> str:
        return f"{self.row.label} ({describe_step(self.row)})"

    @property
    def frozen(self) -> str | None:
        return self.offer.frozen

    @property
    def python(self) -> str:
        """The name of the step as a string in Python."""
        return repr(self.row.label)

    @property
    def fitted(self) -> str:
        """The options of the command that puts a larger kernel there, fits it and writes it."""
        where = f"--with {self.offer.larger} --steps {quote(self.row.label)}"
        return f"{where} --repair {PASSES} --save"

    @property
    def sinc(self) -> str:
        """The options of the command that puts a windowed sinc there."""
        return f"--with {SINC} --init sinc --steps {quote(self.row.label)}"

    @property
    def refused(self) -> str | None:
        return self.offer.no_swap

    # What interpolations reject.

    @property
    def own(self) -> float | None:
        return self.row.kernel.rejection_db if self.row.kernel else None

    @cached_property
    def smoother(self) -> tuple[str, float] | None:
        """The interpolation of PyTorch that rejects most, if that is worth a try."""
        if not self.fixed or self.own is None:
            return None
        worth = (other for other in self._others() if other[1] >= self.own + SMOOTHER_DB)
        return max(worth, key=lambda other: other[1], default=None)

    def _others(self) -> Iterator[tuple[str, float]]:
        for mode in MODES[min(len(self.row.factor), 3)]:
            taps = KINDS[mode].interpolator
            assert taps is not None
            made = kernel.interpolator(taps, self.row.factor)
            if prod(made.size) <= MOST_TAPS:
                yield mode, kernel.rejection_db(made)

    @property
    def other(self) -> str | None:
        return self.smoother[0] if self.smoother else None

    @property
    def more(self) -> float | None:
        return self.smoother[1] if self.smoother else None

    @property
    def rejected(self) -> str:
        """What the windowed sinc rejects beside this interpolation, where both are known."""
        sizes = [int(SINC_REACH * s) // 2 * 2 + 1 if s > 1 else 1 for s in self.row.factor]
        if self.own is None or prod(sizes) > MOST_TAPS:
            return ""
        other = kernel.rejection_db(kernel.windowed_sinc(sizes, self.row.factor))
        return (
            f", which rejects {db_text(self.own)} dB of the replicas where it rejects "
            f"{db_text(other)}"
        )

    @property
    def change(self) -> str:
        """What to change in one's own code."""
        if self.fixed:
            other = f"{self.other} interpolation" if self.other else "a windowed sinc"
            return f"put {other} in the place of {self.step}, then fine-tune what follows"
        if self.cause == "gaps":
            return (
                f"put a filter that fills the gaps, or interpolation, in the place of {self.step}"
            )
        if self.lines:
            return f"start {self.step} with equal phases (ICNR or a windowed sinc), then fine-tune"
        return f"give {self.step} a larger kernel, started from a windowed sinc, then fine-tune"


_Said = Sentence[_Case]
ADVICE: tuple[_Said, ...] = (
    _Said(
        "in_your_code",
        "the model is a TorchScript or an exported program, which no command can change",
        lambda c: c.frozen is not None and c.cause != "unclear",
        "in your Python code, before {frozen} freezes it: {change}",
    ),
    _Said(
        "balance",
        "the phases of a last step differ; `balance` knows it, and the output's lines are known to "
        "fall without its pattern, or not known",
        lambda c: c.lines and c.last and c.worth and c.offer.no_balance is None,
        "balance its phases, without any training: in Python spectra.repair.balance(model, inputs, "
        "steps={python}), whose psnr_db tells what that changes beside the lines{drop}",
    ),
    _Said(
        "fit_phases",
        "the phases of a step differ, and `spectra swap` knows it",
        lambda c: c.lines and c.offer.larger is not None,
        "equal phases, fitted to the model's own output without its grid: spectra swap with the "
        "same model, inputs and reading options, and {fitted}{drop}",
    ),
    _Said(
        "fit_phases.by_hand",
        "the phases of a step differ",
        lambda c: c.lines,
        "equal phases: start from ICNR or a windowed sinc, then fine-tune; by hand, as `spectra "
        "swap` refuses it: {refused}",
    ),
    _Said(
        "fill_gaps",
        "the step leaves pixels without input, and `spectra swap` knows it",
        lambda c: c.cause == "gaps" and c.offer.larger is not None,
        "a kernel that fills the gaps, fitted to the model's own output without its grid: spectra "
        "swap with the same model, inputs and reading options, and {fitted}",
    ),
    _Said(
        "fill_gaps.by_hand",
        "the step leaves pixels without input",
        lambda c: c.cause == "gaps",
        "a filter that fills the gaps, or interpolation in its place; by hand, as `spectra swap` "
        "refuses it: {refused}",
    ),
    _Said(
        "smoother_interpolation",
        "the step is an interpolation, and another of PyTorch rejects 3 dB more of the replicas",
        lambda c: c.smoother is not None,
        "{other} in place of {kind}, which rejects {own:.1f} dB of the replicas where {other} "
        "rejects {more:.1f}: mode='{other}' at {label}, then fine-tune what follows",
    ),
    _Said(
        "windowed_sinc",
        "the step is an interpolation that `spectra swap` knows, and no other rejects 3 dB more",
        lambda c: c.fixed and c.offer.larger is not None,
        "a windowed sinc in place of {kind}{rejected}: spectra swap with the same model, "
        "inputs and reading options, and {sinc}",
    ),
    _Said(
        "windowed_sinc.by_hand",
        "the step is an interpolation",
        lambda c: c.fixed,
        "a windowed sinc in place of {kind}; by hand, as `spectra swap` refuses it: {refused}",
    ),
    _Said(
        "larger_kernel",
        "the kernel leaks, and `spectra swap` knows the step",
        lambda c: c.cause == "kernel_leaks" and c.offer.larger is not None,
        "a larger kernel, fitted to the model's own output without its grid: spectra swap with "
        "the same model, inputs and reading options, and {fitted}",
    ),
    _Said(
        "larger_kernel.by_hand",
        "the kernel leaks",
        lambda c: c.cause == "kernel_leaks",
        "a larger kernel: start from a windowed sinc, then fine-tune; by hand, as `spectra swap` "
        "refuses it: {refused}",
    ),
)


def find_advice(row: StepRow, offer: Offer | None) -> Finding | None:
    """Return what to try against the cause of a step's grid.

    None where nothing is known to help, or where what the step makes does not reach the output.

    Parameters
    ----------
    row : StepRow
        The step, with its cause.
    offer : Offer or None
        What can be done to it; None where nobody needs advice.
    """
    if row.cause is None or offer is None or row.at_output.reason == UNFELT:
        return None  # what does not reach the output needs no other step
    case = _Case(row, offer)
    sentence = first(ADVICE, case)
    if sentence is None:
        return None
    told = next((name for name in OPTIONS if f"{{{name}}}" in sentence.words), None)
    options = getattr(case, told) if told else None
    return Finding(sentence.id.partition(".")[0], sentence.of(case), options)
