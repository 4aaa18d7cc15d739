"""Forward passes of a model, each with other parts of steps' maps taken away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from spectra import score, spectrum
from spectra.capture import Discovery, quiet
from spectra.errors import ModelError
from spectra.gather import batch_size, through
from spectra.probe._kept_statistics import KeptStatistics
from spectra.probe._known import DifferentError, Known
from spectra.probe._locked_part import LockedPart

if TYPE_CHECKING:
    from spectra._options import Progress
    from spectra.gather import Passed
    from spectra.inputs import Inputs
    from spectra.score import Lattice, LockedChange, Scores

OnStep = Callable[[int, Tensor, int, int], Tensor | None]

MOST_INPUTS = 16  # that run again, of a run that has more
FORWARDS = 10  # of all inputs that run, the one that finds the parts included


class Passes:
    """Forward passes of the same inputs, each with other parts of steps' maps taken away.

    Parameters
    ----------
    model : Module
        Left as it came.
    found : Discovery
        The model's steps.
    inputs : Inputs
        What runs in every pass.
    batch : int or None
        Inputs that run at a time.
    seed : int
        Seed of the model's random numbers, the same in every pass.
    progress : callable
        Called with ("without", done, total).

    Attributes
    ----------
    run : int
        How many passes there were.
    """

    def __init__(
        self,
        model: nn.Module,
        found: Discovery,
        inputs: Inputs,
        *,
        batch: int | None,
        seed: int,
        progress: Progress,
    ) -> None:
        self._model, self._found, self._inputs = model, found, inputs
        self._batch, self._seed, self._progress = batch_size(found, batch), seed, progress
        self._statistics = KeptStatistics(len(found.output_shape) - 1)
        self.run = 0
        self._own: dict[int, Lattice | str] = {}  # of the steps' maps as they are

    @property
    def renormalised(self) -> bool:
        """Whether normalisations took statistics of the changed maps."""
        return self._statistics.lost

    def first(self, parts: Mapping[int, LockedPart], known: Known | None = None) -> Lattice | str:
        """Find the part of each step; return what the output shows before any is taken away.

        Parameters
        ----------
        parts : mapping of int to LockedPart
            The parts to be found, by step.
        known : Known, optional
            What the maps show, which then need not be measured if the outputs are the same again.
        """
        own = {} if known is not None else {index: self._sums_of(index) for index in parts}

        def find(index: int, maps: Tensor, first: int, inputs: int) -> None:
            if index in parts and not maps.is_complex():
                parts[index].add(maps, first=first, inputs=inputs)
                if index in own:
                    own[index].add(maps, first=first, inputs=inputs)

        try:
            with self._statistics.noting():
                before = self._pass(find, known=known)
        except DifferentError:  # a model that draws, or remembers what ran before
            self.run -= 1
            for part in parts.values():
                part.forget()
            return self.first(parts)
        if known is None:
            self._own = {index: score.Lattice.of(sums.to_dataset()) for index, sums in own.items()}
        else:
            self._own = dict(known.steps)
        for part in parts.values():
            if part.started:
                part.fit()
        return before

    def known(
        self, passed: Passed, scores: Scores, parts: Mapping[int, LockedPart]
    ) -> Known | None:
        """Return what a run has seen of the maps of these passes, if it saw just these."""
        return Known.of(
            passed,
            scores,
            inputs=len(self._inputs),
            output=self._output_plan,
            steps={index: self._plan_of(index) for index in parts},
        )

    def again(self, parts: Mapping[int, LockedPart], *, share: float = 1.0) -> Lattice | str:
        """Return what the output shows without a share of some steps' parts."""

        def take(index: int, maps: Tensor, first: int, inputs: int) -> Tensor | None:
            if index not in parts:
                return None
            locked = parts[index].locked(maps, _numbers(maps, first, inputs))
            return torch.sub(maps, locked.mul_(share), out=locked)

        with self._statistics.replaying():
            return self._pass(take)

    def alone(self, index: int, part: LockedPart) -> tuple[Lattice | str, LockedChange | str]:
        """Return what the output shows without one step's part, and what its own map has less."""
        own = self._sums_of(index)

        def take(i: int, maps: Tensor, first: int, inputs: int) -> Tensor | None:
            if i != index:
                return None
            left = part.locked(maps, _numbers(maps, first, inputs))
            torch.sub(maps, left, out=left)
            own.add(left, first=first, inputs=inputs)
            return left

        with self._statistics.replaying():
            after = self._pass(take)
        left = score.Lattice.of(own.to_dataset())
        return after, score.LockedChange.between(self._own[index], left)

    def _sums_of(self, index: int) -> spectrum.MapStatistics:
        """Return empty sums of one step's maps."""
        return spectrum.MapStatistics(self._plan_of(index), energy_only=True)

    def _plan_of(self, index: int) -> spectrum.MapPlan:
        """Return how one step's maps are cut."""
        step = self._found.steps[index]
        reach = partial(step.borders.reach, step.output_shape) if step.borders else None
        count = len(self._inputs)
        return spectrum.plan_maps(step.output_shape, step.factor, count=count, reach=reach)

    @property
    def _output_plan(self) -> spectrum.MapPlan:
        """How the outputs are cut."""
        found = self._found
        reach = partial(found.borders.reach, found.output_shape)
        return spectrum.plan_maps(
            found.output_shape, *found.output_periods, count=len(self._inputs), reach=reach
        )

    def _pass(self, on_step: OnStep, *, known: Known | None = None) -> Lattice | str:
        """Run all inputs; return the output's lattice, or why it has none.

        The scores stand whether or not the model runs again, with maps that it never saw before.
        """
        self._progress("without", self.run, FORWARDS)
        self.run += 1
        try:
            return self._lattice(on_step, known)
        except ModelError as error:
            return f"the model did not run again: {error}"

    def _lattice(self, on_step: OnStep, known: Known | None) -> Lattice | str:
        """Run all inputs and return the lattice of their outputs."""
        sums = spectrum.MapStatistics(self._output_plan, energy_only=True)

        def add(y: Tensor, first: int, inputs: int) -> None:
            if known is None:
                sums.add(y, first=first, inputs=inputs)
            else:
                known.check(y, first=first, inputs=inputs)

        with quiet(self._model, seed=self._seed):
            through(
                self._model,
                self._found,
                self._inputs.numbered(self._batch),
                on_step=on_step,
                on_output=add,
            )
        return score.Lattice.of(sums.to_dataset()) if known is None else known.output


def _numbers(maps: Tensor, first: int, inputs: int) -> list[int]:
    """Return which input each map is of; those of one follow each other."""
    each = max(len(maps) // inputs, 1)
    return [first + i // each for i in range(len(maps))]
