"""The monitor of a training: when it measures, and what becomes of that."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from torch import nn

from spectra._checks import check_positive
from spectra._options import Options
from spectra._printable import printable
from spectra.compared import Tick
from spectra.errors import ParameterError
from spectra.inputs import Inputs, open_inputs
from spectra.monitor import _callbacks as callbacks
from spectra.monitor import _ranks as ranks
from spectra.monitor._budget import Budget
from spectra.monitor._measured import Measured, Measurement
from spectra.monitor._sinks import PREFIX, Strip, sinks
from spectra.report import TrainingLog
from spectra.run import check_options

if TYPE_CHECKING:
    from spectra.severity import Where

FEW = 16  # inputs: as many as a test needs where none of them holds several tiles


class Monitor:
    """Measures the grid of a model while it trains.

    Parameters
    ----------
    model : Module
        The model, wrapped or not: it is left bit for bit as it comes.
    inputs : anything `spectra.inputs.open_inputs` takes
        What it is measured on each time, 16 or so: pictures, arrays, latents.
    every : int
        Steps between two measurements; there is one at the first step as well.
    log : object, optional
        Where numbers and pictures go: a ``SummaryWriter``, a run of W&B, the module ``mlflow``, a
        logger of Lightning, a function of (values, step), the path of a CSV file, or a list of
        them.
    options : Options, optional
        How inputs are read and the model runs; 16 inputs by default.
    share : float or None
        Most of the run's time that measurements may take, the first one apart: one that would
        take more is left out. None for no limit.
    strict : bool
        Raise what goes wrong in a measurement. By default it is warned of once and logged, and
        the training goes on.

    Raises
    ------
    ParameterError
        If an argument cannot be used.
    InputError
        If the inputs cannot be read.

    Examples
    --------
    >>> import torch
    >>> decoder = torch.nn.ConvTranspose2d(3, 3, 3, stride=2, padding=1, output_padding=1)
    >>> pictures = torch.rand(16, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    >>> monitor = Monitor(decoder, pictures, every=2, share=None)
    >>> ticks = [monitor.step() for _ in range(4)]
    >>> [tick.step for tick in ticks if tick]
    [1, 2, 4]
    """

    def __init__(
        self,
        model: nn.Module,
        inputs: Any,
        *,
        every: int = 500,
        log: Any = None,
        options: Options | None = None,
        share: float | None = 0.02,
        strict: bool = False,
    ) -> None:
        if not isinstance(model, nn.Module):
            raise ParameterError(f"model={type(model).__name__}: expected a torch.nn.Module")
        if share is not None and not 0 < share <= 1:
            raise ParameterError(f"share={share!r}: expected more than 0 and at most 1, or None")
        self._model, self._options = model, options or Options(num=FEW)
        check_options(self._options)
        self._inputs = _opened(inputs, self._options)
        self._every, self._strict = check_positive("every", every), strict
        self._measurement = Measurement(model, self._inputs, self._options)
        self._sinks = sinks(log) if ranks.rank() == 0 else ()
        self._ticks = [*next((past for s in self._sinks if (past := s.past())), ())]
        self._budget = Budget(share)
        self._step = 0
        self._said: set[str] = set()

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """The measurements so far, by step."""
        return tuple(self._ticks)

    @property
    def first_present(self) -> int | None:
        """The first step at which the test found a grid in the output."""
        found = (t.step for t in self._ticks if t.output and t.output.verdict == "present")
        return next(found, None)

    @property
    def first_visible(self) -> int | None:
        """The first step at which the output's grid was visible or strong."""
        return next((tick.step for tick in self._ticks if tick.visible), None)

    @property
    def steps_done(self) -> int:
        """Number of the last step that was counted."""
        return self._step

    def step(self, number: int | None = None) -> Tick | None:
        """Count a step of the training, and measure if it is time to.

        Call it after the optimizer's step, in all processes that train.

        Parameters
        ----------
        number : int, optional
            Of the step; one more than at the last call by default.

        Returns
        -------
        Tick or None
            The measurement; None where there was none, or another process made it.
        """
        before, self._step = self._step, self._step + 1 if number is None else int(number)
        first = before == 0 and not self._ticks
        if not first and self._step // self._every == before // self._every:
            return None
        return self._run(forced=False)

    def measure(self) -> Tick | None:
        """Measure now, whatever the step and the share of time, as at the end of a training."""
        return self._run(forced=True)

    def lightning(self) -> Any:
        """Return a callback for the ``Trainer`` of Lightning, whichever package is imported."""
        return callbacks.lightning(self)

    def hugging_face(self) -> Any:
        """Return a callback for the ``Trainer`` of Hugging Face's transformers."""
        return callbacks.hugging_face(self)

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed training needs to go on: steps and measurements.

        It is plain data, which a checkpoint may hold that is read with ``weights_only``.
        """
        return {"step": self._step, "log": TrainingLog.encode(self._ticks)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        self._step, self._ticks = int(state["step"]), [*TrainingLog.decode(state["log"])]

    def _run(self, *, forced: bool) -> Tick | None:
        """Measure in the process that does, and run the model in those that have to."""
        sharded = ranks.is_sharded(self._model)
        if ranks.rank() > 0:
            if sharded:
                self._guarded(lambda: ranks.follow(self._model, seed=self._options.seed))
            return None
        with ranks.leading(self._model) if sharded else nullcontext():
            if not (forced or self._budget.allows()):
                self._warn_once("share", _LEFT_OUT.format(self._budget.expected, self._every))
                return None
            return self._measured()

    def _measured(self) -> Tick | None:
        """Measure and log; what goes wrong is part of the log."""
        draw = any(sink.pictures for sink in self._sinks)
        with self._budget.timed():
            taken = self._guarded(lambda: self._measurement.take(self._step, draw=draw))
            measured = taken if isinstance(taken, Measured) else _failed(self._step, taken)
            # A training that was resumed from before the last measurements makes them again.
            self._ticks = [t for t in self._ticks if t.step < self._step] + [measured.tick]
            self._log(measured)
        return measured.tick

    def _log(self, measured: Measured) -> None:
        tick = measured.tick
        numbers = {f"{PREFIX}{name}": value for name, value in self._scalars(tick).items()}
        strip = None if measured.where is None else _strip(measured.where)
        for sink in self._sinks:
            self._guarded(lambda sink=sink: sink.take(tick, numbers, strip, ticks=self._ticks))

    def _scalars(self, tick: Tick) -> dict[str, float]:
        firsts = {"first_present": self.first_present, "first_visible": self.first_visible}
        known = {name: float(step) for name, step in firsts.items() if step is not None}
        return tick.scalars() | known

    def _guarded(self, do: Any) -> Any:
        """Return what a function returns, or its error: a measurement ends no training."""
        try:
            return do()
        except Exception as error:
            if self._strict:
                raise
            said = printable(f"{type(error).__name__}: {error}")
            self._warn_once(said, f"spectra.Monitor at step {self._step}: {said}")
            return error

    def _warn_once(self, key: str, text: str) -> None:
        if key not in self._said:
            self._said.add(key)
            warnings.warn(text, RuntimeWarning, stacklevel=2)


_LEFT_OUT = (
    "spectra.Monitor: a measurement takes {:.2g} s, more than its share of the run's time at "
    "every={}, so that some are left out: measure on fewer or smaller inputs or at fewer steps, "
    "or give share=None"
)


def _failed(step: int, error: object) -> Measured:
    return Measured(Tick(step, error=printable(f"{type(error).__name__}: {error}")))


def _opened(inputs: Any, options: Options) -> Inputs:
    """Return the inputs, decoded once: they are asked for at each measurement."""
    opened = inputs if isinstance(inputs, Inputs) else open_inputs(inputs, **options.reading)
    held = [sample.clone() for batch in opened.batches(1) for sample in batch]
    return replace(opened, samples=lambda first=0: iter(held[first:]), pick=None)


def _strip(where: Where) -> Strip | None:
    """Return the picture to log of the output that shows its grid most; None of signals."""
    from spectra.plot import grid_strip  # loads what only pictures need

    if where.heat.ndim != 2:
        return None
    return Strip(*grid_strip(where.output, where.grid, limits=where.limits, shown=where.shown))
