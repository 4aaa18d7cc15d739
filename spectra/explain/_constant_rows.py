"""The lines of each stage under a constant, as they stand in a summary."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spectra.capture import Discovery
    from spectra.probe import ConstantLines

FULL_SCALE_DB = 10 * log10(0.5)  # power of a sine of amplitude 1


@dataclass(frozen=True)
class StageRow:
    """The lines of one step in the output under a constant.

    Attributes
    ----------
    name, call
        The step.
    line_dbfs : float or None
        Power of all its own lines over that of a sine of amplitude 1; None below rounding.
    line_dbc : float or None
        The same over the power of the outputs under the inputs; None without inputs.
    strongest_dbfs : float or None
        Power of the strongest of them.
    strongest, strongest_hz : float or None
        Where that lies, in cycles/sample and in Hz.
    converged : bool
        Whether two parts of the output agree on them within 0.5 dB.
    """

    name: str
    call: int
    line_dbfs: float | None
    line_dbc: float | None
    strongest_dbfs: float | None
    strongest: float | None
    strongest_hz: float | None
    converged: bool


@dataclass(frozen=True)
class ConstantRow:
    """What the model makes of a constant.

    Attributes
    ----------
    name : str
        "silence" or "constant".
    value : float
        The constant, in the units of the model's input.
    period, size, rms_dbfs, rest_dbfs, line_upper_dbfs, reason
        See `spectra.probe.ConstantLines`.
    steps : tuple of StageRow
        One for each step whose lines are known.
    """

    name: str
    value: float
    period: int | None
    size: int | None
    rms_dbfs: float | None
    rest_dbfs: float | None
    line_upper_dbfs: float | None
    reason: str | None
    steps: tuple[StageRow, ...] = ()


def constant_row(
    lines: ConstantLines | None,
    found: Discovery,
    *,
    sample_rate: float | None,
    output_rms: float | None,
) -> ConstantRow | None:
    """Return what a model makes of a constant, None where none was asked for.

    Parameters
    ----------
    lines : ConstantLines or None
        What was measured.
    found : Discovery
        The steps.
    sample_rate : float or None
        Samples a second of the output.
    output_rms : float or None
        Root mean square of the outputs under the inputs.
    """
    if lines is None:
        return None
    carrier = 20 * log10(output_rms) - FULL_SCALE_DB if output_rms else None
    rows = tuple(
        StageRow(
            step.name,
            step.call,
            line_dbfs=own.line_dbfs,
            line_dbc=_less(own.line_dbfs, carrier),
            strongest_dbfs=own.strongest_dbfs,
            strongest=own.strongest,
            strongest_hz=own.strongest * sample_rate if own.strongest and sample_rate else None,
            converged=own.converged,
        )
        for step, own in zip(found.steps, lines.steps, strict=bool(lines.steps))
        if own is not None
    )
    return ConstantRow(
        lines.probe.name,
        value=lines.probe.value,
        period=lines.period,
        size=lines.size,
        rms_dbfs=lines.rms_dbfs,
        rest_dbfs=lines.rest_dbfs,
        line_upper_dbfs=lines.line_upper_dbfs,
        reason=lines.reason,
        steps=rows,
    )


def _less(level: float | None, carrier: float | None) -> float | None:
    return None if level is None or carrier is None else level - carrier
