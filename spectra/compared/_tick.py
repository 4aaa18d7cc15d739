"""One measurement of a training: what the monitor logs and a comparison reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spectra.compared._series import SEEN, Point, Series, of_points

if TYPE_CHECKING:
    from spectra.score import Score
    from spectra.severity import Severity

WORDS = ("none", "faint", "visible", "strong")


@dataclass(frozen=True)
class Tick:
    """What one measurement of a training says.

    Attributes
    ----------
    step : int
        Step of the training.
    output : Score or None
        Score of the model's output; None where the measurement failed.
    severity : {"none", "faint", "visible", "strong", "insufficient"} or None
        How severe the output's grid is; None where the measurement failed.
    steps : mapping of str to Score
        Scores of the upsampling steps' own maps, by their labels, in running order.
    seconds : float
        What the measurement took.
    error : str or None
        Why it failed, if so.
    """

    step: int
    output: Score | None = None
    severity: Severity | None = None
    steps: Mapping[str, Score] = field(default_factory=dict)
    seconds: float = 0.0
    error: str | None = None

    @property
    def visible(self) -> bool:
        """Whether the output's grid is visible or strong."""
        return self.severity in SEEN

    def scalars(self) -> dict[str, float]:
        """Return the numbers that are logged, by name; what is not known is left out.

        ``severity`` is 0 for none, 1 for faint, 2 for visible, 3 for strong. Energies are in dBc;
        of a grid below the floor there is an upper bound only, under a name of its own.
        """
        numbers: dict[str, float] = {"seconds": self.seconds}
        if self.severity in WORDS:
            numbers["severity"] = float(WORDS.index(self.severity))
        if self.output is not None:
            numbers |= _energy("output", self.output)
        for label, score in self.steps.items():
            numbers |= _energy(f"steps/{label}", score)
        return numbers


def series_of_ticks(ticks: Sequence[Tick]) -> Series:
    """Return the output's grid over a training, of the measurements that did not fail."""
    points = (
        Point(tick.step, f"step {tick.step}", tick.output, tick.severity)
        for tick in ticks
        if tick.output is not None
    )
    return of_points("step", tuple(points))


def _energy(place: str, score: Score) -> dict[str, float]:
    """Return the energy of one place, or the bound that is all that is known."""
    if score.below_floor:
        upper = score.asr_upper_dbc
        return {} if upper is None else {f"{place}_at_most_dbc": upper}
    return {} if score.told_dbc is None else {f"{place}_dbc": score.told_dbc}
