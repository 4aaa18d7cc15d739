"""Repair without labels: the swapped layers learn the network's own output without its grid."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from spectra import _walk as walk
from spectra.capture import Discovery, discover, follow_periods, quiet
from spectra.errors import ParameterError
from spectra.remedy import Plan, copy_of
from spectra.repair._locked import LockedPart
from spectra.repair._objective import Objective, OnPass, Period, run

LEAST = 2  # inputs: locked is what two different ones share
BATCH = 8


@dataclass(frozen=True, eq=False)
class Repaired:
    """A repaired network, and how it was repaired.

    Attributes
    ----------
    model : Module
        A copy; the modules given are as they were.
    passes : int
        Forward and backward passes over all inputs.
    inputs : int
        How many inputs it was repaired from.
    seconds : float
        How long that took.
    loss : tuple of float
        Before and after, see `repair`.
    periods : tuple of tuple of int
        Periods of the swapped steps' grids in the output, in pixels.
    locked : LockedPart or None
        The part of the old network's outputs that is locked to these grids; None where no grid
        of the swapped steps can be seen in the output.
    """

    model: nn.Module
    passes: int
    inputs: int
    seconds: float
    loss: tuple[float, float]
    periods: tuple[Period, ...]
    locked: LockedPart | None = field(repr=False)

    def without_grid(self, outputs: Tensor) -> Tensor:
        """Return outputs of the old network without their grid-locked part."""
        return outputs if self.locked is None else outputs - self.locked(outputs)


def repair(
    model: nn.Module,
    swapped: nn.Module,
    plan: Plan,
    inputs: Tensor,
    *,
    passes: int = 30,
    batch: int | None = None,
    seed: int = 0,
    output: str | int | None = None,
    on_pass: OnPass | None = None,
) -> Repaired:
    """Change the swapped layers until the network's own output comes without its grid.

    No labels: the aim is the old output on these inputs minus its grid-locked part
    (`LockedPart`). What goes down is

        error / unit + alias of the output + mean alias of the swapped steps,

    the error to the aim in units of the grid's own power, at most 40 dB below the output's squared
    range; each alias the locked share (`AliasEnergy`) over that before. Only parameters of the
    swapped layers change: L-BFGS on all inputs at once, in coordinates in which what enters the
    layers is white. The network runs in evaluation mode.

    Parameters
    ----------
    model : Module
        The network as it was.
    swapped : Module
        What `swap` made of it; left as it is.
    plan : Plan
        What `swap` gave beside it.
    inputs : Tensor, shape (B, C, *spatial)
        At least two different ones.
    passes : int
        Forward and backward passes over all inputs.
    batch : int
        Inputs that run at a time.
    seed : int
        Seed for networks that draw random numbers.
    output : str or int, optional
        Which of several tensors that the network returns is repaired, see
        `spectra.capture.discover`.
    on_pass : callable, optional
        Called with (done, total).

    Returns
    -------
    Repaired

    Raises
    ------
    ParameterError
        If there are too few inputs, no pass, or the output is no map.
    ConversionError
        If no gradient reaches the swapped layers.

    Examples
    --------
    >>> from spectra.remedy import swap
    >>> _ = torch.manual_seed(0)
    >>> net = nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1, output_padding=1)
    >>> x = nn.functional.avg_pool2d(torch.rand(4, 1, 40, 40), 9, 1)
    >>> swapped, plan = swap(net, "lctc7", example=x[:1])
    >>> repaired = repair(net, swapped, plan, x, passes=10)
    >>> repaired.loss[1] < repaired.loss[0] / 2
    True
    """
    if len(inputs) < LEAST:
        message = (
            f"inputs: {len(inputs)} of them: expected at least {LEAST}, a repair compares them"
        )
        raise ParameterError(message)
    if passes < 1:
        raise ParameterError(f"passes={passes!r}: expected at least 1")
    started = time.perf_counter()
    new = trainable_copy(swapped)
    found = discover(model, inputs[:1], method=plan.method, output=output)
    if found.layout is None:
        raise ParameterError(f"the output is no map, so it has no grid: {found.reading.reason}")
    found = follow_periods(model, found, inputs[:1])
    batch = 1 if found.reading.alone else batch or BATCH
    with quiet(model):
        old = torch.cat([run(model, found, x, seed) for x in torch.split(inputs, batch)])
    periods = _periods(found, plan)
    locked = LockedPart(old, *periods) if periods else None
    aim = old if locked is None else old - locked(old)
    objective = Objective(
        new, plan, found, inputs=inputs, old=old, aim=aim, periods=periods, batch=batch, seed=seed
    )
    with quiet(new, keep=False):
        before, after = objective.minimise(passes, on_pass)
    for parameter, other in zip(walk.parameters(new), walk.parameters(swapped), strict=True):
        parameter.requires_grad_(other.requires_grad)
        parameter.grad = None
    return Repaired(
        model=new,
        passes=passes,
        inputs=len(inputs),
        seconds=time.perf_counter() - started,
        loss=(before, after),
        periods=periods,
        locked=locked,
    )


def _periods(found: Discovery, plan: Plan) -> tuple[Period, ...]:
    """Return the periods of the replaced steps' grids in the output that it can hold."""
    labels = {entry.label for entry in plan.replaced}
    periods = set()
    sides = found.output_shape[1:]
    for step, scored in zip(found.steps, found.scored_periods, strict=True):
        if step.label not in labels or scored is None or max(scored) == 1:
            continue
        if all(n >= 2 * s for n, s in zip(sides, scored, strict=True)):
            periods.add(scored)
    return tuple(sorted(periods))


def trainable_copy(model: nn.Module) -> nn.Module:
    """Return a copy whose parameters want no gradient yet, none made in inference mode."""
    new = copy_of(model)
    made: dict[int, Any] = {}
    for module in walk.modules(new):
        held: tuple[dict[str, Any], ...] = (module._parameters, module._buffers)
        for tensors in held:
            for name, tensor in tensors.items():
                if tensor is not None and tensor.is_inference():
                    is_parameter = isinstance(tensor, nn.Parameter)
                    plain = nn.Parameter(tensor.clone()) if is_parameter else tensor.clone()
                    tensors[name] = made.setdefault(id(tensor), plain)
    for parameter in walk.parameters(new):
        parameter.requires_grad_(False)
    return new
