"""Repair without labels: the swapped layers learn the network's own output without its grid."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Any

import torch
from torch import Tensor, nn

from spectra import _walk as walk
from spectra.capture import Discovery, discover, follow_periods, forward, quiet
from spectra.errors import ConversionError, ParameterError
from spectra.remedy import Plan, copy_of
from spectra.repair._alias import AliasEnergy
from spectra.repair._locked import LockedPart
from spectra.repair._white import InputMoments, coordinates
from spectra.score import scored_period

LEAST = 2  # inputs: locked is what two different ones share
BATCH = 8
WORST = 1e-4  # error power over the squared range, 40 dB, that costs at least as much as the alias
QUIET = 1e-5  # share of locked energy below which less is no gain
MEMORY = 20  # steps that the curvature is estimated from

Period = tuple[int, ...]
OnPass = Callable[[int, int], None]


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
    batch: int = BATCH,
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
    new = _trainable_copy(swapped)
    found = discover(model, inputs[:1], method=plan.method, output=output)
    if found.layout is None:
        raise ParameterError(f"the output is no map, so it has no grid: {found.reading.reason}")
    found = follow_periods(model, found, inputs[:1])
    batch = 1 if found.reading.alone else batch
    with quiet(model):
        old = torch.cat([_run(model, found, x, seed) for x in torch.split(inputs, batch)])
    periods = _periods(found, plan)
    locked = LockedPart(old, *periods) if periods else None
    aim = old if locked is None else old - locked(old)
    objective = _Objective(
        new, plan, found, inputs=inputs, old=old, aim=aim, periods=periods, batch=batch, seed=seed
    )
    with quiet(new):
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


class _Objective:
    """What goes down, for the layers of one plan."""

    def __init__(
        self,
        model: nn.Module,
        plan: Plan,
        found: Discovery,
        *,
        inputs: Tensor,
        old: Tensor,
        aim: Tensor,
        periods: tuple[Period, ...],
        batch: int,
        seed: int,
    ) -> None:
        self._model, self._found, self._seed = model, found, seed
        count = -(-len(inputs) // batch)
        aims = aim.reshape(len(inputs), -1, *aim.shape[1:]).tensor_split(count)
        pairs = zip(inputs.tensor_split(count), aims, strict=True)
        self._chunks = [(x, one.flatten(0, 1)) for x, one in pairs]
        self._size, self._inputs = len(self._chunks[-1][0]), len(inputs)
        self._layers = {walk.submodule(model, e.path): e.factor for e in plan.replaced}
        grid, span = float((old - aim).square().mean()), float(old.max() - old.min())
        self._unit = min(grid or inf, WORST * span**2) or 1.0
        self._output = AliasEnergy(old.shape[1:], *periods, count=self._size)
        self._output_start = _mean(self._output(y) for y in old.tensor_split(count))
        self._steps_start: list[float] = []
        self._energies: dict[tuple[nn.Module, tuple[int, ...]], AliasEnergy] = {}

    def minimise(self, passes: int, on_pass: OnPass | None) -> tuple[float, float]:
        """Leave the best weights in the model; return the first and the best value."""
        layers = list(self._layers)
        with InputMoments(layers) as moments:
            for x, _ in self._chunks:
                _run(self._model, self._found, x, self._seed)
        free = coordinates(layers, moments)
        values: list[float] = []
        best: list[Tensor] = []

        def evaluate() -> float:
            # L-BFGS moves the coordinates, the network runs on its parameters.
            for c in free:
                c.put()
            with torch.enable_grad():
                value = self._value()
            for c in free:
                c.pull()
            # The last point of a line search need not be the best one.
            if not values or value < min(values):
                best[:] = [c.values.detach().clone() for c in free]
            values.append(value if isfinite(value) else inf)
            if on_pass is not None:
                on_pass(min(len(values), passes), passes)
            return value

        with torch.enable_grad():
            for c in free:
                c.parameter.requires_grad_(True)
        optimiser = torch.optim.LBFGS(
            [c.values for c in free],
            max_iter=passes,
            max_eval=passes,
            history_size=MEMORY,
            tolerance_grad=0.0,
            tolerance_change=0.0,
            line_search_fn="strong_wolfe",
        )
        optimiser.step(evaluate)  # type: ignore[no-untyped-call]
        for c, kept in zip(free, best, strict=True):
            c.values.data.copy_(kept)
            c.put()
        return values[0], min(values)

    def _value(self) -> float:
        """Return what goes down, and leave its gradient in the layers' parameters."""
        if not self._steps_start:
            with torch.no_grad():
                parts = [self._parts(x, y)[2] for x, y in self._chunks]
            self._steps_start = [max(_mean(p), QUIET) for p in zip(*parts, strict=True)]
        total = 0.0
        for x, y in self._chunks:
            error, output, steps = self._parts(x, y)
            value = error / self._unit + output / max(self._output_start, QUIET)
            for share, start in zip(steps, self._steps_start, strict=True):
                value = value + share / start / len(steps)
            if not value.requires_grad:
                raise ConversionError(
                    "no gradient reaches the swapped layers: the model's forward switches "
                    "gradients off (no_grad, detach, rounding), so it cannot be repaired"
                )
            value = value * (len(x) / self._inputs)
            # Backward at once: the graph of one chunk is in memory, not that of all inputs.
            value.backward()  # type: ignore[no-untyped-call]
            total += float(value.detach())
        return total

    def _parts(self, x: Tensor, aim: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Return the mean square error, the output's alias and that of each run of a layer."""
        shares: list[Tensor] = []

        def note(module: nn.Module, _: object, maps: Tensor) -> None:
            shares.append(self._energy(module, maps)(maps))  # now: a ReLU may write into the map

        handles = [layer.register_forward_hook(note) for layer in self._layers]
        try:
            output = _run(self._model, self._found, x, self._seed)
        finally:
            for handle in handles:
                handle.remove()
        error = (output - aim.to(output)).square().mean()
        return error, self._output(output), shares

    def _energy(self, module: nn.Module, maps: Tensor) -> AliasEnergy:
        key = module, tuple(maps.shape[1:])
        if key not in self._energies:
            factor = self._layers[module]
            self._energies[key] = AliasEnergy(maps.shape[1:], factor, count=self._size)
        return self._energies[key]


def _periods(found: Discovery, plan: Plan) -> tuple[Period, ...]:
    """Return the periods of the replaced steps' grids in the output that it can hold."""
    labels = {entry.label for entry in plan.replaced}
    periods = set()
    for step, period in zip(found.steps, found.periods, strict=True):
        if step.label in labels and period is not None:
            scored = scored_period(period, found.output_shape)
            sides = found.output_shape[1:]
            if max(scored) > 1 and all(n >= 2 * s for n, s in zip(sides, scored, strict=True)):
                periods.add(scored)
    return tuple(sorted(periods))


def _run(model: nn.Module, found: Discovery, x: Tensor, seed: int) -> Tensor:
    torch.manual_seed(seed)  # within `quiet`: a network that draws numbers draws the same again
    return forward(model, x, found=found)


def _trainable_copy(model: nn.Module) -> nn.Module:
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


def _mean(shares: object) -> float:
    values = [float(v) for v in shares]  # type: ignore[attr-defined]
    return sum(values) / len(values)
