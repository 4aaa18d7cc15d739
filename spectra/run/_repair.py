"""Repair a model: take the grid out of what it makes, and judge that on what it never saw."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from torch import nn

from spectra import repair
from spectra._options import Options, Progress
from spectra.errors import ConversionError, ParameterError
from spectra.run._arranged import check_order
from spectra.run._calling import calling
from spectra.run._opened import advised, borrowed, opened, silent
from spectra.run._repair_outputs import BATCH
from spectra.run._repair_state import StateFile
from spectra.run._repair_work import Work

if TYPE_CHECKING:
    from pathlib import Path

    from spectra import load
    from spectra.repair import Budget
    from spectra.report import RepairReport

LEAST = 22  # inputs: of fewer than eleven to learn from no grid can be told from chance
SPIN, FILTER = "spin", "filter"  # what wraps the model, and trains nothing
TRAINING = "training"  # of the model's own layers, and nothing else


def repair_model(
    model: load.LoadedModel | nn.Module,
    inputs: Any,
    *,
    budget: Budget | None = None,
    remedy: str | None = None,
    steps: str = "*",
    unseen: bool = False,
    options: Options | None = None,
    state: str | Path | None = None,
    progress: Progress | None = None,
) -> RepairReport:
    """Give a model back without the grid in its output, and say how that went.

    No labels: layers learn the model's own output without its grid from every second input; all
    that is said of the result is measured on the others.

    Parameters
    ----------
    model : LoadedModel or Module
        Left as it is.
    inputs : anything `spectra.inputs.open_inputs` takes
        At least 22.
    budget : Budget, optional
        How long to train, and which layers.
    remedy : str, optional
        What to put in the place of the steps first, see `spectra.swap`; by default nothing where
        they have weights of their own, else ``"lctc7"``. ``"spin"``: no training, the model is
        wrapped and runs on shifts of its input. ``"filter"``: no training, a layer behind the model
        takes the grid out, see `spectra.repair.Filtered`; taken by itself where that cures a model
        and training does not. ``"training"``: never that.
    steps : str
        Pattern of the names of the steps to repair.
    unseen : bool
        Repair even a grid that nobody sees, whose severity is none.
    options : Options, optional
        See `spectra.analyze`.
    state : path, optional
        File that a run which was stopped goes on from; removed once it is done.
    progress : callable, optional
        Called with (stage, done, total).

    Raises
    ------
    ParameterError
        If there are too few inputs.
    NothingToAnalyseError
        If the output shows no grid, or none that anyone sees: then there is nothing to repair.
    ConversionError
        If no step can be repaired, with the reason.

    Returns
    -------
    RepairReport
    """
    options, tell = options or Options(), progress or silent
    started = time.perf_counter()
    with borrowed(model, options):
        loaded, opened_inputs = opened(model, inputs, options)
        check_order(opened_inputs, "repair")
        learned, held_out = repair.split(opened_inputs, least=LEAST)
        with advised(loaded, opened_inputs), calling(loaded, opened_inputs, options):
            work = Work.of(
                loaded.model,
                learned,
                held_out,
                steps=steps,
                unseen=unseen,
                options=options,
                tell=tell,
            )
            if remedy == SPIN:
                return work.spun(loaded, started=started)
            if remedy == FILTER:
                return work.filtered(loaded, started=started)
            own = None if remedy == TRAINING else remedy
            try:
                result, memory = _trained(
                    work, loaded, own, budget=budget, state=state, started=started
                )
            except ConversionError as error:
                if remedy is not None:
                    raise
                return _filtered_as(work, loaded, error, started=started)
            if remedy is None and result.cure.cured != "yes":
                result = _or_filtered(work, loaded, result, started=started)
    memory.remove()
    return result


def _trained(
    work: Work,
    loaded: load.LoadedModel,
    remedy: str | None,
    *,
    budget: Budget | None,
    state: str | Path | None,
    started: float,
) -> tuple[RepairReport, StateFile]:
    """Return what training makes of a model, and where it keeps how far it is."""
    options = work.options
    new, plan = work.swapped(remedy)
    known, steps = work.steps_of(new, plan)
    aim, goal = work.aim(partial(work.fault, new, known, steps, plan=plan))
    memory = StateFile.of(state, loaded, new, options=options, budget=budget)
    trained = repair.train(
        new if aim.fault is None else aim.fault.model,
        known,
        steps,
        plan=plan,
        x=work.x,
        old=work.old,
        goal=goal,
        aim=aim,
        budget=budget or repair.Budget(),
        batch=options.batch or BATCH,
        seed=options.seed,
        state=memory.load(),
        save=memory.save,
        on_pass=partial(work.tell, "train"),
    )
    result = work.trained(
        loaded, trained.model, plan=plan, aim=aim, trained=trained, started=started
    )
    return result, memory


def _or_filtered(
    work: Work, loaded: load.LoadedModel, trained: RepairReport, *, started: float
) -> RepairReport:
    """Return the model with a layer behind it if that cures it, else the trained one."""
    try:
        filtered = work.filtered(loaded, started=started)
    except (ConversionError, ParameterError) as error:
        return trained.beside("filter", "no", (str(error),))
    if filtered.cure.cured != "yes":
        return trained.beside("filter", filtered.cure.cured, filtered.cure.missing)
    return filtered.beside("training", trained.cure.cured, trained.cure.missing)


def _filtered_as(
    work: Work, loaded: load.LoadedModel, error: ConversionError, *, started: float
) -> RepairReport:
    """Return the model with a layer behind it, as nothing in it can be trained."""
    try:
        filtered = work.filtered(loaded, started=started)
    except (ConversionError, ParameterError):
        raise error from None
    return filtered.beside("training", "no", (str(error),))
