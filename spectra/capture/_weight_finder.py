"""Tell whose weight makes a step: that of its own call, or of the convolution beside it.

A transposed convolution is the step and has the weight itself. A pixel shuffle only lays out what
the convolution before it computed, and an interpolation is filtered by the convolution after it.
Such a convolution counts where it stands directly beside: what one made is what the other takes,
and nothing was computed from it, or written into it, in between.
"""

from __future__ import annotations

from typing import TypeVar

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from spectra import _walk as walk
from spectra._checks import along_axes
from spectra._walk import readable
from spectra.capture._convolution import Convolution
from spectra.capture._events import Draft
from spectra.capture._recognised import Recognised
from spectra.capture._seams import family_of
from spectra.follow import Dispatched, Region, StorageMap, region

Fact = TypeVar("Fact")


class WeightFinder:
    """Knows each convolution of one forward pass by what it made.

    Parameters
    ----------
    root : torch.nn.Module
        The model.
    """

    def __init__(self, root: nn.Module) -> None:
        self._names: dict[Region | None, str] = {}
        for name, parameter in walk.named_parameters(root):
            if not is_lazy(parameter):  # which has no memory before its module first runs
                self._names.setdefault(region(parameter), readable(name))
        self._names.pop(None, None)
        self._made: StorageMap[tuple[Region | None, Convolution]] = StorageMap()
        self._enlarged: StorageMap[tuple[Region | None, Draft]] = StorageMap()

    def follow(self, call: Dispatched, module: str) -> None:
        """Note a plain convolution; forget what a call writes into.

        Parameters
        ----------
        call : Dispatched
            Any call that depends on the model's input.
        module : str
            Path of the module in whose own code it ran.
        """
        for tensor in call.written:
            self._made.drop(tensor)
            self._enlarged.drop(tensor)
        if family_of(call.func) != "filter" or call.arguments["transposed"]:
            return
        convolution = self._read(call, module)
        self._made.set(call.result, (region(call.result), convolution))
        # An interpolation that several convolutions take is one with the first of them.
        draft = _directly(self._enlarged, call.args[0])
        if draft is not None and draft.convolution is None:
            draft.convolution = convolution

    def begin(self, draft: Draft, found: Recognised, call: Dispatched, module: str) -> None:
        """Note whose weight makes a step that begins with an operation of the table.

        Parameters
        ----------
        draft : Draft
            The step in the making.
        found : Recognised
            What was read off the call.
        call : Dispatched
            The call itself.
        module : str
            Path of the module in whose own code it ran.
        """
        if found.family == "conv":
            draft.convolution = self._read(call, module)
        elif found.family == "shuffle":
            draft.convolution = _directly(self._made, found.source)
        elif found.family in ("resize", "pool"):
            self._enlarged.set(call.map, (region(call.map), draft))

    def _read(self, call: Dispatched, module: str) -> Convolution:
        """Return a call of a convolution, and the name of its weight."""
        given = call.arguments
        weight: Tensor = given["weight"]
        spatial = weight.ndim - 2

        return Convolution(
            weight=self._names.get(region(weight)),
            module=module,
            stride=along_axes(given["stride"], spatial),
            padding=along_axes(given["padding"], spatial),
            output_padding=along_axes(given["output_padding"], spatial),
            dilation=along_axes(given["dilation"], spatial),
            groups=given["groups"],
        )


def _directly(facts: StorageMap[tuple[Region | None, Fact]], tensor: Tensor) -> Fact | None:
    """Return the fact of the very tensor, None of another view of its memory."""
    known = facts.get(tensor)
    return known[1] if known is not None and known[0] == region(tensor) else None
