"""Repair a model: take the grid out of what it makes, and judge that on what it never saw."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from torch import nn

from spectra import repair
from spectra._options import Options, Progress
from spectra.run._arranged import check_order
from spectra.run._calling import calling
from spectra.run._opened import advised, borrowed, opened, silent
from spectra.run._repair_state import StateFile
from spectra.run._repair_work import BATCH, Work

if TYPE_CHECKING:
    from pathlib import Path

    from spectra import load
    from spectra.repair import Budget
    from spectra.report import RepairReport

LEAST = 22  # inputs: of fewer than eleven to learn from no grid can be told from chance
SPIN = "spin"


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
        wrapped and runs on shifts of its input.
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
            new, plan = work.swapped(remedy)
            known, trained_steps = work.steps_of(new, plan)
            aim, goal = work.aim(partial(work.fault, new, known, trained_steps, plan=plan))
            memory = StateFile.of(state, loaded, new, options=options, budget=budget)
            trained = repair.train(
                new if aim.fault is None else aim.fault.model,
                known,
                trained_steps,
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
                on_pass=partial(tell, "train"),
            )
            result = work.report(
                loaded, trained.model, plan=plan, aim=aim, trained=trained, started=started
            )
    memory.remove()
    return result
