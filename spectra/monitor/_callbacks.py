"""Callbacks for training libraries: made of the base class of the library that is imported.

Lightning and transformers ask for instances of their own classes, and nothing of them is imported
here: who has a trainer has imported them.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from spectra.errors import ParameterError

if TYPE_CHECKING:
    from spectra.monitor._monitor import Monitor

LIGHTNING = ("lightning.pytorch", "pytorch_lightning")


def lightning(monitor: Monitor) -> Any:
    """Return a callback of Lightning: it measures after the optimizer's steps, and at the end.

    Raises
    ------
    ParameterError
        If no Lightning is imported.
    """
    base = _base("Callback", LIGHTNING)

    def on_train_batch_end(_self: Any, trainer: Any, *_args: Any, **_kwargs: Any) -> None:
        _step(monitor, trainer.global_step)

    methods = {
        "on_train_batch_end": on_train_batch_end,
        "state_dict": lambda _self: monitor.state_dict(),
        "load_state_dict": lambda _self, state: monitor.load_state_dict(state),
        "state_key": property(lambda _self: "spectra.Monitor"),
    }
    return type("SpectraMonitor", (base,), methods)()


def hugging_face(monitor: Monitor) -> Any:
    """Return a callback of transformers' ``Trainer``: it measures after the optimizer's steps.

    Raises
    ------
    ParameterError
        If transformers is not imported.
    """
    base = _base("TrainerCallback", ("transformers",))

    def on_step_end(_self: Any, _args: Any, state: Any, *_rest: Any, **_kwargs: Any) -> None:
        _step(monitor, state.global_step)

    return type("SpectraMonitor", (base,), {"on_step_end": on_step_end})()


def _step(monitor: Monitor, number: int) -> None:
    """Count a step once, however many batches it took."""
    if number > monitor.steps_done:
        monitor.step(number)


def _base(name: str, libraries: tuple[str, ...]) -> type:
    """Return a class of the first of some libraries that is imported."""
    for library in libraries:
        found = getattr(sys.modules.get(library), name, None)
        if isinstance(found, type):
            return found
    wanted = " or ".join(libraries)
    raise ParameterError(f"{wanted} is not imported: import the library of your trainer first")
