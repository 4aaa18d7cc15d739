"""Train the layers of a model towards its own output without its grid, as far as it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from spectra import _walk as walk
from spectra.capture import forward, quiet
from spectra.errors import ConversionError
from spectra.repair._descent import Descent
from spectra.repair._objective import run
from spectra.repair._repair import trainable_copy
from spectra.repair._towards import Parts, Towards
from spectra.repair._trainable import Layers, Train, find_layers, names_of, running_once
from spectra.repair._white import Coordinates, coordinates, equally_loud, input_moments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spectra.capture import Discovery, Step
    from spectra.remedy import Plan
    from spectra.repair._aim import Aim, Goal

PARTS = {"steps": (1.0,), "behind": (1 / 3, 2 / 3), "decoder": (1 / 3, 2 / 3)}  # of the passes
STAGES: dict[Train, tuple[Train, ...]] = {
    "steps": ("steps",),
    "behind": ("steps", "behind"),
    "decoder": ("steps", "decoder"),
}
ENOUGH = Parts(error=0.5, places=0.1, locked=0.1)  # each part at most: 43 dB, 10 dB, 10 dB
LOUDNESS = 2  # inputs by which parameters are made equally loud
SAVED_EVERY = 30.0  # seconds

OnPass = Callable[[int, int], None]
Save = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Stage:
    """One training of some layers.

    Attributes
    ----------
    train : {"steps", "behind", "decoder"}
        Which.
    layers : tuple of str
        Their names.
    passes : int
        Forward and backward passes over all inputs.
    before, after : Parts
        What went down.
    """

    train: Train
    layers: tuple[str, ...]
    passes: int
    before: Parts
    after: Parts


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained copy of a model, and how it was trained.

    Attributes
    ----------
    model : Module
    stages : tuple of Stage
        In order.
    seconds : float
        How long it took, without what an earlier run had done.
    out_of_time : bool
        Whether the budget ended it.
    """

    model: nn.Module
    stages: tuple[Stage, ...]
    seconds: float
    out_of_time: bool


@dataclass(frozen=True, eq=False)
class Budget:
    """What a training may take.

    Attributes
    ----------
    train : {"steps", "behind", "decoder"}
        Which layers may change in the end.
    passes : int
        Forward and backward passes over all inputs, of all stages together.
    seconds : float or None
        After which no step begins.
    """

    train: Train = "behind"
    passes: int = 60
    seconds: float | None = None


def train(
    model: nn.Module,
    found: Discovery,
    steps: Sequence[Step],
    *,
    plan: Plan | None,
    x: Tensor,
    old: Tensor,
    goal: Goal,
    aim: Aim,
    budget: Budget,
    batch: int,
    seed: int = 0,
    state: dict[str, Any] | None = None,
    save: Save | None = None,
    on_pass: OnPass | None = None,
) -> Trained:
    """Train a copy of a model towards what its outputs should be.

    First only the layers that upsample change; where that is not enough, those behind them as
    well. By L-BFGS on all inputs at once, in coordinates in which what enters a layer is white. All
    else stays bit for bit. A run that was stopped goes on from its state as if it had not been.

    Parameters
    ----------
    model : Module
        The model, swapped where its steps have no weights, and levelled where one makes a grid in
        places; left as it is.
    found : Discovery
        Of this model.
    steps : sequence of Step
        Those that are repaired.
    plan : Plan, optional
        What was swapped.
    x, old : Tensor, shape (B, C, *spatial)
        Inputs, and the outputs of the model as it was.
    goal, aim : Goal, Aim
        What the outputs should be, and how that was found.
    budget : Budget
        How long, and which layers.
    batch : int
        Inputs that run at a time.
    seed : int
        Seed for networks that draw random numbers.
    state : dict, optional
        What an earlier run last gave to ``save``.
    save : callable, optional
        Called with a state from time to time.
    on_pass : callable, optional
        Called with (done, total).

    Returns
    -------
    Trained

    Raises
    ------
    ConversionError
        If no gradient reaches the layers.
    """
    new = trainable_copy(model)
    layers = find_layers(new, found, steps, x=x[:1], plan=plan)
    _check_precision(new)
    towards = Towards(new, found, x=x, old=old, goal=goal, aim=aim, batch=batch, seed=seed)
    training = _Run(
        new, found, layers, towards, budget=budget, seed=seed, save=save, on_pass=on_pass
    )
    with quiet(new, keep=False):
        training.start(state)
        for number, (each, share) in enumerate(
            zip(STAGES[budget.train], PARTS[budget.train], strict=True)
        ):
            if number < len(training.stages):
                continue  # an earlier run finished it
            if number and (training.enough or training.out_of_time):
                break
            training.stage(each, passes=max(round(share * budget.passes), 1))
    for parameter, other in zip(walk.parameters(new), walk.parameters(model), strict=True):
        parameter.requires_grad_(other.requires_grad)
        parameter.grad = None
    return Trained(
        new,
        stages=tuple(training.stages),
        seconds=training.seconds,
        out_of_time=training.out_of_time,
    )


class _Run:
    """A training under way."""

    def __init__(
        self,
        model: nn.Module,
        found: Discovery,
        layers: Layers,
        towards: Towards,
        *,
        budget: Budget,
        seed: int,
        save: Save | None,
        on_pass: OnPass | None,
    ) -> None:
        self._model, self._found, self._layers, self._towards = model, found, layers, towards
        self._budget, self._seed, self._save, self._on_pass = budget, seed, save, on_pass
        self.stages: list[Stage] = []
        self._under_way: dict[str, Any] | None = None
        self._start = self._parameters()  # where the stage that is under way began
        self._begun = self._saved = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long this run has taken."""
        return time.monotonic() - self._begun

    @property
    def out_of_time(self) -> bool:
        """Whether the budget is used up."""
        return self._budget.seconds is not None and self.seconds > self._budget.seconds

    @property
    def enough(self) -> bool:
        """Whether the last stage reached all that is wanted."""
        last, most = self.stages[-1].after, ENOUGH
        return (
            last.error <= most.error and last.places <= most.places and last.locked <= most.locked
        )

    def start(self, state: dict[str, Any] | None) -> None:
        """Go on from a state."""
        if state is None:
            return
        with torch.no_grad():
            for parameter, value in zip(
                walk.parameters(self._model), state["parameters"], strict=True
            ):
                parameter.copy_(value)
        self.stages = [
            Stage(
                each["train"],
                tuple(each["layers"]),
                each["passes"],
                before=Parts(*each["before"]),
                after=Parts(*each["after"]),
            )
            for each in state["stages"]
        ]
        self._under_way = state["under_way"]

    def _parameters(self) -> list[Tensor]:
        return [p.detach().cpu().clone() for p in walk.parameters(self._model)]

    def stage(self, which: Train, *, passes: int) -> None:
        """Train some layers."""
        self._start = self._parameters()
        trained = self._layers.trained(which)
        resumed, self._under_way = self._under_way, None
        with running_once(self._layers.kept(trained)) as kept:
            free = self._coordinates(trained)
            parts: list[Parts] = [] if resumed is None else [Parts(*p) for p in resumed["parts"]]

            def value() -> float:
                for c in free:
                    c.put()
                with torch.enable_grad():
                    parts.append(self._towards.value(kept, [c.parameter for c in free]))
                for c in free:
                    c.pull()
                if self._on_pass is not None:
                    done = sum(s.passes for s in self.stages) + len(parts)
                    self._on_pass(min(done, self._budget.passes), self._budget.passes)
                return parts[-1].total

            descent = Descent([c.values for c in free], value)
            if resumed is not None:
                descent.load(resumed["descent"])
            with _wanting(free):
                while descent.passes < passes and not (descent.passes and self.out_of_time):
                    if not descent.step():
                        break
                    self._keep(which, descent, parts)
            descent.finish()
            for c in free:
                c.put()
        best = min(range(len(parts)), key=lambda i: parts[i].total)
        names = tuple(names_of(self._model, trained))
        self.stages.append(Stage(which, names, len(parts), before=parts[0], after=parts[best]))
        self._start = self._parameters()
        if self._save is not None:
            self._save(self._state(None))

    def _coordinates(self, trained: list[nn.Module]) -> list[Coordinates]:
        """Return coordinates of all parameters of some layers, about where they are."""
        with input_moments(trained) as moments:
            for x, _ in self._towards.batches():
                forward(self._model, x, found=self._found)
        free = coordinates(trained, moments)
        x = self._towards.batches()[0][0][:LOUDNESS]
        equally_loud(free, lambda: run(self._model, self._found, x, self._seed), seed=self._seed)
        return free

    def _keep(self, which: Train, descent: Descent, parts: list[Parts]) -> None:
        """Save the state once in a while."""
        if self._save is None or time.monotonic() - self._saved < SAVED_EVERY:
            return
        under_way = {
            "train": which,
            "descent": descent.state(),
            "parts": [(p.error, p.places, p.locked) for p in parts],
        }
        self._save(self._state(under_way))
        self._saved = time.monotonic()

    def _state(self, under_way: dict[str, Any] | None) -> dict[str, Any]:
        stages = [
            {
                "train": s.train,
                "layers": list(s.layers),
                "passes": s.passes,
                "before": (s.before.error, s.before.places, s.before.locked),
                "after": (s.after.error, s.after.places, s.after.locked),
            }
            for s in self.stages
        ]
        return {
            "parameters": self._start,
            "stages": stages,
            "under_way": under_way,
        }


def _check_precision(model: nn.Module) -> None:
    """Raise ConversionError where weights are too coarse for small steps."""
    coarse = {p.dtype for p in walk.parameters(model)} & {torch.float16, torch.bfloat16}
    if coarse:
        kind = str(coarse.pop()).removeprefix("torch.")
        raise ConversionError(f"the weights are {kind}: a repair needs float32, call .float()")


@contextmanager
def _wanting(free: list[Coordinates]) -> Iterator[None]:
    """Let gradients reach the parameters, and no longer."""
    with ExitStack() as stack:
        for c in free:
            with torch.enable_grad():
                c.parameter.requires_grad_(True)
            stack.callback(c.parameter.requires_grad_, False)
        yield
