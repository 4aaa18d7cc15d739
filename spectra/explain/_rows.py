"""One row a step: what was measured of it, why it leaves a grid and what to try."""

from __future__ import annotations

from dataclasses import fields, replace
from math import isfinite
from typing import TYPE_CHECKING

from spectra._hertz import line_frequencies, time_period
from spectra.capture import Operation
from spectra.explain._advice import find_advice
from spectra.explain._cause import find_cause
from spectra.explain._summary import StepRow
from spectra.explain._verdict import FOUND
from spectra.explain._wavelengths import wavelengths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.capture import Discovery
    from spectra.inputs import Spacing
    from spectra.kernel import Measures
    from spectra.probe import Probed
    from spectra.repair import Offer
    from spectra.score import AtOutput, Scores


def step_rows(
    found: Discovery,
    scores: Scores,
    probed: Probed,
    *,
    kernels: Sequence[Measures | None],
    offers: Sequence[Offer] = (),
    spacing: Spacing | None = None,
    sample_rate: float | None = None,
) -> tuple[StepRow, ...]:
    """Return one row a step.

    Parameters
    ----------
    found : Discovery
        The steps, with their periods in the output.
    scores : Scores
        The scores of the run.
    probed : Probed
        Its causal responses.
    kernels : sequence of (Measures or None)
        What the weights of each step say by themselves.
    offers : sequence of Offer
        What can be done to each step; empty where nobody needs advice.
    spacing : Spacing or None
        How far the cells of the output lie apart.
    sample_rate : float, optional
        Samples a second of the output, where it is a signal.
    """
    rows = []
    # Steps that were not asked for are not known; what comes before the first may hold a grid.
    unknown = any(mark.step is None for mark in found.signature)
    preceded = unknown or scores.input.verdict in FOUND
    for index, (step, scored, kernel) in enumerate(
        zip(found.steps, scores.steps, kernels, strict=True)
    ):
        flat = probed.flat.steps[index]
        cause = find_cause(
            step.kind,
            step.factor,
            kernel_size=step.kernel_size,
            score=scored.own,
            flat=flat,
            kernel=kernel,
            preceded=preceded,
            at=scored.at_output,
            dilation=step.convolution.dilation if step.convolution else (),
        )
        preceded = preceded or scored.own.verdict in FOUND
        row = StepRow(
            **{field.name: getattr(step, field.name) for field in fields(Operation)},
            period_in_output=found.periods[index],
            score=scored.own,
            out_of_band_dbc=scored.out_of_band_dbc,
            at_output=_at_output(scored.at_output, probed, index),
            flat_field=flat,
            cause=cause,
            advice=None,
            kernel=kernel,
            calls=step.calls,
            inherited=scored.inherited,
            wavelength_in_output=wavelengths(spacing, found.periods[index]),
            frequencies_hz=_frequencies(found, index, sample_rate),
        )
        rows.append(replace(row, advice=find_advice(row, offers[index] if offers else None)))
    return tuple(rows)


def _frequencies(
    found: Discovery, index: int, sample_rate: float | None
) -> tuple[float, ...] | None:
    """Return where in the output the lines of a step lie, in Hz, and no later step's."""
    periods = list(map(time_period, found.periods))
    own = periods[index]
    if sample_rate is None or own is None:
        return None
    return line_frequencies(own, sample_rate, filter(None, periods))


def _at_output(there: AtOutput, probed: Probed, index: int) -> AtOutput:
    """Return what the output shows of a step, with what it shows without it."""
    removed = probed.removals.steps[index]
    change, reason = removed.output, removed.reason
    if removed.clean:
        reason = "nothing was taken away: its maps have no grid-locked part"
    elif change is not None and change.db is None:
        reason = "no locked energy above zero is left"
    upper = None if change is None else change.upper_db
    drop = probed.line_drops[index]
    return replace(
        there,
        line_drop_db=None if drop is None else drop.db,
        line_drop_is_bound=drop is not None and drop.is_bound,
        without_db=None if change is None else change.db,
        without_ci95_db=None if change is None else change.ci95_db,
        without_upper_db=upper if upper is None or isfinite(upper) else None,
        without_reason=reason,
    )
