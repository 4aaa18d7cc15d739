"""One measurement of a model in training: the part of an analysis that a step can wait for."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from spectra import capture, gather, score, severity
from spectra.compared import Tick
from spectra.errors import ModelError

if TYPE_CHECKING:
    from torch import nn

    from spectra._options import Options
    from spectra.capture import Discovery
    from spectra.inputs import Inputs
    from spectra.score import Scores
    from spectra.severity import Judged, Where


@dataclass(frozen=True, eq=False)
class Measured:
    """What a measurement gave: its numbers, and what can be drawn of it."""

    tick: Tick
    where: Where | None = None


class Measurement:
    """Measures a model again and again, on the same inputs.

    Steps are looked for once, and again where the model no longer runs as it did. The inputs are
    scored once. There are no probes: what a step does to the output is asked by `spectra.analyze`.

    Parameters
    ----------
    model : Module
        Left as it comes.
    inputs : Inputs
        Few, and small.
    options : Options
        How it runs.
    """

    def __init__(self, model: nn.Module, inputs: Inputs, options: Options) -> None:
        self._model, self._inputs, self._options = model, inputs, options
        self._found: Discovery | None = None
        self._scores: Scores | None = None
        self._drawn: str | None = None  # severity of the output that was drawn last

    def take(self, step: int, *, draw: bool) -> Measured:
        """Measure the model as it is now.

        Parameters
        ----------
        step : int
            Step of the training.
        draw : bool
            Whether somebody wants to see where the grid is: that is looked for where its severity
            is another than at the last picture.
        """
        started = time.perf_counter()
        with capture.quiet(self._model, seed=self._options.seed):
            passed = self._passed()
            known = self._scores.measured.get("input") if self._scores else None
            scores = score.run(
                passed, self._inputs, seed=self._options.seed, progress=_silent, known_input=known
            )
            judged = self._judged(passed, scores, draw=draw)
        self._scores = scores
        assert self._found is not None
        labels = [found.label for found in self._found.steps]
        tick = Tick(
            step,
            output=scores.output,
            severity=judged.graded.word,
            steps={label: each.own for label, each in zip(labels, scores.steps, strict=True)},
            seconds=time.perf_counter() - started,
        )
        return Measured(tick, judged.where)

    def _passed(self) -> gather.Passed:
        """Run the inputs; a model that changed its steps is discovered again."""
        known = self._found is not None
        try:
            return self._pass()
        except ModelError:
            if not known:
                raise
        self._found = None
        return self._pass()

    def _pass(self) -> gather.Passed:
        model, inputs, options = self._model, self._inputs, self._options
        if self._found is None:
            look = partial(capture.find_steps, options=options, progress=_silent)
            _, self._found = capture.look_at_inputs(model, inputs, look, crop=options.crop)
        passed = gather.run(model, self._found, inputs, options, progress=_silent)
        return gather.without_fixed_content(model, passed, inputs, options, progress=_silent)

    def _judged(self, passed: gather.Passed, scores: Scores, *, draw: bool) -> Judged:
        """Return how severe the grid is; with its place where that is to be drawn."""

        def judge(*, brief: bool) -> Judged:
            return severity.run(
                passed,
                scores,
                self._inputs,
                seed=self._options.seed,
                progress=_silent,
                brief=brief,
            )

        judged = judge(brief=True)
        word = judged.graded.word
        if draw and word != self._drawn:
            self._drawn = word
            return judge(brief=False)
        return judged


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Report nothing."""
