"""What the measuring pass has seen of the maps that run again, where it saw no others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from spectra import score

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from spectra.gather import Passed, Place
    from spectra.score import Lattice, Scores
    from spectra.spectrum import MapPlan


class DifferentError(Exception):
    """The model does not give the outputs again that it gave."""


@dataclass(frozen=True, eq=False)
class Known:
    """Lattices of a run's maps, and the outputs by which a pass is known to be the same again.

    Attributes
    ----------
    outputs : Tensor, shape (maps, C, *spatial)
        All outputs of the run.
    output : Lattice or str
        What they show, or why they show nothing.
    steps : mapping of int to Lattice or str
        What the maps of some steps show.
    """

    outputs: Tensor
    output: Lattice | str
    steps: Mapping[int, Lattice | str]

    @classmethod
    def of(
        cls,
        passed: Passed,
        scores: Scores,
        *,
        inputs: int,
        output: MapPlan,
        steps: Mapping[int, MapPlan],
    ) -> Known | None:
        """Return what is known of a pass of some inputs; None where it is of other maps.

        Parameters
        ----------
        passed, scores
            What the inputs left, and what that shows.
        inputs : int
            How many run again, from the first on.
        output, steps : MapPlan, and mapping of int to MapPlan
            How the maps of that pass would be cut.
        """
        few = passed.few
        if few is None or few.outputs is None or not inputs == passed.ran == few.shown:
            return None
        alike = all(plan == passed.steps[i].plan for i, plan in steps.items())
        if output != passed.output.plan or not alike:
            return None
        return cls(
            few.outputs,
            _lattice(passed.output, scores, "output"),
            {i: _lattice(passed.steps[i], scores, f"steps/{i}") for i in steps},
        )

    def check(self, outputs: Tensor, *, first: int, inputs: int) -> None:
        """Raise DifferentError unless the outputs of some inputs are what they were."""
        each = len(outputs) // inputs
        before = self.outputs[first * each : first * each + len(outputs)]
        if not torch.equal(outputs, before.to(outputs.device)):
            raise DifferentError


def _lattice(place: Place, scores: Scores, name: str) -> Lattice | str:
    """Return the lattice of maps as they are, with the content that they share."""
    read = scores.measured[name]
    if place.whole is None and read is not None:
        return read.lattice
    return score.Lattice.of(place.data if place.whole is None else place.whole)
