"""L-BFGS that can stop after any step and go on as if it had not."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isfinite
from typing import Any

import torch
from torch import Tensor

from spectra.errors import ParameterError

MEMORY = 20  # steps that the curvature is estimated from
MOST = 26  # values of one step, the first among them
REMEMBERED = 4  # points whose value and gradient are kept: the last of a line search is among them

Value = Callable[[], float]


class Descent:
    """Let a value go down over some tensors.

    Parameters
    ----------
    values : list of Tensor
        Changed in place; what ``value`` leaves in their ``grad`` is its gradient.
    value : callable
        Returns the value at them.
    """

    def __init__(self, values: list[Tensor], value: Value) -> None:
        self._values, self._value = values, value
        self._optimiser = torch.optim.LBFGS(
            values,
            max_iter=1,
            max_eval=MOST,
            history_size=MEMORY,
            tolerance_grad=0.0,
            tolerance_change=0.0,
            line_search_fn="strong_wolfe",
        )
        self.history: list[float] = []
        self.best: list[Tensor] = [v.detach().clone() for v in values]
        self._known: list[tuple[Tensor, float, list[Tensor]]] = []

    @property
    def passes(self) -> int:
        """How often the value was computed."""
        return len(self.history)

    def step(self) -> bool:
        """Go one step along; return whether there was one to go."""
        before = self._flat()
        self._optimiser.step(self._evaluate)  # type: ignore[no-untyped-call]
        return not torch.equal(before, self._flat())

    def finish(self) -> None:
        """Leave the values where the value was least."""
        for value, best in zip(self._values, self.best, strict=True):
            value.data.copy_(best)

    def state(self) -> dict[str, Any]:
        """Return all that is needed to go on, of plain types and tensors."""
        return {
            "values": [v.detach().clone() for v in self._values],
            "best": self.best,
            "history": self.history,
            "optimiser": self._optimiser.state_dict(),
            "known": self._known,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state.

        Raises
        ------
        ParameterError
            If it is the state of other tensors.
        """
        shapes = [tuple(v.shape) for v in state["values"]]
        if shapes != [tuple(v.shape) for v in self._values]:
            raise ParameterError("the state is that of another repair: its layers have other sizes")
        for value, was in zip(self._values, state["values"], strict=True):
            value.data.copy_(was)
        self.best, self.history = list(state["best"]), list(state["history"])
        self._known = [tuple(known) for known in state["known"]]
        self._optimiser.load_state_dict(state["optimiser"])

    def _evaluate(self) -> float:
        """Return the value, once for each point: a step begins where the last one ended."""
        here = self._flat()
        for point, value, gradients in self._known:
            if torch.equal(point, here):
                for tensor, gradient in zip(self._values, gradients, strict=True):
                    tensor.grad = gradient.clone()
                return value
        value = self._value()
        value = value if isfinite(value) else inf
        if not self.history or value < min(self.history):
            self.best = [v.detach().clone() for v in self._values]
        self.history.append(value)
        gradients = [v.grad.clone() for v in self._values if v.grad is not None]
        self._known = [*self._known[1 - REMEMBERED :], (here, value, gradients)]
        return value

    def _flat(self) -> Tensor:
        return torch.cat([v.detach().flatten() for v in self._values])
