"""How far outputs are from what they should be: what a training lets go down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from spectra.errors import ConversionError
from spectra.repair._alias import AliasEnergy
from spectra.repair._fine import filtered, near_lattice
from spectra.repair._objective import QUIET, WORST, run
from spectra.spectrum import plan_maps

if TYPE_CHECKING:
    from spectra.capture import Discovery
    from spectra.repair._aim import Aim, Goal
    from spectra.repair._trainable import Kept


@dataclass(frozen=True)
class Parts:
    """The parts of what goes down, each over what it was for the old outputs.

    Attributes
    ----------
    error : float
        Mean square error to what the outputs should be; in units of 40 dB below the squared range
        where it was more than that.
    places : float
        Power of the error near the lattice, where a grid stood in places.
    locked : float
        Locked share of the outputs, where they share a grid.
    """

    error: float
    places: float
    locked: float

    @property
    def total(self) -> float:
        """What goes down."""
        return self.error + self.places + self.locked


class Towards:
    """What goes down, over batches of inputs.

    Mean square error alone likes the mean level of a place and leaves its checkerboard, which is
    little of the picture and all that is seen: so the error near the lattice counts again there.

    Parameters
    ----------
    model : Module
        The one that is trained.
    found : Discovery
        Its steps.
    x, old : Tensor, shape (B, C, *spatial)
        Inputs, and outputs before.
    goal : Goal
        What the outputs should be.
    aim : Aim
        How that was found.
    batch : int
        Inputs that run at a time.
    seed : int
        Seed for networks that draw random numbers.
    """

    def __init__(
        self,
        model: nn.Module,
        found: Discovery,
        *,
        x: Tensor,
        old: Tensor,
        goal: Goal,
        aim: Aim,
        batch: int,
        seed: int,
    ) -> None:
        self._model, self._found, self._seed = model, found, seed
        count = -(-len(x) // batch)
        each = (t.tensor_split(count) for t in (x, goal.outputs, goal.places))
        self._batches = list(zip(*each, strict=True))
        self._inputs = len(x)
        plan = plan_maps(old.shape[1:], *aim.periods, count=len(old))
        self._near = near_lattice(old.shape[2:], plan)
        error = old - goal.outputs
        low, high = aim.span
        self._error = min(float(error.square().mean()) or inf, WORST * (high - low) ** 2)
        self._places = float(self._in_places(error, goal.places))
        self._alias: AliasEnergy | None = None
        self._locked = 1.0
        if aim.average is not None:
            self._alias = AliasEnergy(old.shape[1:], *aim.periods, count=len(self._batches[-1][0]))
            shares = [float(self._alias(y)) for y in old.tensor_split(count)]
            self._locked = max(sum(shares) / len(shares), QUIET)

    def batches(self) -> list[tuple[Tensor, Tensor]]:
        """Return inputs and the places at the output, by batch."""
        return [(x, places) for x, _, places in self._batches]

    def value(self, kept: Kept, parameters: Sequence[nn.Parameter] = ()) -> Parts:
        """Return what goes down, and leave its gradient in some parameters."""
        sums = torch.zeros(3, dtype=torch.float64)
        for number, (x, aim, places) in enumerate(self._batches):
            kept.batch = number
            with torch.set_grad_enabled(bool(parameters)):
                output = run(self._model, self._found, x, self._seed)
                parts = self._parts(output, aim.to(output), places.to(output))
                value = parts.sum() * (len(x) / self._inputs)
            if parameters:
                if not value.requires_grad:
                    raise ConversionError(
                        "no gradient reaches the layers: the model's forward switches gradients "
                        "off (no_grad, detach, rounding), so it cannot be trained"
                    )
                value.backward()  # type: ignore[no-untyped-call]
            sums += parts.detach().double().cpu() * (len(x) / self._inputs)
        kept.batch = -1
        return Parts(*sums.tolist())

    def _parts(self, output: Tensor, aim: Tensor, places: Tensor) -> Tensor:
        error = output - aim
        parts = [error.square().mean() / self._error]
        parts.append(
            self._in_places(error, places) / self._places if self._places else 0 * parts[0]
        )
        if self._alias is None:
            parts.append(0 * parts[0])
        else:
            parts.append(self._alias(output) / self._locked)
        return torch.stack(parts)

    def _in_places(self, error: Tensor, places: Tensor) -> Tensor:
        near = filtered(error, self._near) * places[:, None].to(error)
        return near.square().mean()
