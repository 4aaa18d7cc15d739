"""What the output shows at the frequencies of one step, or why nobody knows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from spectra import explain, score
from spectra._names import period

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from spectra._evidence import Evidence


def at_output(
    evidence: Evidence, index: int, own: score.Score, inherited: NDArray[np.bool_] | None
) -> explain.AtOutput:
    """Judge the output at a step's own frequencies, those apart that it inherits.

    Parameters
    ----------
    evidence : Evidence
    index : int
        Of the step.
    own : Score
        Of the step's own maps.
    inherited : ndarray of bool, shape (point,), or None
        Lattice points of the output whose peak the inputs already had; None without a score.
    """
    reason = _obstacle(evidence, index)
    if reason is not None or inherited is None:
        return explain.AtOutput(None, None, None, reason=reason)
    if max(evidence.discovery.periods[index] or ()) == 1:
        reason = "later layers shrink its grid to one pixel"
        return explain.AtOutput(None, None, None, verdict="none", reason=reason)
    points = _own_points(evidence, index) & ~inherited
    if not points.any():
        reason = "every peak at its frequencies is inherited from the inputs"
        return explain.AtOutput(None, None, None, verdict="none", reason=reason)
    there = evidence.output.score(chosen=points)
    row = explain.AtOutput(
        None, None, None, there.p, there.verdict, shared_with=_sharing(evidence, index)
    )
    if there.verdict == "none":
        return replace(row, reason=f"no grid at its frequencies (p = {there.p:.2g})")
    if there.asr_dbc is None:
        return replace(row, locked_lower_dbc=there.asr_lower_dbc, reason=there.reason)
    row = replace(row, locked_dbc=there.asr_dbc)
    if own.asr_dbc is None or own.verdict not in ("present", "suspect"):
        return row
    return replace(row, change_db=there.asr_dbc - own.asr_dbc)


def too_small(maps: str, shape: Sequence[int], wanted: Sequence[int]) -> str:
    """Say that maps have no room for the lattice of a period."""
    size = "x".join(map(str, shape[1:]))
    return f"{maps} of {size} are too small to score a grid of period {period(wanted)}"


def _obstacle(evidence: Evidence, index: int) -> str | None:
    """Return why the output was not scored at a step's frequencies, if so."""
    output, own = evidence.output, evidence.discovery.periods[index]
    if evidence.probe_inputs is None:
        return "no inputs"
    if own is None:
        return evidence.discovery.period_reasons[index]
    if output.measured is None:
        return f"the output was not scored: {output.score().reason}"
    if max(own) > 1 and not _own_points(evidence, index).any():
        plan = output.statistics.plan
        why = dict(plan.left_out).get(_scored(evidence, own))
        return f"its period is not scored: {why}" if why else too_small("outputs", plan.shape, own)
    return None


def _own_points(evidence: Evidence, index: int) -> NDArray[np.bool_]:
    """Return which lattice points of the output are a step's."""
    measured, own = evidence.output.measured, evidence.discovery.periods[index]
    assert measured is not None
    assert own is not None
    return score.owned_by(measured, _scored(evidence, own))


def _scored(evidence: Evidence, period: Sequence[int]) -> tuple[int, ...]:
    """Return the period at which the output is scored for a step's grid."""
    return score.scored_period(period, evidence.discovery.output_shape)


def _sharing(evidence: Evidence, index: int) -> tuple[str, ...]:
    """Return the labels of other steps whose frequencies in the output are the same."""
    grids = [own and _scored(evidence, own) for own in evidence.discovery.periods]
    return tuple(
        step.label
        for other, step in enumerate(evidence.discovery.steps)
        if other != index and grids[other] == grids[index]
    )
