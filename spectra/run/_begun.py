"""How a run begins: a model and inputs are opened, and the first input shows the steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spectra import capture
from spectra.inputs import Inputs, Once
from spectra.run._calling import calling
from spectra.run._first_look import first_look
from spectra.run._opened import advised, borrowed, opened

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn

    from spectra import load
    from spectra._options import Options


@dataclass(frozen=True, eq=False)
class Begun:
    """A run whose first input went through the model.

    Attributes
    ----------
    loaded : LoadedModel
        The model, on its device.
    inputs : Inputs or None
        What runs.
    example : Tensor, shape (1, C, *spatial)
        The first of them.
    found : Discovery
        The steps that it shows.
    """

    loaded: load.LoadedModel
    inputs: Inputs | None
    example: Tensor
    found: capture.Discovery


@contextmanager
def begun(
    model: load.LoadedModel | nn.Module | str | Path,
    source: Any,
    options: Options,
    *,
    look: Callable[[nn.Module, Tensor], capture.Discovery],
    lazy: bool = True,
    left_out: Mapping[int, str] | None = None,
) -> Iterator[Begun]:
    """Open a model and its inputs, find the steps, and call the model as asked inside the block.

    While the block lasts each input is decoded once, as far as memory for that is set aside.

    Parameters
    ----------
    model, source, options
        As of `spectra.run.analyze`.
    look : callable
        Finds the steps of a model with an input.
    lazy : bool
        Whether many pictures are looked at when their turn comes.
    left_out : mapping of int to str, optional
        Numbers of inputs that an earlier run found to be of no use, and why.
    """

    def usable(inputs: Inputs | None) -> Inputs | None:
        return None if inputs is None else inputs.without(left_out or {})

    once = source.once if isinstance(source, Inputs) else Once()
    with borrowed(model, options), once.keeping():
        loaded, whole = opened(model, source, options, lazy=lazy, once=once)
        inputs = usable(whole)
        with (
            advised(loaded, inputs),
            calling(loaded, inputs, options),
            capture.quiet(loaded.model),
        ):
            fitting, example, found = first_look(loaded, source, inputs, options=options, look=look)
            fitting = fitting if fitting is inputs else usable(fitting)  # opened at another size
            yield Begun(loaded, fitting, example, found)
