"""What a repair lets go down, and the descent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from math import inf, isfinite

import torch
from torch import Tensor, nn

from spectra import _walk as walk
from spectra.capture import Discovery, forward
from spectra.errors import ConversionError
from spectra.remedy import Plan
from spectra.repair._alias import AliasEnergy
from spectra.repair._white import coordinates, input_moments

WORST = 1e-4  # error power over the squared range, 40 dB, that costs at least as much as the alias
QUIET = 1e-5  # share of locked energy below which less is no gain
MEMORY = 20  # steps that the curvature is estimated from

Period = tuple[int, ...]
OnPass = Callable[[int, int], None]


class Objective:
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
        with input_moments(layers) as moments:
            for x, _ in self._chunks:
                run(self._model, self._found, x, self._seed)
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
                    "gradients off (no_grad, detach, rounding), so it cannot be trained"
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

        with ExitStack() as hooks:
            for layer in self._layers:
                hooks.enter_context(layer.register_forward_hook(note))
            output = run(self._model, self._found, x, self._seed)
        error = (output - aim.to(output)).square().mean()
        return error, self._output(output), shares

    def _energy(self, module: nn.Module, maps: Tensor) -> AliasEnergy:
        key = module, tuple(maps.shape[1:])
        if key not in self._energies:
            factor = self._layers[module]
            self._energies[key] = AliasEnergy(maps.shape[1:], factor, count=self._size)
        return self._energies[key]


def run(model: nn.Module, found: Discovery, x: Tensor, seed: int) -> Tensor:
    torch.manual_seed(seed)  # within `quiet`: a network that draws numbers draws the same again
    return forward(model, x, found=found)


def _mean(shares: object) -> float:
    values = [float(v) for v in shares]  # type: ignore[attr-defined]
    return sum(values) / len(values)
